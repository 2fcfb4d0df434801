//! Fetches mails: small ones together, large ones in pieces. No mail may have far more bytes than announced, and none may silently have
//! fewer (R9, S55).
//!
//! The size that a server gives may be wrong. Some servers count a line end as one byte, some are off by a few bytes, and some (Exchange)
//! guess, by a factor of three. Other programs therefore accept whatever comes, and a short failure of the server leaves an empty mail for
//! ever. Here a mail that is too short is fetched again. It is accepted only if the server repeats it and its sizes are known to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use futures::Stream;

use super::{
    Imap, Line, MailOnServer,
    answers::Said,
    broken, list,
    talk::{Limits, Part, Unanswered},
};
use crate::email::error::MailError;

/// The size of a piece of a large mail, in bytes.
pub(super) const PIECE: u32 = 512 * 1024;
/// How many bytes beyond twice its announced size a mail may have.
const MORE: u64 = 1024 * 1024;
/// The most bytes taken into memory at once: a whole mail from a server that does not know pieces.
const AT_ONCE: u64 = 64 * 1024 * 1024;
/// The largest accepted mail, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;
/// How many bytes an otherwise correct size may be off.
const FEW: u64 = 64;
/// How many other mails are fetched to test whether a server guesses sizes, and how large each may be, in bytes.
const PROBES: usize = 5;
const PROBE: u64 = 256 * 1024;

/// The mails that a server gave. A mail in neither list was deleted meanwhile, unless the connection ended.
#[derive(Debug, Default)]
pub struct Given {
    /// The complete mails.
    pub mails: Vec<(i64, Bytes)>,
    /// The mails that the server does not deliver.
    pub withheld: Vec<Withheld>,
    /// Why the connection cannot be used any more, if it ended before all mails came.
    pub cut: Option<MailError>,
}

impl Given {
    /// The connection ended during the transfer of these mails. Complete mails from before are kept.
    fn cut_at(mut self, uids: Vec<i64>, error: MailError) -> Result<Self, MailError> {
        let MailError::Lost { server, said } = error else { return Err(error) };
        // All mails had come, so none of them is the cause.
        let is_blameless = uids.is_empty();
        self.cut =
            Some(if is_blameless { MailError::Lost { server, said } } else { MailError::Cut { server, said, uids } });
        Ok(self)
    }
}

/// A mail in the folder that the server does not deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Its UID.
    pub uid: i64,
    /// The reason, for people.
    pub reason: String,
}

impl Withheld {
    /// The server refuses to deliver the mail, with this text.
    pub fn refused(uid: i64, said: &str) -> Self {
        Self { uid, reason: format!("The mail server does not deliver it: {said}.") }
    }

    /// The server sends fewer bytes than it announced.
    pub fn short(one: &MailOnServer, given: u64) -> Self {
        let reason = match (one.size, given) {
            (0, 0) => return Self::nothing(one),
            (0, _) => format!("The mail server gives {given} bytes of it, and does not say whether that is all."),
            (size, _) => format!("The mail server gives {given} of its {size} bytes."),
        };
        Self { uid: one.uid, reason }
    }

    /// The server lists the mail but sends nothing of it.
    fn nothing(one: &MailOnServer) -> Self {
        Self { uid: one.uid, reason: "The mail server lists this e-mail but does not deliver it.".to_owned() }
    }
}

/// The largest accepted size of a mail with this announced size. The server may count line ends as one byte instead of two. A larger mail
/// comes from a server that never stops.
pub fn most(size: u64) -> u64 {
    // 0: the server did not say the size.
    if size == 0 { LARGEST } else { size.saturating_mul(2).saturating_add(MORE).min(LARGEST) }
}

/// Whether this many bytes are the whole mail of an announced size. `bare` is the number of its line ends that are one byte.
pub const fn is_whole(size: u64, given: u64, bare: u64) -> bool {
    given.saturating_add(bare) >= size
}

/// Counts line ends of one byte across pieces.
#[derive(Debug, Default)]
pub struct LineEnds {
    before: u8,
    bare: u64,
}

impl LineEnds {
    /// Counts those of the next piece.
    pub fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.bare += u64::from(*byte == b'\n' && self.before != b'\r');
            self.before = *byte;
        }
    }

    /// The number of line ends of one byte.
    pub const fn bare(&self) -> u64 {
        self.bare
    }
}

fn bare_line_ends(bytes: &[u8]) -> u64 {
    let mut ends = LineEnds::default();
    ends.count(bytes);
    ends.bare()
}

