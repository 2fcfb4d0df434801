//! Which facts a change of a conversation leaves for figures. Worked out from what it was and what it is, so that no command can forget one.

use model::{ConversationRow, DeliveryState, Entry, FactKind, Line, Message, MessageId, Sender, Status, Timestamp};
use store::history::{Fact, FactActor};
use uuid::Uuid;

/// A fact without its place: a change of one conversation gives that to all of its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFact {
    kind: FactKind,
    actor: FactActor,
    message: Option<MessageId>,
    from: Option<String>,
    to: Option<String>,
    ms: Option<i64>,
}

impl NewFact {
    /// A fact that says no more than that.
    pub const fn new(kind: FactKind, actor: FactActor) -> Self {
        Self { kind, actor, message: None, from: None, to: None, ms: None }
    }

    /// It is about an entry.
    #[must_use]
    pub fn about(self, message: MessageId) -> Self {
        Self { message: Some(message), ..self }
    }

    /// What it was before and what it is now.
    #[must_use]
    pub fn between(self, from: Option<String>, to: Option<String>) -> Self {
        Self { from, to, ..self }
    }

    /// How long it took.
    #[must_use]
    pub fn took(self, ms: Option<i64>) -> Self {
        Self { ms, ..self }
    }

    /// The fact, of a conversation and a moment.
    pub fn of(self, row: &ConversationRow, id: Uuid, at: Timestamp) -> Fact {
        let Self { kind, actor, message, from, to, ms } = self;
        Fact { id, at, conversation: row.id, channel: row.channel, kind, actor, message, from, to, ms }
    }
}

/// What a change is made of, as far as facts follow from it.
#[derive(Debug, Clone, Copy)]
pub struct Diff<'a> {
    /// What it was; for a new one, as it began.
    pub before: &'a ConversationRow,
    /// What it is.
    pub now: &'a ConversationRow,
    /// It did not exist.
    pub is_new: bool,
    /// The entries that were added.
    pub added: &'a [&'a Message],
    /// The entries that changed.
    pub changed: &'a [&'a Message],
    /// Who asked for it; [`FactActor::System`] where no member did.
    pub by: FactActor,
    /// When.
    pub at: Timestamp,
}

/// How long somebody has been waiting.
pub fn waited(since: Option<Timestamp>, at: Timestamp) -> Option<i64> {
    since.map(|since| (at.0 - since.0).max(0))
}

/// All facts of a change that its row and its entries show, in order.
pub fn facts(seen: &Diff<'_>) -> Vec<NewFact> {
    let Diff { before, now, is_new, added, changed, by, at } = *seen;
    let came_in = added.iter().any(|message| message.entry == Entry::Incoming);
    // Who writes from outside acts by that, and nobody else asked.
    let actor = if came_in && by == FactActor::System { FactActor::Visitor } else { by };
    let mut facts = Vec::new();
    if is_new {
        facts.push(NewFact::new(FactKind::Begun, actor));
    }
    for message in added {
        match &message.entry {
            Entry::Incoming => facts.push(NewFact::new(FactKind::Inbound, FactActor::Visitor).about(message.id)),
            Entry::Outgoing { by, .. } => {
                // A reply ends the waiting; an automatic one may come as it begins.
                let since = before.state.waiting_since.or(now.state.waiting_since);
                let reply = NewFact::new(FactKind::Reply, FactActor::Us(*by)).about(message.id);
                facts.push(reply.took(waited(since, at)));
            }
            Entry::Note { .. } | Entry::Line { .. } => {}
        }
    }
    if let (None, Some(ms)) = (before.first_response_ms, now.first_response_ms) {
        let first = added.iter().chain(changed).find_map(|message| match &message.entry {
            Entry::Outgoing { by, .. } if *by != Sender::Auto => Some((message.id, *by)),
            _ => None,
        });
        let fact = |(id, by)| NewFact::new(FactKind::FirstResponse, FactActor::Us(by)).about(id).took(Some(ms));
        facts.extend(first.map(fact));
    }
    if came_in && before.state.missed_at.is_none() && now.state.missed_at.is_some() {
        facts.push(NewFact::new(FactKind::Missed, actor));
    }
    facts.extend(statuses(before.state.status, now.state.status, added, actor));
    // Where somebody writes in, whoever had it is no longer a member: that is no act of whoever writes.
    facts.extend(who_has_it(before, now, if came_in { FactActor::System } else { actor }));
    facts
}

