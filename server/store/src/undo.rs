//! How to undo acts and replies (Promise 8): one row per act, or several where an act was done in parts. The domain knows what an inverse
//! says; here it is JSON.

use model::{MemberId, Timestamp, UndoId};

use super::{
    Scope, Tx,
    conn::{Conn, args},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[ADD, ADD_AS, INVERSE, INVERSE_OF, FIND, DONE, FORGET];

const ADD: &str = "INSERT INTO undo (workspace_id, id, part, member_id, at, inverse) \
     SELECT $1, $2, COALESCE(MAX(part) + 1, 0), $3, $4, $5 FROM undo WHERE workspace_id = $1 AND id = $2";

/// Stores how to undo what a member does, or the next part of it. Parts are numbered from 0.
///
/// # Errors
/// When the database fails.
pub async fn add(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: UndoId,
    member: MemberId,
    inverse: String,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.exec(ADD, args![scope.workspace(), id, member, now, inverse]).await?;
    Ok(())
}

const ADD_AS: &str = "INSERT INTO undo (workspace_id, id, part, member_id, at, inverse) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (workspace_id, id, part) DO NOTHING";

/// Stores how to undo a part that whoever asked for it numbered. False if there is such a part already.
///
/// # Errors
/// When the database fails.
pub async fn add_as(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (id, part): (UndoId, i64),
    member: MemberId,
    inverse: String,
) -> Result<bool, StoreError> {
    let now = tx.now();
    Ok(tx.exec(ADD_AS, args![scope.workspace(), id, part, member, now, inverse]).await? > 0)
}

const INVERSE_OF: &str =
    "SELECT inverse FROM undo WHERE workspace_id = $1 AND id = $2 AND part = $3 AND member_id = $4";

/// How to undo a part of what this member did. None if they did nothing under this id.
///
/// # Errors
/// When the database fails.
pub async fn inverse_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    (id, part): (UndoId, i64),
    member: MemberId,
) -> Result<Option<String>, StoreError> {
    Ok(conn.opt::<(String,)>(INVERSE_OF, args![scope.workspace(), id, part, member]).await?.map(|(inverse,)| inverse))
}

const INVERSE: &str = "SELECT inverse FROM undo WHERE workspace_id = $1 AND id = $2 AND part = $3";

/// How to undo a part, whoever did it.
///
/// # Errors
/// When the database fails.
pub async fn inverse(
    conn: &mut Conn<'_>,
    scope: &Scope,
    (id, part): (UndoId, i64),
) -> Result<Option<String>, StoreError> {
    Ok(conn.opt::<(String,)>(INVERSE, args![scope.workspace(), id, part]).await?.map(|(inverse,)| inverse))
}

/// A stored part of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 0.
    pub part: i64,
    /// What came of undoing it, as JSON. None while it was not undone.
    pub result: Option<String>,
}

const FIND: &str =
    "SELECT part, result FROM undo WHERE workspace_id = $1 AND id = $2 AND member_id = $3 ORDER BY part LIMIT $4";

/// The parts of what this member did, at most `most`. Nobody undoes what somebody else did.
///
/// # Errors
/// When the database fails.
pub async fn find(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: UndoId,
    member: MemberId,
    most: i64,
) -> Result<Vec<Part>, StoreError> {
    let rows: Vec<(i64, Option<String>)> = conn.all(FIND, args![scope.workspace(), id, member, most]).await?;
    Ok(rows.into_iter().map(|(part, result)| Part { part, result }).collect())
}

const DONE: &str = "UPDATE undo SET result = $4 WHERE workspace_id = $1 AND id = $2 AND part = $3 AND result IS NULL";

/// Stores what came of undoing a part.
///
/// # Errors
/// When the database fails.
pub async fn done(tx: &mut Tx<'_>, scope: &Scope, (id, part): (UndoId, i64), result: String) -> Result<(), StoreError> {
    tx.exec(DONE, args![scope.workspace(), id, part, result]).await?;
    Ok(())
}

const FORGET: &str = "DELETE FROM undo WHERE workspace_id = $1 AND (id, part) IN (SELECT id, part FROM undo \
     WHERE workspace_id = $1 AND at <= $2 LIMIT $3)";

/// Deletes up to `most` rows that are older. Returns how many.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx<'_>, scope: &Scope, older_than: Timestamp, most: i64) -> Result<u64, StoreError> {
    tx.exec(FORGET, args![scope.workspace(), older_than, most]).await
}
