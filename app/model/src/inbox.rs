//! The data of the list.

use serde::{Deserialize, Serialize};

use super::{
    AiMode, Category, ChannelId, ChannelKind, ContactId, ConversationId, ConversationState, Count, Cursor, MemberId,
    Seen, Sender, Slot, Sort, Status, Tab, Tags, TeamId, Timestamp, text_enum::text_enum,
};

text_enum! {
    /// A tab or category of the list (L1). The word is the one in the URL.
    pub enum View {
        /// Assigned to me.
        Mine = "mine",
        /// Assigned to nobody.
        Unassigned = "unassigned",
        /// All four categories together.
        All = "all",
        /// Closed.
        Closed = "closed",
        /// Assigned to nobody, and not missed.
        New = "new",
        /// The person wrote while chat was off.
        Missed = "missed",
        /// Assigned to somebody else, or handled by an AI agent.
        Others = "others",
        /// A reply did not arrive, and nobody has dealt with it.
        Unsent = "unsent",
        /// Hidden until a time or until they write.
        Snoozed = "snoozed",
    }
}

impl View {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Mine => "Mine",
            Self::Unassigned => "Unassigned",
            Self::All => "All",
            Self::Closed => "Closed",
            Self::New => "New",
            Self::Missed => "Missed",
            Self::Others => "Others",
            Self::Unsent => "Not sent",
            Self::Snoozed => "Snoozed",
        }
    }

    /// Whether a conversation with these facts is in this view, for this member.
    pub fn holds(self, facts: &Facts, me: MemberId) -> bool {
        let active = facts.tab == Tab::Active;
        match self {
            Self::Closed => facts.tab == Tab::Closed,
            Self::All => active,
            Self::Mine => active && facts.assignee == Some(me),
            Self::Unassigned => active && facts.assignee.is_none(),
            Self::New => active && facts.slot == Slot::New,
            Self::Missed => active && facts.slot == Slot::Missed,
            Self::Others => active && facts.slot == Slot::Taken && facts.assignee != Some(me),
            Self::Unsent => active && facts.unsent,
            Self::Snoozed => facts.tab == Tab::Snoozed,
        }
    }
}

/// What decides who sees a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// Who has it.
    pub assignee: Option<MemberId>,
    /// Which team.
    pub team: Option<TeamId>,
    /// Where it came in.
    pub channel: ChannelId,
}

/// What lists, counts and rights need to know of a conversation: every field that a [`Filter`](super::Filter) asks for is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The member it is assigned to.
    pub assignee: Option<MemberId>,
    /// Its team.
    pub team: Option<TeamId>,
    /// The channel it came in on.
    pub channel: ChannelId,
    /// What that speaks.
    pub kind: ChannelKind,
    /// Where it stands.
    pub status: Status,
    /// What AI may do in it.
    pub ai_mode: AiMode,
    /// Which list it is in.
    pub tab: Tab,
    /// The part of its category that is the same for every member.
    pub slot: Slot,
    /// A reply did not reach them, and nobody has dealt with it.
    pub unsent: bool,
    /// When something was last said.
    pub last_at: Timestamp,
    /// The lead waits for us since.
    pub waiting_since: Option<Timestamp>,
    /// When its response goal ends. None while it has no goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// How many messages came in.
    pub inbound_count: i64,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

impl Facts {
    /// What decides who sees it.
    pub const fn placement(&self) -> Placement {
        Placement { assignee: self.assignee, team: self.team, channel: self.channel }
    }

    /// Whether the counters above the list keep both under the same key.
    pub fn is_counted_as(&self, other: &Self) -> bool {
        self.placement() == other.placement()
            && (self.tab, self.slot, self.unsent) == (other.tab, other.slot, other.unsent)
    }

    /// The category, while it is active.
    pub fn category(&self, me: MemberId) -> Option<Category> {
        (self.tab == Tab::Active).then_some(match (self.assignee, self.slot) {
            (Some(who), _) if who == me => Category::Yours,
            (_, Slot::Taken) => Category::Others,
            (_, Slot::Missed) => Category::Missed,
            (_, Slot::New) => Category::New,
        })
    }
}