/// Whether the bytes contain the end of a header.
fn has_header(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|two| two == b"\n\n") || bytes.windows(4).any(|four| four == b"\r\n\r\n")
}

/// Whether these are all bytes of a mail, as far as its size tells.
fn is_all(one: &MailOnServer, bytes: &[u8]) -> bool {
    one.size > 0 && is_whole(one.size, bytes.len() as u64, bare_line_ends(bytes))
}

/// Separates the mails that came complete from the others.
fn sorted(
    wanted: &[MailOnServer],
    mut mails: BTreeMap<i64, Bytes>,
    given: &mut Given,
) -> Vec<(MailOnServer, Option<Bytes>)> {
    let mut doubtful = Vec::new();
    for one in wanted {
        match mails.remove(&one.uid) {
            Some(bytes) if is_all(one, &bytes) => given.mails.push((one.uid, bytes)),
            other => doubtful.push((*one, other)),
        }
    }
    doubtful
}

impl<W: Line> Imap<W> {
    /// Fetches whole mails. They are in memory together, so ask for few and small ones. A mail that the server itself cannot read must not
    /// hold up the others (R9). If the server refuses all of them, the server may be at fault instead of a mail. That is believed only with
    /// `patient`. If the connection ends, complete mails are still returned: [`Given::cut`].
    ///
    /// # Errors
    /// When a mail is far larger than announced, or all are refused.
    pub async fn given(&mut self, wanted: &[MailOnServer], patient: bool) -> Result<Given, MailError> {
        let (mut given, mut doubtful, mut mails) = (Given::default(), Vec::new(), BTreeMap::new());
        match self.mails_into(wanted, &mut mails).await {
            Ok(()) => doubtful = sorted(wanted, mails, &mut given),
            Err(refused @ MailError::Withheld { .. }) => {
                for one in wanted {
                    match self.mails(&[*one]).await {
                        Ok(mail) => doubtful.extend(sorted(&[*one], mail, &mut given)),
                        Err(MailError::Withheld { said, .. }) => given.withheld.push(Withheld::refused(one.uid, &said)),
                        Err(other) => {
                            if given.mails.is_empty() && !patient {
                                given.withheld.clear();
                            }
                            return given.cut_at(vec![one.uid], other);
                        }
                    }
                }
                if given.withheld.len() == wanted.len() && !patient {
                    return Err(refused);
                }
            }
            Err(other) => {
                let missing = sorted(wanted, mails, &mut given).into_iter().map(|(one, _)| one.uid);
                return given.cut_at(missing.collect(), other);
            }
        }
        let silent = doubtful.iter().filter(|(_, bytes)| bytes.is_none()).map(|(one, _)| one.uid);
        let gone = match self.gone(silent).await {
            Ok(gone) => gone,
            Err(error) => return given.cut_at(Vec::new(), error),
        };
        for (one, bytes) in doubtful.into_iter().filter(|(one, _)| !gone.contains(&one.uid)) {
            if let Err(error) = self.again(&one, bytes.as_ref(), &mut given).await {
                return given.cut_at(vec![one.uid], error);
            }
        }
        Ok(given)
    }

    /// Fetches a mail again that came too short, or that did not come although it is in the folder.
    async fn again(&mut self, one: &MailOnServer, first: Option<&Bytes>, given: &mut Given) -> Result<(), MailError> {
        let mut mail = match self.mails(&[*one]).await {
            Err(MailError::Withheld { said, .. }) => {
                given.withheld.push(Withheld::refused(one.uid, &said));
                return Ok(());
            }
            answer => answer?,
        };
        let Some(second) = mail.remove(&one.uid) else {
            // It was deleted meanwhile and needs no attention.
            if first.is_none() || self.gone([one.uid]).await?.is_empty() {
                given.withheld.push(Withheld::nothing(one));
            }
            return Ok(());
        };
        let length = second.len() as u64;
        let is_same = first == Some(&second) && has_header(&second);
        if is_all(one, &second) || (is_same && self.stands_by(one, length).await?) {
            given.mails.push((one.uid, second));
        } else {
            given.withheld.push(Withheld::short(one, length));
        }
        Ok(())
    }

