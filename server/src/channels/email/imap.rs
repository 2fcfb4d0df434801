//! A mailbox by IMAP (RFC 9051): signing in, opening a folder, what is in it, its mails in pieces, waiting for more.

mod answers;
mod open;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt::Debug, time::Duration};

use app::model::Timestamp;
use async_imap::{
    Session,
    extensions::idle::IdleResponse,
    imap_proto::{MailboxDatum, Response, ResponseCode, Status, StatusAttribute},
    types::UnsolicitedResponse,
};
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use self::answers::Unanswered;
use super::error::MailError;

/// How long a server may be silent.
const ANSWER: Duration = Duration::from_secs(60);
/// How large the pieces are in which a large mail is fetched, in bytes.
const PIECE: u32 = 512 * 1024;
/// How much more than twice the size that was said a mail may have, in bytes.
const MORE: u64 = 1024 * 1024;

type Wire = TlsStream<TcpStream>;

/// What a server is talked to over: a socket with TLS on it, and in tests what stands for one.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Debug + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Debug + Send> Line for T {}

/// A signed-in connection.
pub struct Imap<W: Line = Wire> {
    session: Session<W>,
    server: String,
    idle: bool,
    /// Something came while another thing was asked.
    told: bool,
}

/// A folder as the server opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// What its UIDs mean something together with.
    pub uid_validity: i64,
    /// The number that the next mail will have, at least.
    pub uid_next: i64,
}

/// A mail that lies in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lying {
    /// Its number.
    pub uid: i64,
    /// Bytes.
    pub size: u64,
    /// When it came there.
    pub at: Option<Timestamp>,
}

impl Imap {
    /// The folder that the server marks as the one for sent mails (RFC 6154), if it does.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn sent_folder(&mut self) -> Result<Option<String>, MailError> {
        let names: Vec<async_imap::types::Name> =
            self.answer_of(async |session| session.list(Some(""), Some("*")).await?.try_collect().await).await?;
        let marked = names.iter().find(|name| {
            name.attributes().iter().any(|attribute| matches!(attribute, async_imap::types::NameAttribute::Sent))
        });
        let usual = || {
            let known = ["sent", "sent items", "sent mail", "inbox.sent"];
            names.iter().find(|name| known.contains(&name.name().to_lowercase().as_str()))
        };
        Ok(marked.or_else(usual).map(|name| name.name().to_owned()))
    }

    /// Takes mails out of a folder for good.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn remove(&mut self, folder: &str, uids: &[i64]) -> Result<(), MailError> {
        if uids.is_empty() {
            return Ok(());
        }
        let set = list(uids);
        self.answer_of(async |session| {
            session.select(folder).await?;
            session.uid_store(&set, "+FLAGS.SILENT (\\Deleted)").await?.try_collect::<Vec<_>>().await?;
            // Only these, where the server can (RFC 4315); else they stay, marked.
            let only_these = session.capabilities().await?.has_str("UIDPLUS");
            if only_these {
                session.uid_expunge(&set).await?.try_collect::<Vec<_>>().await?;
            }
            Ok(())
        })
        .await
    }

    /// Puts a copy of a mail into a folder, marked as read, unless one of its name lies there.
    ///
    /// # Errors
    /// When the folder is not there, or the connection is lost.
    pub async fn put(&mut self, folder: &str, name: &str, mail: &[u8]) -> Result<(), MailError> {
        self.examine(folder).await?;
        if self.named(name, 0).await?.is_some() {
            return Ok(());
        }
        self.answer_of(async |session| session.append(folder, Some("(\\Seen)"), None, mail).await).await
    }

    /// Says goodbye. That it is not heard changes nothing.
    pub async fn close(mut self) {
        let _ = timeout(Duration::from_secs(5), self.session.logout()).await;
    }

    /// An answer, or an error within the time that servers have for one.
    async fn answer_of<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut Session<Wire>) -> async_imap::error::Result<T>,
    ) -> Result<T, MailError> {
        match timeout(ANSWER, ask(&mut self.session)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.lost(&error.to_string())),
            Err(_) => Err(self.lost("it took too long")),
        }
    }
}

