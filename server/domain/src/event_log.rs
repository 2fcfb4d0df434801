//! The log of events is for browsers that come back: what they would not be told anyway goes. What figures need is in `history`.

use async_trait::async_trait;
use model::Needs;
use store::{Command, Tx, error::Result, event};

/// How many events one transaction deletes.
pub const AT_ONCE: i64 = 1_000;
/// How long an event is kept, in milliseconds: a browser that was closed over a holiday goes on where it was.
pub const KEEP_MS: i64 = 14 * 24 * 3_600_000;
/// The newest events of a workspace stay however old they are. A stream sends no more than that to whoever was away (`CATCH_UP` in
/// `server/src/live/stream.rs`), so in a quiet workspace nobody has to read afresh because of this.
pub const KEEP: i64 = 1_000;

/// Deletes some of the oldest events of a workspace. Whether there may be more to delete.
#[derive(Debug, Clone, Copy)]
pub struct TrimEvents;

#[async_trait]
impl Command for TrimEvents {
    type Output = bool;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        let (workspace, before) = (tx.scope()?.workspace(), tx.now().plus(-KEEP_MS));
        let Some(seq) = event::expired(tx.conn(), workspace, before, KEEP, AT_ONCE).await? else { return Ok(false) };
        let gone = event::trim(tx.conn(), workspace, seq).await?;
        Ok(gone >= AT_ONCE.unsigned_abs())
    }
}
