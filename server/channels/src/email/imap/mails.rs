//! Mails as a server gives them: small ones together, large ones in pieces, none larger than it was announced to be, and none that is less
//! than it was announced to be (R9, S55).
//!
//! What a server says of a mail's size need not be right: some count a line end as one byte, some are off by a few, and some (Exchange)
//! guess, by a factor of three. Other programs therefore take whatever comes; then a server that fails for a moment turns a mail into an
//! empty one for ever. Here a mail that is short is asked for again, and taken as it is only if the server stands by it and its sizes
//! are known to be off.

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

/// How large the pieces are in which a large mail is fetched, in bytes.
pub(super) const PIECE: u32 = 512 * 1024;
/// How much more than twice the size that was said a mail may have, in bytes.
const MORE: u64 = 1024 * 1024;
/// The largest thing that is taken into memory at once, in bytes: a whole mail from a server that knows no pieces.
const AT_ONCE: u64 = 64 * 1024 * 1024;
/// The largest mail, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;
/// By how many bytes a size may be off that is right otherwise.
const FEW: u64 = 64;
/// How many other mails are looked at to see whether a server guesses, and how large each may be, in bytes.
const PROBES: usize = 5;
const PROBE: u64 = 256 * 1024;

/// What a server gave of the mails that it was asked for. Unless the connection ended, what is in neither was deleted meanwhile.
#[derive(Debug, Default)]
pub struct Given {
    /// Those that it gave, whole.
    pub mails: Vec<(i64, Bytes)>,
    /// Those that it withholds.
    pub withheld: Vec<Withheld>,
    /// Why the connection is of no use any more, if it ended before everything was given.
    pub cut: Option<MailError>,
}

impl Given {
    /// The connection ended while these were asked for: what came whole before that is kept.
    fn cut_at(mut self, uids: Vec<i64>, error: MailError) -> Result<Self, MailError> {
        let MailError::Lost { server, said } = error else { return Err(error) };
        // Nothing more was to come: no mail is to blame.
        let is_blameless = uids.is_empty();
        self.cut =
            Some(if is_blameless { MailError::Lost { server, said } } else { MailError::Cut { server, said, uids } });
        Ok(self)
    }
}

/// A mail that lies in the folder and is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Its number.
    pub uid: i64,
    /// Why, for people.
    pub reason: String,
}

impl Withheld {
    /// The server does not give it, and says this.
    pub fn refused(uid: i64, said: &str) -> Self {
        Self { uid, reason: format!("The mail server does not give it: {said}.") }
    }

    /// The server gives fewer bytes than it says that there are.
    pub fn short(one: &MailOnServer, given: u64) -> Self {
        let reason = match (one.size, given) {
            (0, 0) => return Self::nothing(one),
            (0, _) => format!("The mail server gives {given} bytes of it, and does not say whether that is all."),
            (size, _) => format!("The mail server gives {given} of its {size} bytes."),
        };
        Self { uid: one.uid, reason }
    }

    /// The server lists it, and its answer says nothing of it.
    fn nothing(one: &MailOnServer) -> Self {
        Self { uid: one.uid, reason: "The mail server lists it and gives nothing of it.".to_owned() }
    }
}

/// The most bytes that a mail may have of which the server said this size. A line end may have been counted as one byte in place of two.
/// What is larger than that is a server that never ends.
pub fn most(size: u64) -> u64 {
    // None: the server did not say.
    if size == 0 { LARGEST } else { size.saturating_mul(2).saturating_add(MORE).min(LARGEST) }
}

/// Whether so many bytes are all of a mail of which the server said this size. `bare`: how many of its line ends are one byte.
pub const fn is_whole(size: u64, given: u64, bare: u64) -> bool {
    given.saturating_add(bare) >= size
}

/// Counts line ends of one byte, piece by piece.
#[derive(Debug, Default)]
pub struct LineEnds {
    before: u8,
    bare: u64,
}

impl LineEnds {
    /// Goes on with the next piece.
    pub fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.bare += u64::from(*byte == b'\n' && self.before != b'\r');
            self.before = *byte;
        }
    }

    /// How many there are.
    pub const fn bare(&self) -> u64 {
        self.bare
    }
}

fn bare_line_ends(bytes: &[u8]) -> u64 {
    let mut ends = LineEnds::default();
    ends.count(bytes);
    ends.bare()
}

/// Whether it has a header that ends.
fn has_header(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|two| two == b"\n\n") || bytes.windows(4).any(|four| four == b"\r\n\r\n")
}

/// Whether these are all bytes of a mail, as far as its size tells.
fn is_all(one: &MailOnServer, bytes: &[u8]) -> bool {
    one.size > 0 && is_whole(one.size, bytes.len() as u64, bare_line_ends(bytes))
}

