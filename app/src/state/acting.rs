//! What this tab picked to act on, and what it did and can undo (L7, Promise 8).

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Connection, Stage, Unconfirmed, new_uuid};
use model::{Act, CloseReason, ConversationId, Count, MOST_IN_A_SET, Seen, UndoId};

/// An act that can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Its id.
    pub id: UndoId,
    /// The conversation that is to be shown again when it is undone.
    pub back: Option<ConversationId>,
    /// What was done, in words.
    pub what: String,
}

/// How many acts can be undone one after another.
const MOST: usize = 50;

/// An act on everything in a view, while the server does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweeping {
    /// Its id, under which it can also be undone.
    pub id: UndoId,
    /// The act.
    pub act: Act,
    /// How many conversations were in the view.
    pub of: Count,
    /// How many it has changed.
    pub changed: i64,
}

/// What is asked about closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// For which reason this conversation is to be closed, or the picked ones.
    Ask(Option<ConversationId>),
    /// To close it for this reason.
    For(ConversationId, CloseReason),
}

/// What to show after an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goes {
    /// The list alone.
    List,
    /// This conversation.
    To(ConversationId),
}

/// The picked conversations and the acts to undo. Copies share their state.
#[derive(Clone, Copy)]
pub struct Acting {
    /// The conversations that are acted on together, in the order in which they were picked.
    pub picked: RwSignal<Vec<ConversationId>>,
    /// Whether everything in the view is meant, loaded or not.
    pub whole: RwSignal<bool>,
    /// Acts on everything in a view that are not done yet.
    pub sweeps: RwSignal<Vec<Sweeping>>,
    /// Whether the dialog is open that asks until when to snooze.
    pub snoozes: RwSignal<bool>,
    /// What is asked about closing.
    pub closing: RwSignal<Option<Closing>>,
    /// What to show now.
    pub goes: RwSignal<Option<Goes>>,
    /// How the browser is connected.
    pub connection: RwSignal<Connection>,
    /// What was asked of the server and is not confirmed.
    pub acts: RwSignal<Vec<Unconfirmed>>,
    /// What this tab did last to the open conversation.
    pub newest: RwSignal<Option<(UndoId, Act)>>,
    /// The conversation that opened when this was done, which may still be refused.
    pub went: StoredValue<Option<(UndoId, Goes)>>,
    /// What this tab did and can undo, the newest last.
    pub done: RwSignal<Vec<Done>>,
}

/// Returns what this tab does. Works only below the signed-in layout.
pub fn use_acting() -> Acting {
    expect_context()
}

impl Acting {
    /// Provides it to everything below.
    pub fn provide(connection: RwSignal<Connection>) -> Self {
        let acting = Self {
            connection,
            picked: RwSignal::new(Vec::new()),
            whole: RwSignal::new(false),
            sweeps: RwSignal::new(Vec::new()),
            snoozes: RwSignal::new(false),
            closing: RwSignal::new(None),
            goes: RwSignal::new(None),
            acts: RwSignal::new(Vec::new()),
            went: StoredValue::new(None),
            newest: RwSignal::new(None),
            done: RwSignal::new(Vec::new()),
        };
        provide_context(acting);
        acting
    }

    /// Picks a conversation, or leaves it out.
    pub fn turn(self, id: ConversationId) {
        self.picked.update(|picked| match picked.iter().position(|one| *one == id) {
            Some(at) => drop(picked.remove(at)),
            None => picked.push(id),
        });
    }

    /// Leaves out all.
    pub fn pick_none(self) {
        self.whole.set(false);
        self.picked.set(Vec::new());
    }

    /// Whether a conversation is picked.
    pub fn has(self, id: ConversationId) -> bool {
        self.picked.with(|picked| picked.contains(&id))
    }

    /// The id under which the next act can be undone.
    pub fn next(self) -> UndoId {
        UndoId::new(new_uuid())
    }

    /// Acts on conversations, each given as it was seen. It is shown at once; the answer is the id under which it can be undone.
    pub fn ask(self, on: &[(ConversationId, Seen)], act: Act) -> UndoId {
        let (id, is_one) = (self.next(), on.len() == 1);
        let set = |(on, part): (&[_], i64)| {
            let part = (!is_one).then_some(part);
            Unconfirmed { id, part, on: on.to_vec(), act, stage: Stage::New, taken_back: false }
        };
        let sets = on.chunks(MOST_IN_A_SET).zip(0..).map(set);
        self.acts.update(|acts| acts.extend(sets));
        id
    }

    /// Tells what was done to the open conversation, which may be gone from the page by now.
    pub fn did(self, id: UndoId, act: Act) {
        self.newest.try_set(Some((id, act)));
    }

    /// Remembers an act that was done, and the conversation that is to be shown again when it is undone.
    pub fn keep(self, act: Done) {
        self.done.try_update(|done| {
            done.push(act);
            let surplus = done.len().saturating_sub(MOST);
            done.drain(..surplus);
        });
    }

    /// Takes an act, or the newest one, to undo it. None if it was undone already.
    pub fn take(self, id: Option<UndoId>) -> Option<Done> {
        self.done
            .try_update(|done| {
                let at = match id {
                    Some(id) => done.iter().position(|one| one.id == id)?,
                    None => done.len().checked_sub(1)?,
                };
                Some(done.remove(at))
            })
            .flatten()
    }
}
