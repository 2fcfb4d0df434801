//! The job that adds older messages to the index of search, newest first, until none is left. What is in the index says so itself, so a
//! stopped job loses nothing. It works in small transactions with pauses between them, because people work meanwhile.

use std::time::{Duration, Instant};

use domain::{
    deliver::Lease,
    search::{EndIndexing, IndexOlder},
};
use store::{Scope, error::Result};

use super::worker::{JobResult, Worker};

/// After this time the job ends, well before its lease. The next one goes on.
const ENOUGH: Duration = Duration::from_secs(30);
/// The pause after each transaction, as a multiple of how long it took. So this work takes at most half of the writer's time.
const PAUSE: u32 = 1;

pub(super) async fn perform(worker: &Worker, scope: &Scope, lease: Lease) -> Result<JobResult> {
    let begun = Instant::now();
    while begun.elapsed() < ENOUGH {
        let step = Instant::now();
        if !worker.db.write(scope, IndexOlder).await? {
            break;
        }
        tokio::time::sleep(step.elapsed() * PAUSE).await;
    }
    worker.db.write(scope, EndIndexing { lease }).await?;
    Ok(JobResult::Done)
}
