//! The log of numbered events of a workspace.

use model::{EventBody, Logged, Timestamp, WorkspaceId};

use super::{
    codec::read,
    conn::{Conn, args},
    replay,
};
use crate::error::StoreError;

pub(super) const TAKE_SEQS: &str = "UPDATE workspace SET event_seq = event_seq + $2 WHERE id = $1 RETURNING event_seq";

pub(super) const STATEMENTS: &[&str] = &[TAKE_SEQS, APPEND, AFTER, LAST, LAST_OF_ALL, OLDEST, FIRST, TRIM];

const APPEND: &str = "INSERT INTO event (workspace_id, seq, at, conversation_id, body) VALUES ($1, $2, $3, $4, $5)";

pub(super) async fn append(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
    seq: i64,
    at: Timestamp,
    body: &EventBody,
) -> Result<(), StoreError> {
    let logged = body.logged().ok_or_else(|| StoreError::Corrupt("an event that only a read makes".to_owned()))?;
    let json = serde_json::to_string(&logged).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    conn.exec(APPEND, args![workspace, seq, at, body.conversation(), json]).await?;
    Ok(())
}

const AFTER: &str = "SELECT seq, body FROM event WHERE workspace_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// The events after `seq`, at most `limit`, in order, with what they are about as it is now.
///
/// # Errors
/// When the database fails.
pub async fn after(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
    seq: i64,
    limit: i64,
) -> Result<Vec<(i64, EventBody)>, StoreError> {
    let rows: Vec<(i64, String)> = conn.all(AFTER, args![workspace, seq, limit]).await?;
    let read = |(seq, json): (i64, String)| {
        let logged = serde_json::from_str::<Logged>(&json);
        let logged =
            logged.inspect_err(|error| tracing::error!(%workspace, seq, %error, "an event cannot be read")).ok();
        (seq, logged)
    };
    let page = rows.into_iter().map(read).collect();
    replay::fill(conn, workspace, page).await
}

const LAST: &str = "SELECT event_seq FROM workspace WHERE id = $1";

/// The number of the last event. None when the workspace does not exist.
///
/// # Errors
/// When the database fails.
pub async fn last(conn: &mut Conn<'_>, workspace: WorkspaceId) -> Result<Option<i64>, StoreError> {
    Ok(conn.opt::<(i64,)>(LAST, args![workspace]).await?.map(|(seq,)| seq))
}

const LAST_OF_ALL: &str = "SELECT id, event_seq FROM workspace";

/// The number of each workspace's last event.
///
/// # Errors
/// When the database fails.
pub async fn last_of_all(conn: &mut Conn<'_>) -> Result<Vec<(WorkspaceId, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = conn.all(LAST_OF_ALL, args![]).await?;
    rows.into_iter().map(|(id, seq)| Ok((read("workspace", id)?, seq))).collect()
}

const OLDEST: &str = "SELECT seq FROM event WHERE workspace_id = $1 ORDER BY seq LIMIT 1";

/// The number of the oldest event still stored.
///
/// # Errors
/// When the database fails.
pub async fn oldest(conn: &mut Conn<'_>, workspace: WorkspaceId) -> Result<Option<i64>, StoreError> {
    Ok(conn.opt::<(i64,)>(OLDEST, args![workspace]).await?.map(|(seq,)| seq))
}

const FIRST: &str = "SELECT seq, at FROM event WHERE workspace_id = $1 AND seq <= $2 ORDER BY seq LIMIT $3";

/// The number up to which events may go: those of `before` or older, without the newest `keep` of the workspace, at most `most` of them.
/// None where nothing may. Only what stands at the beginning of the log goes, also where a clock went back: numbers have no gaps.
///
/// # Errors
/// When the database fails.
pub async fn expired(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
    before: Timestamp,
    keep: i64,
    most: i64,
) -> Result<Option<i64>, StoreError> {
    let Some(last) = last(conn, workspace).await? else { return Ok(None) };
    let first: Vec<(i64, i64)> = conn.all(FIRST, args![workspace, last - keep, most]).await?;
    Ok(first.into_iter().take_while(|(_, at)| *at <= before.0).last().map(|(seq, _)| seq))
}

const TRIM: &str = "DELETE FROM event WHERE workspace_id = $1 AND seq <= $2";

/// Forgets the events up to `seq`; browsers that were away longer are told to read afresh.
///
/// # Errors
/// When the database fails.
pub async fn trim(conn: &mut Conn<'_>, workspace: WorkspaceId, seq: i64) -> Result<u64, StoreError> {
    conn.exec(TRIM, args![workspace, seq]).await
}
