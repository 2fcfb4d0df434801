//! What happened in conversations, for figures: facts that are added and read. The log of events is trimmed; this is not. It holds no text
//! that people wrote and nothing that says who they are, so it stays when that is erased. The database itself refuses to change a line.

use model::{ChannelId, ConversationId, FactKind, MemberId, MessageId, Sender, Timestamp};
use uuid::Uuid;

use super::{
    Scope, Tx, Val,
    codec::{self, read, read_opt},
    conn::{Conn, args},
    table::{insert, sql, table},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[ADD, BETWEEN, OF_CONVERSATION];

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactActor {
    /// One of us: a member, an AI agent, the automatic reply.
    Us(Sender),
    /// Somebody outside.
    Visitor,
    /// Nobody: a rule, a job, a mail server.
    System,
}

impl From<MemberId> for FactActor {
    fn from(member: MemberId) -> Self {
        Self::Us(Sender::Member(member))
    }
}

/// One thing that happened in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// UUIDv7: facts of a conversation are in the order of their ids.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Where.
    pub conversation: ConversationId,
    /// The conversation's channel.
    pub channel: ChannelId,
    /// What.
    pub kind: FactKind,
    /// Who did it.
    pub actor: FactActor,
    /// The entry that it is about: by this a reply is found that was taken back or failed.
    pub message: Option<MessageId>,
    /// What it was before; [`FactKind`] says what stands here.
    pub from: Option<String>,
    /// What it is now.
    pub to: Option<String>,
    /// How long that took, in milliseconds.
    pub ms: Option<i64>,
}

table! {
    struct Raw {
        id: String,
        at: i64,
        conversation_id: String,
        channel_id: String,
        kind: String,
        actor: String,
        message_id: Option<String>,
        from_value: Option<String>,
        to_value: Option<String>,
        ms: Option<i64>,
    }
}

/// What is stored of a fact, in the order of [`fields`] behind its workspace.
pub(super) const STORED: &str = sql!("workspace_id, ", Raw::COLUMNS);

impl TryFrom<Raw> for Fact {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: read("fact", raw.id)?,
            at: Timestamp(raw.at),
            conversation: read("conversation", raw.conversation_id)?,
            channel: read("channel", raw.channel_id)?,
            kind: read("kind of fact", raw.kind)?,
            actor: codec::fact_actor(&raw.actor)?,
            message: read_opt("message", raw.message_id)?,
            from: raw.from_value,
            to: raw.to_value,
            ms: raw.ms,
        })
    }
}

/// The values of a fact.
pub(super) fn fields(fact: &Fact) -> Vec<Val> {
    let raw = Raw {
        id: fact.id.to_string(),
        at: fact.at.0,
        conversation_id: fact.conversation.to_string(),
        channel_id: fact.channel.to_string(),
        kind: fact.kind.as_str().to_owned(),
        actor: codec::fact_actor_text(fact.actor),
        message_id: fact.message.map(|id| id.to_string()),
        from_value: fact.from.clone(),
        to_value: fact.to.clone(),
        ms: fact.ms,
    };
    raw.values()
}

const ADD: &str = insert!("history", STORED);

/// Adds a fact, in the transaction of what it tells of.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx<'_>, scope: &Scope, fact: &Fact) -> Result<(), StoreError> {
    tx.exec(ADD, args![scope.workspace(); fields(fact)]).await?;
    Ok(())
}

const BETWEEN: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM history WHERE workspace_id = $1 AND kind = $2 AND at >= $3 AND at < $4 ORDER BY at, id LIMIT $5"
);

/// The first `limit` facts of a kind from one moment up to another, in order. They are the whole workspace's, whoever asks: who may know a
/// figure is for its command to say.
///
/// # Errors
/// When the database fails.
pub async fn between(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: FactKind,
    from: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Fact>, StoreError> {
    let values = args![scope.workspace(), kind.as_str(), from, until, limit];
    conn.all::<Raw>(BETWEEN, values).await?.into_iter().map(Fact::try_from).collect()
}

const OF_CONVERSATION: &str = sql!(
    "SELECT ",
    Raw::COLUMNS,
    " FROM history WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY id LIMIT $3"
);

/// The first `limit` facts of a conversation, in order. Whoever asks has made sure that it may be seen.
///
/// # Errors
/// When the database fails.
pub async fn of_conversation(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: ConversationId,
    limit: i64,
) -> Result<Vec<Fact>, StoreError> {
    let values = args![scope.workspace(), id, limit];
    conn.all::<Raw>(OF_CONVERSATION, values).await?.into_iter().map(Fact::try_from).collect()
}
