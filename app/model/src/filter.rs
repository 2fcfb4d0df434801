//! What a list is asked for: one question with two answers. [`Filter::holds`] answers it for a row in hand; the store compiles the same
//! question to SQL (`server/store/src/list.rs`). A property test compares the two on both engines.

use serde::{Deserialize, Serialize};

use super::{
    AiMode, ApiError, ChannelId, ChannelKind, ConversationRow, Facts, MemberId, Status, TeamId, Timestamp, View,
    text_enum::text_enum,
};

/// How many values one condition may have. More would make statements and addresses of any length.
pub const MOST_VALUES: usize = 50;

text_enum! {
    /// Who answers a conversation.
    pub enum Handling {
        /// An AI agent.
        Ai = "ai",
        /// People.
        Manual = "manual",
    }
}

/// Whose a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// Whoever looks: a shared filter means each of them.
    Me,
    /// Nobody.
    Nobody,
    /// This member.
    Member(MemberId),
}

/// A stretch of time: `from` belongs to it, `until` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first millisecond.
    pub from: Timestamp,
    /// The first millisecond after it.
    pub until: Timestamp,
}

impl Span {
    /// Whether a time lies in it.
    pub const fn contains(&self, at: Timestamp) -> bool {
        self.from.0 <= at.0 && at.0 < self.until.0
    }
}

/// Which conversations a list shows: those of a view that fit every condition. An empty list and none are no condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// The tab or category.
    pub view: View,
    /// Who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// When something was last said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Span>,
    /// Where it came in: one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
    /// What the channel speaks: one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<ChannelKind>,
    /// Where it stands: one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// Which team's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// Only what I have not read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// Only those who wait for our reply.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
}

impl From<View> for Filter {
    fn from(view: View) -> Self {
        Self {
            view,
            handling: None,
            last: None,
            channels: Vec::new(),
            kinds: Vec::new(),
            statuses: Vec::new(),
            assignee: None,
            team: None,
            unread: false,
            waiting: false,
        }
    }
}

impl Filter {
    /// Whether it asks for more than its view.
    pub fn narrows(&self) -> bool {
        *self != Self::from(self.view)
    }

    /// The same question in its one form: values in order, none of them twice.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when a condition has more than [`MOST_VALUES`] values.
    pub fn checked(mut self) -> Result<Self, ApiError> {
        self.channels.sort_unstable();
        self.channels.dedup();
        self.kinds.sort_unstable();
        self.kinds.dedup();
        self.statuses.sort_unstable();
        self.statuses.dedup();
        if [self.channels.len(), self.kinds.len(), self.statuses.len()].iter().any(|values| *values > MOST_VALUES) {
            return Err(ApiError::invalid("filter", format!("A filter takes {MOST_VALUES} values of a kind at most.")));
        }
        Ok(self)
    }

    /// Whether a conversation with these facts belongs to the list of member `me`, who has read `read` of its messages.
    pub fn holds(&self, facts: &Facts, read: i64, me: MemberId) -> bool {
        let among = |values: usize, found: bool| values == 0 || found;
        self.view.holds(facts, me)
            && self.handling.is_none_or(|by| (by == Handling::Ai) == (facts.ai_mode == AiMode::Active))
            && self.last.is_none_or(|span| span.contains(facts.last_at))
            && among(self.channels.len(), self.channels.contains(&facts.channel))
            && among(self.kinds.len(), self.kinds.contains(&facts.kind))
            && among(self.statuses.len(), self.statuses.contains(&facts.status))
            && self.assignee.is_none_or(|whose| match whose {
                Assignee::Me => facts.assignee == Some(me),
                Assignee::Nobody => facts.assignee.is_none(),
                Assignee::Member(member) => facts.assignee == Some(member),
            })
            && self.team.is_none_or(|team| facts.team == Some(team))
            && (!self.unread || facts.inbound_count > read)
            && (!self.waiting || facts.waiting_since.is_some())
    }

    /// Whether a card belongs to the list of member `me`; its `read_count` is theirs.
    pub fn shows(&self, row: &ConversationRow, me: MemberId) -> bool {
        self.holds(&row.facts(), row.read_count, me)
    }
}

/// How many conversations fit a filter. Counting stops somewhere, so a large number is a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// That many.
    Exact(i64),
    /// That many or more.
    AtLeast(i64),
}
