//! A change in its three forms: in memory with everything that a browser may need ([`EventBody`]), in the log as ids and facts ([`Logged`]),
//! and as one browser gets it ([`LiveBody`]).

use serde::{Deserialize, Serialize};

use super::{
    Access, Channel, Contact, ContactId, ConversationId, ConversationRow, Draft, DraftMode, Facts, Member, MemberId,
    Message, MessageId, Placement, Reason, SavedView, SavedViewId, Tag, Team, Workspace,
};

/// The most conversations that one event may change. A larger set needs several events.
pub const MOST_IN_A_SET: usize = 200;

/// A change with everything that decides who may see it, and all that a browser needs to update. It exists only in memory, from the commit
/// until the last stream has sent it. The log stores a [`Logged`], from which the store makes an `EventBody` again for browsers that were away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// A conversation was added or changed, or got messages.
    Conversation {
        /// Its facts before the change. None if it is new.
        before: Option<Facts>,
        /// Its facts after the change.
        after: Facts,
        /// The present row. In an event from the log it may already contain later changes, which have events of their own. Its `read_count`
        /// is always 0.
        row: Box<ConversationRow>,
        /// How many incoming messages each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A conversation changed that no longer exists. The counters still need its facts.
    Counted {
        /// What it was before; none when it was new.
        before: Option<Facts>,
        /// What the change made it.
        after: Facts,
    },
    /// One act changed several conversations, up to [`MOST_IN_A_SET`].
    Set(Vec<SetChange>),
    /// A contact changed.
    Contact {
        /// The contact after the change.
        contact: Box<Contact>,
        /// The placements of its conversations at the time of the change. A member who saw one of them saw the contact.
        seen_by: Vec<Placement>,
        /// The present placements of its conversations. The present contact is only for members who see one of these too.
        now_seen_by: Vec<Placement>,
    },
    /// A member read conversations, or marked them as not read. Only that member gets this event.
    Marked {
        /// The member.
        member: MemberId,
        /// The conversations, and how many incoming messages of each count as read.
        marks: Vec<(ConversationId, i64)>,
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
    /// A member's notices changed. Only that member gets this event; their browser asks for them.
    Notices {
        /// The member.
        member: MemberId,
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
    /// A tag was added or changed.
    Tag(Tag),
    /// The reasons for closing, in order, after a change of them.
    Reasons(Vec<Reason>),
    /// A saved view was added, changed or deleted.
    View(Box<ViewChange>),
    /// A member put their views into another order. Only that member gets this event.
    ViewOrder {
        /// The member.
        member: MemberId,
        /// The views in order.
        order: Vec<SavedViewId>,
    },
    /// What changed no longer exists.
    Nothing,
    /// The log has an entry here that this build cannot parse. Readers must reload everything.
    Unreadable,
}

/// What happened to a saved view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewChange {
    /// What it was before. None if it is new.
    pub before: Option<SavedView>,
    /// What it is now. None if it was deleted.
    pub after: Option<SavedView>,
}

impl ViewChange {
    /// The part of the change that a member may see.
    fn seen(&self, access: &Access) -> Option<LiveBody> {
        let after = self.after.as_ref().filter(|view| view.is_for(access));
        let before = self.before.as_ref().filter(|view| view.is_for(access));
        match (before, after) {
            (_, Some(view)) => Some(LiveBody::View(Box::new(view.clone()))),
            (Some(view), None) => Some(LiveBody::ViewGone(view.id)),
            (None, None) => None,
        }
    }
}

/// The change of one conversation in a set.
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

/// A change as the log stores it: ids and facts, without the texts and names of people outside. For a browser that was away, the store reads
/// the present rows by these ids. The names of the variants are stored, so never rename one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "most entries of the log are changes of conversations")]
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
    /// A member read a conversation. Written by versions that knew no sets.
    Read {
        /// Who.
        member: MemberId,
        /// What.
        conversation: ConversationId,
        /// How far.
        read_count: i64,
    },
    /// A member read conversations, or marked them as not read.
    Marked {
        /// Who.
        member: MemberId,
        /// What, and how far.
        marks: Vec<(ConversationId, i64)>,
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
    /// A member's notices changed.
    Notices {
        /// Whose.
        member: MemberId,
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
    /// A tag changed.
    Tag(Tag),
    /// See [`EventBody::Reasons`].
    Reasons(Vec<Reason>),
    /// A saved view changed.
    View(Box<ViewChange>),
    /// A member's order of views changed.
    ViewOrder {
        /// Whose.
        member: MemberId,
        /// The views in order.
        order: Vec<SavedViewId>,
    },
}

/// A change as one browser gets it, made from an [`EventBody`] by what its member may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveBody {
    /// A conversation that the member sees.
    Conversation {
        /// Its facts before the change, if the member saw it then.
        before: Option<Facts>,
        /// Its facts after the change, if `row` is already newer. Then a later event follows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Facts>,
        /// What it is now.
        row: Box<ConversationRow>,
        /// How many incoming messages each member has read.
        reads: Vec<(MemberId, i64)>,
        /// New or changed entries.
        messages: Vec<Message>,
    },
    /// A conversation that the member saw before or after the change, and does not see now. Only the counters change.
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
    /// The member read conversations or marked them as not read, perhaps in another browser: each with how many incoming messages count as read.
    Marked(Vec<(ConversationId, i64)>),
    /// The member's draft changed, perhaps in another browser.
    Draft {
        /// The conversation.
        conversation: ConversationId,
        /// The draft after the change.
        draft: Draft,
    },
    /// The member's notices changed.
    Notices,
    /// A member changed.
    Member(Box<Member>),
    /// A team changed.
    Team(Team),
    /// A channel changed.
    Channel(Box<Channel>),
    /// The workspace changed.
    Workspace(Workspace),
    /// A tag was added or changed.
    Tag(Tag),
    /// The reasons for closing, in order, after a change of them.
    Reasons(Vec<Reason>),
    /// A saved view of the member was added or changed.
    View(Box<SavedView>),
    /// The member no longer has a saved view.
    ViewGone(SavedViewId),
    /// The member's order of views changed.
    ViewOrder(Vec<SavedViewId>),
}

/// One conversation of a set, as one browser gets it. Its row is not included: a browser shows only a few of thousands, and requests those.
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
    /// The part of the event that a member may see. It is the same rule as in the store's queries (Promise 5). The member must see both the
    /// conversation after the change and the present one.
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
            Self::Marked { member, marks } => (*member == access.member).then(|| LiveBody::Marked(marks.clone()))?,
            Self::Draft { member, conversation, draft } => (*member == access.member)
                .then(|| LiveBody::Draft { conversation: *conversation, draft: draft.clone() })?,
            Self::Notices { member } => (*member == access.member).then_some(LiveBody::Notices)?,
            Self::Member(member) => LiveBody::Member(member.clone()),
            Self::Access { .. } | Self::Nothing | Self::Unreadable => return None,
            Self::Team(team) => LiveBody::Team(team.clone()),
            Self::Channel(channel) => LiveBody::Channel(channel.clone()),
            Self::Workspace(workspace) => LiveBody::Workspace(workspace.clone()),
            Self::Tag(tag) => LiveBody::Tag(tag.clone()),
            Self::Reasons(reasons) => LiveBody::Reasons(reasons.clone()),
            Self::View(change) => change.seen(access)?,
            Self::ViewOrder { member, order } => {
                (*member == access.member).then(|| LiveBody::ViewOrder(order.clone()))?
            }
        })
    }

    /// What the log stores of it. None for the variants that exist only when the log is read.
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
            Self::Marked { member, marks } => Logged::Marked { member: *member, marks: marks.clone() },
            Self::Draft { member, conversation, draft } => {
                Logged::Draft { member: *member, conversation: *conversation, mode: draft.mode }
            }
            Self::Notices { member } => Logged::Notices { member: *member },
            Self::Member(member) => Logged::Member(member.clone()),
            Self::Access { member } => Logged::Access { member: *member },
            Self::Team(team) => Logged::Team(team.clone()),
            Self::Channel(channel) => Logged::Channel(channel.clone()),
            Self::Workspace(workspace) => Logged::Workspace(workspace.clone()),
            Self::Tag(tag) => Logged::Tag(tag.clone()),
            Self::Reasons(reasons) => Logged::Reasons(reasons.clone()),
            Self::View(change) => Logged::View(change.clone()),
            Self::ViewOrder { member, order } => Logged::ViewOrder { member: *member, order: order.clone() },
            Self::Counted { .. } | Self::Nothing | Self::Unreadable => return None,
        })
    }

    /// The conversation that it concerns, for the column of the log. No statement asks for it yet.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Conversation { row, .. } => Some(row.id),
            Self::Draft { conversation, .. } => Some(*conversation),
            Self::Marked { marks, .. } if marks.len() == 1 => marks.first().map(|(id, _)| *id),
            _ => None,
        }
    }
}
