//! Acts on everything that matches a filter, and how far they are. The domain knows what filter, act and end say; here they are JSON.

use model::{MemberId, Timestamp, UndoId};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, args},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[ADD, FIND, RUNNING, GO_ON, END, END_MINE, FORGET];

/// A sweep as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Who does it.
    pub member: MemberId,
    /// When it began.
    pub at: Timestamp,
    /// The filter.
    pub filter: String,
    /// The act.
    pub act: String,
    /// The place in the list up to which it is done.
    pub done_to: Option<String>,
    /// How many conversations it has changed.
    pub changed: i64,
    /// How many it left alone.
    pub left_alone: i64,
    /// In how many parts it can be undone.
    pub parts: i64,
    /// Why it ended.
    pub ended: Option<String>,
}

const ADD: &str = "INSERT INTO sweep (workspace_id, id, member_id, at, filter, act, changed, left_alone, parts) \
     VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0)";

/// Begins one.
///
/// # Errors
/// When the database fails.
pub async fn add(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: UndoId,
    member: MemberId,
    (filter, act): (String, String),
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.exec(ADD, args![scope.workspace(), id, member, now, filter, act]).await?;
    Ok(())
}

type Raw = (String, i64, String, String, Option<String>, i64, i64, i64, Option<String>);
const FIND: &str = "SELECT member_id, at, filter, act, done_to, changed, left_alone, parts, ended FROM sweep \
     WHERE workspace_id = $1 AND id = $2";

/// One by its id, whoever does it.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &mut Conn<'_>, scope: &Scope, id: UndoId) -> Result<Option<Sweep>, StoreError> {
    let Some(raw) = conn.opt::<Raw>(FIND, args![scope.workspace(), id]).await? else { return Ok(None) };
    let (member, at, filter, act, done_to, changed, left_alone, parts, ended) = raw;
    let (member, at) = (read("member", member)?, Timestamp(at));
    Ok(Some(Sweep { member, at, filter, act, done_to, changed, left_alone, parts, ended }))
}

const RUNNING: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM sweep \
     WHERE workspace_id = $1 AND member_id = $2 AND ended IS NULL AND at > $3";

/// How many of a member's run now, of those that began after `since`.
///
/// # Errors
/// When the database fails.
pub async fn running(
    conn: &mut Conn<'_>,
    scope: &Scope,
    member: MemberId,
    since: Timestamp,
) -> Result<i64, StoreError> {
    Ok(conn.one::<(i64,)>(RUNNING, args![scope.workspace(), member, since]).await?.0)
}

const GO_ON: &str = "UPDATE sweep SET done_to = $3, changed = changed + $4, left_alone = left_alone + $5, \
     parts = parts + $6 WHERE workspace_id = $1 AND id = $2 AND ended IS NULL";

/// Stores how far it is, and whether the part can be undone.
///
/// # Errors
/// When the database fails. [`StoreError::Stale`] when it was ended meanwhile: then the part must not be.
pub async fn go_on(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: UndoId,
    done_to: Option<String>,
    (changed, left_alone): (i64, i64),
) -> Result<(), StoreError> {
    let parts = i64::from(changed > 0);
    match tx.exec(GO_ON, args![scope.workspace(), id, done_to, changed, left_alone, parts]).await? {
        0 => Err(StoreError::Stale),
        _ => Ok(()),
    }
}

const END: &str = "UPDATE sweep SET ended = $3 WHERE workspace_id = $1 AND id = $2 AND ended IS NULL";

/// Ends it. Nothing happens if it has ended.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx<'_>, scope: &Scope, id: UndoId, why: String) -> Result<(), StoreError> {
    tx.exec(END, args![scope.workspace(), id, why]).await?;
    Ok(())
}

const END_MINE: &str =
    "UPDATE sweep SET ended = $3 WHERE workspace_id = $1 AND id = $2 AND member_id = $4 AND ended IS NULL";

/// Ends it if it is this member's. Nothing happens otherwise.
///
/// # Errors
/// When the database fails.
pub async fn end_of(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: UndoId,
    member: MemberId,
    why: String,
) -> Result<(), StoreError> {
    tx.exec(END_MINE, args![scope.workspace(), id, why, member]).await?;
    Ok(())
}

const FORGET: &str = "DELETE FROM sweep WHERE workspace_id = $1 AND id IN (SELECT id FROM sweep \
     WHERE workspace_id = $1 AND at <= $2 LIMIT $3)";

/// Deletes up to `most` rows that are older. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx<'_>, scope: &Scope, older_than: Timestamp, most: i64) -> Result<u64, StoreError> {
    tx.exec(FORGET, args![scope.workspace(), older_than, most]).await
}
