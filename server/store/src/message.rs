//! Messages, notes and event lines of a thread, with their files.

use std::collections::{BTreeSet, HashMap};

use model::{ChannelId, Content, ConversationId, Delivery, DeliveryState, Entry, Message, MessageId, Timestamp};

pub use super::attachment::{File, add_file, claim_file, file, release_files};
use super::{
    Scope, Tx,
    attachment::attach,
    codec::{self, read, read_opt},
    conn::{Conn, Val, args},
    table::{insert, sql, table},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[
    PAGE,
    PUBLIC,
    ONE,
    FINGERPRINT,
    PROVIDER,
    BY_PROVIDER,
    INSERT,
    SET_DELIVERY,
    SET_PROVIDER,
    SET_MAIL,
    SET_TEXT,
    LAST_MAIL,
    UNREAD_BY_THEM,
];

table! {
    pub(super) struct Raw {
        id: String,
        conversation_id: String,
        n: i64,
        at: i64,
        kind: String,
        sender: String,
        text: String,
        line: Option<String>,
        state: Option<String>,
        send_at: Option<i64>,
        reason: String,
        mail: Option<String>,
        mentions: Option<String>,
    }
}

/// What is stored of an entry, in the order of [`fields`] behind its workspace.
pub(super) const STORED: &str = sql!("workspace_id, ", Raw::COLUMNS, ", channel_id, provider_id, fingerprint");

impl TryFrom<Raw> for Message {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let entry = match raw.kind.as_str() {
            "incoming" => Entry::Incoming,
            "outgoing" => Entry::Outgoing {
                by: codec::sender(&raw.sender)?,
                delivery: Delivery {
                    state: read("delivery state", raw.state.unwrap_or_default())?,
                    send_at: Timestamp(raw.send_at.unwrap_or(raw.at)),
                    reason: raw.reason,
                },
            },
            "note" => Entry::Note { by: read("member", raw.sender)? },
            "line" => Entry::Line {
                line: serde_json::from_str(raw.line.as_deref().unwrap_or_default())
                    .map_err(|e| StoreError::Corrupt(e.to_string()))?,
            },
            other => return Err(StoreError::Corrupt(format!("kind of message {other:?}"))),
        };
        // Content of other kinds than mail gets its own column, because statements find mails by `mail IS NOT NULL`.
        let mail = raw.mail.map(|json| serde_json::from_str::<Box<model::MailHead>>(&json)).transpose();
        let mentions = raw.mentions.map(|json| serde_json::from_str(&json).map(Content::Note)).transpose();
        let corrupt = |e: serde_json::Error| StoreError::Corrupt(e.to_string());
        Ok(Self {
            content: mentions.map_err(corrupt)?.unwrap_or(mail.map_err(corrupt)?.into()),
            id: read("message", raw.id)?,
            conversation: read("conversation", raw.conversation_id)?,
            n: raw.n,
            at: Timestamp(raw.at),
            text: raw.text,
            entry,
            attachments: Vec::new(),
        })
    }
}

impl TryFrom<&Message> for Raw {
    type Error = StoreError;
    fn try_from(message: &Message) -> Result<Self, StoreError> {
        let (kind, sender, line, delivery) = match &message.entry {
            Entry::Incoming => ("incoming", String::new(), None, None),
            Entry::Outgoing { by, delivery } => ("outgoing", codec::sender_text(*by), None, Some(delivery)),
            Entry::Note { by } => ("note", by.to_string(), None, None),
            Entry::Line { line } => {
                let line = serde_json::to_string(line).map_err(|e| StoreError::Corrupt(e.to_string()))?;
                ("line", String::new(), Some(line), None)
            }
        };
        let mail = message.mail().map(serde_json::to_string).transpose();
        let mentions = match message.mentions() {
            [] => None,
            some => Some(serde_json::to_string(some).map_err(|e| StoreError::Corrupt(e.to_string()))?),
        };
        Ok(Self {
            mail: mail.map_err(|e| StoreError::Corrupt(e.to_string()))?,
            mentions,
            id: message.id.to_string(),
            conversation_id: message.conversation.to_string(),
            n: message.n,
            at: message.at.0,
            kind: kind.to_owned(),
            sender,
            text: message.text.clone(),
            line,
            state: delivery.map(|d| d.state.as_str().to_owned()),
            send_at: delivery.map(|d| d.send_at.0),
            reason: delivery.map(|d| d.reason.clone()).unwrap_or_default(),
        })
    }
}

