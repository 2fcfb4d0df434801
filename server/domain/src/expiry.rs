//! Deletes expired rows: sessions, one-time links, sign-in attempts (S53), and how to undo what is long done. Expired ones are refused anyway; this only frees their rows.

use async_trait::async_trait;
use model::Needs;
use store::{Command, Tx, error::Result, expiry, sweep, undo};

use super::{sessions::IDLE_MS, undo::KEEP_MS};

/// How many rows of one kind a transaction deletes.
const AT_ONCE: i64 = 1_000;
/// How long attempts are stored, in milliseconds. It is longer than any window that counts them.
const ATTEMPTS_MS: i64 = 24 * 3_600_000;

/// Deletes some expired rows of a workspace and of the instance. True if there are more.
#[derive(Debug, Clone, Copy)]
pub struct ForgetExpired;

#[async_trait]
impl Command for ForgetExpired {
    type Output = bool;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let (scope, now) = (tx.scope()?, tx.now());
        let sessions = expiry::forget_sessions(tx, &scope, now.plus(-IDLE_MS), AT_ONCE).await?;
        let links = expiry::forget_links(tx, &scope, AT_ONCE).await?;
        let attempts = expiry::forget_attempts(tx, now.plus(-ATTEMPTS_MS), AT_ONCE).await?;
        let inverses = undo::forget(tx, &scope, now.plus(-KEEP_MS), AT_ONCE).await?;
        let sweeps = sweep::forget(tx, &scope, now.plus(-KEEP_MS), AT_ONCE).await?;
        let most = u64::try_from(AT_ONCE).unwrap_or(u64::MAX);
        Ok([sessions, links, attempts, inverses, sweeps].into_iter().any(|gone| gone >= most))
    }
}
