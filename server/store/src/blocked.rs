//! Senders whose next messages stay closed (T13). A sender is an address on a kind of channel. What goes out to them is another matter.

use model::{BlockId, BlockedSender, ChannelKind, IdentityId, Timestamp};

use super::{
    Scope, Tx,
    codec::read,
    conn::{Conn, args, row},
    scope::{Reach, ours, visible},
    table::{insert, sql, table},
    workspace::email_key,
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[ADDRESS, OF_MEMBER, FIND, INSERT, DELETE];

table! {
    struct Raw {
        id: String,
        channel_kind: String,
        address: String,
        label: String,
        member_id: String,
        at: i64,
        conversation_id: String,
    }
}

impl TryFrom<Raw> for BlockedSender {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: read("block", raw.id)?,
            kind: read("channel kind", raw.channel_kind)?,
            address: raw.address,
            label: raw.label,
            by: read("member", raw.member_id)?,
            at: Timestamp(raw.at),
            conversation: read("conversation", raw.conversation_id)?,
        })
    }
}

row! {
    /// From where an identity writes.
    pub struct From {
        /// The address.
        pub address: String,
        /// Who claims that the address is theirs. Empty if they write from it.
        pub said_by: String,
    }
}

const ADDRESS: &str = "SELECT address, said_by FROM identity WHERE workspace_id = $1 AND id = $2";

/// The address of an identity, and whether they write from it.
///
/// # Errors
/// When the database fails.
pub async fn address(conn: &mut Conn<'_>, scope: &Scope, id: IdentityId) -> Result<Option<From>, StoreError> {
    conn.opt(ADDRESS, args![scope.workspace(), id]).await
}

const OF_MEMBER: &str = "SELECT m.id FROM member m WHERE m.workspace_id = $1 AND m.email_key = $2";

/// Whether an e-mail address is that of a member, also of one who was disabled.
///
/// # Errors
/// When the database fails.
pub async fn is_of_member(conn: &mut Conn<'_>, scope: &Scope, address: &str) -> Result<bool, StoreError> {
    let found: Option<(String,)> = conn.opt(OF_MEMBER, args![scope.workspace(), email_key(address)]).await?;
    Ok(found.is_some())
}

const FIND: &str = "SELECT id FROM blocked_sender WHERE workspace_id = $1 AND channel_kind = $2 AND address = $3";

/// Whether a sender is blocked, and under which id.
///
/// # Errors
/// When the database fails.
pub async fn find(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: ChannelKind,
    address: &str,
) -> Result<Option<BlockId>, StoreError> {
    let found: Option<(String,)> = conn.opt(FIND, args![scope.workspace(), kind.as_str(), address]).await?;
    found.map(|(id,)| read("block", id)).transpose()
}

const INSERT: &str = insert!("blocked_sender", sql!("workspace_id, ", Raw::COLUMNS));

/// Blocks a sender who is not blocked.
///
/// # Errors
/// When the database fails, also when they are blocked already.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, sender: &BlockedSender) -> Result<(), StoreError> {
    let raw = Raw {
        id: sender.id.to_string(),
        channel_kind: sender.kind.as_str().to_owned(),
        address: sender.address.clone(),
        label: sender.label.clone(),
        member_id: sender.by.to_string(),
        at: sender.at.0,
        conversation_id: sender.conversation.to_string(),
    };
    tx.exec(INSERT, args![scope.workspace(); raw.values()]).await?;
    Ok(())
}

const DELETE: &str = "DELETE FROM blocked_sender WHERE workspace_id = $1 AND id = $2";

/// Unblocks a sender. Whether they were blocked.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx<'_>, scope: &Scope, id: BlockId) -> Result<bool, StoreError> {
    Ok(tx.exec(DELETE, args![scope.workspace(), id]).await? > 0)
}

/// What a list of blocked senders is asked by: one of them, or the page behind one.
const SELECT: &str = "SELECT b.id, b.channel_kind, b.address, b.label, b.member_id, b.at, b.conversation_id \
     FROM blocked_sender b JOIN conversation c ON c.workspace_id = b.workspace_id AND c.id = b.conversation_id \
     WHERE b.workspace_id = $1";

/// A page of those whose conversation this actor may see.
pub fn page_sql(reach: Reach) -> String {
    let visible = visible(reach);
    format!("{SELECT}{visible} AND (b.at, b.id) < ($3, $4) ORDER BY b.at DESC, b.id DESC LIMIT $5")
}

/// One of them.
pub fn one_sql(reach: Reach) -> String {
    format!("{SELECT}{} AND b.id = $3", visible(reach))
}

pub(super) fn statements() -> Vec<String> {
    Reach::LISTED.into_iter().flat_map(|reach| [page_sql(reach), one_sql(reach)]).collect()
}

/// A page of the blocked senders whose conversation the actor may see, newest first, and whether there are older ones.
///
/// # Errors
/// When the database fails.
pub async fn page(
    conn: &mut Conn<'_>,
    scope: &Scope,
    after: Option<(Timestamp, BlockId)>,
    limit: i64,
) -> Result<(Vec<BlockedSender>, bool), StoreError> {
    let (at, id) = after.map_or((Timestamp(i64::MAX), String::new()), |(at, id)| (at, id.to_string()));
    let values = args![scope.workspace(), scope.reach_key(), at, id, limit + 1];
    let raw: Vec<Raw> = conn.all(ours(page_sql(scope.reach())), values).await?;
    let more = i64::try_from(raw.len()).is_ok_and(|len| len > limit);
    let page = usize::try_from(limit).unwrap_or_default();
    let senders = raw.into_iter().take(page).map(BlockedSender::try_from).collect::<Result<_, _>>()?;
    Ok((senders, more))
}

/// A blocked sender whose conversation the actor may see.
///
/// # Errors
/// When the database fails.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, id: BlockId) -> Result<Option<BlockedSender>, StoreError> {
    let values = args![scope.workspace(), scope.reach_key(), id];
    conn.opt::<Raw>(ours(one_sql(scope.reach())), values).await?.map(BlockedSender::try_from).transpose()
}
