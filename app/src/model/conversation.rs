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
        }
    }
}

/// A row of the table: what happened to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
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
    Wake,
    /// Done.
    Close,
    /// Not done after all.
    Reopen,
    /// It is their turn.
    SetPending,
}

/// What else a happening asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The auto-reply of the channel is due.
    pub auto_reply: bool,
}

impl ConversationState {
    /// The table. Total: every happening is defined in every state.
    #[must_use]
    pub fn after(&self, happening: Happening) -> (Self, Outcome) {
        let mut next = self.clone();
        let mut outcome = Outcome::default();
        match happening {
            Happening::Inbound { at, presence, assignee_stays } => {
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
            Happening::InboundFromMachine => {}
            Happening::Reply { by, pending } => {
                if pending || next.status == Status::Closed {
                    next.status = Status::Pending;
                }
                next.waiting_since = None;
                next.missed_at = None;
                next.pause_ai();
                next.move_pen(Pen::Member(by));
            }
            Happening::AiReply => {
                next.status = Status::Pending;
                next.waiting_since = None;
            }
            Happening::Keystroke { by } => next.move_pen(Pen::Member(by)),
            Happening::PenReturned { to } => {
                if next.ai_mode == AiMode::Active {
                    next.move_pen(Pen::Agent(to));
                }
            }
            Happening::TakeOver { by } => {
                next.ai_mode = AiMode::Paused;
                next.move_pen(Pen::Member(by));
            }
            Happening::PauseAi => {
                next.ai_mode = AiMode::Paused;
                next.move_pen(Pen::Nobody);
            }
            Happening::ManualOnly => {
                next.ai_mode = AiMode::Manual;
                next.move_pen(Pen::Nobody);
            }
            Happening::Resume { agent } => {
                next.ai_mode = AiMode::Active;
                next.move_pen(Pen::Agent(agent));
            }
            Happening::HandOff { target } => {
                next.status = Status::Open;
                next.ai_mode = AiMode::Paused;
                next.move_pen(Pen::Nobody);
                next.assignee = target.or(next.assignee);
            }
            Happening::Assign(to) => next.assignee = to,
            Happening::Snooze { until } => next.snoozed_until = Some(until),
            Happening::Wake => {
                next.snoozed_until = None;
                next.status = Status::Open;
            }
            Happening::Close => {
                next.status = Status::Closed;
                next.waiting_since = None;
                next.missed_at = None;
                next.snoozed_until = None;
                next.move_pen(Pen::Nobody);
            }
            Happening::Reopen => {
                next.status = Status::Open;
                next.snoozed_until = None;
            }
            Happening::SetPending => next.status = Status::Pending,
        }
        (next, outcome)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn member(n: u8) -> MemberId {
        MemberId::new(Uuid::from_u128(u128::from(n)))
    }

    fn happening() -> impl Strategy<Value = Happening> {
        let who = || (1u8..4).prop_map(member);
        let agent = || (7u8..9).prop_map(|n| AgentId::new(Uuid::from_u128(u128::from(n))));
        let time = || (1i64..1000).prop_map(Timestamp);
        let presence =
            prop_oneof![Just(Presence::NotChat), Just(Presence::On), time().prop_map(|since| Presence::Off { since })];
        prop_oneof![
            (time(), presence, any::<bool>()).prop_map(|(at, presence, assignee_stays)| Happening::Inbound {
                at,
                presence,
                assignee_stays
            }),
            Just(Happening::InboundFromMachine),
            (who(), any::<bool>()).prop_map(|(by, pending)| Happening::Reply { by, pending }),
            Just(Happening::AiReply),
            who().prop_map(|by| Happening::Keystroke { by }),
            agent().prop_map(|to| Happening::PenReturned { to }),
            who().prop_map(|by| Happening::TakeOver { by }),
            Just(Happening::PauseAi),
            Just(Happening::ManualOnly),
            agent().prop_map(|agent| Happening::Resume { agent }),
            proptest::option::of(who()).prop_map(|target| Happening::HandOff { target }),
            proptest::option::of(who()).prop_map(Happening::Assign),
            time().prop_map(|until| Happening::Snooze { until }),
            Just(Happening::Wake),
            Just(Happening::Close),
            Just(Happening::Reopen),
            Just(Happening::SetPending),
        ]
    }

    proptest! {
        #[test]
        fn every_walk_keeps_the_promises(steps in proptest::collection::vec(happening(), 1..40)) {
            let mut state = ConversationState::default();
            for step in steps {
                let (next, outcome) = state.after(step);
                prop_assert_eq!(next.pen_epoch - state.pen_epoch, i64::from(next.pen != state.pen), "the epoch counts the pen's moves");
                if next.status == Status::Closed && state.status != Status::Closed {
                    prop_assert_eq!((next.waiting_since, next.snoozed_until, next.pen), (None, None, Pen::Nobody));
                }
                if outcome.auto_reply {
                    prop_assert!(next.missed_at.is_some() && next.assignee.is_none(), "only what is missed is answered by machine");
                    let clock_ran_back = matches!(step, Happening::Inbound { at, presence: Presence::Off { since }, .. } if at < since);
                    prop_assert!(!next.after(step).1.auto_reply || clock_ran_back, "once per off period");
                }
                match step {
                    Happening::Inbound { .. } => {
                        let waits = next.status == Status::Open && next.waiting_since.is_some() && next.tab() == Tab::Active;
                        prop_assert!(waits, "who writes is seen and waits");
                    }
                    Happening::Reply { .. } => {
                        let ours = next.ai_mode != AiMode::Active && next.missed_at.is_none() && next.status != Status::Closed;
                        prop_assert!(ours, "who replies has it");
                    }
                    Happening::Assign(_) => prop_assert_eq!(next.pen, state.pen, "assigning does not move the pen"),
                    _ => {}
                }
                state = next;
            }
        }
    }

    #[test]
    fn h6_auto_reply_once_per_off_period() {
        let inbound = |at, since| Happening::Inbound {
            at: Timestamp(at),
            presence: Presence::Off { since: Timestamp(since) },
            assignee_stays: true,
        };
        let (first, sent) = ConversationState::default().after(inbound(100, 50));
        assert!(sent.auto_reply && first.slot() == Slot::Missed);
        let (second, sent) = first.after(inbound(200, 50));
        assert!(!sent.auto_reply, "same off period");
        let (_, sent) = second.after(inbound(400, 300));
        assert!(sent.auto_reply, "a new off period");
        let (assigned, _) = ConversationState::default().after(Happening::Assign(Some(member(1))));
        assert!(!assigned.after(inbound(100, 50)).1.auto_reply, "an existing conversation goes to its assignee");
    }
}