impl<W: Line> Imap<W> {
    /// Opens a folder to read it; nothing in it is marked as read by that.
    ///
    /// # Errors
    /// [`MailError::Folder`], or when the connection is lost.
    pub async fn examine(&mut self, folder: &str) -> Result<Opened, MailError> {
        let closed = |said: &str| MailError::Folder { folder: folder.to_owned(), said: plain_words(said) };
        let name = quoted(folder).ok_or_else(|| closed("no folder has a line end in its name"))?;
        let (mut uid_validity, mut uid_next) = (0, None);
        let asked = format!("EXAMINE {name}");
        let answered = answers::ask(&mut self.session, &asked, |response| {
            if let Response::Data { status: Status::Ok, outcome } = response {
                match outcome.code {
                    Some(ResponseCode::UidValidity(number)) => uid_validity = i64::from(number),
                    Some(ResponseCode::UidNext(number)) => uid_next = Some(i64::from(number)),
                    _ => {}
                }
            }
        });
        match answered.await {
            Ok(()) => {}
            Err(Unanswered::Refused(said)) => return Err(closed(&said)),
            Err(Unanswered::Broken(said)) => return Err(self.lost(&said)),
        }
        let uid_next = match uid_next {
            Some(next) => next,
            None => self.uid_next(&name).await?,
        };
        Ok(Opened { uid_validity, uid_next })
    }

    /// The number that the next mail will have, where the server did not say it on opening: older ones need not. Taken for 1, everything
    /// that ever came would be new.
    async fn uid_next(&mut self, name: &str) -> Result<i64, MailError> {
        let mut next = None;
        let asked = format!("STATUS {name} (UIDNEXT)");
        let answered = answers::ask(&mut self.session, &asked, |response| {
            if let Response::MailboxData(MailboxDatum::Status { status, .. }) = response {
                for one in status {
                    if let StatusAttribute::UidNext(number) = one {
                        next = Some(i64::from(*number));
                    }
                }
            }
        });
        if let Err(Unanswered::Broken(said)) = answered.await {
            return Err(self.lost(&said));
        }
        match next {
            Some(next) => Ok(next),
            None => Ok(self.numbers(None).await?.last().map_or(1, |last| last + 1)),
        }
    }

