//! The job that trims the log of events, in small steps, each a transaction of its own: nobody who writes waits long for it.

use domain::{
    deliver::Lease,
    event_log::TrimEvents,
    work::{EndTurn, Work},
};
use store::{Scope, error::Result};

use super::worker::{JobResult, Worker};

/// How many steps one job takes: what is left then is for the next turn.
const STEPS: usize = 200;

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease) -> Result<JobResult> {
    for _ in 0..STEPS {
        if !worker.db.write(scope, TrimEvents).await? {
            break;
        }
    }
    worker.db.write(scope, EndTurn { work: Work::TrimEvents, lease }).await?;
    Ok(JobResult::Done)
}
