//! Every command updates the counters. Once a day they are compared with the rows. A difference is logged and corrected.

use async_trait::async_trait;
use model::Needs;
use store::{Command, Tx, conversation, error::Result};

use super::{
    deliver::Lease,
    work::{EndTurn, Work},
};

/// Compares and corrects the counters, and enqueues the next comparison.
#[derive(Debug, Clone)]
pub struct AuditCounts {
    /// The lease of the job.
    pub lease: Lease,
}

#[async_trait]
impl Command for AuditCounts {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let repaired = conversation::repair_counts(tx, &scope).await?;
        if repaired > 0 {
            tracing::error!(repaired, workspace = %scope.workspace(), "counters were wrong and have been repaired");
        }
        EndTurn { work: Work::AuditCounts, lease: self.lease.clone() }.run(tx).await
    }
}
