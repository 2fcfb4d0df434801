//! The job that acts on everything that matches a filter, part by part. How far it is stands in the database, so a stopped job loses
//! nothing and does nothing twice.

use std::time::Instant;

use domain::{deliver::Lease, sweep::SweepPart};
use model::UndoId;
use store::{Scope, error::Result};

use super::worker::{JobResult, Worker};

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease, sweep: UndoId) -> Result<JobResult> {
    loop {
        let begun = Instant::now();
        if !worker.db.write(scope, SweepPart { sweep, lease: lease.clone() }).await? {
            return Ok(JobResult::Done);
        }
        // People write meanwhile.
        tokio::time::sleep(begun.elapsed() / 4).await;
    }
}
