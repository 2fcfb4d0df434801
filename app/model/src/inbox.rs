//! What the list and the thread show.

use serde::{Deserialize, Serialize};

use super::{
    AiMode, Category, ChannelId, ChannelKind, CloseReason, Contact, ContactId, ConversationId, ConversationState,
    Count, MailHead, MemberId, Message, MessageId, Sender, Slot, Status, Tab, TeamId, Timestamp, text_enum::text_enum,
};

text_enum! {
    /// A tab or category of the list (L1); the word is the one in the URL.
    pub enum View {
        /// Assigned to me.
        Mine = "mine",
        /// Assigned to nobody.
        Unassigned = "unassigned",
        /// The four categories together.
        All = "all",
        /// Done.
        Closed = "closed",
        /// Nobody has it.
        New = "new",
        /// Came in while chat was off.
        Missed = "missed",
        /// Somebody else, or AI, has it.
        Others = "others",
        /// A reply did not reach them, and nobody has dealt with it.
        Unsent = "unsent",
    }
}

impl View {
    /// As it is written on screen.
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
        }
    }

    /// Whether a conversation with these facts is in it, for this member.
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
    /// Who has it.
    pub assignee: Option<MemberId>,
    /// Which team.
    pub team: Option<TeamId>,
    /// Where it came in.
    pub channel: ChannelId,
    /// What that speaks.
    pub kind: ChannelKind,
    /// Where it stands.
    pub status: Status,
    /// What AI may do in it.
    pub ai_mode: AiMode,
    /// Which list it is in.
    pub tab: Tab,
    /// The part of its category that does not depend on who looks.
    pub slot: Slot,
    /// A reply did not reach them, and nobody has dealt with it.
    pub unsent: bool,
    /// When something was last said.
    pub last_at: Timestamp,
    /// The lead waits for us since.
    pub waiting_since: Option<Timestamp>,
    /// How many messages came in.
    pub inbound_count: i64,
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

/// The live numbers above the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Assigned to me: also the category Yours.
    pub mine: i64,
    /// Assigned to nobody.
    pub unassigned: i64,
    /// The four categories together.
    pub all: i64,
    /// Done.
    pub closed: i64,
    /// Nobody has it.
    pub new: i64,
    /// Came in while chat was off.
    pub missed: i64,
    /// Somebody else, or AI, has it.
    pub others: i64,
    /// A reply did not reach them.
    pub unsent: i64,
}

impl Counts {
    /// The number of a view.
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
        }
    }

    /// Counts `by` conversations with these facts in (or out, when negative).
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
        ] {
            if view.holds(facts, me) {
                *number += by;
            }
        }
    }
}

/// Who said the last thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviewBy {
    /// The person outside.
    Them,
    /// One of us.
    Us(Sender),
    /// A note.
    Note(MemberId),
}

/// The last thing said, as the card shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Who said it.
    pub by: PreviewBy,
    /// One line, at most 160 characters.
    pub text: String,
}

/// What a member does to a conversation's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Gives it to somebody, or to nobody.
    Assign(Option<MemberId>),
    /// Done.
    Close(CloseReason),
    /// Not done after all.
    Reopen,
    /// Their turn.
    Pending,
}

/// What whoever acts saw of a conversation's state. The second of two who change the same thing is told (Promise 4); what came in meanwhile
/// refuses nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where it stood.
    pub status: Status,
    /// Who had it.
    pub assignee: Option<MemberId>,
    /// How many messages had come in.
    pub inbound: i64,
}

impl Seen {
    /// Whether what an act changes is still as it was seen.
    pub fn allows(&self, act: Act, state: &ConversationState) -> bool {
        match act {
            Act::Assign(_) => self.assignee == state.assignee,
            // Their message opens a conversation again, and is no decision of a colleague's.
            Act::Close(_) | Act::Pending => self.status == state.status || state.status == Status::Open,
            Act::Reopen => self.status == state.status,
        }
    }
}

/// A card of the list (L2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    /// Which one.
    pub id: ConversationId,
    /// Where it came in.
    pub channel: ChannelId,
    /// What that speaks.
    pub kind: ChannelKind,
    /// Which team.
    pub team: Option<TeamId>,
    /// Who it is with, once known.
    pub contact: Option<ContactId>,
    /// The contact's name or e-mail address; empty while neither is known.
    pub name: String,
    /// What stands in for a name until then: the name that its own first message gave.
    pub label: String,
    /// The name that their address first came with, where the label is another. A contact that is still called so was named by nobody
    /// here, and the label is shown: several people write from one address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_label: String,
    /// The last thing said.
    pub preview: Preview,
    /// When it was said.
    pub last_at: Timestamp,
    /// When they last wrote.
    pub last_inbound_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long the first reply took, in milliseconds.
    pub first_response_ms: Option<i64>,
    /// How many messages came in.
    pub inbound_count: i64,
    /// How many of them I have read.
    pub read_count: i64,
    /// The fields of the state table.
    pub state: ConversationState,
    /// Counts the changes of the state; a claim carries the one it saw.
    pub version: i64,
}

impl ConversationRow {
    /// The name to show.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() || self.name == self.first_label { &self.label } else { &self.name }
    }

    /// How many messages I have not read.
    pub const fn unread(&self) -> i64 {
        let left = self.inbound_count - self.read_count;
        if left > 0 { left } else { 0 }
    }

    /// What lists, counts and rights need to know.
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
            inbound_count: self.inbound_count,
        }
    }

    /// What whoever looks at it sees of its state.
    pub const fn seen(&self) -> Seen {
        Seen { status: self.state.status, assignee: self.state.assignee, inbound: self.inbound_count }
    }

    /// Newest first; ids break ties, so that the order is total.
    pub const fn cursor(&self) -> Cursor {
        Cursor { at: self.last_at, id: self.id }
    }
}

/// Where a page of the list ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cursor {
    /// The last row's time.
    pub at: Timestamp,
    /// The last row's id.
    pub id: ConversationId,
}

/// One page of the list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxPage {
    /// The rows.
    pub rows: Vec<ConversationRow>,
    /// Whether older ones follow.
    pub more: bool,
    /// How many fit the filter, where it asks for more than its view: that number is in `counts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fitting: Option<Count>,
    /// How far the list was searched, where so many do not fit that the search was ended: further ones come with the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<Cursor>,
    /// The numbers above the list, read in the same snapshot.
    pub counts: Counts,
    /// The number of the last event this includes.
    pub seq: i64,
    /// The server's clock when it was read.
    pub now: Timestamp,
}

text_enum! {
    /// What the composer writes.
    pub enum DraftMode {
        /// To the outside.
        Reply = "reply",
        /// To the team.
        Note = "note",
    }
}

/// Text not sent yet, kept per member, conversation and mode across reload and device (T4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What it is for.
    pub mode: DraftMode,
    /// The text.
    pub text: String,
    /// The id of the message that it becomes: wherever it is sent from, and however often, it is one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
}

/// An open conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its card.
    pub row: ConversationRow,
    /// Who it is with, once known.
    pub contact: Option<Contact>,
    /// Their address on this channel, as it is shown.
    pub address: String,
    /// The newest entries, oldest first.
    pub messages: Vec<Message>,
    /// Whether older ones exist.
    pub more: bool,
    /// The head of the mail that the next one answers, where it is older than these entries.
    pub answered: Option<Box<MailHead>>,
    /// My unsent texts here.
    pub drafts: Vec<Draft>,
    /// The number of the last event this includes.
    pub seq: i64,
    /// The server's clock when it was read.
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

    /// L1: the four categories part what is active, and each view counts just what it holds.
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
                }
            }
        }
    }
}
