//! Watches whether anything can be stored, and the free space (R16, R21). A failed write is recorded. From then on test writes run until
//! one succeeds, so that waiting messages are sent without any action.

use std::{path::PathBuf, sync::Arc, time::Duration};

use domain::files::Files;
use model::{Space, Storage, StorageFault};
use store::{Db, Engine};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// How often the free space is measured.
const LOOK: Duration = Duration::from_secs(10);
/// How often a test write runs after a failure.
const TRY: Duration = Duration::from_secs(2);
/// The timeout of a test write.
const PATIENCE: Duration = Duration::from_secs(15);
/// A disk with less free space than this, in bytes, counts as full, even if small writes still succeed.
const NOTHING: u64 = 512 * 1024;

/// Watches where data is stored. Cheap to clone.
#[derive(Clone)]
pub struct StorageWatch {
    db: Db,
    files: Files,
    places: Arc<[Place]>,
    low: u64,
    state: Arc<watch::Sender<Storage>>,
}

struct Place {
    what: &'static str,
    folder: PathBuf,
}

impl StorageWatch {
    /// Watches a database and files. A warning appears below `low` free bytes on a disk.
    pub fn new(db: Db, files: Files, database_url: &str, low: u64) -> Self {
        let mut places = vec![Place { what: "Files", folder: files.folder().to_owned() }];
        // Only a PostgreSQL server knows its free space. Its errors are reported when there is none.
        if db.engine() == Engine::Sqlite {
            let path = database_url.trim_start_matches("sqlite:").split('?').next().unwrap_or_default();
            let folder = PathBuf::from(path).parent().map(ToOwned::to_owned).unwrap_or_default();
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            places.insert(0, Place { what: "Database", folder });
        }
        Self { db, files, places: places.into(), low, state: Arc::default() }
    }

    /// The current state.
    pub fn now(&self) -> Storage {
        *self.state.borrow()
    }

    /// The current state and every change of it.
    pub fn follow(&self) -> watch::Receiver<Storage> {
        self.state.subscribe()
    }

    /// The free space of each place.
    pub fn spaces(&self) -> Vec<Space> {
        let measured = self.places.iter().filter_map(|place| {
            let (free, total) = room(&place.folder)?;
            Some(Space { what: place.what.to_owned(), free, total })
        });
        measured.collect()
    }

    /// Runs until the shutdown.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let (mut database, mut files) = (self.db.mark().follow(), self.files.mark().follow());
        while !*shutdown.borrow() {
            self.look().await;
            let pause = if self.now().fault().is_some() { TRY } else { LOOK };
            tokio::select! {
                () = sleep(pause) => {}
                _ = database.changed() => {}
                _ = files.changed() => {}
                _ = shutdown.changed() => {}
            }
        }
    }

    /// Measures once, and runs a test write where the last write failed.
    pub async fn look(&self) {
        if self.db.mark().now().is_some() && matches!(timeout(PATIENCE, self.db.try_writing()).await, Ok(Ok(()))) {
            self.db.mark().works();
        }
        if self.files.mark().now().is_some() && self.files.try_writing().await.is_ok() {
            self.files.mark().works();
        }
        let free = self.spaces().into_iter().map(|space| space.free).min();
        let now = match (self.db.mark().now().or(self.files.mark().now()), free) {
            (Some(StorageFault::Refused), Some(free)) if free < NOTHING => Storage::Failing(StorageFault::Full),
            (Some(fault), _) => Storage::Failing(fault),
            // The warning ends a little above the limit, so that it does not flicker.
            (None, Some(free)) if free < self.low || (self.is_low() && free < self.low + self.low / 16) => {
                // In steps, so that not every byte is an event.
                Storage::Low { free: free - free % (self.low / 16).max(1) }
            }
            (None, _) => Storage::Fine,
        };
        self.state.send_if_modified(|before| std::mem::replace(before, now) != now);
    }

    fn is_low(&self) -> bool {
        matches!(self.now(), Storage::Low { .. })
    }
}

/// Free and total size of a folder's disk, in bytes. None if the system does not say.
#[cfg(unix)]
fn room(folder: &std::path::Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
}

#[cfg(not(unix))]
fn room(_: &std::path::Path) -> Option<(u64, u64)> {
    None
}