/// The counters above the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Assigned to me. Also the category Yours.
    pub mine: i64,
    /// Assigned to nobody.
    pub unassigned: i64,
    /// All four categories together.
    pub all: i64,
    /// Closed.
    pub closed: i64,
    /// Assigned to nobody, and not missed.
    pub new: i64,
    /// The person wrote while chat was off.
    pub missed: i64,
    /// Assigned to somebody else, or handled by an AI agent.
    pub others: i64,
    /// A reply did not arrive.
    pub unsent: i64,
    /// Hidden until a time.
    #[serde(default)]
    pub snoozed: i64,
}

impl Counts {
    /// The counter of a view.
    pub const fn of(&self, view: View) -> i64 {
        match view {
            View::Mine => self.mine,
            View::Unassigned => self.unassigned,
            View::All => self.all,
            View::Closed => self.closed,
            View::New => self.new,
            View::Missed => self.missed,
            View::Others => self.others,
            View::Unsent => self.unsent,
            View::Snoozed => self.snoozed,
        }
    }

    /// Adds `by` conversations with these facts. A negative number removes them.
    pub fn add(&mut self, facts: &Facts, me: MemberId, by: i64) {
        for (view, number) in [
            (View::Mine, &mut self.mine),
            (View::Unassigned, &mut self.unassigned),
            (View::All, &mut self.all),
            (View::Closed, &mut self.closed),
            (View::New, &mut self.new),
            (View::Missed, &mut self.missed),
            (View::Others, &mut self.others),
            (View::Unsent, &mut self.unsent),
            (View::Snoozed, &mut self.snoozed),
        ] {
            if view.holds(facts, me) {
                *number += by;
            }
        }
    }
}

/// Who wrote the last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewBy {
    /// The person outside.
    Them,
    /// One of us, or an AI agent.
    Us(Sender),
    /// A member, in a note.
    Note(MemberId),
}

/// The last message, as the card shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Who wrote it.
    pub by: PreviewBy,
    /// One line, at most 160 characters.
    pub text: String,
}

/// A card of the list (L2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    /// Its id.
    pub id: ConversationId,
    /// The channel it came in on.
    pub channel: ChannelId,
    /// The kind of that channel.
    pub kind: ChannelKind,
    /// Its team.
    pub team: Option<TeamId>,
    /// The contact, once known.
    pub contact: Option<ContactId>,
    /// The contact's name or e-mail address; empty while neither is known.
    pub name: String,
    /// The label until the name is known: the name in its own first message.
    pub label: String,
    /// The address's first name, if the label is another one. If the contact still has this name, nobody here has chosen it, and the label
    /// is shown: several people write from one address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_label: String,
    /// The last message.
    pub preview: Preview,
    /// When it was written.
    pub last_at: Timestamp,
    /// When the person outside last wrote.
    pub last_inbound_at: Option<Timestamp>,
    /// When the conversation began.
    pub started_at: Timestamp,
    /// The time until the first reply, in milliseconds.
    pub first_response_ms: Option<i64>,
    /// How many messages came in.
    pub inbound_count: i64,
    /// How many of them the member has read.
    pub read_count: i64,
    /// When its response goal ends. None while it has no goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The fields of the state table.
    pub state: ConversationState,
    /// Incremented by each change of the state. A change names the version that it was based on.
    pub version: i64,
}

impl ConversationRow {
    /// The name to show.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() || self.name == self.first_label { &self.label } else { &self.name }
    }

    /// How many messages the member has not read.
    pub const fn unread(&self) -> i64 {
        let left = self.inbound_count - self.read_count;
        if left > 0 { left } else { 0 }
    }

    /// The facts that lists, counters and rights depend on.
    pub fn facts(&self) -> Facts {
        Facts {
            assignee: self.state.assignee,
            team: self.team,
            channel: self.channel,
            kind: self.kind,
            status: self.state.status,
            ai_mode: self.state.ai_mode,
            tab: self.state.tab(),
            slot: self.state.slot(),
            unsent: self.state.is_unsent(),
            last_at: self.last_at,
            waiting_since: self.state.waiting_since,
            due_at: self.due_at,
            inbound_count: self.inbound_count,
            tags: self.tags,
        }
    }

    /// What whoever looks at it sees of its state.
    pub const fn seen(&self) -> Seen {
        let ConversationState { status, assignee, .. } = self.state;
        Seen { status, assignee, team: self.team, inbound: self.inbound_count }
    }

    /// Where it stands in a sorted list. Its `read_count` must be that of the member who looks.
    pub fn cursor(&self, sort: Sort) -> Cursor {
        sort.cursor(self.id, &self.facts(), self.read_count)
    }
}

