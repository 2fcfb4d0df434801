//! What members do to conversations, and what it comes to: the same code decides on the server and shows it ahead in the browser.

use serde::{Deserialize, Serialize};

use super::{CloseReason, ConversationRow, MemberId, Status, TagId, TeamId, Timestamp, Trigger};

/// A change of a conversation's state by a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Assigns it to a member, or to nobody.
    Assign(Option<MemberId>),
    /// Gives it to a team, or takes it from its team. It may have a member beside.
    Team(Option<TeamId>),
    /// Closes it.
    Close(CloseReason),
    /// Opens it again.
    Reopen,
    /// Sets it to pending.
    Pending,
    /// Hides it until a time or until they write.
    Snooze(Timestamp),
    /// Adds a tag.
    AddTag(TagId),
    /// Removes a tag.
    RemoveTag(TagId),
    /// Marks it as read, for whoever acts alone.
    Read,
    /// Marks their last message as not read, for whoever acts alone.
    Unread,
}

impl Act {
    /// Whether it concerns nobody but the member who acts: nobody else sees that it was done.
    pub const fn is_private(self) -> bool {
        matches!(self, Self::Read | Self::Unread)
    }

    /// Whether there is nothing left to do. The row's `read_count` must be that of the member who acts.
    pub fn is_done(self, row: &ConversationRow) -> bool {
        let state = &row.state;
        match self {
            Self::Assign(to) => state.assignee == to,
            Self::Team(to) => row.team == to,
            Self::Close(_) => state.status == Status::Closed,
            Self::Reopen => state.status == Status::Open && state.snoozed_until.is_none(),
            Self::Pending => state.status == Status::Pending,
            // What is closed does not come back by itself.
            Self::Snooze(until) => state.snoozed_until == Some(until) || state.status == Status::Closed,
            Self::AddTag(tag) => row.tags.contains(tag),
            Self::RemoveTag(tag) => !row.tags.contains(tag),
            Self::Read => row.unread() == 0,
            Self::Unread => row.unread() > 0 || row.inbound_count == 0,
        }
    }

    /// Whether it would put away a message that whoever acts has not seen and nobody has answered. `inbound` is how many had come in when they
    /// looked.
    pub fn is_unseen(self, inbound: i64, row: &ConversationRow) -> bool {
        let puts_away = matches!(self, Self::Close(_) | Self::Pending | Self::Snooze(_));
        puts_away
            && row.inbound_count > inbound
            && row.state.status == Status::Open
            && row.state.waiting_since.is_some()
    }

    /// What it does to the fields of the state table. None if it changes none of them.
    pub const fn trigger(self) -> Option<Trigger> {
        Some(match self {
            Self::Assign(to) => Trigger::Assign(to),
            Self::Close(_) => Trigger::Close,
            Self::Reopen => Trigger::Reopen,
            Self::Pending => Trigger::SetPending,
            Self::Snooze(until) => Trigger::Snooze { until },
            Self::Team(_) | Self::AddTag(_) | Self::RemoveTag(_) | Self::Read | Self::Unread => return None,
        })
    }

    /// How many incoming messages whoever acts will have read, if it changes that.
    pub const fn read_count(self, row: &ConversationRow) -> Option<i64> {
        match self {
            Self::Read => Some(row.inbound_count),
            Self::Unread => Some(row.inbound_count - 1),
            _ => None,
        }
    }

    /// The row as it will be once the server has done it, for whoever saw `inbound` incoming messages. What the server decides alone, such as
    /// whether a tag can be added, is taken for granted.
    #[must_use]
    pub fn ahead(self, inbound: i64, row: &ConversationRow) -> ConversationRow {
        let mut ahead = row.clone();
        if self.is_done(row) || self.is_unseen(inbound, row) {
            return ahead;
        }
        match (self, self.trigger()) {
            (_, Some(trigger)) => ahead.state = row.state.after(trigger).0,
            (Self::Team(to), _) => ahead.team = to,
            (Self::AddTag(tag), _) => ahead.tags = row.tags.with(tag).unwrap_or(row.tags),
            (Self::RemoveTag(tag), _) => ahead.tags = row.tags.without(tag),
            _ => ahead.read_count = self.read_count(row).unwrap_or(row.read_count),
        }
        ahead
    }
}

/// What whoever acts saw of a conversation's state. The second of two who change the same thing is told (Promise 4); what came in meanwhile
/// refuses nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where it stood.
    pub status: Status,
    /// Who had it.
    pub assignee: Option<MemberId>,
    /// Which team had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// How many messages had come in.
    pub inbound: i64,
}

impl Seen {
    /// Whether what an act changes is still as it was seen.
    pub fn allows(&self, act: Act, now: &ConversationRow) -> bool {
        let same = self.status == now.state.status;
        match act {
            Act::Assign(_) => self.assignee == now.state.assignee,
            Act::Team(_) => self.team == now.team,
            // Their message opens a conversation again, and is no decision of a colleague's.
            Act::Close(_) | Act::Pending => {
                same || (now.state.status == Status::Open && now.inbound_count > self.inbound)
            }
            Act::Reopen | Act::Snooze(_) => same,
            // Whoever does these changes nothing that somebody else decided.
            Act::AddTag(_) | Act::RemoveTag(_) | Act::Read | Act::Unread => true,
        }
    }
}
