//! The state of a conversation and how it changes: one table (ARCHITECTURE.md, Conversation state) as one pure function, used by server and
//! browser.

use serde::{Deserialize, Serialize};

use super::{AgentId, MemberId, Timestamp, text_enum::text_enum};

text_enum! {
    /// The status of a conversation.
    pub enum Status {
        /// Somebody outside is waiting, or may be.
        Open = "open",
        /// We have answered. The person outside writes next.
        Pending = "pending",
        /// Finished.
        Closed = "closed",
    }
}

text_enum! {
    /// What AI agents may do in a conversation (A4).
    pub enum AiMode {
        /// The AI agent may answer.
        Active = "active",
        /// The AI agent is stopped until it is resumed.
        Paused = "paused",
        /// No AI agent ever answers here.
        Manual = "manual",
    }
}

text_enum! {
    /// The list that a conversation is in.
    pub enum Tab {
        /// In one of the four categories.
        Active = "active",
        /// Hidden until a time or a reply.
        Snoozed = "snoozed",
        /// Campaign messages that nobody has answered (L10).
        Outreach = "outreach",
        /// Closed.
        Closed = "closed",
    }
}

text_enum! {
    /// The part of the category that is the same for every member.
    pub enum Slot {
        /// It is assigned to nobody.
        New = "new",
        /// It is assigned to nobody, and the automatic reply was sent while chat was off.
        Missed = "missed",
        /// It is assigned to a member, or an AI agent has the pen.
        Taken = "taken",
    }
}

text_enum! {
    /// The category of a conversation for one member (L1).
    pub enum Category {
        /// Assigned to nobody: needs attention now.
        New = "new",
        /// The automatic reply was sent while chat was off: follow up.
        Missed = "missed",
        /// Assigned to this member.
        Yours = "yours",
        /// Assigned to somebody else, or handled by an AI agent.
        Others = "others",
    }
}

/// The pen: who has the right to reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pen {
    /// An AI agent.
    Agent(AgentId),
    /// A member.
    Member(MemberId),
    /// Nobody yet.
    #[default]
    Nobody,
}

/// Whether chat is on when a visitor writes (H6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// The channel is no chat, but e-mail, SMS…
    NotChat,
    /// Chat is on (a green bubble).
    On,
    /// Chat is off (a grey bubble).
    Off {
        /// Since when it is off.
        since: Timestamp,
    },
}

/// The fields that the state table changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationState {
    /// The status.
    pub status: Status,
    /// Hidden until this time.
    pub snoozed_until: Option<Timestamp>,
    /// The member it is assigned to.
    pub assignee: Option<MemberId>,
    /// What AI agents may do.
    pub ai_mode: AiMode,
    /// Who may reply.
    pub pen: Pen,
    /// Incremented each time the pen changes.
    pub pen_epoch: i64,
    /// Since when the person outside has been waiting for us.
    pub waiting_since: Option<Timestamp>,
    /// When they wrote while chat was off.
    pub missed_at: Option<Timestamp>,
    /// When the automatic reply was last sent.
    pub auto_replied_at: Option<Timestamp>,
    /// It contains only campaign messages that nobody has answered.
    pub outreach: bool,
    /// The positions of our replies that did not arrive, as far as is known, and that nobody has dealt with. In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<i64>,
    /// Which AI agent it is with, also while somebody else has the pen: to whom the pen goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
}

/// What is restored when a reply turns out not to have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// Since when the person outside has been waiting. None if they were not.
    pub waiting_since: Option<Timestamp>,
    /// When they wrote while chat was off.
    pub missed_at: Option<Timestamp>,
}

impl Default for ConversationState {
    fn default() -> Self {
        Self {
            status: Status::Open,
            snoozed_until: None,
            assignee: None,
            ai_mode: AiMode::Paused,
            pen: Pen::Nobody,
            pen_epoch: 0,
            waiting_since: None,
            missed_at: None,
            auto_replied_at: None,
            outreach: false,
            unsent: Vec::new(),
            agent: None,
        }
    }
}

