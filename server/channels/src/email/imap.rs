//! An IMAP mailbox (RFC 9051): sign in, open a folder, list its mails, fetch them in pieces, wait for new ones.

mod answers;
mod mails;
mod name;
mod open;
mod talk;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, time::Duration};

use mail::one_line;
use model::Timestamp;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::client::TlsStream;

use self::{
    answers::{Said, Status},
    open::broken,
    talk::{Limits, Part, Talk, Unanswered},
};
use super::{error::MailError, wire::Line};

pub use self::mails::{LineEnds, Withheld, is_whole};

/// The most mails of a folder, because their UIDs are in memory together.
const MOST_MAILS: usize = 1_000_000;
/// How many mails may arrive during a listing.
const MEANWHILE: usize = 1000;
/// The most folders of a mailbox.
const MOST_FOLDERS: usize = 20_000;

type Wire = TlsStream<TcpStream>;

/// A connection that is signed in.
#[derive(Debug)]
pub struct Imap<W: Line = Wire> {
    talk: Talk<W>,
    server: String,
    can: Vec<String>,
    /// The number of mails in the open folder, as the server said.
    count: usize,
    /// The server reported a new mail while another command ran.
    told: bool,
    /// Whether the server only guesses the sizes of mails, once that was tested.
    guesses: Option<bool>,
}

/// The state of a folder when the server opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// Its UIDVALIDITY.
    pub uid_validity: i64,
    /// The lowest UID that the next mail can have.
    pub uid_next: i64,
}

/// A mail in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailOnServer {
    /// Its UID.
    pub uid: i64,
    /// Its size in bytes. 0 if the server does not say.
    pub size: u64,
    /// When it came into the folder.
    pub at: Option<Timestamp>,
}

impl<W: Line> Imap<W> {
    fn over(talk: Talk<W>, server: &str) -> Self {
        Self { talk, server: server.to_owned(), can: Vec::new(), count: 0, told: false, guesses: None }
    }

    async fn look_what_it_can(&mut self) -> Result<(), MailError> {
        let mut can = Vec::new();
        self.asked(&[Part::Text("CAPABILITY")], Limits::SHORT, |said| {
            if let Said::Capabilities(words) = said {
                can = words;
            }
        })
        .await?;
        self.can = can;
        Ok(())
    }

    fn can(&self, word: &str) -> bool {
        self.can.iter().any(|one| one == word)
    }

