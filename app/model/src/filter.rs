//! Which conversations a list shows. The rule exists twice: [`Filter::holds`] applies it to one row, and the store compiles it to SQL
//! (`server/store/src/list.rs`). A property test compares the two on both engines.

use serde::{Deserialize, Serialize};

use super::{
    AiMode, ApiError, ChannelId, ChannelKind, ConversationRow, Facts, MemberId, Status, TagFilter, TeamId, Timestamp,
    View, text_enum::text_enum,
};

/// The most values that one condition may have. Without a limit, statements and URLs could grow without bound.
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
    /// The member who uses the filter. In a shared filter this means each member's own.
    Me,
    /// Nobody.
    Nobody,
    /// This member.
    Member(MemberId),
}

/// A period of time, including `from` and excluding `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first millisecond.
    pub from: Timestamp,
    /// The first millisecond after it.
    pub until: Timestamp,
}

impl Span {
    /// Whether the period contains a time.
    pub const fn contains(&self, at: Timestamp) -> bool {
        self.from.0 <= at.0 && at.0 < self.until.0
    }
}

/// A view, narrowed by conditions that must all hold. An empty list or `None` is no condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// The tab or category.
    pub view: View,
    /// The tags.
    #[serde(default, skip_serializing_if = "TagFilter::is_empty")]
    pub tags: TagFilter,
    /// Who answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handling: Option<Handling>,
    /// The period of the last message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Span>,
    /// The conversation came in on one of these channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelId>,
    /// The channel is of one of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<ChannelKind>,
    /// The status is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// The assignee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// The team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamId>,
    /// Only conversations with messages that the member has not read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// Only conversations in which the person outside waits for our reply.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
}

impl From<View> for Filter {
    fn from(view: View) -> Self {
        Self {
            view,
            tags: TagFilter::default(),
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
    /// Whether it has any condition beyond its view.
    pub fn narrows(&self) -> bool {
        *self != Self::from(self.view)
    }

    /// The same filter in its normal form: values sorted and without duplicates.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when a condition has more than [`MOST_VALUES`] values.
    pub fn checked(mut self) -> Result<Self, ApiError> {
        let mut fits = normal(&mut self.channels) && normal(&mut self.kinds) && normal(&mut self.statuses);
        for tags in self.tags.lists_mut() {
            fits &= normal(tags);
        }
        if !fits {
            return Err(ApiError::invalid(
                "filter",
                format!("A filter can have at most {MOST_VALUES} values of each kind."),
            ));
        }
        Ok(self)
    }

    /// Whether the list of member `me` contains a conversation with these facts. `read` is how many of its messages they have read.
    pub fn holds(&self, facts: &Facts, read: i64, me: MemberId) -> bool {
        let among = |values: usize, found: bool| values == 0 || found;
        self.view.holds(facts, me)
            && self.tags.holds(&facts.tags)
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

    /// Whether the list of member `me` contains this row. Its `read_count` must be that member's.
    pub fn shows(&self, row: &ConversationRow, me: MemberId) -> bool {
        self.holds(&row.facts(), row.read_count, me)
    }
}

/// Sorts values and removes duplicates. False if more than [`MOST_VALUES`] are left. Each is inserted at its place: lists are short, and the
/// library's sorting would be several kB of the program for each type.
fn normal<T: Ord + Copy>(values: &mut Vec<T>) -> bool {
    let mut sorted: Vec<T> = Vec::with_capacity(values.len().min(MOST_VALUES + 1));
    for value in values.iter() {
        if let Err(place) = sorted.binary_search(value) {
            if sorted.len() == MOST_VALUES {
                return false;
            }
            sorted.insert(place, *value);
        }
    }
    *values = sorted;
    true
}

/// How many conversations match a filter. Counting stops at a limit, so a large number is a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// That many.
    Exact(i64),
    /// That many or more.
    AtLeast(i64),
}