/// A trigger of the state table: something that happened to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A person outside wrote.
    Inbound {
        /// When they wrote.
        at: Timestamp,
        /// Whether chat is on.
        presence: Presence,
        /// Whether the assignee is still a member.
        assignee_stays: bool,
    },
    /// A machine wrote: an automatic reply, a bounce.
    InboundFromMachine,
    /// A member replied.
    Reply {
        /// The member.
        by: MemberId,
        /// The workspace's setting: a reply sets the status to pending.
        pending: bool,
    },
    /// A reply failed, bounced, or its result is unknown.
    NotSent {
        /// Its position.
        n: i64,
        /// What to restore. None if a later reply answered them.
        unanswered: Option<Unanswered>,
    },
    /// A reply that counted as unsent was sent after all.
    SentAfterAll {
        /// Its position.
        n: i64,
        /// Since when they have been waiting for an answer to later messages. None if they wrote none.
        waiting_since: Option<Timestamp>,
        /// The workspace's setting: a reply sets the status to pending.
        pending: bool,
    },
    /// A member cancelled a reply.
    TakenBack {
        /// Its position.
        n: i64,
    },
    /// An AI agent replied.
    AiReply,
    /// A member began to type a reply.
    Keystroke {
        /// The member.
        by: MemberId,
    },
    /// The member kept no text for two minutes. The pen returns to the AI agent, if it is still active.
    PenReturned {
        /// The agent.
        to: AgentId,
    },
    /// A member takes the conversation over from the AI agent.
    TakeOver {
        /// The member.
        by: MemberId,
    },
    /// The AI agent stops until it is resumed.
    PauseAi,
    /// No AI agent ever answers here.
    ManualOnly,
    /// The AI agent continues.
    Resume {
        /// The agent.
        agent: AgentId,
    },
    /// The AI agent gives up the pen.
    HandOff {
        /// The member it hands over to. None for nobody in particular.
        target: Option<MemberId>,
    },
    /// It is assigned to a member, or to nobody.
    Assign(Option<MemberId>),
    /// It is hidden until a time.
    Snooze {
        /// When it comes back.
        until: Timestamp,
    },
    /// The time of the snooze is over.
    WakeUp,
    /// A member closes it.
    Close,
    /// A member opens it again.
    Reopen,
    /// A member sets it to pending.
    SetPending,
}

/// What else has to happen after a trigger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FollowUp {
    /// Whether the channel's automatic reply is due.
    pub auto_reply: bool,
}

