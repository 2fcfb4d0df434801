//! What state a conversation is in and how it changes: one table (ARCHITECTURE.md, Conversation state), one pure function, the same on both sides.

use serde::{Deserialize, Serialize};

use super::{AgentId, MemberId, Timestamp, text_enum::text_enum};

text_enum! {
    /// Where a conversation stands.
    pub enum Status {
        /// Somebody waits, or may.
        Open = "open",
        /// We answered; it is their turn.
        Pending = "pending",
        /// Done.
        Closed = "closed",
    }
}

text_enum! {
    /// What AI agents may do in a conversation (A4).
    pub enum AiMode {
        /// Answers.
        Active = "active",
        /// Stopped until resumed.
        Paused = "paused",
        /// Never answers here.
        Manual = "manual",
    }
}

text_enum! {
    /// Which of the lists a conversation is in.
    pub enum Tab {
        /// In the four categories.
        Active = "active",
        /// Asleep until a time or a reply.
        Snoozed = "snoozed",
        /// Campaign messages nobody answered (L10).
        Outreach = "outreach",
        /// Done.
        Closed = "closed",
    }
}

text_enum! {
    /// The part of its category that does not depend on who looks.
    pub enum Slot {
        /// Nobody has it.
        New = "new",
        /// Nobody has it, and the auto-reply went out while chat was off.
        Missed = "missed",
        /// A member has it, or an AI agent holds the pen.
        Taken = "taken",
    }
}

text_enum! {
    /// What a conversation is to whoever looks (L1).
    pub enum Category {
        /// Nobody has it: immediate attention.
        New = "new",
        /// Auto-reply sent while chat was off: follow up.
        Missed = "missed",
        /// Assigned to me: ongoing.
        Yours = "yours",
        /// Somebody else or AI has it: monitor if needed.
        Others = "others",
    }
}

/// Who has the right to reply.
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

/// Whether somebody is there to chat when a web visitor writes (H6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Not a chat: mail, SMS…
    NotChat,
    /// The bubble is green.
    On,
    /// The bubble is grey, since then.
    Off {
        /// The start of this off period.
        since: Timestamp,
    },
}

/// The fields that the table speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationState {
    /// Where it stands.
    pub status: Status,
    /// Asleep until then.
    pub snoozed_until: Option<Timestamp>,
    /// Who has it.
    pub assignee: Option<MemberId>,
    /// What AI may do.
    pub ai_mode: AiMode,
    /// Who may reply.
    pub pen: Pen,
    /// Counts the changes of the pen.
    pub pen_epoch: i64,
    /// The lead waits for us since.
    pub waiting_since: Option<Timestamp>,
    /// Came in while chat was off.
    pub missed_at: Option<Timestamp>,
    /// When the auto-reply last went out.
    pub auto_replied_at: Option<Timestamp>,
    /// Campaign messages only, never answered.
    pub outreach: bool,
    /// The places of our replies that did not reach them, as far as is known, and that nobody has dealt with; in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<i64>,
    /// Which AI agent it is with, also while somebody else has the pen: to whom the pen goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
}

/// What a reply took away that turned out not to reach them: what it is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// Since when they have been waiting; none where nobody did.
    pub waiting_since: Option<Timestamp>,
    /// Came in while chat was off.
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

/// A row of the table: what happened to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A person outside wrote.
    Inbound {
        /// When.
        at: Timestamp,
        /// Whether somebody is there to chat.
        presence: Presence,
        /// Whether the assignee is still a member.
        assignee_stays: bool,
    },
    /// A machine wrote: an auto-reply, a bounce.
    InboundFromMachine,
    /// A member replied.
    Reply {
        /// Who.
        by: MemberId,
        /// The workspace's setting: replying makes it pending.
        pending: bool,
    },
    /// A reply of ours failed, came back, or nobody can tell what became of it.
    NotSent {
        /// Its place.
        n: i64,
        /// What it is with them now; none when something that came after it answers them.
        unanswered: Option<Unanswered>,
    },
    /// A reply that was not sent was after all.
    SentAfterAll {
        /// Its place.
        n: i64,
        /// Since when they have been waiting for what they wrote after it; none where they wrote nothing.
        waiting_since: Option<Timestamp>,
        /// The workspace's setting: replying makes it pending.
        pending: bool,
    },
    /// A reply was taken back, by whoever writes it anew.
    TakenBack {
        /// Its place.
        n: i64,
    },
    /// An AI agent replied.
    AiReply,
    /// A member began to type a reply.
    Keystroke {
        /// Who.
        by: MemberId,
    },
    /// The member let two minutes pass with no text kept: the pen goes back if AI is still active.
    PenReturned {
        /// To whom.
        to: AgentId,
    },
    /// A member takes the conversation from the AI.
    TakeOver {
        /// Who.
        by: MemberId,
    },
    /// AI stops here until resumed.
    PauseAi,
    /// AI never answers here.
    ManualOnly,
    /// AI goes on.
    Resume {
        /// Which agent.
        agent: AgentId,
    },
    /// AI gives up the pen.
    HandOff {
        /// To whom, if to somebody.
        target: Option<MemberId>,
    },
    /// Somebody has it now, or nobody.
    Assign(Option<MemberId>),
    /// Asleep until then.
    Snooze {
        /// When it wakes.
        until: Timestamp,
    },
    /// The time has come.
    WakeUp,
    /// Done.
    Close,
    /// Not done after all.
    Reopen,
    /// It is their turn.
    SetPending,
}

/// What else a trigger asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FollowUp {
    /// The auto-reply of the channel is due.
    pub auto_reply: bool,
}

impl ConversationState {
    /// The table. Total: every trigger is defined in every state.
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
                // Whoever writes anew has dealt with what was not sent.
                next.unsent.clear();
                next.pause_ai();
                next.move_pen(Pen::Member(by));
            }
            Trigger::NotSent { n, unanswered } => {
                if let Err(at) = next.unsent.binary_search(&n) {
                    next.unsent.insert(at, n);
                }
                // What is not sent is not done, also where something else answers them.
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
                // Dealt with in another way meanwhile, it changes nothing.
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
                // Whoever says that it is their turn has looked at what was not sent.
                next.unsent.clear();
            }
        }
        (next, outcome)
    }

    /// Whether a reply did not reach them that nobody has dealt with.
    pub fn is_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    fn pause_ai(&mut self) {
        if self.ai_mode == AiMode::Active {
            self.ai_mode = AiMode::Paused;
        }
    }

    /// Every change of the pen, and nothing else, counts its epoch on (Promise 3).
    fn move_pen(&mut self, to: Pen) {
        if self.pen != to {
            self.pen = to;
            self.pen_epoch += 1;
        }
    }

    /// Which list it is in.
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

    /// The part of its category that does not depend on who looks.
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

/// The earlier of two times, where there are any.
fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

#[cfg(test)]
mod tests;