    /// What lies in the open folder behind a number, in order.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn behind(&mut self, uid: i64) -> Result<Vec<Lying>, MailError> {
        // "n:*" always names the newest mail, also when its number is smaller than n (RFC 9051, 9, seq-range).
        let mut lying = self.lying(&format!("{}:*", uid + 1)).await?;
        lying.retain(|one| one.uid > uid);
        Ok(lying)
    }

    /// What lies in the open folder behind a number and came on a day or later, in order.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn behind_since(&mut self, uid: i64, since: Timestamp) -> Result<Vec<Lying>, MailError> {
        let found = self.search(&format!("UID {}:* SINCE {}", uid + 1, day(since))).await?;
        let behind: Vec<i64> = found.range(uid + 1..).copied().collect();
        self.among(&behind).await
    }

    /// What lies in the open folder under these numbers, in order.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn among(&mut self, uids: &[i64]) -> Result<Vec<Lying>, MailError> {
        let mut lying = Vec::new();
        // A command line has its limits.
        for some in uids.chunks(500) {
            lying.extend(self.lying(&list(some)).await?);
        }
        Ok(lying)
    }

    async fn lying(&mut self, set: &str) -> Result<Vec<Lying>, MailError> {
        let mut lying = Vec::new();
        let what = format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)");
        // What a mail says of itself is a few bytes, and its answer some thousand: of half a million only the former are kept.
        self.asked(&what, |response| lying.extend(answers::lying(response))).await?;
        lying.sort_unstable_by_key(|one| one.uid);
        lying.dedup_by_key(|one| one.uid);
        Ok(lying)
    }

    /// Whole mails, in no order. They are in memory together: ask for few, and for small ones.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn mails(&mut self, uids: &[i64]) -> Result<Vec<(i64, Bytes)>, MailError> {
        let mut mails = Vec::with_capacity(uids.len());
        let what = format!("UID FETCH {} (UID BODY.PEEK[])", list(uids));
        self.asked(&what, |response| {
            if let Some((uid, Some(body))) = answers::body(response)
                && uids.contains(&uid)
            {
                mails.push((uid, Bytes::copy_from_slice(body)));
            }
        })
        .await?;
        Ok(mails)
    }

    /// The same, without those that the server withholds: one that it cannot read itself must not hold up the others (R9). Where it gives
    /// none of them, it may be the server that fails and not a mail; it is believed then only if `patient`.
    ///
    /// # Errors
    /// When the connection is lost, or all are withheld.
    pub async fn each_given(&mut self, uids: &[i64], patient: bool) -> Result<Vec<(i64, Bytes)>, MailError> {
        let withheld = match self.mails(uids).await {
            Err(withheld @ MailError::Withheld { .. }) => withheld,
            answer => return answer,
        };
        let mut given = Vec::new();
        for uid in uids {
            match self.mails(&[*uid]).await {
                Ok(mail) => given.extend(mail),
                Err(MailError::Withheld { said, .. }) => tracing::warn!(uid, said, "a mail is withheld by its server"),
                Err(other) => return Err(other),
            }
        }
        if given.is_empty() && !patient { Err(withheld) } else { Ok(given) }
    }

    /// One mail, in pieces, so that none of any size has to be in memory; none where it is gone. Its size is what the server says it is,
    /// which some only guess and others count with other line ends: it ends where the server has no more of it.
    pub fn pieces(&mut self, uid: i64, size: u64) -> impl Stream<Item = std::io::Result<Bytes>> + '_ {
        // A line end may have been counted as one byte in place of two. What is larger than that is a server that never ends.
        let most = size.saturating_mul(2).saturating_add(MORE);
        futures::stream::try_unfold((self, Some((0u64, false))), move |(imap, at)| async move {
            let Some((at, short)) = at else { return Ok(None) };
            let piece = imap.piece(uid, at, short, most).await.map_err(std::io::Error::other)?;
            let Some(piece) = piece else { return Ok(None) };
            let length = piece.len() as u64;
            // More than was asked for: a server that knows no pieces, and gave everything.
            let next = (length <= u64::from(PIECE)).then_some((at + length, length < u64::from(PIECE)));
            Ok(Some((piece, (imap, next))))
        })
    }

    /// What of a mail lies behind so many bytes; nothing at its end. `short`: the server gave less than it was asked for before.
    async fn piece(&mut self, uid: i64, at: u64, short: bool, most: u64) -> Result<Option<Bytes>, MailError> {
        if at > most {
            return Err(self.lost(&format!("mail {uid} is far larger than it said")));
        }
        let mut piece = None;
        let what = format!("UID FETCH {uid} (UID BODY.PEEK[]<{at}.{PIECE}>)");
        self.asked(&what, |response| {
            if let Some((_, body)) = answers::body(response).filter(|(of, _)| *of == uid) {
                piece = Some(Bytes::copy_from_slice(body.unwrap_or_default()));
            }
        })
        .await?;
        match piece {
            Some(piece) => Ok(Some(piece).filter(|piece| !piece.is_empty())),
            None if at == 0 => Ok(None),
            // Less than was asked for is given at the end only (RFC 9051, 6.4.5.1); not all servers have words for what is behind it.
            None if short => Ok(None),
            // Its end is said, with an empty piece. Somebody deleted it while it was fetched: half of it is no mail.
            None => Err(self.lost(&format!("mail {uid} went away while it was fetched"))),
        }
    }

    /// The numbers of everything in the open folder that came on a day or later; of everything without one.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn numbers(&mut self, since: Option<Timestamp>) -> Result<BTreeSet<i64>, MailError> {
        let query = since.map_or_else(|| "ALL".to_owned(), |since| format!("SINCE {}", day(since)));
        self.search(&query).await
    }

    async fn search(&mut self, query: &str) -> Result<BTreeSet<i64>, MailError> {
        let mut found = BTreeSet::new();
        self.asked(&format!("UID SEARCH {query}"), |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend(uids.iter().map(|uid| i64::from(*uid)));
            }
        })
        .await?;
        Ok(found)
    }

    /// Waits until the server says that something came, or for `at_most`. True when the connection is as good as before.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn wait(mut self, at_most: Duration) -> Result<Self, MailError> {
        // Told while another command ran: the server will not say it again.
        if self.was_told() {
            return Ok(self);
        }
        if !self.idle {
            tokio::time::sleep(at_most.min(Duration::from_secs(20))).await;
            self.asked("NOOP", |_| {}).await?;
            return Ok(self);
        }
        let Self { session, server, idle, told } = self;
        let lost = |said: String| MailError::Lost { server: server.clone(), said };
        let mut handle = session.idle();
        match timeout(ANSWER, handle.init()).await {
            Ok(done) => done.map_err(|e| lost(e.to_string()))?,
            Err(_) => return Err(lost("it took too long".to_owned())),
        }
        let woken = {
            let (waiting, _stop) = handle.wait_with_timeout(at_most);
            waiting.await.map_err(|e| lost(e.to_string()))?
        };
        if woken == IdleResponse::ManualInterrupt {
            return Err(lost("it was closed".to_owned()));
        }
        match timeout(ANSWER, handle.done()).await {
            Ok(done) => Ok(Self { session: done.map_err(|e| lost(e.to_string()))?, server, idle, told }),
            Err(_) => Err(lost("it took too long".to_owned())),
        }
    }

    fn was_told(&mut self) -> bool {
        let mut told = std::mem::take(&mut self.told);
        while let Ok(response) = self.session.unsolicited_responses.try_recv() {
            told |= matches!(response, UnsolicitedResponse::Exists(_) | UnsolicitedResponse::Recent(_));
        }
        told
    }

    /// The number of the mail of this name, one of ours, behind a number.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn named(&mut self, name: &str, behind: i64) -> Result<Option<i64>, MailError> {
        // Names are ours: letters, digits, dots, an @. Nothing in them ends a quoted string (S16).
        let query = format!("HEADER Message-ID \"<{name}>\"");
        Ok(self.search(&query).await?.into_iter().find(|uid| *uid > behind))
    }

    /// Asks, and reads the answer to its end. What comes in between is not lost: [`Self::wait`] knows of it.
    async fn asked(&mut self, command: &str, mut take: impl FnMut(&Response<'_>) + Send) -> Result<(), MailError> {
        let Self { session, told, .. } = self;
        let answered = answers::ask(session, command, |response| {
            *told |= matches!(response, Response::MailboxData(MailboxDatum::Exists(_) | MailboxDatum::Recent(_)));
            take(response);
        })
        .await;
        answered.map_err(|unanswered| match unanswered {
            Unanswered::Refused(said) => MailError::Withheld {
                server: self.server.clone(),
                what: verb(command).to_owned(),
                said: plain_words(&said),
            },
            Unanswered::Broken(said) => self.lost(&said),
        })
    }

    fn lost(&self, said: &str) -> MailError {
        MailError::Lost { server: self.server.clone(), said: plain_words(said) }
    }
}

fn list(uids: &[i64]) -> String {
    uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// What a command does, without what with.
fn verb(command: &str) -> &str {
    command.strip_prefix("UID ").unwrap_or(command).split(' ').next().unwrap_or_default()
}

/// A folder's name as commands have it; none has a line end (S16).
fn quoted(name: &str) -> Option<String> {
    (!name.contains(['\r', '\n'])).then(|| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A day as IMAP writes it, a day early: servers compare in zones of their own.
fn day(at: Timestamp) -> String {
    let early = jiff::Timestamp::from_millisecond(at.0 - 24 * 3_600_000).unwrap_or_default();
    early.strftime("%-d-%b-%Y").to_string()
}

/// What a server says, on one line and without what the library puts around it.
fn plain_words(said: &str) -> String {
    let inner = said.split("information: Some(\"").nth(1).and_then(|rest| rest.split("\")").next()).unwrap_or(said);
    super::mail::one_line(inner).trim_end_matches('.').to_owned()
}
