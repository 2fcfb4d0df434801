//! The job that forgets what has expired. It deletes in small steps, each a transaction of its own: whoever is stopped in between goes
//! on with what is left.

use domain::{
    deliver::Lease,
    expiry::ForgetExpired,
    files::{ForgetUnclaimed, forget_loose},
    work::{EndTurn, Work},
};
use store::{Scope, error::Result};

use super::worker::{JobResult, Worker};

/// How many steps one job takes of a kind: what is left then is for the next hour.
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
