//! Deletes uploads that were not sent for a day, with their bytes unless something else uses them (S53).
//!
//! Equal bytes are stored once, so another upload or a mail may be about to use bytes that are being deleted. Incoming bytes are renamed to
//! their final path. If equal bytes are there, those stay and get a new modification time ([`Files::settle`]). A deletion first moves the
//! file aside. Then it checks the modification time and looks for rows that use the bytes. If the file is young or in use, it is moved
//! back.

use model::Needs;
use std::{io::ErrorKind, path::Path, time::Duration};

use async_trait::async_trait;
use store::{Command, Db, Scope, Tx, error::Result, upload};
use tokio::fs;

use super::Files;

/// How long an upload may wait to be sent, in milliseconds. Browsers keep drafts and may send them the next morning.
pub const UNCLAIMED_MS: i64 = 24 * 3_600_000;
/// How many files one transaction deletes, and how many digests are read at once.
const AT_ONCE: i64 = 100;
/// Younger bytes may get a row soon: a mail's bytes are stored before its row.
const YOUNG: Duration = Duration::from_secs(3600);

/// Deletes some uploads that were not sent for too long. True if there are more.
#[derive(Debug, Clone, Copy)]
pub struct ForgetUnclaimed;

#[async_trait]
impl Command for ForgetUnclaimed {
    type Output = bool;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let (scope, before) = (tx.scope()?, tx.now().plus(-UNCLAIMED_MS));
        let found = upload::forget_stale(tx, &scope, before, AT_ONCE).await?;
        Ok(i64::try_from(found).is_ok_and(|found| found == AT_ONCE))
    }
}

struct Settle(String);

#[async_trait]
impl Command for Settle {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        Ok(upload::settle(tx, &scope, &self.0).await?)
    }
}

/// Deletes loose bytes of a workspace that nothing else uses. It may stop at any point: digests that are still noted are handled the next
/// time.
///
/// # Errors
/// When the database or the disk fails.
pub async fn forget_loose(db: &Db, files: &Files, scope: &Scope) -> Result<()> {
    let mut after = String::new();
    loop {
        let found = upload::loose(&mut db.reader().await?.conn(), scope, &after, AT_ONCE).await?;
        let Some(last) = found.last() else { return Ok(()) };
        after.clone_from(last);
        for digest in found {
            if files.remove(db, &digest).await? == Removed::Settled {
                db.write(scope, Settle(digest)).await?;
            }
        }
    }
}

/// The result of removing bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// They were deleted, or something uses them.
    Settled,
    /// A row may be about to use them. Check again later.
    TooYoung,
}

impl Files {
    /// Deletes bytes that no row uses.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn remove(&self, db: &Db, digest: &str) -> Result<Removed> {
        let (place, aside) = (self.path(digest), self.folder.join("going").join(digest));
        match is_young(&place).await? {
            None => return Ok(Removed::Settled),
            Some(true) => return Ok(Removed::TooYoung),
            Some(false) => {}
        }
        if is_used(db, digest).await? {
            return Ok(Removed::Settled);
        }
        match fs::rename(&place, &aside).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Removed::Settled),
            other => other?,
        }
        // Meanwhile equal bytes may have been stored at this path, and a row may use them.
        let wanted = match is_young(&aside).await? {
            Some(false) => is_used(db, digest).await,
            _ => Ok(true),
        };
        match wanted {
            Ok(false) => {
                // Another process that is just starting may have moved the file back.
                let gone = fs::remove_file(&aside).await;
                Ok(if gone.is_ok() { Removed::Settled } else { Removed::TooYoung })
            }
            wanted => {
                fs::rename(&aside, &place).await?;
                wanted.map(|_| Removed::TooYoung)
            }
        }
    }

    /// Moves back the files that a killed process had moved aside.
    pub(super) fn put_back(&self) -> std::io::Result<()> {
        for file in std::fs::read_dir(self.folder.join("going"))? {
            let file = file?;
            let Ok(digest) = file.file_name().into_string() else { continue };
            let place = self.path(&digest);
            let put = if place.try_exists()? {
                std::fs::remove_file(file.path())
            } else {
                std::fs::rename(file.path(), place)
            };
            match put {
                // Another process on the same folder moved it first.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                put => put?,
            }
        }
        Ok(())
    }
}

async fn is_used(db: &Db, digest: &str) -> Result<bool> {
    Ok(upload::is_used(&mut db.reader().await?.conn(), digest).await?)
}

/// Whether a file was written recently. None if it does not exist.
async fn is_young(path: &Path) -> Result<Option<bool>> {
    match fs::metadata(path).await {
        // A time in the future comes from a wrong clock, so the file counts as young.
        Ok(about) => Ok(Some(about.modified()?.elapsed().map_or(true, |age| age < YOUNG))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