/// The values of an entry.
pub(super) fn fields(
    message: &Message,
    provider: Option<ProviderId>,
    fingerprint: &str,
) -> Result<Vec<Val>, StoreError> {
    let (channel, provider) = provider.map(|p| (p.channel, p.id)).unzip();
    Ok(args![; Raw::try_from(message)?.values(); channel, provider, fingerprint])
}

/// Who reads a thread. The team sees every entry. The person outside sees only the messages between them and the team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Members of the workspace.
    Team,
    /// The person outside.
    Them,
}

const PAGE: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND n < $3 ORDER BY n DESC LIMIT $4"
);
const PUBLIC: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND n < $3 \
     AND (kind = 'incoming' OR (kind = 'outgoing' AND state IN ('sent', 'delivered', 'read'))) ORDER BY n DESC LIMIT $4"
);

/// The newest `limit` entries before position `before`, oldest first, and whether older ones exist.
///
/// # Errors
/// When the database fails.
pub async fn page(
    conn: &mut Conn<'_>,
    scope: &Scope,
    audience: Audience,
    conversation: ConversationId,
    before: i64,
    limit: i64,
) -> Result<(Vec<Message>, bool), StoreError> {
    let sql = match audience {
        Audience::Team => PAGE,
        Audience::Them => PUBLIC,
    };
    let raw: Vec<Raw> = conn.all(sql, args![scope.workspace(), conversation, before, limit + 1]).await?;
    let more = raw.len() as i64 > limit;
    let mut messages = raw
        .into_iter()
        .take(usize::try_from(limit).unwrap_or_default())
        .map(Message::try_from)
        .collect::<Result<Vec<_>, _>>()?;
    messages.reverse();
    attach(conn, scope, conversation, &mut messages).await?;
    Ok((messages, more))
}

const ONE: &str = sql!("SELECT ", Raw::COLUMNS, " FROM message WHERE workspace_id = $1 AND id = $2");

/// Loads an entry. The caller decides whether the member may see it, by loading its conversation.
///
/// # Errors
/// When the database fails.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, id: MessageId) -> Result<Option<Message>, StoreError> {
    let Some(raw) = conn.opt::<Raw>(ONE, args![scope.workspace(), id]).await? else { return Ok(None) };
    let mut messages = vec![Message::try_from(raw)?];
    let conversation = messages.first().map(|m| m.conversation);
    if let Some(conversation) = conversation {
        attach(conn, scope, conversation, &mut messages).await?;
    }
    Ok(messages.pop())
}

/// Entries with their files, in no order. The caller decides whether the member may see them, by loading their conversations.
///
/// # Errors
/// When the database fails.
pub async fn some(
    conn: &mut Conn<'_>,
    scope: &Scope,
    ids: &BTreeSet<MessageId>,
) -> Result<HashMap<MessageId, Message>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    super::replay::messages_of(conn, scope.workspace(), ids).await
}

const FINGERPRINT: &str = "SELECT fingerprint FROM message WHERE workspace_id = $1 AND id = $2";

/// The fingerprint of the request that stored a message. It tells a repeated request from a different one. None when the id is unused.
///
/// # Errors
/// When the database fails.
pub async fn fingerprint(conn: &mut Conn<'_>, scope: &Scope, id: MessageId) -> Result<Option<String>, StoreError> {
    Ok(conn.opt::<(String,)>(FINGERPRINT, args![scope.workspace(), id]).await?.map(|(text,)| text))
}

const BY_PROVIDER: &str = "SELECT id FROM message WHERE workspace_id = $1 AND channel_id = $2 AND provider_id = $3";

/// The message with a provider's id on a channel. None when it has not come in yet.
///
/// # Errors
/// When the database fails.
pub async fn by_provider(
    conn: &mut Conn<'_>,
    scope: &Scope,
    channel: ChannelId,
    provider: &str,
) -> Result<Option<MessageId>, StoreError> {
    let row: Option<(String,)> = conn.opt(BY_PROVIDER, args![scope.workspace(), channel, provider]).await?;
    read_opt("message", row.map(|(id,)| id))
}

const PROVIDER: &str = "SELECT provider_id FROM message WHERE workspace_id = $1 AND id = $2";

/// The provider's id of a message. None where it has none.
///
/// # Errors
/// When the database fails.
pub async fn provider(conn: &mut Conn<'_>, scope: &Scope, id: MessageId) -> Result<Option<String>, StoreError> {
    let row: Option<(Option<String>,)> = conn.opt(PROVIDER, args![scope.workspace(), id]).await?;
    Ok(row.and_then(|(provider,)| provider))
}

