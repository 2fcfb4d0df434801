//! The order of a list (L9). A sort consists of groups, which follow each other: for example who waits, longest first, and then everybody
//! else, newest first. A page ends at a [`Cursor`], and a list is always in descending order of cursors, whatever its sort.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{ConversationId, Facts, Timestamp, text_enum::text_enum};

text_enum! {
    /// The order of a list. The word is the one in the URL.
    pub enum Sort {
        /// The newest message first.
        Last = "last",
        /// Who waits longest for our reply, then the rest.
        Waiting = "waiting",
        /// The response goal that ends next, then what has none.
        Risk = "risk",
        /// The oldest last message first.
        Oldest = "oldest",
        /// What the member has not read, then the rest.
        Unread = "unread",
    }
}

#[expect(clippy::derivable_impls, reason = "`text_enum!` takes no attributes of variants")]
impl Default for Sort {
    fn default() -> Self {
        Self::Last
    }
}

impl Sort {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Last => "Last activity",
            Self::Waiting => "Waiting longest",
            Self::Risk => "Goal most at risk",
            Self::Oldest => "Oldest",
            Self::Unread => "Unread first",
        }
    }

    /// Its groups, in order.
    pub const fn groups(self) -> &'static [Group] {
        match self {
            Self::Last => &[Group::Newest],
            Self::Oldest => &[Group::Oldest],
            Self::Waiting => &[Group::Waiting, Group::NotWaiting],
            Self::Risk => &[Group::Due, Group::NotDue],
            Self::Unread => &[Group::Unread, Group::Read],
        }
    }

    /// Where a conversation with these facts stands. `read` is how many of its messages the member has read.
    pub fn cursor(self, id: ConversationId, facts: &Facts, read: i64) -> Cursor {
        let newest = |group| (group, facts.last_at);
        let (group, at) = match self {
            Self::Last => newest(Group::Newest),
            Self::Oldest => newest(Group::Oldest),
            Self::Waiting => facts.waiting_since.map_or(newest(Group::NotWaiting), |since| (Group::Waiting, since)),
            Self::Risk => facts.due_at.map_or(newest(Group::NotDue), |due| (Group::Due, due)),
            Self::Unread if facts.inbound_count > read => newest(Group::Unread),
            Self::Unread => newest(Group::Read),
        };
        Cursor { group, at, id }
    }
}

/// A part of a sorted list that has one key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Everything, by the last message, newest first.
    #[default]
    Newest,
    /// Everything, by the last message, oldest first.
    Oldest,
    /// Who waits for our reply, longest first.
    Waiting,
    /// Who does not wait, newest first.
    NotWaiting,
    /// What has a goal, the next to end first.
    Due,
    /// What has no goal, newest first.
    NotDue,
    /// What the member has not read, newest first.
    Unread,
    /// What the member has read, newest first.
    Read,
}

impl Group {
    /// Whether small keys come first.
    pub const fn ascends(self) -> bool {
        matches!(self, Self::Oldest | Self::Waiting | Self::Due)
    }

    /// Whether it follows another group of its sort.
    const fn is_second(self) -> bool {
        matches!(self, Self::NotWaiting | Self::NotDue | Self::Read)
    }
}

/// The position of a conversation in a sorted list, where a page can end. What comes earlier in the list is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Its group.
    #[serde(default)]
    pub group: Group,
    /// The group's key: the time of the last message, or since when somebody waits, or when a goal ends.
    pub at: Timestamp,
    /// The conversation. It breaks ties, so that the order is total.
    pub id: ConversationId,
}

impl Cursor {
    fn place(&self) -> (bool, i64, u128) {
        let id = self.id.uuid().as_u128();
        match self.group.ascends() {
            // Negated without overflow.
            true => (!self.group.is_second(), !self.at.0, !id),
            false => (!self.group.is_second(), self.at.0, id),
        }
    }
}

impl Ord for Cursor {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