    /// The folder that the server marks as the one for sent mails (RFC 6154), if it marks one.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn sent_folder(&mut self) -> Result<Option<String>, MailError> {
        let (mut marked, mut usual) = (None, None);
        self.asked(&[Part::Text("LIST \"\" \"*\"")], Limits::list(MOST_FOLDERS), |said| {
            let Said::Folder(marks, name) = said else { return };
            if marked.is_none() && marks.iter().any(|mark| mark == "\\sent") {
                marked = Some(name);
            } else if usual.is_none()
                && ["sent", "sent items", "sent mail", "inbox.sent"].contains(&name.to_lowercase().as_str())
            {
                usual = Some(name);
            }
        })
        .await?;
        Ok(marked.or(usual))
    }

    /// Deletes mails from a folder permanently.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn remove(&mut self, folder: &str, uids: &[i64]) -> Result<(), MailError> {
        if uids.is_empty() {
            return Ok(());
        }
        let (set, name) = (list(uids), self.folder(folder)?);
        self.asked(&[Part::Text("SELECT "), Part::String(&name)], Limits::SHORT, |_| {}).await?;
        let store = format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)");
        self.asked(&[Part::Text(&store)], Limits::list(uids.len()), |_| {}).await?;
        // Deletes only these mails, if the server can do that (RFC 4315). Otherwise they stay, marked as deleted.
        if self.can("UIDPLUS") {
            let expunge = format!("UID EXPUNGE {set}");
            self.asked(&[Part::Text(&expunge)], Limits::list(uids.len()), |_| {}).await?;
        }
        Ok(())
    }

    /// Puts a copy of a mail into a folder, marked as read, unless a mail with this Message-ID is there.
    ///
    /// # Errors
    /// When the folder does not exist, or the connection is lost.
    pub async fn put(&mut self, folder: &str, name: &str, mail: &[u8]) -> Result<(), MailError> {
        self.examine(folder).await?;
        if self.named(name, 0).await?.is_some() {
            return Ok(());
        }
        let folder = self.folder(folder)?;
        let append = [Part::Text("APPEND "), Part::String(&folder), Part::Text(" (\\Seen) "), Part::Bytes(mail)];
        self.asked(&append, Limits::mails(0, mail.len() as u64), |_| {}).await
    }

    /// Signs out. A failure changes nothing.
    pub async fn close(mut self) {
        let leave = self.talk.ask(&[Part::Text("LOGOUT")], Limits::SHORT, |_| {});
        let _ = timeout(Duration::from_secs(5), leave).await;
    }

    /// Opens a folder for reading. This marks nothing as read.
    ///
    /// # Errors
    /// [`MailError::Folder`], or when the connection is lost.
    pub async fn examine(&mut self, folder: &str) -> Result<Opened, MailError> {
        let name = self.folder(folder)?;
        let (mut uid_validity, mut uid_next, mut count) = (0, None, 0);
        let examine = [Part::Text("EXAMINE "), Part::String(&name)];
        let answered = self.talk.ask(&examine, Limits::SHORT, |said| match said {
            Said::Exists(mails) => count = mails,
            Said::Untagged(condition) if condition.status == Status::Ok => {
                match condition.code.to_ascii_uppercase().split_once(' ') {
                    Some(("UIDVALIDITY", number)) => {
                        uid_validity = number.parse::<u32>().map_or(uid_validity, i64::from)
                    }
                    Some(("UIDNEXT", number)) => uid_next = number.parse::<u32>().ok().map(i64::from).or(uid_next),
                    _ => {}
                }
            }
            _ => {}
        });
        match answered.await {
            Ok(()) => self.count = count,
            Err(Unanswered::Refused(said)) => return Err(MailError::Folder { folder: folder.to_owned(), said }),
            Err(error) => return Err(broken(&self.server, error)),
        }
        let uid_next = match uid_next {
            Some(next) => next,
            None => self.uid_next(&name).await?,
        };
        Ok(Opened { uid_validity, uid_next })
    }

    /// A folder's name as IMAP sends it. It contains no line end (S16).
    fn folder(&self, folder: &str) -> Result<String, MailError> {
        name::encoded(folder).ok_or_else(|| {
            let said = "no folder has such characters in its name".to_owned();
            MailError::Folder { folder: one_line(folder), said }
        })
    }

    /// Asks for UIDNEXT where the server did not say it on opening, as older servers may. If 1 were assumed, all existing mails would count
    /// as new.
    async fn uid_next(&mut self, name: &str) -> Result<i64, MailError> {
        let mut next = None;
        let status = [Part::Text("STATUS "), Part::String(name), Part::Text(" (UIDNEXT)")];
        let answered = self.talk.ask(&status, Limits::SHORT, |said| {
            if let Said::UidNext(number) = said {
                next = Some(number);
            }
        });
        match answered.await {
            Ok(()) | Err(Unanswered::Refused(_)) => {}
            Err(error) => return Err(broken(&self.server, error)),
        }
        match next {
            Some(next) => Ok(next),
            None => Ok(self.numbers(None).await?.last().map_or(1, |last| last + 1)),
        }
    }

    /// The mails in the open folder above a UID, in order.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn behind(&mut self, uid: i64) -> Result<Vec<MailOnServer>, MailError> {
        // "n:*" always includes the newest mail, even if its UID is below n (RFC 9051, 9, seq-range).
        let mut lying = self.lying(&format!("{}:*", uid + 1), self.most()).await?;
        lying.retain(|one| one.uid > uid);
        // A listing may leave a mail out, or give nothing but its UID. If the cursor passed such a mail, it would never come in.
        let found = match self.search(&format!("UID {}:*", uid + 1)).await {
            Err(MailError::Withheld { .. }) => return Ok(lying),
            found => found?,
        };
        let listed: BTreeSet<i64> = lying.iter().map(|one| one.uid).collect();
        let left_out: Vec<i64> = found.range(uid + 1..).filter(|uid| !listed.contains(uid)).copied().collect();
        lying.extend(self.among(&left_out).await?);
        lying.sort_unstable_by_key(|one| one.uid);
        Ok(lying)
    }

    /// The mails in the open folder above a UID that came on a day or later, in order.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn behind_since(&mut self, uid: i64, since: Timestamp) -> Result<Vec<MailOnServer>, MailError> {
        let found = self.search(&format!("UID {}:* SINCE {}", uid + 1, day(since))).await?;
        let behind: Vec<i64> = found.range(uid + 1..).copied().collect();
        self.among(&behind).await
    }

    /// The mails in the open folder with these UIDs, in order. A mail for which the server gives only the UID has size 0.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn among(&mut self, uids: &[i64]) -> Result<Vec<MailOnServer>, MailError> {
        let mut lying = Vec::new();
        // Servers limit the length of a command.
        for some in uids.chunks(500) {
            lying.extend(self.lying(&list(some), some.len()).await?);
        }
        let listed: BTreeSet<i64> = lying.iter().map(|one| one.uid).collect();
        let left_out: BTreeSet<i64> = uids.iter().filter(|uid| !listed.contains(uid)).copied().collect();
        let gone = self.gone(left_out.iter().copied()).await?;
        lying.extend(left_out.difference(&gone).map(|uid| MailOnServer { uid: *uid, size: 0, at: None }));
        lying.sort_unstable_by_key(|one| one.uid);
        Ok(lying)
    }

    /// The most mails in an answer about the whole open folder: the number that the server said, and some that arrive meanwhile.
    fn most(&self) -> usize {
        self.count.min(MOST_MAILS) + MEANWHILE
    }

    async fn lying(&mut self, set: &str, most: usize) -> Result<Vec<MailOnServer>, MailError> {
        let mut lying = Vec::new();
        let what = format!("UID FETCH {set} (UID RFC822.SIZE INTERNALDATE)");
        // The few bytes of each entry are kept, not the whole answer, because there may be half a million.
        self.asked(&[Part::Text(&what)], Limits::list(most), |said| {
            // A FETCH without size and time only reports a changed flag, for example when somebody has read the mail.
            if let Said::Fetch(fetch) = said
                && let Some(uid) = fetch.uid
                && (fetch.size.is_some() || fetch.at.is_some())
            {
                lying.push(MailOnServer { uid, size: fetch.size.unwrap_or(0), at: fetch.at });
            }
        })
        .await?;
        lying.sort_unstable_by_key(|one| one.uid);
        lying.dedup_by_key(|one| one.uid);
        Ok(lying)
    }

    /// The UIDs in the open folder that came on a day or later. All UIDs without a day.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn numbers(&mut self, since: Option<Timestamp>) -> Result<BTreeSet<i64>, MailError> {
        let query = since.map_or_else(|| "ALL".to_owned(), |since| format!("SINCE {}", day(since)));
        self.search(&query).await
    }

    async fn search(&mut self, query: &str) -> Result<BTreeSet<i64>, MailError> {
        let mut found = BTreeSet::new();
        let most = self.most();
        self.asked(&[Part::Text(&format!("UID SEARCH {query}"))], Limits::numbers(most), |said| {
            if let Said::Search(uids) = said {
                found.extend(uids);
            }
        })
        .await?;
        Ok(found)
    }

    /// Waits for up to `at_most` until the server reports a new mail. Afterwards the connection can be used as before.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn wait(mut self, at_most: Duration) -> Result<Self, MailError> {
        // The report came during another command. The server will not repeat it.
        if std::mem::take(&mut self.told) {
            return Ok(self);
        }
        if self.can("IDLE") {
            self.talk.idle(Instant::now() + at_most).await.map_err(|error| broken(&self.server, error))?;
        } else {
            tokio::time::sleep(at_most.min(Duration::from_secs(20))).await;
            self.asked(&[Part::Text("NOOP")], Limits::SHORT, |_| {}).await?;
        }
        Ok(self)
    }

    /// The UID of our mail with this Message-ID, above a UID.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn named(&mut self, name: &str, behind: i64) -> Result<Option<i64>, MailError> {
        let mut found = None;
        let name = format!("<{name}>");
        let search = [Part::Text("UID SEARCH HEADER Message-ID "), Part::String(&name)];
        self.asked(&search, Limits::SHORT, |said| {
            if let Said::Search(uids) = said {
                found = uids.into_iter().filter(|uid| *uid > behind).chain(found).min();
            }
        })
        .await?;
        Ok(found)
    }

    /// Sends a command and reads its whole answer. A new mail reported meanwhile is remembered for [`Self::wait`].
    async fn asked(
        &mut self,
        command: &[Part<'_>],
        limits: Limits,
        mut take: impl FnMut(Said) + Send,
    ) -> Result<(), MailError> {
        let Self { talk, told, count, server, .. } = self;
        let answered = talk.ask(command, limits, |said| {
            if let Said::Exists(mails) = said {
                (*told, *count) = (true, mails);
            }
            take(said);
        });
        answered.await.map_err(|unanswered| match unanswered {
            Unanswered::Refused(said) => {
                MailError::Withheld { server: server.clone(), what: verb(command).to_owned(), said }
            }
            error => broken(server, error),
        })
    }
}

fn list(uids: &[i64]) -> String {
    uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// The verb of a command, without its arguments.
fn verb<'a>(command: &[Part<'a>]) -> &'a str {
    let Some(Part::Text(command)) = command.first() else { return "this" };
    command.strip_prefix("UID ").unwrap_or(command).split(' ').next().unwrap_or_default()
}

/// A date in IMAP's format, one day early, because servers compare in their own time zones. It is clamped to 1970 and to years of four
/// digits, which every server accepts.
fn day(at: Timestamp) -> String {
    const LATEST: i64 = 253_370_764_800_000;
    let early = at.0.saturating_sub(24 * 3_600_000).clamp(0, LATEST);
    jiff::Timestamp::from_millisecond(early).unwrap_or_default().strftime("%-d-%b-%Y").to_string()
}

/// A server's text on one line.
fn plain_words(said: &str) -> String {
    one_line(said).trim_end_matches('.').to_owned()
}
