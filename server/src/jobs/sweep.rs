//! The job that acts on everything that matches a filter, part by part. How far it is stands in the database, so a stopped job loses
//! nothing and does nothing twice.

use std::time::{Duration, Instant};

use domain::{
    deliver::Lease,
    sweep::{SweepPart, look_ahead},
};
use model::UndoId;
use store::{Scope, error::Result};

use super::worker::{JobResult, Worker};

/// After this time another job goes on, well before the lease of this one ends.
const ENOUGH: Duration = Duration::from_secs(20);

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease, sweep: UndoId) -> Result<JobResult> {
    let begun = Instant::now();
    loop {
        let ahead = look_ahead(&worker.db, scope, sweep).await?;
        let (step, hands_over) = (Instant::now(), begun.elapsed() >= ENOUGH);
        if !worker.db.write(scope, SweepPart { sweep, ahead, lease: lease.clone(), hands_over }).await? {
            return Ok(JobResult::Done);
        }
        // People write meanwhile.
        tokio::time::sleep(step.elapsed() / 4).await;
    }
}