/// Gives the mails that came whole; those that did not, with what came of them.
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
    /// Whole mails. They are in memory together: ask for few, and for small ones. One that the server cannot read itself must not hold up
    /// the others (R9). Where it refuses all of them, it may be the server that fails and not a mail; it is believed then only if `patient`.
    /// Where the connection ends, what came whole before that is given all the same: [`Given::cut`].
    ///
    /// # Errors
    /// When one of them is far larger than it was said to be, or all are refused.
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

    /// Asks once more for a mail that came short, or of which nothing came although it lies there.
    async fn again(&mut self, one: &MailOnServer, first: Option<&Bytes>, given: &mut Given) -> Result<(), MailError> {
        let mut mail = match self.mails(&[*one]).await {
            Err(MailError::Withheld { said, .. }) => {
                given.withheld.push(Withheld::refused(one.uid, &said));
                return Ok(());
            }
            answer => answer?,
        };
        let Some(second) = mail.remove(&one.uid) else {
            // Deleted meanwhile: nobody can miss it here.
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

    /// Whether a mail that is shorter than was said may be all there is: the server gives nothing that is behind it, and its sizes are off,
    /// by few bytes here or by many everywhere.
    async fn stands_by(&mut self, one: &MailOnServer, given: u64) -> Result<bool, MailError> {
        let behind = match self.part(one.uid, given, 64, PIECE.into()).await {
            // Not all servers have other words for what is behind the end of a mail.
            Err(MailError::Withheld { .. }) => None,
            answer => answer?,
        };
        let nothing_behind = behind.flatten().is_none_or(|bytes| bytes.is_empty());
        Ok(nothing_behind && self.may_be_all(one, given).await?)
    }

    /// Which of these lie in the open folder no more. That an answer about them left them out does not tell: the server is asked for the
    /// numbers of all that lies there.
    ///
    /// # Errors
    /// When the connection is lost, or the server does not tell.
    pub async fn gone(&mut self, uids: impl IntoIterator<Item = i64>) -> Result<BTreeSet<i64>, MailError> {
        let mut gone: BTreeSet<i64> = uids.into_iter().collect();
        if !gone.is_empty() {
            let lying = self.numbers(None).await?;
            gone.retain(|uid| !lying.contains(uid));
        }
        Ok(gone)
    }

    /// Whether so many bytes may be all of a mail, although the server said more.
    pub async fn may_be_all(&mut self, one: &MailOnServer, given: u64) -> Result<bool, MailError> {
        Ok(given > 0 && (one.size - given.min(one.size) <= FEW || self.guesses(one.uid).await?))
    }

    /// Whether the sizes that the server says are guesses: those of other mails are far off as well.
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
                // It was not asked for by itself, and need not be ours: what waits is the mail that it was to be compared with, or both
                // would be asked for again on every connection.
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

    /// Puts mails where they are kept also if the answer does not come to its end.
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
            // Only one that was asked for: a number that the server made up is nobody's.
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

    /// One mail, in pieces, so that none of any size has to be in memory; none where it is gone. Its size is what the server says it is,
    /// which some only guess and others count with other line ends: it ends where the server has no more of it.
    pub fn pieces(&mut self, one: MailOnServer) -> impl Stream<Item = std::io::Result<Bytes>> + '_ {
        futures::stream::try_unfold((self, Some((0u64, false))), move |(imap, at)| async move {
            let Some((at, short)) = at else { return Ok(None) };
            let piece = imap.piece(one, at, short).await.map_err(std::io::Error::other)?;
            let Some(piece) = piece else { return Ok(None) };
            let length = piece.len() as u64;
            // More than was asked for: a server that knows no pieces, and gave everything.
            let next = (length <= u64::from(PIECE)).then_some((at + length, length < u64::from(PIECE)));
            Ok(Some((piece, (imap, next))))
        })
    }

    /// What of a mail lies behind so many bytes; nothing at its end. `short`: the server gave less than it was asked for before.
    async fn piece(&mut self, one: MailOnServer, at: u64, short: bool) -> Result<Option<Bytes>, MailError> {
        let (uid, most) = (one.uid, most(one.size));
        let server = self.server.clone();
        let too_much = || MailError::TooMuch { server: server.clone(), uid: Some(uid), said: one.size, most };
        let left = most.checked_sub(at).ok_or_else(too_much)?;
        // At once it may give a piece, or all if it knows none.
        let at_once = if at == 0 { left.min(AT_ONCE) } else { PIECE.into() };
        let piece = match self.part(uid, at, PIECE, at_once).await {
            Err(MailError::TooMuch { .. }) => return Err(too_much()),
            // Its end was seen already, and this is how some servers say that there is nothing behind it.
            Err(MailError::Withheld { .. }) if short => None,
            answer => answer?,
        };
        match piece {
            Some(piece) => Ok(piece.filter(|piece| !piece.is_empty())),
            None if at == 0 => Ok(None),
            // Less than was asked for is given at the end only (RFC 9051, 6.4.5.1); not all servers have words for what is behind it.
            None if short => Ok(None),
            // Its end is said, with an empty piece. Somebody deleted it while it was fetched: half of it is no mail.
            None => {
                let said = format!("mail {uid} went away while it was fetched");
                Err(MailError::Lost { server, said })
            }
        }
    }

    /// So many bytes of a mail behind so many others; inside, none where the server says that there are none.
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
