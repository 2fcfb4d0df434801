//! Leases due jobs and runs them, a limited number at once.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_trait::async_trait;
use channels::Channels;
use domain::{
    deliver::{GiveUpSend, Lease},
    files::Files,
    sweep::GiveUpSweep,
    work::Work,
};
use futures::FutureExt;
use model::{ChannelId, Needs, StorageFault, Timestamp};
use store::{
    Command, Db, Engine, Scope, Slots, Tx,
    clock::{random_bytes, random_hex},
    error::{Error, Result},
    job::{self, Job},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long a worker may take for one job before another may.
pub(super) const LEASE_MS: i64 = 120_000;
/// How often the worker looks for jobs that another process added.
const LOOK: Duration = Duration::from_secs(5);
/// After this many failed attempts a job is given up and shown to people. A message that its channel did not accept is no failed attempt
/// (`send`).
const TRIES: i64 = 8;
/// After this many attempts a job is not started again: the last attempts ended without a result, so the job may be what kills the process.
const LOST: i64 = 4 * TRIES;

/// How long a job waits when nothing can be stored, in milliseconds.
const HELD_MS: i64 = 5_000;

/// What a job came to.
pub enum JobResult {
    /// It is done and forgotten.
    Done,
    /// Retry it, after at least this many milliseconds, for this reason.
    Again(i64, String),
    /// Nothing can be stored now, for this reason. This does not count as a failed attempt.
    Held(String),
    /// It can never succeed, for this reason.
    Dead(String),
}

/// Runs the jobs of this process.
#[derive(Clone)]
pub struct Worker {
    pub(super) db: Db,
    pub(super) channels: Channels,
    /// The store of file bytes. Without it no bytes are deleted.
    pub(super) files: Option<Files>,
    owner: Arc<str>,
}

impl Worker {
    /// Makes a worker with a unique name, by which it owns its leases.
    pub fn new(db: Db, channels: Channels) -> Self {
        Self { db, channels, files: None, owner: random_hex(8).into() }
    }

    /// Lets the worker delete the bytes of deleted files.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        Self { files: Some(files), ..self }
    }

    /// Runs until the shutdown, then finishes the jobs it has begun.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        // Only one process uses a database file, so any process that held a lease was killed. The leases need not run out.
        if self.db.engine() == Engine::Sqlite
            && let Err(error) = self.db.write_global(FreeLeases).await
        {
            tracing::error!(%error, "could not end the leases of a killed process");
        }
        let mut slots = Slots::default();
        let mut running = JoinSet::new();
        while !*shutdown.borrow() {
            while let Some(Ok(channel)) = running.try_join_next() {
                slots.give_back(channel);
            }
            let waiting = match self.take(&slots).await {
                Ok(jobs) if !jobs.is_empty() => {
                    for job in jobs {
                        slots.take(job.channel);
                        running.spawn(self.clone().occupy(job));
                    }
                    continue;
                }
                Ok(_) => self.until_next(&slots).await,
                Err(error) => {
                    tracing::error!(%error, "could not look for due jobs");
                    LOOK
                }
            };
            tokio::select! {
                () = self.db.jobs_waiting().notified() => {}
                () = sleep(waiting) => {}
                // A due job may have waited for this slot.
                Some(Ok(channel)) = running.join_next(), if slots.scarce() => slots.give_back(channel),
                _ = shutdown.changed() => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Runs all due jobs and those that they enqueue, one after another. For tests and the command line.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drain(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            let jobs = self.take(&Slots::default()).await?;
            if jobs.is_empty() {
                return Ok(done);
            }
            for job in jobs {
                self.complete(job).await;
                done += 1;
            }
        }
    }

    async fn take(&self, slots: &Slots) -> Result<Vec<Job>> {
        // A read is cheap. It writes only when there is a job to lease.
        let due = job::next_due(&mut self.db.reader().await?.conn(), slots).await?;
        if due.is_none_or(|at| at > self.db.clock().now()) {
            return Ok(Vec::new());
        }
        self.db.write_global(Take { owner: self.owner.to_string(), slots: slots.clone() }).await
    }

    async fn until_next(&self, slots: &Slots) -> Duration {
        let next = async { job::next_due(&mut self.db.reader().await?.conn(), slots).await };
        match next.await {
            Ok(Some(at)) => {
                let ms = (at.0 - self.db.clock().now().0).clamp(1, i64::try_from(LOOK.as_millis()).unwrap_or(5000));
                Duration::from_millis(ms.unsigned_abs())
            }
            _ => LOOK,
        }
    }

    /// Runs a job, and returns whose slot is free again, even after a panic.
    async fn occupy(self, job: Job) -> Option<ChannelId> {
        let channel = job.channel;
        if AssertUnwindSafe(self.complete(job)).catch_unwind().await.is_err() {
            tracing::error!("a worker panicked; the job is retried when its lease ends");
        }
        channel
    }

    async fn complete(&self, job: Job) {
        let lease = Lease { job: job.id, owner: self.owner.to_string() };
        let deadline = Duration::from_millis((LEASE_MS - 10_000).unsigned_abs());
        // A panic counts as a failed attempt.
        let work = AssertUnwindSafe(self.perform(&job, lease.clone())).catch_unwind();
        let outcome = match timeout(deadline, work).await {
            Ok(Ok(Ok(outcome))) => outcome,
            Ok(Ok(Err(error))) if is_about_storing(&error) => JobResult::Held(error.to_string()),
            Ok(Ok(Err(error))) => JobResult::Again(1000, error.to_string()),
            Ok(Err(_)) => JobResult::Again(1000, "it panicked; see the log".to_owned()),
            Err(_) => JobResult::Again(1000, "took longer than its lease".to_owned()),
        };
        let verdict = match outcome {
            JobResult::Done => return,
            JobResult::Held(reason) => Verdict::Hold(jittered(HELD_MS), reason),
            JobResult::Again(_, reason) if job.attempts >= TRIES => Verdict::Bury(reason),
            JobResult::Again(at_least, reason) => Verdict::Retry(back_off(job.attempts).max(at_least), reason),
            JobResult::Dead(reason) => Verdict::Bury(reason),
        };
        tracing::warn!(job = %job.id, kind = %job.kind, attempts = job.attempts, ?verdict, "a job failed");
        let scope = Scope::system(job.workspace, "job");
        if let (Verdict::Bury(reason), Ok(Work::Send { message })) = (&verdict, serde_json::from_str(&job.body)) {
            let give_up = GiveUpSend { lease: lease.clone(), message, reason: reason.clone() };
            match self.db.write(&scope, give_up).await {
                Ok(()) => return,
                // Then people see the job itself.
                Err(error) => tracing::error!(%error, "could not give a message up"),
            }
        }
        if let (Verdict::Bury(_), Ok(Work::Sweep { sweep })) = (&verdict, serde_json::from_str(&job.body)) {
            match self.db.write(&scope, GiveUpSweep { sweep, lease: lease.clone() }).await {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "could not give a sweep up"),
            }
        }
        let recurs = serde_json::from_str(&job.body).ok().filter(|work: &Work| work.recurrence().is_some());
        let write = GiveBack { lease, verdict, recurs };
        if let Err(error) = self.db.write(&scope, write).await {
            // The lease runs out, and then the job is retried.
            tracing::error!(%error, "could not return a job to the queue");
        }
    }

    async fn perform(&self, job: &Job, lease: Lease) -> Result<JobResult> {
        if job.attempts > LOST {
            return Ok(JobResult::Dead(format!("begun {LOST} times and never heard of again")));
        }
        let scope = Scope::system(job.workspace, "job");
        match serde_json::from_str::<Work>(&job.body) {
            Ok(work) => work.perform(self, &scope, lease).await,
            Err(error) => Ok(JobResult::Dead(format!("this version does not know such work: {error}"))),
        }
    }
}