/// The provider's id of a message, unique on its channel.
#[derive(Debug, Clone)]
pub struct ProviderId {
    /// The channel.
    pub channel: ChannelId,
    /// The provider's id, such as a Message-ID.
    pub id: String,
}

const INSERT: &str = insert!("message", STORED);

/// Stores an entry at its position in the thread.
///
/// # Errors
/// When the database fails, also when the id, the position or the provider's id is taken.
pub async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope,
    message: &Message,
    provider: Option<ProviderId>,
    fingerprint: &str,
) -> Result<(), StoreError> {
    tx.exec(INSERT, args![scope.workspace(); fields(message, provider, fingerprint)?]).await?;
    Ok(())
}

const SET_DELIVERY: &str =
    "UPDATE message SET state = $3, send_at = $4, reason = $5 WHERE workspace_id = $1 AND id = $2";

/// Sets the delivery state of an outgoing message.
///
/// # Errors
/// When the database fails.
pub async fn set_delivery(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: MessageId,
    delivery: &Delivery,
) -> Result<(), StoreError> {
    let values = args![scope.workspace(), id, delivery.state.as_str(), delivery.send_at, delivery.reason.clone()];
    tx.exec(SET_DELIVERY, values).await?;
    Ok(())
}

const SET_PROVIDER: &str = "UPDATE message SET channel_id = $3, provider_id = $4 WHERE workspace_id = $1 AND id = $2";

/// Stores the provider's id of a message before its state becomes sent.
///
/// # Errors
/// When the database fails, also when another message of the channel has this id.
pub async fn set_provider(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: MessageId,
    provider: &ProviderId,
) -> Result<(), StoreError> {
    tx.exec(SET_PROVIDER, args![scope.workspace(), id, provider.channel, provider.id.clone()]).await?;
    Ok(())
}

const SET_MAIL: &str = "UPDATE message SET mail = $3 WHERE workspace_id = $1 AND id = $2";

/// Replaces the head of a mail.
///
/// # Errors
/// When the database fails.
pub async fn set_mail(tx: &mut Tx<'_>, scope: &Scope, id: MessageId, mail: &model::MailHead) -> Result<(), StoreError> {
    let mail = serde_json::to_string(mail).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    tx.exec(SET_MAIL, args![scope.workspace(), id, mail]).await?;
    Ok(())
}

const SET_TEXT: &str = "UPDATE message SET text = $3 WHERE workspace_id = $1 AND id = $2";

/// Replaces the text of an entry.
///
/// # Errors
/// When the database fails.
pub async fn set_text(tx: &mut Tx<'_>, scope: &Scope, id: MessageId, text: &str) -> Result<(), StoreError> {
    tx.exec(SET_TEXT, args![scope.workspace(), id, text]).await?;
    Ok(())
}

const LAST_MAIL: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND mail IS NOT NULL AND (state IS NULL OR state <> 'cancelled') ORDER BY n DESC LIMIT 1"
);

/// The newest mail in a conversation, without its files. The next reply answers this mail.
///
/// # Errors
/// When the database fails.
pub async fn last_mail(
    conn: &mut Conn<'_>,
    scope: &Scope,
    conversation: ConversationId,
) -> Result<Option<Message>, StoreError> {
    conn.opt::<Raw>(LAST_MAIL, args![scope.workspace(), conversation]).await?.map(Message::try_from).transpose()
}

const UNREAD_BY_THEM: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM message WHERE workspace_id = $1 AND conversation_id = $2 AND n <= $3 AND kind = 'outgoing' AND state IN ('sent', 'delivered') \
     ORDER BY n DESC LIMIT 100"
);

/// Our messages up to position `n` that the person outside has not read yet, newest first, at most 100.
///
/// # Errors
/// When the database fails.
pub async fn unread_by_them(
    conn: &mut Conn<'_>,
    scope: &Scope,
    conversation: ConversationId,
    n: i64,
) -> Result<Vec<Message>, StoreError> {
    let raw: Vec<Raw> = conn.all(UNREAD_BY_THEM, args![scope.workspace(), conversation, n]).await?;
    let mut messages = raw.into_iter().map(Message::try_from).collect::<Result<Vec<_>, _>>()?;
    messages.reverse();
    attach(conn, scope, conversation, &mut messages).await?;
    Ok(messages)
}

/// Whether a message in this state may still be sent.
pub const fn may_be_sent(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Scheduled | DeliveryState::Queued | DeliveryState::Sending)
}