impl ConversationState {
    /// The state table. Every trigger is defined in every state.
    #[must_use]
    pub fn after(&self, trigger: Trigger) -> (Self, FollowUp) {
        let mut next = self.clone();
        let mut outcome = FollowUp::default();
        match trigger {
            Trigger::Inbound { at, presence, assignee_stays } => {
                next.status = Status::Open;
                next.snoozed_until = None;
                next.outreach = false;
                next.waiting_since.get_or_insert(at);
                if !assignee_stays {
                    next.assignee = None;
                }
                if let (None, Presence::Off { since }) = (next.assignee, presence) {
                    next.missed_at.get_or_insert(at);
                    if next.auto_replied_at.is_none_or(|sent| sent < since) {
                        next.auto_replied_at = Some(at);
                        outcome.auto_reply = true;
                    }
                }
            }
            Trigger::InboundFromMachine => {}
            Trigger::Reply { by, pending } => {
                if pending || next.status == Status::Closed {
                    next.status = Status::Pending;
                }
                next.waiting_since = None;
                next.missed_at = None;
                // A new reply deals with the unsent ones.
                next.unsent.clear();
                next.pause_ai();
                next.move_pen(Pen::Member(by));
            }
            Trigger::NotSent { n, unanswered } => {
                if let Err(at) = next.unsent.binary_search(&n) {
                    next.unsent.insert(at, n);
                }
                // A conversation with an unsent reply must not stay closed, even if another reply answered them.
                if unanswered.is_some() || next.status == Status::Closed {
                    next.status = Status::Open;
                    next.snoozed_until = None;
                }
                if let Some(before) = unanswered {
                    next.waiting_since = earlier(next.waiting_since, before.waiting_since);
                    next.missed_at = earlier(next.missed_at, before.missed_at);
                }
            }
            Trigger::SentAfterAll { n, waiting_since, pending } => {
                // If it was dealt with in another way meanwhile, nothing changes.
                if let Ok(at) = next.unsent.binary_search(&n) {
                    next.unsent.remove(at);
                    next.waiting_since = next.waiting_since.and(waiting_since);
                    if next.waiting_since.is_none() {
                        next.missed_at = None;
                        if pending && next.unsent.is_empty() {
                            next.status = Status::Pending;
                        }
                    }
                }
            }
            Trigger::TakenBack { n } => next.unsent.retain(|place| *place != n),
            Trigger::AiReply => {
                next.status = Status::Pending;
                next.waiting_since = None;
                next.unsent.clear();
            }
            Trigger::Keystroke { by } => next.move_pen(Pen::Member(by)),
            Trigger::PenReturned { to } => {
                if next.ai_mode == AiMode::Active {
                    next.move_pen(Pen::Agent(to));
                }
            }
            Trigger::TakeOver { by } => {
                next.ai_mode = AiMode::Paused;
                next.move_pen(Pen::Member(by));
            }
            Trigger::PauseAi => {
                next.ai_mode = AiMode::Paused;
                next.move_pen(Pen::Nobody);
            }
            Trigger::ManualOnly => {
                next.ai_mode = AiMode::Manual;
                next.move_pen(Pen::Nobody);
            }
            Trigger::Resume { agent } => {
                next.ai_mode = AiMode::Active;
                next.move_pen(Pen::Agent(agent));
            }
            Trigger::HandOff { target } => {
                next.status = Status::Open;
                next.ai_mode = AiMode::Paused;
                next.move_pen(Pen::Nobody);
                next.assignee = target.or(next.assignee);
            }
            Trigger::Assign(to) => next.assignee = to,
            Trigger::Snooze { until } => next.snoozed_until = Some(until),
            Trigger::WakeUp => {
                next.snoozed_until = None;
                next.status = Status::Open;
            }
            Trigger::Close => {
                next.status = Status::Closed;
                next.waiting_since = None;
                next.missed_at = None;
                next.snoozed_until = None;
                next.unsent.clear();
                next.move_pen(Pen::Nobody);
            }
            Trigger::Reopen => {
                next.status = Status::Open;
                next.snoozed_until = None;
            }
            Trigger::SetPending => {
                next.status = Status::Pending;
                // A member who sets it to pending has seen the unsent replies.
                next.unsent.clear();
            }
        }
        (next, outcome)
    }

    /// Whether a reply did not arrive that nobody has dealt with.
    pub fn is_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    fn pause_ai(&mut self) {
        if self.ai_mode == AiMode::Active {
            self.ai_mode = AiMode::Paused;
        }
    }

    /// Increments the epoch with every change of the pen, and never otherwise (Promise 3).
    fn move_pen(&mut self, to: Pen) {
        if self.pen != to {
            self.pen = to;
            self.pen_epoch += 1;
        }
    }

    /// The list that the conversation is in.
    pub fn tab(&self) -> Tab {
        if self.status == Status::Closed {
            Tab::Closed
        } else if self.snoozed_until.is_some() {
            Tab::Snoozed
        } else if self.outreach {
            Tab::Outreach
        } else {
            Tab::Active
        }
    }

    /// The part of the category that is the same for every member.
    pub fn slot(&self) -> Slot {
        if self.assignee.is_some() || matches!(self.pen, Pen::Agent(_)) {
            Slot::Taken
        } else if self.missed_at.is_some() {
            Slot::Missed
        } else {
            Slot::New
        }
    }
}

/// The earlier of two times, if there are any.
fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

#[cfg(test)]
mod tests;
