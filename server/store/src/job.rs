//! Durable work: rows that a worker leases, runs, and deletes.

use model::{ChannelId, JobId, Timestamp, WorkspaceId};

use super::{
    Scope, Slots, Tx, Val,
    codec::read,
    conn::{Conn, Engine, args},
    slots,
    table::{insert, sql, table},
};
use crate::error::StoreError;

/// Selects jobs that have a free slot: database-only jobs ($1), and jobs of channels ($2) that have not taken all their slots ($3 to $5).
macro_rules! may_begin {
    () => {
        "state <> 'dead' AND CASE WHEN channel_id IS NULL THEN $1 ELSE $2 AND channel_id NOT IN ($3, $4, $5) END"
    };
}
const _: () = assert!(slots::FULL == 3, "may_begin! has a number for each channel that can be full");
macro_rules! due {
    () => {
        concat!(
            "SELECT workspace_id, id, channel_id FROM job WHERE ",
            may_begin!(),
            " AND run_at <= $6 ORDER BY run_at LIMIT $7"
        )
    };
}

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, DUE, LEASE, FREE, NEXT, DONE, RETRY, DEFER, RUN_NOW, MARK_DEAD, DEAD, REVIVE, BACKLOG, WAITING_TO_GO];
pub(super) const POSTGRES_STATEMENTS: &[&str] = &[DUE_SKIPPING];

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// The name of its kind of work.
    pub kind: String,
    /// Its parameters, as JSON.
    pub body: String,
    /// How many attempts there were, including the current one.
    pub attempts: i64,
    /// When it is due. While it runs: when its lease ends.
    pub run_at: Timestamp,
    /// Why the last attempt failed.
    pub last_error: String,
    /// Its channel, if the job waits for a server elsewhere.
    pub channel: Option<ChannelId>,
}

table! {
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

const INSERT: &str =
    sql!(insert!("job", sql!(Raw::COLUMNS, ", state, created_at")), " ON CONFLICT (workspace_id, id) DO NOTHING");

/// Adds a job that is due at `run_at`. Workers are woken after the commit. Inserting the same id again in a workspace changes nothing. A
/// job that waits for a server elsewhere names its `channel`.
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
    let raw = Raw {
        id: id.to_string(),
        workspace_id: workspace.to_string(),
        kind: kind.to_owned(),
        body,
        attempts: 0,
        run_at: run_at.0,
        last_error: String::new(),
        channel_id: channel.map(|id| id.to_string()),
    };
    tx.exec(INSERT, args![; raw.values(); "waiting", tx.now()]).await?;
    tx.left_job();
    Ok(())
}

const DUE: &str = due!();
const DUE_SKIPPING: &str = concat!(due!(), " FOR UPDATE SKIP LOCKED");
const LEASE: &str = sql!(
    "UPDATE job SET state = 'running', lease_owner = $3, run_at = $4, attempts = attempts + 1 \
     WHERE workspace_id = $1 AND id = $2 RETURNING ",
    Raw::COLUMNS
);

/// Leases due jobs that have free `slots` to `owner`, until `until`. Jobs with an expired lease count as due.
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
        // Jobs were skipped because their channel is full. Jobs behind them may still have a slot.
        if !passed_over {
            return Ok(jobs);
        }
    }
}

/// The values `$1` to `$5` of `may_begin!`.
fn slot_args(slots: &Slots) -> Vec<Val> {
    let mut full = slots.full().map(|channel| channel.to_string());
    let mut args = args![slots.own(), slots.outside()];
    args.extend((0..slots::FULL).map(|_| Val::from(full.next().unwrap_or_default())));
    args
}

const FREE: &str = "UPDATE job SET run_at = $1 WHERE state <> 'dead' AND state = 'running' AND run_at > $1";

/// Ends every lease. Called when no process that held one is running any more.
///
/// # Errors
/// When the database fails.
pub async fn free_all(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    tx.exec(FREE, args![now]).await?;
    Ok(())
}

