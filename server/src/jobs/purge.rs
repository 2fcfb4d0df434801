//! The job that deletes expired data. Each small step is a transaction, so a stopped job loses nothing: the next one continues.

use domain::{
    deliver::Lease,
    expiry::ForgetExpired,
    files::{ForgetUnclaimed, forget_loose},
    work::{EndTurn, Work},
};
use store::{Scope, error::Result};

use super::worker::{JobResult, Worker};

/// The most steps of each kind per job. The rest is left for the next hour.
const STEPS: usize = 200;

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease) -> Result<JobResult> {
    for _ in 0..STEPS {
        if !worker.db.write(scope, ForgetUnclaimed).await? {
            break;
        }
    }
    for _ in 0..STEPS {
        if !worker.db.write(scope, ForgetExpired).await? {
            break;
        }
    }
    if let Some(files) = &worker.files {
        forget_loose(&worker.db, files, scope).await?;
    }
    worker.db.write(scope, EndTurn { work: Work::Purge, lease }).await?;
    Ok(JobResult::Done)
}
