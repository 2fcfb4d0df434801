//! Limits the memory that mails use at once (S59). A mail is held whole, partly twice, to be read or displayed, so many large ones would
//! use gigabytes. Large mails are read one after another, and small ones in parallel.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use model::ApiError;
use store::error::{Error, Result};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::reader::held_whole;

/// The unit of the budget, in bytes.
const UNIT: u64 = 256 * 1024;
/// The budget in bytes: two of the largest mails that are read whole.
const MAILS: u64 = 72 * 1024 * 1024;
/// How many remote pictures are fetched and passed on at once.
const PICTURES: usize = 12;
/// How long a person who opens a mail waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// The budget. Cheap to clone.
#[derive(Clone)]
pub(super) struct MemoryBudget {
    mails: Arc<Semaphore>,
    pictures: Arc<Semaphore>,
    patience: Duration,
}

/// A part of the budget. Dropping it frees that part.
pub(super) struct Held(OwnedSemaphorePermit);

impl MemoryBudget {
    /// The full budget.
    pub(super) fn new() -> Self {
        let units = usize::try_from(MAILS / UNIT).unwrap_or(usize::MAX);
        Self {
            mails: Arc::new(Semaphore::new(units)),
            pictures: Arc::new(Semaphore::new(PICTURES)),
            patience: PATIENCE,
        }
    }

    /// Waits for the memory that a mail of this size needs, without a time limit.
    pub(super) async fn for_mail(&self, size: u64) -> Result<Held> {
        let permit = Arc::clone(&self.mails).acquire_many_owned(units(held_whole(size))).await;
        permit.map(Held).map_err(|_| busy())
    }

    /// Like [`Self::for_mail`], for a person who opens the mail and does not wait for long.
    ///
    /// # Errors
    /// [`ApiError::Busy`]
    pub(super) async fn for_a_look(&self, size: u64) -> Result<Held> {
        timeout(self.patience, self.for_mail(size)).await.map_err(|_| busy())?
    }

    /// Waits for the memory of a picture.
    ///
    /// # Errors
    /// [`ApiError::Busy`]
    pub(super) async fn for_picture(&self) -> Result<Held> {
        let permit = timeout(self.patience, Arc::clone(&self.pictures).acquire_owned()).await;
        permit.map_err(|_| busy())?.map(Held).map_err(|_| busy())
    }
}

impl Held {
    /// Bytes that keep their part of the budget until the last of them was sent, even to a slow reader. The part that they do not need is
    /// freed at once.
    pub(super) fn around(mut self, bytes: impl AsRef<[u8]> + Send + 'static) -> Bytes {
        let size = bytes.as_ref().len();
        let needed = usize::try_from(units(size as u64)).unwrap_or(usize::MAX).min(self.0.num_permits());
        let rest = self.0.num_permits() - needed;
        drop(self.0.split(rest));
        Bytes::from_owner(Around { bytes, _room: self })
    }
}

struct Around<B> {
    bytes: B,
    _room: Held,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for Around<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

/// This many bytes in units: at least one, at most the whole budget.
fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.min(MAILS).div_ceil(UNIT).max(1)).unwrap_or(u32::MAX)
}

fn busy() -> Error {
    let message = "Many large e-mails are being read right now. Try again in a moment.".to_owned();
    ApiError::Busy { message }.into()
}

#[cfg(test)]
mod tests {
    use domain::{files::Files, vault::Vault};
    use model::{ChannelId, MailId, MailOutcome, Timestamp, WorkspaceId};
    use store::{
        Db, Scope,
        clock::{Clock, new_id},
        mail::Mail,
    };

    use super::*;
    use crate::{
        email::{Email, show::Remote},
        network::Network,
    };

    const MB: u64 = 1024 * 1024;

    fn hurried() -> MemoryBudget {
        MemoryBudget { patience: Duration::from_millis(20), ..MemoryBudget::new() }
    }

    #[tokio::test]
    async fn s59_large_mails_wait_for_each_other_and_whoever_waits_too_long_is_told() {
        let room = hurried();
        let first = room.for_a_look(36 * MB).await.unwrap();
        let second = room.for_a_look(36 * MB).await.unwrap();
        let Err(Error::Refused(ApiError::Busy { .. })) = room.for_a_look(1).await else { panic!("there is no room") };
        drop(first);
        let small: Vec<_> = futures::future::join_all((0..100).map(|_| room.for_a_look(1000))).await;
        assert!(small.iter().all(Result::is_ok), "small ones beside each other");
        drop((small, second));
        // Of larger mails only the beginning is read, even with an absurd size.
        assert!(room.for_a_look(1 << 40).await.is_ok());
        assert_eq!(room.mails.available_permits(), 288);
    }

    #[tokio::test]
    async fn s59_what_is_on_its_way_takes_room_until_it_is_gone() {
        let room = hurried();
        let page = room.for_a_look(36 * MB).await.unwrap().around("a page".repeat(100_000));
        assert_eq!(room.mails.available_permits(), 285, "as much as the page needs");
        let part = page.slice(10..20);
        drop(page);
        assert_eq!(room.mails.available_permits(), 285);
        drop(part);
        assert_eq!(room.mails.available_permits(), 288);
        let pictures = futures::future::join_all((0..12).map(|_| room.for_picture())).await;
        assert!(room.for_picture().await.is_err());
        drop(pictures);
        assert!(room.for_picture().await.is_ok());
    }

    #[tokio::test]
    async fn s59_whoever_looks_at_a_formatted_mail_waits_for_room() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("t.db").display());
        let db = Db::open(&url, Clock::System, Arc::new(|_| ())).await.unwrap();
        let files = Files::open(folder.path().join("files")).unwrap();
        let (digest, size, _) = files.keep("Content-Type: text/html\r\n\r\n<p>Hello</p>\r\n".into()).await.unwrap();
        let network = Network::new(&[], None).unwrap();
        let email = Email { room: hurried(), ..Email::new(db, files, Vault::of_tests(), network) };
        let mail = Mail {
            id: MailId::new(new_id()),
            channel: ChannelId::new(new_id()),
            digest,
            size: i64::try_from(size).unwrap(),
            outcome: MailOutcome::Taken,
            reason: String::new(),
            message: None,
            at: Timestamp(0),
        };
        let scope = Scope::system(WorkspaceId::new(new_id()), "test");
        let look = async || email.formatted(&scope, &mail, Remote::LeftOut).await;
        let others = [email.room.for_mail(36 * MB).await.unwrap(), email.room.for_mail(36 * MB).await.unwrap()];
        let Err(Error::Refused(ApiError::Busy { .. })) = look().await else { panic!("there is no room") };
        drop(others);
        let page = look().await.unwrap().html;
        assert_eq!(email.room.mails.available_permits(), 287, "until the page has gone out");
        drop(page);
        assert_eq!(email.room.mails.available_permits(), 288);
    }
}
