//! Durable work: rows that a worker leases, does, and deletes.

use model::{ChannelId, JobId, Timestamp, WorkspaceId};

use super::{
    Scope, Slots, Tx, Val,
    codec::read,
    conn::{Conn, Engine, args, row},
    slots,
};
use crate::error::StoreError;

const INSERT: &str = "INSERT INTO job (id, workspace_id, kind, body, state, run_at, attempts, lease_owner, last_error, created_at, channel_id) \
     VALUES ($1, $2, $3, $4, 'waiting', $5, 0, NULL, '', $6, $7) ON CONFLICT (workspace_id, id) DO NOTHING";
/// What there are slots for: our own work ($1), and that of channels ($2) of which none has all its slots taken ($3 to $5).
macro_rules! may_begin {
    () => {
        "state <> 'dead' AND CASE WHEN channel_id IS NULL THEN $1 ELSE $2 AND channel_id NOT IN ($3, $4, $5) END"
    };
}
const _: () = assert!(slots::FULL == 3, "may_begin! has a number for each channel that can be full");
const NEXT: &str = concat!("SELECT run_at FROM job WHERE ", may_begin!(), " ORDER BY run_at LIMIT 1");
macro_rules! due {
    () => {
        concat!(
            "SELECT workspace_id, id, channel_id FROM job WHERE ",
            may_begin!(),
            " AND run_at <= $6 ORDER BY run_at LIMIT $7"
        )
    };
}
const DUE: &str = due!();
const DUE_SKIPPING: &str = concat!(due!(), " FOR UPDATE SKIP LOCKED");
const LEASE: &str = "UPDATE job SET state = 'running', lease_owner = $3, run_at = $4, attempts = attempts + 1 \
     WHERE workspace_id = $1 AND id = $2 RETURNING id, workspace_id, kind, body, attempts, run_at, last_error, channel_id";
const FREE: &str = "UPDATE job SET run_at = $1 WHERE state <> 'dead' AND state = 'running' AND run_at > $1";
const DONE: &str = "DELETE FROM job WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";
const RETRY: &str = "UPDATE job SET state = 'waiting', lease_owner = NULL, run_at = $4, last_error = $5 \
     WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";
// That nothing could be stored says nothing of the job: it is no try.
const DEFER: &str = "UPDATE job SET state = 'waiting', lease_owner = NULL, run_at = $4, last_error = $5, attempts = attempts - 1 \
     WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";
const MARK_DEAD: &str = "UPDATE job SET state = 'dead', lease_owner = NULL, last_error = $4 \
     WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";
const RUN_NOW: &str = "UPDATE job SET run_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'waiting'";
const DEAD: &str = "SELECT id, workspace_id, kind, body, attempts, run_at, last_error, channel_id FROM job \
     WHERE workspace_id = $1 AND state = 'dead' ORDER BY run_at DESC LIMIT 100";
const REVIVE: &str = "UPDATE job SET state = 'waiting', attempts = 0, run_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'dead'";
const BACKLOG: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM job WHERE workspace_id = $1 AND state = $2";
const WAITING_TO_GO: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM job \
     WHERE workspace_id = $1 AND state = 'waiting' AND channel_id = $2 AND kind = 'send'";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, DUE, LEASE, FREE, NEXT, DONE, RETRY, DEFER, RUN_NOW, MARK_DEAD, DEAD, REVIVE, BACKLOG, WAITING_TO_GO];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[DUE_SKIPPING];

/// A piece of work as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which one.
    pub id: JobId,
    /// For whom.
    pub workspace: WorkspaceId,
    /// What sort of work.
    pub kind: String,
    /// Its parameters, as JSON.
    pub body: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// When it is, or was, due; while it runs, when its lease ends.
    pub run_at: Timestamp,
    /// Why the last try failed.
    pub last_error: String,
    /// The channel over which it goes, when that waits for somebody else's server.
    pub channel: Option<ChannelId>,
}

row! {
    struct Raw {
        id: String,
        workspace_id: String,
        kind: String,
        body: String,
        attempts: i64,
        run_at: i64,
        last_error: String,
        channel_id: Option<String>,
    }
}

impl TryFrom<Raw> for Job {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: read("job", raw.id)?,
            workspace: read("workspace", raw.workspace_id)?,
            kind: raw.kind,
            body: raw.body,
            attempts: raw.attempts,
            run_at: Timestamp(raw.run_at),
            last_error: raw.last_error,
            channel: raw.channel_id.map(|id| read("channel", id)).transpose()?,
        })
    }
}

/// Leaves work to do at `run_at`; workers are woken after the commit. The same id again in a workspace is the same job. What waits for
/// somebody else's server names its `channel`.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut Tx<'_>,
    id: JobId,
    workspace: WorkspaceId,
    kind: &str,
    body: String,
    channel: Option<ChannelId>,
    run_at: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(INSERT, args![id, workspace, kind, body, run_at, tx.now(), channel]).await?;
    tx.left_job();
    Ok(())
}

