//! What was uploaded and never sent goes after a day, its bytes with it unless something else refers to them (S53).
//!
//! Equal bytes are kept once, whoever brought them, so that another upload or a mail may be about to refer to what is being deleted.
//! Bytes that come in are renamed into their place; where equal ones lie already, those stay and become as young ([`Files::settle`]). Who
//! deletes takes them out of their place first, and then looks: whether they are new, and whether a row refers to them. If so they are put
//! back.

use std::{io::ErrorKind, path::Path, time::Duration};

use async_trait::async_trait;
use store::{Command, Db, Scope, Tx, error::Result, upload};
use tokio::fs;

use super::Files;

/// How long a file waits to be sent, in milliseconds: browsers keep what is written, and come back with it the next morning.
pub const UNCLAIMED_MS: i64 = 24 * 3_600_000;
/// How many files one transaction forgets, and how many digests are read at once.
const AT_ONCE: i64 = 100;
/// Bytes that are younger may be about to be referred to: a mail's are kept before its row is written.
const YOUNG: Duration = Duration::from_secs(3600);

/// Forgets some files that nobody has sent for long. Whether there are more.
#[derive(Debug, Clone, Copy)]
pub struct ForgetUnclaimed;

#[async_trait]
impl Command for ForgetUnclaimed {
    type Output = bool;

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

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        Ok(upload::settle(tx, &scope, &self.0).await?)
    }
}

/// Deletes the bytes of a workspace's forgotten files where nothing else refers to them. Whoever stops in between loses nothing: what is
/// still noted is seen to the next time.
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

/// What became of bytes that were to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// They are gone, or something refers to them.
    Settled,
    /// Somebody may be about to refer to them: to be looked at again.
    TooYoung,
}

impl Files {
    /// Deletes bytes that no row refers to.
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
        // Equal bytes may have been given this place in between, and a row may have been written that refers to them.
        let wanted = match is_young(&aside).await? {
            Some(false) => is_used(db, digest).await,
            _ => Ok(true),
        };
        match wanted {
            Ok(false) => {
                // Another process that starts just now may have put it back.
                let gone = fs::remove_file(&aside).await;
                Ok(if gone.is_ok() { Removed::Settled } else { Removed::TooYoung })
            }
            wanted => {
                fs::rename(&aside, &place).await?;
                wanted.map(|_| Removed::TooYoung)
            }
        }
    }

    /// Puts back what was being looked at when the process was killed.
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
                // Another process on the same folder was quicker.
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

/// Whether a file was written a short while ago; none when it is not there.
async fn is_young(path: &Path) -> Result<Option<bool>> {
    match fs::metadata(path).await {
        // A time in the future is that of a clock that was wrong: young.
        Ok(about) => Ok(Some(about.modified()?.elapsed().map_or(true, |age| age < YOUNG))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
