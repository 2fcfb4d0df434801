//! The events of the log, and the part of them that a browser gets.

use serde::{Deserialize, Serialize};

use super::{
    Access, Channel, Contact, ConversationId, ConversationRow, Draft, Facts, Member, MemberId, Message, Team, Workspace,
};

/// A change as the log stores it. It has what decides who may see it, and all that a browser needs to update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// A conversation was added or changed, or got messages.
    Conversation {
        /// Its facts before the change. None if it is new.
        before: Option<Facts>,
        /// The row after the change. Its `read_count` is always 0.
        row: Box<ConversationRow>,
        /// How many incoming messages each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A contact changed.
    Contact {
        /// The contact after the change.
        contact: Box<Contact>,
        /// The facts of its conversations. A member who sees one of them sees the contact.
        seen_by: Vec<Facts>,
    },
    /// A member read a conversation. Only that member gets this event.
    Read {
        /// The member.
        member: MemberId,
        /// The conversation.
        conversation: ConversationId,
        /// How many incoming messages they have read.
        read_count: i64,
    },
    /// A member's draft changed. Only that member gets this event.
    Draft {
        /// The member.
        member: MemberId,
        /// The conversation.
        conversation: ConversationId,
        /// The draft after the change.
        draft: Draft,
    },
    /// A member was added or changed.
    Member(Box<Member>),
    /// A member's access may have changed, or they may have been disabled. Their streams check it. No browser gets this event.
    Access {
        /// The member.
        member: MemberId,
    },
    /// A team changed.
    Team(Team),
    /// A channel changed.
    Channel(Box<Channel>),
    /// The workspace changed.
    Workspace(Workspace),
}

/// A change as one browser gets it, made from an [`EventBody`] by what its member may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveBody {
    /// A conversation that the member sees.
    Conversation {
        /// Its facts before the change, if the member saw it then.
        before: Option<Facts>,
        /// The row after the change.
        row: Box<ConversationRow>,
        /// How many incoming messages each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A conversation that the member no longer sees.
    Gone {
        /// Its id.
        id: ConversationId,
        /// Its facts while the member saw it.
        before: Facts,
    },
    /// A contact changed.
    Contact(Box<Contact>),
    /// The member read a conversation, perhaps in another browser.
    Read {
        /// The conversation.
        conversation: ConversationId,
        /// How many incoming messages they have read.
        read_count: i64,
    },
    /// The member's draft changed, perhaps in another browser.
    Draft {
        /// The conversation.
        conversation: ConversationId,
        /// The draft after the change.
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

/// A numbered event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// Its number in the workspace. Numbers are unique and have no gaps.
    pub seq: i64,
    /// What changed.
    pub body: LiveBody,
}

impl EventBody {
    /// The part of the event that this member may see. None for most. The rule is the same as in the store's queries (Promise 5).
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

    /// The conversation of the event, for the index of the log.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Conversation { row, .. } => Some(row.id),
            Self::Read { conversation, .. } | Self::Draft { conversation, .. } => Some(*conversation),
            _ => None,
        }
    }
}
