//! A mailbox by IMAP (RFC 9051): signing in, opening a folder, what is in it, its mails in pieces, waiting for more.

use std::{collections::BTreeSet, time::Duration};

use app::model::{Host, Security, Timestamp};
use async_imap::{
    Client, Session,
    extensions::idle::IdleResponse,
    types::{Fetch, UnsolicitedResponse},
};
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::client::TlsStream;

use super::error::MailError;
use crate::network::Network;

/// How long a server may take for an answer.
const ANSWER: Duration = Duration::from_secs(60);
/// How large the pieces are in which a large mail is fetched, in bytes.
const PIECE: u32 = 512 * 1024;

type Wire = TlsStream<TcpStream>;

/// A signed-in connection.
pub struct Imap {
    session: Session<Wire>,
    server: String,
    idle: bool,
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
    /// Connects, encrypted, and signs in.
    ///
    /// # Errors
    /// [`MailError`]: which step failed and why.
    pub async fn open(network: &Network, host: &Host, user: &str, password: &str) -> Result<Self, MailError> {
        let server = host.name.clone();
        let lost = |said: String| MailError::Lost { server: server.clone(), said };
        let tcp = network.connect(&host.name, host.port).await?;
        let client = match host.security {
            Security::Tls => {
                let mut client = Client::new(network.secure(&host.name, tcp).await?);
                greeting(client.read_response(), &lost).await?;
                client
            }
            Security::StartTls => {
                let mut plain = Client::new(tcp);
                greeting(plain.read_response(), &lost).await?;
                let asked = timeout(ANSWER, plain.run_command_and_check_ok("STARTTLS", None)).await;
                match asked {
                    Ok(Ok(())) => {}
                    Ok(Err(async_imap::error::Error::Bad(_) | async_imap::error::Error::No(_))) => {
                        return Err(MailError::NoStartTls(server));
                    }
                    Ok(Err(error)) => return Err(lost(error.to_string())),
                    Err(_) => return Err(lost("it took too long".to_owned())),
                }
                Client::new(network.secure(&host.name, plain.into_inner()).await?)
            }
        };
        let session = match timeout(ANSWER, client.login(user, password)).await {
            Ok(Ok(session)) => session,
            Ok(Err((error, _))) => {
                return Err(match error {
                    async_imap::error::Error::No(said) | async_imap::error::Error::Bad(said) => {
                        MailError::Login { server, said: plain_words(&said) }
                    }
                    async_imap::error::Error::Validate(_) => {
                        MailError::Login { server, said: "it has characters that no mail server takes".to_owned() }
                    }
                    other => lost(other.to_string()),
                });
            }
            Err(_) => return Err(lost("it took too long to sign in".to_owned())),
        };
        let mut imap = Self { session, server, idle: false };
        let capabilities = imap.answer_of(async |session| session.capabilities().await).await?;
        imap.idle = capabilities.has_str("IDLE");
        Ok(imap)
    }

    /// Opens a folder to read it; nothing in it is marked as read by that.
    ///
    /// # Errors
    /// [`MailError::Folder`], or when the connection is lost.
    pub async fn examine(&mut self, folder: &str) -> Result<Opened, MailError> {
        let found = match timeout(ANSWER, self.session.examine(folder)).await {
            Ok(Ok(found)) => found,
            Ok(Err(async_imap::error::Error::No(said) | async_imap::error::Error::Bad(said))) => {
                return Err(MailError::Folder { folder: folder.to_owned(), said: plain_words(&said) });
            }
            Ok(Err(async_imap::error::Error::Validate(error))) => {
                return Err(MailError::Folder { folder: folder.to_owned(), said: error.to_string() });
            }
            Ok(Err(error)) => return Err(self.lost(&error.to_string())),
            Err(_) => return Err(self.lost("it took too long")),
        };
        Ok(Opened {
            uid_validity: i64::from(found.uid_validity.unwrap_or(0)),
            uid_next: i64::from(found.uid_next.unwrap_or(1)),
        })
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
        let fetched = self.fetched(set, "(UID RFC822.SIZE INTERNALDATE)").await?;
        let mut lying: Vec<Lying> = fetched
            .iter()
            .filter_map(|one| {
                let at = one.internal_date().map(|date| Timestamp(date.timestamp_millis()));
                Some(Lying { uid: i64::from(one.uid?), size: u64::from(one.size.unwrap_or(0)), at })
            })
            .collect();
        lying.sort_unstable_by_key(|one| one.uid);
        lying.dedup_by_key(|one| one.uid);
        Ok(lying)
    }

