//! Our replies in a thread, newest first. They show whether a reply reached the person who waits.

use model::{ConversationId, DeliveryState, MemberId, MessageId, Timestamp};

use super::{
    Scope,
    codec::{self, read},
    conn::{Conn, args},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[NEWEST, WROTE_AFTER, BY_OTHERS];

/// A reply that was not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its position in the thread.
    pub n: i64,
    /// Its delivery state.
    pub state: DeliveryState,
    /// What the reply changed in the conversation, as JSON. None when that was not stored.
    pub inverse: Option<String>,
}

/// `n > 0` is true for every row. It makes PostgreSQL use the index on positions.
const NEWEST: &str = "SELECT m.n, m.state, u.inverse FROM message m \
     LEFT JOIN undo u ON u.workspace_id = m.workspace_id AND u.id = m.id AND u.part = 0 \
     WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.n > 0 AND m.kind = 'outgoing' \
     AND m.sender <> 'auto' AND m.state <> 'cancelled' ORDER BY m.n DESC LIMIT 50";

/// The newest replies of people and AI agents, newest first, at most 50.
///
/// # Errors
/// When the database fails.
pub async fn newest(conn: &mut Conn<'_>, scope: &Scope, id: ConversationId) -> Result<Vec<Reply>, StoreError> {
    let rows: Vec<(i64, String, Option<String>)> = conn.all(NEWEST, args![scope.workspace(), id]).await?;
    let reply = |(n, state, inverse)| Ok(Reply { n, state: read("delivery state", state)?, inverse });
    rows.into_iter().map(reply).collect()
}

const WROTE_AFTER: &str = "SELECT at FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND n > $3 AND kind = 'incoming' \
     ORDER BY n LIMIT 1";

/// When the person outside first wrote after position `n`, if they did.
///
/// # Errors
/// When the database fails.
pub async fn wrote_after(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: ConversationId,
    n: i64,
) -> Result<Option<Timestamp>, StoreError> {
    let row: Option<(i64,)> = conn.opt(WROTE_AFTER, args![scope.workspace(), id, n]).await?;
    Ok(row.map(|(at,)| Timestamp(at)))
}

const BY_OTHERS: &str = "SELECT id FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND n > $3 AND kind = 'outgoing' \
     AND sender <> 'auto' AND sender <> $4 AND state NOT IN ('cancelled', 'failed', 'bounced') ORDER BY n DESC LIMIT 1";

/// The newest reply after position `n` that another member or an AI agent wrote and whose delivery has not failed.
///
/// # Errors
/// When the database fails.
pub async fn by_others(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: ConversationId,
    n: i64,
    me: MemberId,
) -> Result<Option<MessageId>, StoreError> {
    let mine = codec::sender_text(model::Sender::Member(me));
    let row: Option<(String,)> = conn.opt(BY_OTHERS, args![scope.workspace(), id, n, mine]).await?;
    row.map(|(id,)| read("message", id)).transpose()
}
