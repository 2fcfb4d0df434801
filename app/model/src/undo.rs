//! What undoing restores (Promise 8).

use serde::{Deserialize, Serialize};

use crate::{ConversationState, Pen};

/// What came of undoing an act.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// How many conversations are as they were before.
    pub undone: usize,
    /// How many somebody changed since. They stay as they are.
    pub changed_since: usize,
    /// How many parts of the act are left to undo. Each takes a request of its own.
    #[serde(default)]
    pub left: usize,
}

impl Undone {
    /// The result of two parts of one act.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            undone: self.undone + other.undone,
            changed_since: self.changed_since + other.changed_since,
            left: self.left + other.left,
        }
    }
}

impl ConversationState {
    /// This state without an act that turned `before` into `after`: what the act changed is as it was, if it is still as the act left it.
    /// None if somebody changed since what the act was about: the status, the assignee, the time until which it is hidden, or what AI may do.
    pub fn undone(&self, before: &Self, after: &Self) -> Option<Self> {
        /// A field that the act changed and nobody since goes back. Every other field stays.
        fn back<T: PartialEq + Clone>(now: &T, before: &T, after: &T) -> T {
            if before != after && now == after { before.clone() } else { now.clone() }
        }
        fn stands<T: PartialEq>(now: &T, before: &T, after: &T) -> bool {
            before == after || now == after
        }
        let stand = stands(&self.status, &before.status, &after.status)
            && stands(&self.assignee, &before.assignee, &after.assignee)
            && stands(&self.snoozed_until, &before.snoozed_until, &after.snoozed_until)
            && stands(&self.ai_mode, &before.ai_mode, &after.ai_mode);
        stand.then(|| {
            let pen: Pen = back(&self.pen, &before.pen, &after.pen);
            Self {
                status: back(&self.status, &before.status, &after.status),
                snoozed_until: back(&self.snoozed_until, &before.snoozed_until, &after.snoozed_until),
                assignee: back(&self.assignee, &before.assignee, &after.assignee),
                ai_mode: back(&self.ai_mode, &before.ai_mode, &after.ai_mode),
                pen,
                // The epoch only grows: an AI text that was begun meanwhile must not count as current.
                pen_epoch: self.pen_epoch + i64::from(pen != self.pen),
                waiting_since: back(&self.waiting_since, &before.waiting_since, &after.waiting_since),
                missed_at: back(&self.missed_at, &before.missed_at, &after.missed_at),
                auto_replied_at: back(&self.auto_replied_at, &before.auto_replied_at, &after.auto_replied_at),
                outreach: back(&self.outreach, &before.outreach, &after.outreach),
                unsent: back(&self.unsent, &before.unsent, &after.unsent),
                agent: back(&self.agent, &before.agent, &after.agent),
            }
        })
    }
}
