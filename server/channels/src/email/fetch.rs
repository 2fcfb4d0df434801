//! Fetches mails from their server, stores their bytes, and reads them.

use std::path::PathBuf;

use bytes::Bytes;
use domain::{
    files::Files,
    mail::{Arrived, NotGiven},
};
use futures::{StreamExt, TryStreamExt, stream};
use model::MailId;
use store::{
    clock::new_id,
    error::{Error, Result},
};

use super::{
    error::MailError,
    imap::{Imap, LineEnds, MailOnServer, Withheld, is_whole},
    reader::{Reader, Source},
};

/// The largest group of mails that is fetched into memory, in bytes. A larger mail is fetched alone and in pieces.
pub const IN_MEMORY: u64 = 2 * 1024 * 1024;
/// How many mails are read and stored in parallel.
const SIDE_BY_SIDE: usize = 8;

/// What fetching needs.
pub struct Fetching<'a> {
    /// The store of their bytes.
    pub files: &'a Files,
    /// Reads their content.
    pub reader: &'a Reader,
}

/// The result of fetching mails. A mail in neither list was deleted meanwhile and needs no attention, unless the connection ended.
#[derive(Debug, Default)]
pub struct Fetched {
    /// The mails that came, in order.
    pub arrived: Vec<Arrived>,
    /// The mails that the server has but does not deliver.
    pub withheld: Vec<NotGiven>,
    /// Why the connection ended before all mails were requested, if it did.
    pub cut: Option<MailError>,
}

/// The bytes of a mail that came.
enum Came {
    Memory(Bytes),
    Disk(PathBuf, String, u64),
}

impl Fetching<'_> {
    /// Fetches mails. With `patient`, a refusal of all of them is believed. `old` tells whether a mail came before the mailbox was
    /// connected.
    ///
    /// # Errors
    /// When a mail is far larger than announced, or the disk fails.
    pub async fn fetch(
        &self,
        imap: &mut Imap,
        wanted: &[MailOnServer],
        patient: bool,
        old: impl Fn(&MailOnServer) -> bool,
    ) -> Result<Fetched, MailError> {
        let (small, large): (Vec<MailOnServer>, Vec<MailOnServer>) =
            wanted.iter().partition(|one| (1..=IN_MEMORY).contains(&one.size));
        let mut sources = Vec::with_capacity(wanted.len());
        let (mut withheld, mut cut) = (Vec::new(), None);
        if !small.is_empty() {
            let given = imap.given(&small, patient).await?;
            sources.extend(given.mails.into_iter().map(|(uid, bytes)| (uid, Came::Memory(bytes))));
            (withheld, cut) = (given.withheld, given.cut);
        }
        for one in &large {
            if cut.is_some() {
                break;
            }
            match self.large(imap, one).await {
                Ok(Some(came)) => sources.push((one.uid, came)),
                Ok(None) => {}
                Err(Missed::Short(less)) => withheld.push(less),
                Err(Missed::Broken(MailError::Withheld { said, .. })) if patient => {
                    withheld.push(Withheld::refused(one.uid, &said));
                }
                Err(Missed::Broken(MailError::Lost { server, said })) => {
                    cut = Some(MailError::Cut { server, said, uids: vec![one.uid] });
                }
                Err(Missed::Broken(error)) => return Err(error),
            }
        }
        let lying = |uid: i64| wanted.iter().find(|one| one.uid == uid);
        let read = stream::iter(sources).map(|(uid, came)| self.arrived(uid, lying(uid).is_some_and(&old), came));
        let mut arrived: Vec<Arrived> = read.buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
        arrived.sort_unstable_by_key(|one| one.uid);
        let withheld = withheld.into_iter().map(|Withheld { uid, reason }| {
            tracing::warn!(uid, reason, "the server does not deliver a mail");
            let size = lying(uid).map_or(0, |one| i64::try_from(one.size).unwrap_or(i64::MAX));
            NotGiven {
                id: MailId::new(new_id()),
                uid,
                size,
                reason: format!("{reason} Tandem asks for it again automatically."),
            }
        });
        Ok(Fetched { arrived, withheld: withheld.collect(), cut })
    }

    /// Fetches a large mail to the disk. None if it was deleted.
    async fn large(&self, imap: &mut Imap, one: &MailOnServer) -> Result<Option<Came>, Missed> {
        let mut ends = LineEnds::default();
        let pieces = imap.pieces(*one).inspect_ok(|piece| ends.count(piece));
        let (digest, size, _) = self.files.keep_stream(pieces).await.map_err(blamed)?;
        if size == 0 {
            let lies_there = !imap.among(&[one.uid]).await?.is_empty();
            return if lies_there { Err(Missed::Short(Withheld::short(one, 0))) } else { Ok(None) };
        }
        // The server has said that no more bytes follow. That this is the whole mail is certain only if its size is wrong.
        if !is_whole(one.size, size, ends.bare()) && !imap.may_be_all(one, size).await? {
            return Err(Missed::Short(Withheld::short(one, size)));
        }
        Ok(Some(Came::Disk(self.files.place(&digest), digest, size)))
    }

    async fn arrived(&self, uid: i64, old: bool, came: Came) -> Result<Arrived> {
        let id = MailId::new(new_id());
        let (source, digest, size) = match came {
            Came::Memory(bytes) => {
                let (digest, size, _) = self.files.keep(bytes.clone()).await?;
                (Source::Bytes(bytes), digest, size)
            }
            Came::Disk(path, digest, size) => (Source::Disk(path, size), digest, size),
        };
        let letter = self.reader.read(id, source).await?;
        Ok(Arrived { id, uid, digest, size: i64::try_from(size).unwrap_or(i64::MAX), old, letter })
    }
}

/// Why a large mail could not be fetched.
enum Missed {
    Short(Withheld),
    Broken(MailError),
}

impl From<MailError> for Missed {
    fn from(error: MailError) -> Self {
        Self::Broken(error)
    }
}

/// The cause of a failure while a mail was stored: the disk or the server.
fn blamed(error: Error) -> MailError {
    match error {
        Error::File(error) => error.downcast().unwrap_or_else(|disk| MailError::Ours(Error::File(disk))),
        other => MailError::Ours(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_a_server_that_hangs_up_is_not_a_disk_that_fails() {
        let lost = MailError::Lost { server: "imap.x.example".to_owned(), said: "enough".to_owned() };
        assert!(matches!(blamed(std::io::Error::other(lost).into()), MailError::Lost { .. }));
        assert!(matches!(blamed(std::io::Error::other("no room").into()), MailError::Ours(Error::File(_))));
    }
}