/// Whether nothing could be stored. Then the attempt does not count. A file that cannot be read is the job's own failure.
fn is_about_storing(error: &Error) -> bool {
    match error {
        Error::Store(_) => error.storage_fault().is_some(),
        Error::File(_) => error.storage_fault() == Some(StorageFault::Full),
        _ => false,
    }
}

/// One second after the first attempt, doubled with each further one up to ten minutes, jittered.
fn back_off(attempts: i64) -> i64 {
    jittered(500i64.saturating_mul(1 << attempts.clamp(0, 20)).min(600_000))
}

/// Varies a time by a quarter, so that jobs that failed together are not retried together.
pub(super) fn jittered(ms: i64) -> i64 {
    ms * 3 / 4 + i64::from(random_bytes::<1>()[0]) * ms / 512
}

struct Take {
    owner: String,
    slots: Slots,
}

#[async_trait]
impl Command for Take {
    type Output = Vec<Job>;
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Job>> {
        let until = tx.now().plus(LEASE_MS);
        Ok(job::lease(tx, &self.owner, until, &mut self.slots.clone()).await?)
    }
}

struct FreeLeases;

#[async_trait]
impl Command for FreeLeases {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        Ok(job::free_all(tx).await?)
    }
}

#[derive(Debug)]
enum Verdict {
    Retry(i64, String),
    Hold(i64, String),
    Bury(String),
}

struct GiveBack {
    lease: Lease,
    verdict: Verdict,
    /// The job, if it recurs: its next run does not depend on the result of this one.
    recurs: Option<Work>,
}

#[async_trait]
impl Command for GiveBack {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let (workspace, Lease { job, owner }) = (tx.scope()?.workspace(), &self.lease);
        match &self.verdict {
            Verdict::Retry(ms, error) => {
                let at: Timestamp = tx.now().plus(*ms);
                job::retry(tx, workspace, *job, owner, at, error).await?;
            }
            Verdict::Hold(ms, error) => {
                let at: Timestamp = tx.now().plus(*ms);
                job::defer(tx, workspace, *job, owner, at, error).await?;
            }
            Verdict::Bury(error) => {
                job::mark_dead(tx, workspace, *job, owner, error).await?;
                if let Some(work) = &self.recurs {
                    work.enqueue_next(tx, workspace).await?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::back_off;

    #[test]
    fn waits_grow_and_are_bounded() {
        for attempts in 0..40 {
            let ms = back_off(attempts);
            assert!((300..=800_000).contains(&ms), "{attempts}: {ms}");
        }
        assert!(back_off(8) > back_off(1));
    }
}
