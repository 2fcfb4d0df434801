//! What the log of events holds and what of it reaches a browser.

use serde::{Deserialize, Serialize};

use super::{
    Access, Channel, Contact, ConversationId, ConversationRow, Draft, Facts, Member, MemberId, Message, Team, Workspace,
};

/// A change as the log keeps it: enough to tell who may see it, and to bring any browser that may up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// A conversation changed, or came to be, or got messages.
    Conversation {
        /// What it was before; none when it is new.
        before: Option<Facts>,
        /// What it is now; its `read_count` is 0 here.
        row: Box<ConversationRow>,
        /// How far each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A contact changed.
    Contact {
        /// What it is now.
        contact: Box<Contact>,
        /// Its conversations: whoever sees one of them sees the contact.
        seen_by: Vec<Facts>,
    },
    /// A member read a conversation: for that member alone.
    Read {
        /// Who.
        member: MemberId,
        /// What.
        conversation: ConversationId,
        /// How far.
        read_count: i64,
    },
    /// A member's unsent text changed: for that member alone.
    Draft {
        /// Whose.
        member: MemberId,
        /// Where.
        conversation: ConversationId,
        /// What it is now.
        draft: Draft,
    },
    /// A member changed, or came to be.
    Member(Box<Member>),
    /// What a member may see, or whether they are let in, may have changed: their streams look again. Nobody is sent it.
    Access {
        /// Whose.
        member: MemberId,
    },
    /// A team changed.
    Team(Team),
    /// A channel changed.
    Channel(Box<Channel>),
    /// The workspace changed.
    Workspace(Workspace),
}

/// A change as one browser gets it: made from an [`EventBody`] for what its member may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveBody {
    /// A conversation that I see.
    Conversation {
        /// What it was before, if I saw it then.
        before: Option<Facts>,
        /// What it is now.
        row: Box<ConversationRow>,
        /// How far each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A conversation that I no longer see.
    Gone {
        /// Which one.
        id: ConversationId,
        /// What it was while I saw it.
        before: Facts,
    },
    /// A contact changed.
    Contact(Box<Contact>),
    /// I read a conversation, perhaps elsewhere.
    Read {
        /// What.
        conversation: ConversationId,
        /// How far.
        read_count: i64,
    },
    /// My unsent text changed, perhaps elsewhere.
    Draft {
        /// Where.
        conversation: ConversationId,
        /// What it is now.
        draft: Draft,
    },
    /// A member changed.
    Member(Box<Member>),
    /// A team changed.
    Team(Team),
    /// A channel changed.
    Channel(Box<Channel>),
    /// The workspace changed.
    Workspace(Workspace),
}

/// A numbered change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// Its number in the workspace: no two alike, none missing.
    pub seq: i64,
    /// What changed.
    pub body: LiveBody,
}

impl EventBody {
    /// What of it this member may see; nothing for most. The same rule as the store's queries (Promise 5).
    pub fn seen(&self, access: &Access) -> Option<LiveBody> {
        Some(match self {
            Self::Conversation { before, row, reads, messages } => {
                let before = before.filter(|facts| access.sees(facts));
                if access.sees(&row.facts()) {
                    LiveBody::Conversation {
                        before,
                        row: row.clone(),
                        reads: reads.clone(),
                        messages: messages.clone(),
                    }
                } else {
                    LiveBody::Gone { id: row.id, before: before? }
                }
            }
            Self::Contact { contact, seen_by } => {
                seen_by.iter().any(|facts| access.sees(facts)).then(|| LiveBody::Contact(contact.clone()))?
            }
            Self::Read { member, conversation, read_count } => (*member == access.member)
                .then_some(LiveBody::Read { conversation: *conversation, read_count: *read_count })?,
            Self::Draft { member, conversation, draft } => (*member == access.member)
                .then(|| LiveBody::Draft { conversation: *conversation, draft: draft.clone() })?,
            Self::Member(member) => LiveBody::Member(member.clone()),
            Self::Access { .. } => return None,
            Self::Team(team) => LiveBody::Team(team.clone()),
            Self::Channel(channel) => LiveBody::Channel(channel.clone()),
            Self::Workspace(workspace) => LiveBody::Workspace(workspace.clone()),
        })
    }

    /// The conversation it concerns, for the log's index.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Conversation { row, .. } => Some(row.id),
            Self::Read { conversation, .. } | Self::Draft { conversation, .. } => Some(*conversation),
            _ => None,
        }
    }
}