/// Each move of the status is a fact. Lines tell of several in one change: what somebody closed without having seen the newest message is
/// open again at once.
fn statuses(before: Status, now: Status, added: &[&Message], actor: FactActor) -> Vec<NewFact> {
    let (mut facts, mut from) = (Vec::new(), before);
    let mut moved = |to: Status, by: FactActor, reason: Option<String>| {
        let kind = match to {
            Status::Closed => FactKind::Closed,
            Status::Open => FactKind::Reopened,
            Status::Pending => FactKind::Pending,
        };
        if to != from {
            facts.push(NewFact::new(kind, by).between(Some(from.as_str().to_owned()), reason));
            from = to;
        }
        !facts.is_empty()
    };
    let mut told = false;
    for message in added {
        let Entry::Line { line } = &message.entry else { continue };
        told |= match line {
            Line::Closed { by, reason, .. } => moved(Status::Closed, (*by).into(), Some(reason.to_string())),
            Line::Status { by, to } => moved(*to, (*by).into(), None),
            Line::ReopenedByThem => moved(Status::Open, FactActor::Visitor, None),
            _ => false,
        };
    }
    // What no line tells: a reply, or a message that somebody had not seen.
    moved(now, if told { FactActor::Visitor } else { actor }, None);
    facts
}

fn who_has_it(before: &ConversationRow, now: &ConversationRow, actor: FactActor) -> Vec<NewFact> {
    let mut facts = Vec::new();
    let (from, to) = (before.state.assignee, now.state.assignee);
    if from != to {
        let kind = if to.is_some() { FactKind::Assigned } else { FactKind::Unassigned };
        facts.push(NewFact::new(kind, actor).between(from.map(|id| id.to_string()), to.map(|id| id.to_string())));
    }
    let (from, to) = (before.team, now.team);
    if from != to {
        let fact = NewFact::new(FactKind::TeamSet, actor);
        facts.push(fact.between(from.map(|id| id.to_string()), to.map(|id| id.to_string())));
    }
    facts
}

/// The member whom the last of some entries names as who did it; for made-up conversations, where nobody asks.
pub fn who(entries: &[&Message]) -> FactActor {
    let member = |message: &&Message| match message.entry {
        Entry::Outgoing { by: Sender::Member(by), .. } | Entry::Note { by } => Some(by),
        Entry::Line { line: Line::Assigned { by, .. } | Line::Closed { by, .. } | Line::Status { by, .. } } => Some(by),
        _ => None,
    };
    entries.iter().rev().find_map(member).map_or(FactActor::System, FactActor::from)
}

/// What a made-up reply leaves besides, which is stored as it ended: taken back, or not sent.
pub fn undone(message: &Message, by: FactActor) -> Option<NewFact> {
    let Entry::Outgoing { delivery, .. } = &message.entry else { return None };
    match delivery.state {
        DeliveryState::Cancelled => Some(NewFact::new(FactKind::TakenBack, by).about(message.id)),
        state if state.is_unsent() => Some(unsent(message.id, state)),
        _ => None,
    }
}

/// A reply that did not reach them, as far as is known.
pub fn unsent(message: MessageId, state: DeliveryState) -> NewFact {
    let to = Some(state.as_str().to_owned());
    NewFact::new(FactKind::SendFailed, FactActor::System).about(message).between(None, to)
}
