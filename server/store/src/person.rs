//! What belongs to one member in one conversation: how far they have read, and their drafts.

use model::{ConversationId, Draft, DraftMode, MessageId};

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, args},
    table::{insert, sql},
};
use crate::error::StoreError;

/// What is stored of how far a member has read, behind each other in [`mark`] and in bulk.
pub(super) const MARKER: &str = "workspace_id, conversation_id, member_id, read_count";

pub(super) const STATEMENTS: &[&str] = &[MARK, MARK_AS, DRAFTS, SAVE_DRAFT, DROP_DRAFT, DROP_SENT];

const MARK: &str = sql!(
    insert!("read_marker", MARKER),
    " ON CONFLICT (workspace_id, conversation_id, member_id) DO UPDATE SET read_count = excluded.read_count \
     WHERE read_marker.read_count < excluded.read_count"
);

/// Marks a conversation as read up to a number of incoming messages. True if that is further than before.
///
/// # Errors
/// When the database fails.
pub async fn mark(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversation: ConversationId,
    read_count: i64,
) -> Result<bool, StoreError> {
    Ok(tx.exec(MARK, args![scope.workspace(), conversation, scope.member_key(), read_count]).await? > 0)
}

const MARK_AS: &str = sql!(
    insert!("read_marker", MARKER),
    " ON CONFLICT (workspace_id, conversation_id, member_id) DO UPDATE SET read_count = excluded.read_count"
);

/// Sets up to how many incoming messages a conversation counts as read, also if that is fewer than before.
///
/// # Errors
/// When the database fails.
pub async fn mark_as(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversation: ConversationId,
    read_count: i64,
) -> Result<(), StoreError> {
    tx.exec(MARK_AS, args![scope.workspace(), conversation, scope.member_key(), read_count]).await?;
    Ok(())
}

/// The number of the last event, then mode, text and message id of a draft, if there is one.
type RawDraft = (i64, Option<String>, Option<String>, Option<String>);

/// Also returns the number of the last event, which saves one statement per opened thread.
const DRAFTS: &str = "SELECT w.event_seq, d.mode, d.text, d.message_id FROM workspace w LEFT JOIN draft d \
     ON d.workspace_id = w.id AND d.member_id = $2 AND d.conversation_id = $3 AND d.text <> '' WHERE w.id = $1 ORDER BY d.mode DESC";

/// My drafts in a conversation, and the number of the last event.
///
/// # Errors
/// When the database fails.
pub async fn drafts_and_seq(
    conn: &mut Conn<'_>,
    scope: &Scope,
    conversation: ConversationId,
) -> Result<(Vec<Draft>, i64), StoreError> {
    let rows: Vec<RawDraft> = conn.all(DRAFTS, args![scope.workspace(), scope.member_key(), conversation]).await?;
    let seq = rows.first().map_or(0, |(seq, ..)| *seq);
    let drafts = rows.into_iter().filter_map(|(_, mode, text, id)| Some((mode?, text?, id)));
    let drafts = drafts
        .map(|(mode, text, id)| Ok(Draft { mode: read("draft mode", mode)?, text, id: read_opt("message", id)? }))
        .collect::<Result<_, StoreError>>()?;
    Ok((drafts, seq))
}

const SAVE_DRAFT: &str = "INSERT INTO draft (workspace_id, member_id, conversation_id, mode, text, updated_at, message_id) VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (workspace_id, member_id, conversation_id, mode) DO UPDATE \
     SET text = excluded.text, updated_at = excluded.updated_at, message_id = excluded.message_id";
const DROP_DRAFT: &str =
    "DELETE FROM draft WHERE workspace_id = $1 AND member_id = $2 AND conversation_id = $3 AND mode = $4";

const DROP_SENT: &str = "DELETE FROM draft WHERE workspace_id = $1 AND member_id = $2 AND conversation_id = $3 AND mode = $4 \
     AND (message_id IS NULL OR message_id = $5)";

/// Deletes the draft that a message was. What the member has begun since then stays. True if there was one.
///
/// # Errors
/// When the database fails.
pub async fn drop_sent(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversation: ConversationId,
    mode: DraftMode,
    sent: MessageId,
) -> Result<bool, StoreError> {
    let values = args![scope.workspace(), scope.member_key(), conversation, mode.as_str(), sent];
    Ok(tx.exec(DROP_SENT, values).await? > 0)
}

/// Stores a draft, or deletes it when its text is empty. True if anything changed.
///
/// # Errors
/// When the database fails.
pub async fn save_draft(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversation: ConversationId,
    draft: &Draft,
) -> Result<bool, StoreError> {
    let (who, mode): (_, DraftMode) = (scope.member_key(), draft.mode);
    let touched = if draft.text.is_empty() {
        tx.exec(DROP_DRAFT, args![scope.workspace(), who, conversation, mode.as_str()]).await?
    } else {
        let (workspace, text) = (scope.workspace(), draft.text.clone());
        let values = args![workspace, who, conversation, mode.as_str(), text, tx.now(), draft.id];
        tx.exec(SAVE_DRAFT, values).await?
    };
    Ok(touched > 0)
}
