//! The counters are kept by every command; once a day they are compared with the rows, and a difference is repaired and told.

use async_trait::async_trait;
use store::{Command, Tx, conversation, error::Result};

use super::{
    deliver::Lease,
    work::{EndTurn, Work},
};

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
        EndTurn { work: Work::AuditCounts, lease: self.lease.clone() }.run(tx).await
    }
}