    /// Whether a mail that is shorter than announced may be complete: the server has no bytes after it, and its sizes are wrong, by a few
    /// bytes here or by many everywhere.
    async fn stands_by(&mut self, one: &MailOnServer, given: u64) -> Result<bool, MailError> {
        let behind = match self.part(one.uid, given, 64, PIECE.into()).await {
            // Some servers answer like this when there is nothing after the end of a mail.
            Err(MailError::Withheld { .. }) => None,
            answer => answer?,
        };
        let nothing_behind = behind.flatten().is_none_or(|bytes| bytes.is_empty());
        Ok(nothing_behind && self.may_be_all(one, given).await?)
    }

    /// Which of these mails are no longer in the open folder. An answer that leaves a mail out does not prove that, so the server is asked
    /// for all UIDs in the folder.
    ///
    /// # Errors
    /// When the connection is lost, or the server does not answer.
    pub async fn gone(&mut self, uids: impl IntoIterator<Item = i64>) -> Result<BTreeSet<i64>, MailError> {
        let mut gone: BTreeSet<i64> = uids.into_iter().collect();
        if !gone.is_empty() {
            let lying = self.numbers(None).await?;
            gone.retain(|uid| !lying.contains(uid));
        }
        Ok(gone)
    }

    /// Whether this many bytes may be a whole mail, although the server announced more.
    pub async fn may_be_all(&mut self, one: &MailOnServer, given: u64) -> Result<bool, MailError> {
        Ok(given > 0 && (one.size - given.min(one.size) <= FEW || self.guesses(one.uid).await?))
    }

    /// Whether the server guesses sizes: those of other mails are far off, too.
    async fn guesses(&mut self, but: i64) -> Result<bool, MailError> {
        if let Some(known) = self.guesses {
            return Ok(known);
        }
        let others: Vec<i64> = self.numbers(None).await?.into_iter().rev().filter(|uid| *uid != but).take(30).collect();
        let others = self.among(&others).await?;
        let (mut right, mut off) = (0, 0);
        for other in others.into_iter().filter(|other| other.size > 0 && other.size <= PROBE).take(PROBES) {
            let mail = match self.mails(&[other]).await {
                Err(MailError::Withheld { .. }) => continue,
                // The probe mail was not requested for itself and may not be ours to take in. So the mail that it was compared with is put
                // aside. Otherwise both would be fetched again on every connection.
                Err(MailError::TooMuch { server, said, most, .. }) => {
                    return Err(MailError::TooMuch { server, uid: Some(but), said, most });
                }
                answer => answer?.remove(&other.uid),
            };
            let Some(mail) = mail.filter(|mail| has_header(mail)) else { continue };
            let (length, bare) = (mail.len() as u64, bare_line_ends(&mail));
            match (length + bare + FEW < other.size) || length > other.size + FEW + bare {
                true => off += 1,
                false => right += 1,
            }
        }
        let known = off >= 2 && off > right;
        self.guesses = Some(known);
        Ok(known)
    }

    async fn mails(&mut self, wanted: &[MailOnServer]) -> Result<BTreeMap<i64, Bytes>, MailError> {
        let mut mails = BTreeMap::new();
        self.mails_into(wanted, &mut mails).await?;
        Ok(mails)
    }

    /// Stores complete mails in `mails`, even if the answer breaks off.
    async fn mails_into(&mut self, wanted: &[MailOnServer], mails: &mut BTreeMap<i64, Bytes>) -> Result<(), MailError> {
        let uids: Vec<i64> = wanted.iter().map(|one| one.uid).collect();
        let what = format!("UID FETCH {} (UID BODY.PEEK[])", list(&uids));
        let largest = wanted.iter().map(|one| most(one.size)).max().unwrap_or(0).min(AT_ONCE);
        let all = wanted.iter().map(|one| one.size.saturating_mul(2)).sum::<u64>().saturating_add(MORE);
        let size = |uid: i64| wanted.iter().find(|one| one.uid == uid).map(|one| one.size);
        let mut over = None;
        let mut take = |uid: i64, body: Option<Bytes>| {
            let Some(announced) = size(uid) else { return };
            let body = body.unwrap_or_default();
            match body.len() as u64 > most(announced) {
                true => over = Some(uid),
                false => drop(mails.insert(uid, body)),
            }
        };
        let answered = self.fetched(&what, Limits::mails(largest, all), &mut take).await;
        let too_much = match answered {
            // Only a requested mail counts. The server may have made up the UID.
            Err(MailError::TooMuch { uid, .. }) => {
                uid.filter(|uid| size(*uid).is_some()).or(if let [one] = wanted { Some(one.uid) } else { None })
            }
            answer => match (answer, over) {
                (Ok(()), None) => return Ok(()),
                (Ok(()), Some(uid)) => Some(uid),
                (Err(error), _) => return Err(error),
            },
        };
        let said = too_much.and_then(size).unwrap_or_default();
        Err(MailError::TooMuch { server: self.server.clone(), uid: too_much, said, most: most(said) })
    }

