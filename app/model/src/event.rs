//! What happened, in its three forms: in memory with everything that a browser may need ([`EventBody`]), in the log as ids and facts
//! ([`Logged`]), and for one browser ([`LiveBody`]).

use serde::{Deserialize, Serialize};

use super::{
    Access, Channel, Contact, ContactId, ConversationId, ConversationRow, Draft, DraftMode, Facts, Member, MemberId,
    Message, MessageId, Placement, Team, Workspace,
};

/// How many conversations one event may change: a larger set is cut into several.
pub const MOST_IN_A_SET: usize = 200;

/// A change with what it made: enough to tell who may see it, and to bring any browser that may up to date. It lives in memory, from the
/// commit to the last stream; the log keeps a [`Logged`], from which it is made anew for whoever comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// A conversation was added or changed, or got messages.
    Conversation {
        /// Its facts before the change. None if it is new.
        before: Option<Facts>,
        /// What the change made it.
        after: Facts,
        /// What it is now, which a later change may have made: that one has an event of its own. Its `read_count` is 0 here.
        row: Box<ConversationRow>,
        /// How many incoming messages each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A conversation changed that is no longer there. The counters still need what it was.
    Counted {
        /// What it was before; none when it was new.
        before: Option<Facts>,
        /// What the change made it.
        after: Facts,
    },
    /// One act changed several conversations, at most [`MOST_IN_A_SET`].
    Set(Vec<SetChange>),
    /// A contact changed.
    Contact {
        /// The contact after the change.
        contact: Box<Contact>,
        /// Its conversations when it changed: whoever sees one of them sees the contact.
        seen_by: Vec<Placement>,
        /// Its conversations now. What the contact is now is only for those who see one of these as well.
        now_seen_by: Vec<Placement>,
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
    /// What it was about is gone.
    Nothing,
    /// The log has something here that this build cannot read: whoever comes to it has to read everything again.
    Unreadable,
}

/// What one act made of one conversation among several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetChange {
    /// Which one.
    pub id: ConversationId,
    /// What it was before.
    pub before: Facts,
    /// What it is now.
    pub after: Facts,
    /// Counts the changes of its state.
    pub version: i64,
}

/// A change as the log keeps it: ids and facts, nothing that people outside wrote or are called. The log is read by whoever was away, and what they get is read
/// afresh by these ids. Its variants are stored: never rename one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Logged {
    /// See [`EventBody::Conversation`].
    Conversation {
        /// Which one.
        id: ConversationId,
        /// What it was before; none when it was new.
        before: Option<Facts>,
        /// What the change made it.
        after: Facts,
        /// New or changed entries.
        messages: Vec<MessageId>,
    },
    /// See [`EventBody::Set`].
    Set(Vec<SetChange>),
    /// A contact changed.
    Contact {
        /// Which one.
        id: ContactId,
        /// Its conversations.
        seen_by: Vec<Placement>,
    },
    /// A member read a conversation.
    Read {
        /// Who.
        member: MemberId,
        /// What.
        conversation: ConversationId,
        /// How far.
        read_count: i64,
    },
    /// A member's unsent text changed.
    Draft {
        /// Whose.
        member: MemberId,
        /// Where.
        conversation: ConversationId,
        /// Which of the two texts.
        mode: DraftMode,
    },
    /// A member changed.
    Member(Box<Member>),
    /// What a member may see may have changed.
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

/// A change as one browser gets it, made from an [`EventBody`] by what its member may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveBody {
    /// A conversation that the member sees.
    Conversation {
        /// Its facts before the change, if the member saw it then.
        before: Option<Facts>,
        /// What the change made it, where that is not what `row` says: then a later event follows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Facts>,
        /// What it is now.
        row: Box<ConversationRow>,
        /// How many incoming messages each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A conversation that I saw before, or after, and that I cannot be shown now: only the counters change.
    Counted {
        /// What it was before, if I saw it then.
        before: Option<Facts>,
        /// What the change made it, if I saw it then.
        after: Option<Facts>,
    },
    /// Several conversations that one act changed.
    Set(Vec<LiveSetChange>),
    /// A conversation that I no longer see.
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

/// One conversation of a set, as one browser gets it. Its card is not sent: of a set of thousands a browser shows a few, and asks for those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSetChange {
    /// Which one.
    pub id: ConversationId,
    /// What it was before, if I saw it then.
    pub before: Option<Facts>,
    /// What it is now, if I see it.
    pub after: Option<Facts>,
    /// Counts the changes of its state.
    pub version: i64,
}

