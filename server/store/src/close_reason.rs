//! The reasons for which a workspace closes conversations (T13).

use model::{CloseReason, Reason, WorkspaceId};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, Val, args},
    table::{insert, set, sql, table},
    tag::key,
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[ALL, ONE, INSERT, SAVE];

table! {
    /// What may be edited.
    struct Card {
        place: i64,
        name: String,
        key: String,
        blocks: bool,
        archived: bool,
    }
}

table! {
    struct Raw {
        id: String,
        ..card: Card,
    }
}

impl TryFrom<Raw> for Reason {
    type Error = StoreError;
    fn try_from(Raw { id, card }: Raw) -> Result<Self, StoreError> {
        Ok(Self { id: read("reason", id)?, name: card.name, blocks: card.blocks, archived: card.archived })
    }
}

fn card(reason: &Reason, place: usize) -> Card {
    Card {
        place: i64::try_from(place).unwrap_or(i64::MAX),
        name: reason.name.clone(),
        key: key(&reason.name),
        blocks: reason.blocks,
        archived: reason.archived,
    }
}

const ALL: &str = sql!("SELECT ", Raw::COLUMNS, " FROM close_reason WHERE workspace_id = $1 ORDER BY place, id");

/// All reasons in order. A workspace has [`model::MOST_KEPT_REASONS`] at most.
///
/// # Errors
/// When the database fails.
pub async fn all(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<Reason>, StoreError> {
    conn.all::<Raw>(ALL, args![scope.workspace()]).await?.into_iter().map(Reason::try_from).collect()
}

const ONE: &str = sql!("SELECT ", Raw::COLUMNS, " FROM close_reason WHERE workspace_id = $1 AND id = $2");

/// One reason.
///
/// # Errors
/// When the database fails.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, id: CloseReason) -> Result<Option<Reason>, StoreError> {
    let id = id.to_string();
    conn.opt::<Raw>(ONE, args![scope.workspace(), id]).await?.map(Reason::try_from).transpose()
}

const INSERT: &str = insert!("close_reason", sql!("workspace_id, ", Raw::COLUMNS));

/// Stores a new reason at this place.
///
/// # Errors
/// When the database fails, also when its id or name is taken.
pub async fn insert(tx: &mut Tx<'_>, workspace: WorkspaceId, reason: &Reason, place: usize) -> Result<(), StoreError> {
    let raw = Raw { id: reason.id.to_string(), card: card(reason, place) };
    tx.exec(INSERT, args![workspace; raw.values()]).await?;
    Ok(())
}

const SAVE: &str = sql!("UPDATE close_reason SET ", set!(3, Card::COLUMNS), " WHERE workspace_id = $1 AND id = $2");

/// Stores an edited reason at this place.
///
/// # Errors
/// When the database fails, also when another reason has its name.
pub async fn save(tx: &mut Tx<'_>, scope: &Scope, reason: &Reason, place: usize) -> Result<(), StoreError> {
    let id = Val::from(reason.id.to_string());
    tx.exec(SAVE, args![scope.workspace(), id; card(reason, place).values()]).await?;
    Ok(())
}