/// One page of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxPage {
    /// The rows.
    pub rows: Vec<ConversationRow>,
    /// Whether there are older rows.
    pub more: bool,
    /// How many fit the filter, where it asks for more than its view: that number is in `counts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitting: Option<Count>,
    /// How far the list was searched, where so many do not fit that the search was ended: further ones come with the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<Cursor>,
    /// The numbers above the list, read in the same snapshot.
    pub counts: Counts,
    /// The number of the last event that is included.
    pub seq: i64,
    /// The server's time of the snapshot.
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn l2_a_conversation_bears_its_own_name_until_somebody_names_the_contact() {
        let row = |name: &str, label: &str, first_label: &str| ConversationRow {
            id: ConversationId::new(Uuid::nil()),
            channel: ChannelId::new(Uuid::nil()),
            kind: ChannelKind::Email,
            team: None,
            contact: None,
            name: name.to_owned(),
            label: label.to_owned(),
            first_label: first_label.to_owned(),
            due_at: None,
            tags: Tags::default(),
            preview: Preview { by: PreviewBy::Them, text: String::new() },
            last_at: Timestamp(1),
            last_inbound_at: None,
            started_at: Timestamp(1),
            first_response_ms: None,
            inbound_count: 0,
            read_count: 0,
            state: ConversationState::default(),
            version: 1,
        };
        assert_eq!(row("", "anna@x.example", "").display_name(), "anna@x.example");
        assert_eq!(row("Anna", "Anna", "").display_name(), "Anna");
        assert_eq!(row("Anna", "Ben", "Anna").display_name(), "Ben", "another one at the same address");
        assert_eq!(row("The Bergers", "Ben", "Anna").display_name(), "The Bergers", "as one of us called them");
    }

    /// L1: every active conversation is in exactly one of the four categories, and each counter equals the size of its view.
    #[test]
    fn l1_categories_part_the_active_ones() {
        let me = MemberId::new(Uuid::from_u128(1));
        let other = MemberId::new(Uuid::from_u128(2));
        for assignee in [None, Some(me), Some(other)] {
            for &tab in Tab::ALL {
                for &slot in Slot::ALL {
                    if assignee.is_some() && slot != Slot::Taken {
                        continue;
                    }
                    let facts = Facts {
                        assignee,
                        team: None,
                        channel: ChannelId::new(Uuid::nil()),
                        kind: ChannelKind::WebChat,
                        status: Status::Open,
                        ai_mode: AiMode::Paused,
                        tab,
                        slot,
                        unsent: true,
                        due_at: None,
                        tags: Tags::default(),
                        last_at: Timestamp(0),
                        waiting_since: None,
                        inbound_count: 0,
                    };
                    let mut counts = Counts::default();
                    counts.add(&facts, me, 1);
                    assert_eq!(counts.all, counts.new + counts.missed + counts.mine + counts.others, "{facts:?}");
                    let category = facts.category(me);
                    assert_eq!(category.is_some(), tab == Tab::Active);
                    assert_eq!(category == Some(Category::Yours), View::Mine.holds(&facts, me));
                    assert_eq!(category == Some(Category::Others), View::Others.holds(&facts, me));
                    assert_eq!(category == Some(Category::Missed), View::Missed.holds(&facts, me));
                    assert_eq!(category == Some(Category::New), View::New.holds(&facts, me));
                    assert_eq!(counts.unsent, i64::from(tab == Tab::Active), "what was not sent counts wherever it is");
                    assert_eq!(counts.snoozed, i64::from(tab == Tab::Snoozed));
                }
            }
        }
    }
}