/// A numbered change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveEvent {
    /// Its number in the workspace. Numbers are unique and have no gaps.
    pub seq: i64,
    /// What changed.
    pub body: LiveBody,
}

impl EventBody {
    /// What of it this member may see; nothing for most. The same rule as the store's queries (Promise 5): what a conversation was made by
    /// the change and what it is now must both be theirs to see.
    pub fn seen(&self, access: &Access) -> Option<LiveBody> {
        let seen = |facts: &Facts| access.sees(&facts.placement());
        Some(match self {
            Self::Conversation { before, after, row, reads, messages } => {
                let now = row.facts();
                let before = before.filter(seen);
                match (seen(after), seen(&now)) {
                    (true, true) => LiveBody::Conversation {
                        before,
                        after: (*after != now).then_some(*after),
                        row: row.clone(),
                        reads: reads.clone(),
                        messages: messages.clone(),
                    },
                    (true, false) => LiveBody::Counted { before, after: Some(*after) },
                    (false, _) => LiveBody::Gone { id: row.id, before: before? },
                }
            }
            Self::Counted { before, after } => {
                let (before, after) = (before.filter(seen), Some(*after).filter(seen));
                before.or(after)?;
                LiveBody::Counted { before, after }
            }
            Self::Set(changes) => {
                let of = |change: &SetChange| LiveSetChange {
                    id: change.id,
                    before: Some(change.before).filter(seen),
                    after: Some(change.after).filter(seen),
                    version: change.version,
                };
                let theirs: Vec<_> =
                    changes.iter().map(of).filter(|change| change.before.or(change.after).is_some()).collect();
                (!theirs.is_empty()).then_some(LiveBody::Set(theirs))?
            }
            Self::Contact { contact, seen_by, now_seen_by } => {
                let sees_one = |of: &[Placement]| of.iter().any(|placement| access.sees(placement));
                (sees_one(seen_by) && sees_one(now_seen_by)).then(|| LiveBody::Contact(contact.clone()))?
            }
            Self::Read { member, conversation, read_count } => (*member == access.member)
                .then_some(LiveBody::Read { conversation: *conversation, read_count: *read_count })?,
            Self::Draft { member, conversation, draft } => (*member == access.member)
                .then(|| LiveBody::Draft { conversation: *conversation, draft: draft.clone() })?,
            Self::Member(member) => LiveBody::Member(member.clone()),
            Self::Access { .. } | Self::Nothing | Self::Unreadable => return None,
            Self::Team(team) => LiveBody::Team(team.clone()),
            Self::Channel(channel) => LiveBody::Channel(channel.clone()),
            Self::Workspace(workspace) => LiveBody::Workspace(workspace.clone()),
        })
    }

    /// What the log keeps of it; none for what is made when the log is read.
    pub fn logged(&self) -> Option<Logged> {
        Some(match self {
            Self::Conversation { before, after, row, messages, .. } => Logged::Conversation {
                id: row.id,
                before: *before,
                after: *after,
                messages: messages.iter().map(|message| message.id).collect(),
            },
            Self::Set(changes) => Logged::Set(changes.clone()),
            Self::Contact { contact, seen_by, .. } => Logged::Contact { id: contact.id, seen_by: seen_by.clone() },
            Self::Read { member, conversation, read_count } => {
                Logged::Read { member: *member, conversation: *conversation, read_count: *read_count }
            }
            Self::Draft { member, conversation, draft } => {
                Logged::Draft { member: *member, conversation: *conversation, mode: draft.mode }
            }
            Self::Member(member) => Logged::Member(member.clone()),
            Self::Access { member } => Logged::Access { member: *member },
            Self::Team(team) => Logged::Team(team.clone()),
            Self::Channel(channel) => Logged::Channel(channel.clone()),
            Self::Workspace(workspace) => Logged::Workspace(workspace.clone()),
            Self::Counted { .. } | Self::Nothing | Self::Unreadable => return None,
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