    async fn fetched(&mut self, set: &str, what: &str) -> Result<Vec<Fetch>, MailError> {
        self.answer_of(async |session| session.uid_fetch(set, what).await?.try_collect().await).await
    }

    /// Whole mails, in no order. They are in memory together: ask for few, and for small ones.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn mails(&mut self, uids: &[i64]) -> Result<Vec<(i64, Bytes)>, MailError> {
        let fetched = self.fetched(&list(uids), "(UID BODY.PEEK[])").await?;
        Ok(fetched.iter().filter_map(|one| Some((i64::from(one.uid?), Bytes::copy_from_slice(one.body()?)))).collect())
    }

    /// One mail, in pieces, so that none of any size has to be in memory.
    pub fn pieces(&mut self, uid: i64, size: u64) -> impl Stream<Item = std::io::Result<Bytes>> + '_ {
        futures::stream::try_unfold((self, 0u64), move |(imap, at)| async move {
            if at >= size {
                return Ok(None);
            }
            let what = format!("(UID BODY.PEEK[]<{at}.{PIECE}>)");
            let fetched = imap.fetched(&uid.to_string(), &what).await.map_err(std::io::Error::other)?;
            let piece = fetched.iter().find(|one| one.uid.map(i64::from) == Some(uid)).and_then(Fetch::body);
            match piece {
                Some(piece) if !piece.is_empty() => {
                    let piece = Bytes::copy_from_slice(piece);
                    let next = at + piece.len() as u64;
                    Ok(Some((piece, (imap, next))))
                }
                // It is shorter than the server said at first: some count line ends otherwise.
                _ => Ok(None),
            }
        })
    }

    /// The numbers of everything in the open folder that came on a day or later; of everything without one.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn numbers(&mut self, since: Option<Timestamp>) -> Result<BTreeSet<i64>, MailError> {
        let query = since.map_or_else(|| "ALL".to_owned(), |since| format!("SINCE {}", day(since)));
        let found = self.answer_of(async |session| session.uid_search(&query).await).await?;
        Ok(found.into_iter().map(i64::from).collect())
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
            self.answer_of(async |session| session.noop().await).await?;
            return Ok(self);
        }
        let Self { session, server, idle } = self;
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
            Ok(done) => Ok(Self { session: done.map_err(|e| lost(e.to_string()))?, server, idle }),
            Err(_) => Err(lost("it took too long".to_owned())),
        }
    }

    fn was_told(&mut self) -> bool {
        let mut told = false;
        while let Ok(response) = self.session.unsolicited_responses.try_recv() {
            told |= matches!(response, UnsolicitedResponse::Exists(_) | UnsolicitedResponse::Recent(_));
        }
        told
    }

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

    /// The number of the mail of this name, one of ours, behind a number.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn named(&mut self, name: &str, behind: i64) -> Result<Option<i64>, MailError> {
        // Names are ours: letters, digits, dots, an @. Nothing in them ends a quoted string (S16).
        let query = format!("HEADER Message-ID \"<{name}>\"");
        let found = self.answer_of(async |session| session.uid_search(&query).await).await?;
        Ok(found.into_iter().map(i64::from).find(|uid| *uid > behind))
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

    fn lost(&self, said: &str) -> MailError {
        MailError::Lost { server: self.server.clone(), said: plain_words(said) }
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

async fn greeting<T>(
    read: impl Future<Output = std::io::Result<Option<T>>>,
    lost: &impl Fn(String) -> MailError,
) -> Result<(), MailError> {
    match timeout(ANSWER, read).await {
        Ok(Ok(Some(_))) => Ok(()),
        Ok(Ok(None)) => Err(lost("it hung up at once".to_owned())),
        Ok(Err(error)) => Err(lost(error.to_string())),
        Err(_) => Err(lost("it did not greet".to_owned())),
    }
}

fn list(uids: &[i64]) -> String {
    uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_imap_has_them() {
        assert_eq!(day(Timestamp(1_793_610_000_000)), "1-Nov-2026");
        assert_eq!(list(&[3, 7]), "3,7");
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let said = "code: Some(AuthenticationFailed), information: Some(\"Authentication failed.\")";
        assert_eq!(plain_words(said), "Authentication failed");
        assert_eq!(plain_words("two\r\nlines"), "two lines");
    }
}