const NEXT: &str = concat!("SELECT run_at FROM job WHERE ", may_begin!(), " ORDER BY run_at LIMIT 1");

/// When the next job that has a free slot is due.
///
/// # Errors
/// When the database fails.
pub async fn next_due(conn: &mut Conn<'_>, slots: &Slots) -> Result<Option<Timestamp>, StoreError> {
    Ok(conn.opt::<(i64,)>(NEXT, slot_args(slots)).await?.map(|(at,)| Timestamp(at)))
}

const DONE: &str = "DELETE FROM job WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";

/// Deletes a finished job. False when the lease was lost meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn done(tx: &mut Tx<'_>, workspace: WorkspaceId, id: JobId, owner: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(DONE, args![workspace, id, owner]).await? == 1)
}

const RETRY: &str = "UPDATE job SET state = 'waiting', lease_owner = NULL, run_at = $4, last_error = $5 \
     WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";

/// Schedules another attempt at `at`. False when the lease was lost meanwhile.
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

// A storage failure is not the job's fault, so it does not count as an attempt.
const DEFER: &str = "UPDATE job SET state = 'waiting', lease_owner = NULL, run_at = $4, last_error = $5, attempts = attempts - 1 \
     WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";

/// Schedules the job at `at` without counting an attempt. False when the lease was lost meanwhile.
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

const RUN_NOW: &str = "UPDATE job SET run_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'waiting'";

/// Makes a waiting job due at `at`. False when there is no such job.
///
/// # Errors
/// When the database fails.
pub async fn run_now(tx: &mut Tx<'_>, workspace: WorkspaceId, id: JobId, at: Timestamp) -> Result<bool, StoreError> {
    let touched = tx.exec(RUN_NOW, args![workspace, id, at]).await?;
    tx.left_job();
    Ok(touched == 1)
}

const MARK_DEAD: &str = "UPDATE job SET state = 'dead', lease_owner = NULL, last_error = $4 \
     WHERE workspace_id = $1 AND id = $2 AND lease_owner = $3";

/// Gives a job up: it is not retried automatically, and people see it under Settings → Health and jobs.
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

const DEAD: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM job WHERE workspace_id = $1 AND state = 'dead' ORDER BY run_at DESC LIMIT 100"
);

/// The 100 newest jobs that were given up.
///
/// # Errors
/// When the database fails.
pub async fn dead(conn: &mut Conn<'_>, workspace: WorkspaceId) -> Result<Vec<Job>, StoreError> {
    conn.all::<Raw>(DEAD, args![workspace]).await?.into_iter().map(Job::try_from).collect()
}

const REVIVE: &str = "UPDATE job SET state = 'waiting', attempts = 0, run_at = $3 WHERE workspace_id = $1 AND id = $2 AND state = 'dead'";

/// Retries a job that was given up. False when there is no such job.
///
/// # Errors
/// When the database fails.
pub async fn revive(tx: &mut Tx<'_>, workspace: WorkspaceId, id: JobId) -> Result<bool, StoreError> {
    let touched = tx.exec(REVIVE, args![workspace, id, tx.now()]).await?;
    tx.left_job();
    Ok(touched == 1)
}

const BACKLOG: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM job WHERE workspace_id = $1 AND state = $2";

/// Counts the jobs of a workspace in one state: `waiting`, `running` or `dead`.
///
/// # Errors
/// When the database fails.
pub async fn backlog(conn: &mut Conn<'_>, workspace: WorkspaceId, state: &str) -> Result<i64, StoreError> {
    Ok(conn.one::<(i64,)>(BACKLOG, args![workspace, state]).await?.0)
}

const WAITING_TO_GO: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM job \
     WHERE workspace_id = $1 AND state = 'waiting' AND channel_id = $2 AND kind = 'send'";

/// Counts the messages that wait to be sent over a channel.
///
/// # Errors
/// When the database fails.
pub async fn waiting_to_go(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<i64, StoreError> {
    Ok(conn.one::<(i64,)>(WAITING_TO_GO, args![scope.workspace(), channel]).await?.0)
}