/// Takes the due jobs that there are `slots` for, for `owner` until `until`; also those whose former owner's lease has ended.
///
/// # Errors
/// When the database fails.
pub async fn lease(tx: &mut Tx<'_>, owner: &str, until: Timestamp, slots: &mut Slots) -> Result<Vec<Job>, StoreError> {
    let now = tx.now();
    let sql = match tx.conn().engine() {
        Engine::Sqlite => DUE,
        Engine::Postgres => DUE_SKIPPING,
    };
    let mut jobs = Vec::new();
    loop {
        let limit = i64::try_from(slots.free()).unwrap_or(i64::MAX);
        let mut args = slot_args(slots);
        args.extend(args![now, limit]);
        let due: Vec<(String, String, Option<String>)> = tx.conn().all(sql, args).await?;
        let mut passed_over = false;
        for (workspace, id, channel) in due {
            if slots.take(channel.map(|id| read("channel", id)).transpose()?) {
                jobs.push(tx.conn().one::<Raw>(LEASE, args![workspace, id, owner, until]).await?.try_into()?);
            } else {
                passed_over = true;
            }
        }
        // Behind those that found their channel full there may be others.
        if !passed_over {
            return Ok(jobs);
        }
    }
}

/// The values of `may_begin!`.
fn slot_args(slots: &Slots) -> Vec<Val> {
    let mut full = slots.full().map(|channel| channel.to_string());
    let mut args = args![slots.own(), slots.outside()];
    args.extend((0..slots::FULL).map(|_| Val::from(full.next().unwrap_or_default())));
    args
}

/// Ends every lease, because whoever held one is gone.
///
/// # Errors
/// When the database fails.
pub async fn free_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    tx.exec(FREE, args![now]).await?;
    Ok(())
}

/// When the next job is due that there are `slots` for.
///
/// # Errors
/// When the database fails.
pub async fn next_due(conn: &mut Conn<'_>, slots: &Slots) -> Result<Option<Timestamp>, StoreError> {
    Ok(conn.opt::<(i64,)>(NEXT, slot_args(slots)).await?.map(|(at,)| Timestamp(at)))
}

/// Forgets a job that was done; false when its lease was lost meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn done(tx: &mut Tx<'_>, workspace: WorkspaceId, id: JobId, owner: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(DONE, args![workspace, id, owner]).await? == 1)
}

/// Gives a job back to be tried again at `at`; false when its lease was lost meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn retry(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    id: JobId,
    owner: &str,
    at: Timestamp,
    error: &str,
) -> Result<bool, StoreError> {
    let touched = tx.exec(RETRY, args![workspace, id, owner, at, error]).await?;
    tx.left_job();
    Ok(touched == 1)
}

/// Gives a job back as if it had not been tried, to be done at `at`; false when its lease was lost meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn defer(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    id: JobId,
    owner: &str,
    at: Timestamp,
    error: &str,
) -> Result<bool, StoreError> {
    let touched = tx.exec(DEFER, args![workspace, id, owner, at, error]).await?;
    tx.left_job();
    Ok(touched == 1)
}

/// Makes a waiting job due at `at`; false when there is no such job.
///
/// # Errors
/// When the database fails.
pub async fn run_now(tx: &mut Tx<'_>, workspace: WorkspaceId, id: JobId, at: Timestamp) -> Result<bool, StoreError> {
    let touched = tx.exec(RUN_NOW, args![workspace, id, at]).await?;
    tx.left_job();
    Ok(touched == 1)
}

/// Puts a job where people see it (Settings → Health and jobs): it will not be tried again by itself.
///
/// # Errors
/// When the database fails.
pub async fn mark_dead(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    id: JobId,
    owner: &str,
    error: &str,
) -> Result<(), StoreError> {
    tx.exec(MARK_DEAD, args![workspace, id, owner, error]).await?;
    Ok(())
}

/// The newest 100 jobs that were given up.
///
/// # Errors
/// When the database fails.
pub async fn dead(conn: &mut Conn<'_>, workspace: WorkspaceId) -> Result<Vec<Job>, StoreError> {
    conn.all::<Raw>(DEAD, args![workspace]).await?.into_iter().map(Job::try_from).collect()
}

/// Tries a given-up job again; false when there is no such job.
///
/// # Errors
/// When the database fails.
pub async fn revive(tx: &mut Tx<'_>, workspace: WorkspaceId, id: JobId) -> Result<bool, StoreError> {
    let touched = tx.exec(REVIVE, args![workspace, id, tx.now()]).await?;
    tx.left_job();
    Ok(touched == 1)
}

/// How many jobs of a workspace are `waiting`, `running` or `dead`.
///
/// # Errors
/// When the database fails.
pub async fn backlog(conn: &mut Conn<'_>, workspace: WorkspaceId, state: &str) -> Result<i64, StoreError> {
    Ok(conn.one::<(i64,)>(BACKLOG, args![workspace, state]).await?.0)
}

/// How many messages wait to go out by a channel.
///
/// # Errors
/// When the database fails.
pub async fn waiting_to_go(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<i64, StoreError> {
    Ok(conn.one::<(i64,)>(WAITING_TO_GO, args![scope.workspace(), channel]).await?.0)
}
