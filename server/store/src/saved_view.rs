//! Saved views (L4), and the order in which each member wants theirs.

use model::{Audience, MemberId, SavedView, SavedViewId};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, args},
    table::{insert, set, sql, table},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[ALL, INSERT, SAVE, DELETE, ORDER, SET_ORDER];

table! {
    /// What may be edited.
    struct Card {
        audience: String,
        name: String,
        icon: String,
        listing: String,
    }
}

table! {
    struct Raw {
        id: String,
        owner_id: String,
        ..card: Card,
    }
}

impl TryFrom<Raw> for SavedView {
    type Error = StoreError;
    fn try_from(Raw { id, owner_id, card }: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: read("view", id)?,
            owner: read("member", owner_id)?,
            audience: match card.audience.as_str() {
                "private" => Audience::Private,
                "everyone" => Audience::Everyone,
                team => Audience::Team(read("team", team.to_owned())?),
            },
            name: card.name,
            icon: read("icon", card.icon)?,
            listing: serde_json::from_str(&card.listing).map_err(corrupt)?,
        })
    }
}

fn corrupt(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

impl TryFrom<&SavedView> for Card {
    type Error = StoreError;
    fn try_from(view: &SavedView) -> Result<Self, StoreError> {
        Ok(Self {
            audience: match view.audience {
                Audience::Private => "private".to_owned(),
                Audience::Everyone => "everyone".to_owned(),
                Audience::Team(team) => team.to_string(),
            },
            name: view.name.clone(),
            icon: view.icon.as_str().to_owned(),
            listing: serde_json::to_string(&view.listing).map_err(corrupt)?,
        })
    }
}

const ALL: &str = sql!("SELECT ", Raw::COLUMNS, " FROM saved_view WHERE workspace_id = $1 ORDER BY id");

/// All views of the workspace, also those that the member who asks does not have.
///
/// # Errors
/// When the database fails.
pub async fn all(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<SavedView>, StoreError> {
    conn.all::<Raw>(ALL, args![scope.workspace()]).await?.into_iter().map(SavedView::try_from).collect()
}

const INSERT: &str = insert!("saved_view", sql!("workspace_id, ", Raw::COLUMNS));

/// Stores a new view.
///
/// # Errors
/// When the database fails, also when the id is taken.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, view: &SavedView) -> Result<(), StoreError> {
    let raw = Raw { id: view.id.to_string(), owner_id: view.owner.to_string(), card: view.try_into()? };
    tx.exec(INSERT, args![scope.workspace(); raw.values()]).await?;
    Ok(())
}

const SAVE: &str = sql!("UPDATE saved_view SET ", set!(3, Card::COLUMNS), " WHERE workspace_id = $1 AND id = $2");

/// Stores an edited view. Its owner stays.
///
/// # Errors
/// When the database fails.
pub async fn save(tx: &mut Tx<'_>, scope: &Scope, view: &SavedView) -> Result<(), StoreError> {
    tx.exec(SAVE, args![scope.workspace(), view.id; Card::try_from(view)?.values()]).await?;
    Ok(())
}

const DELETE: &str = "DELETE FROM saved_view WHERE workspace_id = $1 AND id = $2";

/// Deletes a view.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx<'_>, scope: &Scope, id: SavedViewId) -> Result<(), StoreError> {
    tx.exec(DELETE, args![scope.workspace(), id]).await?;
    Ok(())
}

const ORDER: &str = "SELECT views FROM view_order WHERE workspace_id = $1 AND member_id = $2";

/// A member's order of views. It may name views that no longer exist.
///
/// # Errors
/// When the database fails.
pub async fn order(conn: &mut Conn<'_>, scope: &Scope, member: MemberId) -> Result<Vec<SavedViewId>, StoreError> {
    let stored: Option<(String,)> = conn.opt(ORDER, args![scope.workspace(), member]).await?;
    stored.map_or(Ok(Vec::new()), |(views,)| serde_json::from_str(&views).map_err(corrupt))
}

const SET_ORDER: &str = "INSERT INTO view_order (workspace_id, member_id, views) VALUES ($1, $2, $3) \
     ON CONFLICT (workspace_id, member_id) DO UPDATE SET views = excluded.views";

/// Stores a member's order of views.
///
/// # Errors
/// When the database fails.
pub async fn set_order(
    tx: &mut Tx<'_>,
    scope: &Scope,
    member: MemberId,
    views: &[SavedViewId],
) -> Result<(), StoreError> {
    let views = serde_json::to_string(views).map_err(corrupt)?;
    tx.exec(SET_ORDER, args![scope.workspace(), member, views]).await?;
    Ok(())
}
