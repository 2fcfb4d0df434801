//! The counters are kept by every command; once a day they are compared with the rows, and a difference is repaired and told.

use app::model::JobId;
use async_trait::async_trait;
use sha2::Digest;
use uuid::Uuid;

use super::{deliver::Lease, work::Work};
use crate::{
    error::Result,
    store::{Command, Scope, Tx, conversation},
};

const DAY_MS: i64 = 24 * 3_600_000;

/// Compares, repairs, and leaves tomorrow's comparison.
#[derive(Debug, Clone)]
pub struct AuditCounts {
    /// The job it is done for.
    pub lease: Lease,
}

#[async_trait]
impl Command for AuditCounts {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let repaired = conversation::repair_counts(tx, &scope).await?;
        if repaired > 0 {
            tracing::error!(repaired, workspace = %scope.workspace(), "counters were wrong and have been repaired");
        }
        leave(tx, &scope).await?;
        self.lease.done(tx).await
    }
}

/// Sees to it that there is a comparison to come; there is one a day, however often it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleAudit;

#[async_trait]
impl Command for ScheduleAudit {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        leave(tx, &scope).await
    }
}

async fn leave(tx: &mut Tx<'_>, scope: &Scope) -> Result<()> {
    let day = tx.now().0 / DAY_MS + 1;
    let hash = sha2::Sha256::digest(format!("audit {} {day}", scope.workspace()));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    let id = JobId::new(Uuid::from_bytes(bytes));
    Work::AuditCounts.leave(tx, scope.workspace(), id, None, app::model::Timestamp(day * DAY_MS)).await
}
