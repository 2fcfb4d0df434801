//! Bounds the tables that grow with sign-ins: limits their rows, and deletes rows that have expired (S53).

use model::{MemberId, Timestamp, WorkspaceId};

use super::{
    Scope, Tx,
    conn::{Conn, args},
    session::Purpose,
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[
    END_BEYOND,
    FORGET_ENDED,
    FORGET_IDLE,
    COUNT_LINKS,
    FORGET_LINKS,
    FORGET_HOUSE_LINKS,
    FULL,
    TRIM_ATTEMPTS,
    FORGET_ATTEMPTS,
];

const END_BEYOND: &str = "DELETE FROM session WHERE workspace_id = $1 AND member_id = $2 AND token_hash IN (SELECT token_hash FROM session \
     WHERE workspace_id = $1 AND member_id = $2 ORDER BY seen_at DESC, created_at DESC, token_hash LIMIT 1000 OFFSET $3)";

/// Deletes the sessions of a member beyond `most`, starting with those unused for longest.
///
/// # Errors
/// When the database fails.
pub async fn end_beyond(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    member: MemberId,
    most: i64,
) -> Result<(), StoreError> {
    tx.exec(END_BEYOND, args![workspace, member, most]).await?;
    Ok(())
}

const FORGET_ENDED: &str = "DELETE FROM session WHERE workspace_id = $1 AND token_hash IN (SELECT token_hash FROM session \
     WHERE workspace_id = $1 AND expires_at <= $2 LIMIT $3)";
const FORGET_IDLE: &str = "DELETE FROM session WHERE workspace_id = $1 AND token_hash IN (SELECT token_hash FROM session \
     WHERE workspace_id = $1 AND seen_at <= $2 LIMIT $3)";

/// Deletes up to `most` sessions that have ended, and up to `most` that were not used since `idle_since`. Returns the larger of both
/// counts.
///
/// # Errors
/// When the database fails.
pub async fn forget_sessions(
    tx: &mut Tx<'_>,
    scope: &Scope,
    idle_since: Timestamp,
    most: i64,
) -> Result<u64, StoreError> {
    let now = tx.now();
    let ended = tx.exec(FORGET_ENDED, args![scope.workspace(), now, most]).await?;
    Ok(ended.max(tx.exec(FORGET_IDLE, args![scope.workspace(), idle_since, most]).await?))
}

const COUNT_LINKS: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM one_time_link \
     WHERE workspace_id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";

/// Counts the workspace's unused links that are still valid.
///
/// # Errors
/// When the database fails.
pub async fn count_links(
    conn: &mut Conn<'_>,
    scope: &Scope,
    purpose: Purpose,
    now: Timestamp,
) -> Result<i64, StoreError> {
    Ok(conn.one::<(i64,)>(COUNT_LINKS, args![scope.workspace(), purpose.as_str(), now]).await?.0)
}

const FORGET_LINKS: &str = "DELETE FROM one_time_link WHERE token_hash IN (SELECT token_hash FROM one_time_link \
     WHERE workspace_id = $1 AND (expires_at <= $2 OR used_at IS NOT NULL) LIMIT $3)";
const FORGET_HOUSE_LINKS: &str = "DELETE FROM one_time_link WHERE token_hash IN (SELECT token_hash FROM one_time_link \
     WHERE workspace_id IS NULL AND expires_at <= $1 LIMIT $2)";

/// Deletes up to `most` expired links of the workspace, and up to `most` of the instance. Returns the larger of both counts.
///
/// # Errors
/// When the database fails.
pub async fn forget_links(tx: &mut Tx<'_>, scope: &Scope, most: i64) -> Result<u64, StoreError> {
    let now = tx.now();
    let ours = tx.exec(FORGET_LINKS, args![scope.workspace(), now, most]).await?;
    Ok(ours.max(tx.exec(FORGET_HOUSE_LINKS, args![now, most]).await?))
}

const FULL: &str = "SELECT window_start FROM attempt WHERE bucket = $1 AND count >= $2 AND window_start > $3";

/// When the window of a full bucket (`most` attempts) began. None if the bucket is not full, or its window began before `since`.
///
/// # Errors
/// When the database fails.
pub async fn full(
    conn: &mut Conn<'_>,
    bucket: &str,
    most: i64,
    since: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(conn.opt::<(i64,)>(FULL, args![bucket, most, since]).await?.map(|(began,)| Timestamp(began)))
}

const TRIM_ATTEMPTS: &str =
    "DELETE FROM attempt WHERE bucket IN (SELECT bucket FROM attempt ORDER BY window_start DESC LIMIT 1000 OFFSET $1)";

/// Deletes all buckets of attempts but the newest `most`.
///
/// # Errors
/// When the database fails.
pub async fn trim_attempts(tx: &mut Tx<'_>, most: i64) -> Result<(), StoreError> {
    tx.exec(TRIM_ATTEMPTS, args![most]).await?;
    Ok(())
}

const FORGET_ATTEMPTS: &str =
    "DELETE FROM attempt WHERE bucket IN (SELECT bucket FROM attempt WHERE window_start <= $1 LIMIT $2)";

/// Deletes up to `most` buckets whose windows began before `before`. Returns how many it deleted.
///
/// # Errors
/// When the database fails.
pub async fn forget_attempts(tx: &mut Tx<'_>, before: Timestamp, most: i64) -> Result<u64, StoreError> {
    tx.exec(FORGET_ATTEMPTS, args![before, most]).await
}