    /// Fetches one mail in pieces, so that no large mail is held in memory. None if it was deleted. Its announced size may be wrong, so the
    /// mail ends where the server has no more bytes.
    pub fn pieces(&mut self, one: MailOnServer) -> impl Stream<Item = std::io::Result<Bytes>> + '_ {
        futures::stream::try_unfold((self, Some((0u64, false))), move |(imap, at)| async move {
            let Some((at, short)) = at else { return Ok(None) };
            let piece = imap.piece(one, at, short).await.map_err(std::io::Error::other)?;
            let Some(piece) = piece else { return Ok(None) };
            let length = piece.len() as u64;
            // More than requested came: the server does not know pieces and sent everything.
            let next = (length <= u64::from(PIECE)).then_some((at + length, length < u64::from(PIECE)));
            Ok(Some((piece, (imap, next))))
        })
    }

    /// The piece of a mail after this many bytes. None at its end. `short`: the server sent less than requested before.
    async fn piece(&mut self, one: MailOnServer, at: u64, short: bool) -> Result<Option<Bytes>, MailError> {
        let (uid, most) = (one.uid, most(one.size));
        let server = self.server.clone();
        let too_much = || MailError::TooMuch { server: server.clone(), uid: Some(uid), said: one.size, most };
        let left = most.checked_sub(at).ok_or_else(too_much)?;
        // The first answer may be a piece, or the whole mail if the server does not know pieces.
        let at_once = if at == 0 { left.min(AT_ONCE) } else { PIECE.into() };
        let piece = match self.part(uid, at, PIECE, at_once).await {
            Err(MailError::TooMuch { .. }) => return Err(too_much()),
            // The end was reached before. Some servers answer like this when nothing follows.
            Err(MailError::Withheld { .. }) if short => None,
            answer => answer?,
        };
        match piece {
            Some(piece) => Ok(piece.filter(|piece| !piece.is_empty())),
            None if at == 0 => Ok(None),
            // Only the last piece is shorter than requested (RFC 9051, 6.4.5.1). Not all servers have an answer for what follows it.
            None if short => Ok(None),
            // The end would be an empty piece. So the mail was deleted during the transfer, and half of it is useless.
            None => {
                let said = format!("mail {uid} went away while it was fetched");
                Err(MailError::Lost { server, said })
            }
        }
    }

    /// The bytes of a mail in this range. `Some(None)` if the server says that there are none.
    async fn part(&mut self, uid: i64, at: u64, count: u32, most: u64) -> Result<Option<Option<Bytes>>, MailError> {
        let mut part = None;
        let what = format!("UID FETCH {uid} (UID BODY.PEEK[]<{at}.{count}>)");
        self.fetched(&what, Limits::mails(most, most), &mut |of, body| {
            if of == uid {
                part = Some(body);
            }
        })
        .await?;
        Ok(part)
    }

    async fn fetched(
        &mut self,
        what: &str,
        limits: Limits,
        take: &mut (impl FnMut(i64, Option<Bytes>) + Send),
    ) -> Result<(), MailError> {
        let Self { talk, told, count, server, .. } = self;
        let command = [Part::Text(what)];
        let answered = talk.ask(&command, limits, |said| match said {
            Said::Exists(mails) => (*told, *count) = (true, mails),
            Said::Fetch(fetch) => {
                if let (Some(uid), Some(body)) = (fetch.uid, fetch.body) {
                    take(uid, body);
                }
            }
            _ => {}
        });
        answered.await.map_err(|unanswered| match unanswered {
            Unanswered::Refused(said) => MailError::Withheld { server: server.clone(), what: "FETCH".to_owned(), said },
            Unanswered::TooMuch(uid) => MailError::TooMuch { server: server.clone(), uid, said: 0, most: 0 },
            error => broken(server, error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r9_line_ends_of_one_byte_are_no_missing_bytes() {
        assert_eq!(bare_line_ends(b"a\nb\r\n\n\r\n"), 2);
        assert!(is_whole(11, 9, 2) && is_whole(5, 9, 0) && !is_whole(12, 9, 2) && is_whole(0, 0, 0));
        assert!(has_header(b"A: b\r\n\r\nc") && has_header(b"A: b\n\n") && !has_header(b"A: b\r\nc"));
    }
}
