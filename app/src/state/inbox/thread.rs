//! The open conversation: its row and contact, its entries, and what the member has seen of it.

use std::collections::HashMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    core::Core,
    last_mail::{LastMail, last_mail},
    list::{ListState, Rows},
    seen::JustCame,
    slots::{Slotted, first_unread, slots_of},
};
use crate::state::{WorkspaceState, now_ms};
use model::{
    ApiError, Around, Changed, Contact, ConversationId, ConversationRow, LiveBody, LiveEvent, Message, MessageId,
    Thread, ThreadPart,
};

/// What the centre panel shows. Components watch this and not the fetch, so that the old content stays on screen until the new one arrives.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Shown {
    /// No conversation is open.
    #[default]
    Nothing,
    /// The open conversation.
    Thread(ConversationId),
    /// The conversation could not be read, or the member may not see it.
    Failed(ApiError),
}

/// What was read of the conversation that the URL asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The conversation, with its newest entries or with those around `at`.
    pub thread: Thread,
    /// Whether newer entries exist.
    pub newer: bool,
    /// The position of the entry to open it at. None to open it at its end.
    pub at: Option<i64>,
}

/// Where to scroll to in the open conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Goal {
    /// The conversation.
    pub id: ConversationId,
    /// The position of the entry, which is lit. None for the end.
    pub at: Option<i64>,
    /// Differs each time, so that the same entry can be asked for again.
    turn: u32,
}

/// The open conversation on screen. Copies share their state.
#[derive(Clone, Copy)]
pub struct ThreadState {
    core: Core,
    workspace: WorkspaceState,
    /// The rows of the list, which may show the open conversation too.
    rows: Rows,
    /// What the centre panel shows.
    pub shown: RwSignal<Shown>,
    /// The conversation that the URL asks for. Until it is read, the others are about the one before.
    pub selected: RwSignal<Option<ConversationId>>,
    /// Its row.
    pub open: RwSignal<Option<ConversationRow>>,
    /// Its contact.
    pub contact: RwSignal<Option<Contact>>,
    /// Its entries, in order.
    pub slots: RwSignal<Vec<Slotted>>,
    messages: StoredValue<HashMap<MessageId, ArcRwSignal<Message>>>,
    /// Its newest mail.
    pub last_mail: RwSignal<Option<LastMail>>,
    /// Whether older entries can be loaded.
    pub older: RwSignal<bool>,
    /// Whether newer entries can be loaded, because it was opened at an older entry.
    pub newer: RwSignal<bool>,
    /// Whether newer entries are asked for, or on their way. What loads them is `components/search/newer.rs`.
    pub asks_newer: RwSignal<bool>,
    /// Where to scroll to.
    pub goal: RwSignal<Option<Goal>>,
    /// Whether the member lost access to it.
    pub gone: RwSignal<bool>,
    /// Incremented when it has to be read again.
    pub reads: RwSignal<u32>,
    /// The read that the thread is based on: its conversation, its event number and the entry that it was opened at.
    read: StoredValue<Option<(ConversationId, i64, Option<i64>)>>,
    /// The position of the first entry that was unread when the thread was opened.
    unread_from: StoredValue<Option<i64>>,
    /// Recent replies by other members.
    just_came: StoredValue<JustCame>,
}

impl ThreadState {
    pub(super) fn new(core: Core, workspace: WorkspaceState, list: ListState) -> Self {
        Self {
            core,
            workspace,
            rows: list.rows,
            shown: RwSignal::default(),
            selected: list.selected,
            open: RwSignal::new(None),
            contact: RwSignal::new(None),
            slots: RwSignal::default(),
            messages: StoredValue::default(),
            last_mail: RwSignal::new(None),
            older: RwSignal::new(false),
            newer: RwSignal::new(false),
            asks_newer: RwSignal::new(false),
            goal: RwSignal::new(None),
            gone: RwSignal::new(false),
            reads: RwSignal::new(0),
            read: StoredValue::new(None),
            unread_from: StoredValue::new(None),
            just_came: StoredValue::default(),
        }
    }

    /// The signal of a message.
    pub fn message(self, id: MessageId) -> Option<ArcRwSignal<Message>> {
        self.messages.try_with_value(|messages| messages.get(&id).cloned()).flatten()
    }

    /// The position up to which the member has had time to see the conversation.
    pub fn seen(self) -> i64 {
        self.just_came.get_value().seen(self.last_place().unwrap_or(0), now_ms())
    }

    /// The position of the newest entry shown.
    pub fn last_shown(self) -> i64 {
        self.last_place().unwrap_or(0)
    }

    fn last_place(self) -> Option<i64> {
        self.core.thread(|part| part.thread.messages.last().map(|m| m.n)).flatten()
    }

    /// The position of the oldest entry shown.
    pub fn first_place(self) -> i64 {
        self.core.thread(|part| part.thread.messages.first().map(|m| m.n)).flatten().unwrap_or(i64::MAX)
    }

    /// Shows a conversation, or the reason why there is none. An answer that is already shown changes nothing.
    pub fn show_answer(self, answer: Option<Result<Opened, ApiError>>) {
        let shown = match answer {
            None => Shown::Nothing,
            Some(Ok(opened)) => {
                let id = opened.thread.row.id;
                self.set(opened);
                Shown::Thread(id)
            }
            Some(Err(error)) => Shown::Failed(error),
        };
        if !matches!(shown, Shown::Thread(_)) {
            self.core.change(|state| state.thread = None);
        }
        if self.shown.with_untracked(|before| *before != shown) {
            self.shown.set(shown);
        }
    }

    fn set(self, Opened { thread, newer, at }: Opened) {
        let id = thread.row.id;
        let same = self.is_open(id);
        let before = self.read.get_value().filter(|_| same).map(|(_, _, at)| at);
        let read = Some((id, thread.seq, at));
        if same && self.read.get_value() == read {
            return;
        }
        self.read.set_value(read);
        if !same {
            // The unread entries are the newest, so they cannot be counted from an older one.
            self.unread_from.set_value(if newer { None } else { first_unread(&thread) });
            self.messages.update_value(HashMap::clear);
            self.just_came.set_value(JustCame::default());
        }
        self.core.change(|state| state.thread = Some(ThreadPart::around(Around { thread, newer })));
        let changed = self.core.catch_up();
        self.read_again_for(&changed);
        self.draw_head();
        self.draw_entries();
        match before {
            // It is read again, so the reader stays where they are.
            Some(before) if before == at => {}
            // A conversation that is opened at its end is there already.
            None if at.is_none() => self.goal.set(None),
            _ => self.go_to(id, at),
        }
    }

    /// Scrolls to an entry and lights it, or to the end.
    pub fn go_to(self, id: ConversationId, at: Option<i64>) {
        self.goal.update(|goal| {
            let turn = goal.map_or(0, |goal| goal.turn.wrapping_add(1));
            *goal = Some(Goal { id, at, turn });
        });
    }

    fn is_open(self, id: ConversationId) -> bool {
        self.core.thread(|part| part.thread.row.id == id) == Some(true)
    }

    /// Adds older entries at the top.
    pub fn prepend(self, id: ConversationId, older: Vec<Message>, more: bool) {
        self.core.change(|state| match &mut state.thread {
            Some(part) if part.thread.row.id == id => part.prepend(older, more),
            _ => {}
        });
        self.draw_entries();
    }

    /// Adds newer entries at the bottom.
    pub fn append(self, id: ConversationId, newer: Vec<Message>, more: bool) {
        self.core.change(|state| match &mut state.thread {
            Some(part) if part.thread.row.id == id => part.append(newer, more),
            _ => {}
        });
        self.draw_entries();
    }

    /// Shows that a message was cancelled.
    pub fn show_cancelled(self, cancelled: Message) {
        self.core.change(|state| {
            let messages = state.thread.iter_mut().flat_map(|part| &mut part.thread.messages);
            messages.filter(|message| message.id == cancelled.id).for_each(|message| *message = cancelled.clone());
        });
        self.draw_entries();
    }

    /// Places the day separators in the member's time zone, once that is known.
    pub fn part_days(self) {
        self.draw_entries();
    }

    /// Records another member's reply, because this member may not have noticed it yet. Call it before the event is applied.
    pub(super) fn notice(self, event: &LiveEvent) {
        let LiveBody::Conversation { row, messages, .. } = &event.body else { return };
        if !self.is_open(row.id) {
            return;
        }
        let known = self.last_place().unwrap_or(0);
        let me = self.workspace.boot.with_untracked(|boot| boot.me.member.id);
        let others = messages.iter().filter(|m| m.is_answer_of_another(me)).map(|m| m.n);
        if let Some(first) = others.filter(|n| *n > known).min() {
            self.just_came.try_update_value(|came| *came = came.and(first, now_ms()));
        }
    }

    /// Shows what the reducer changed.
    pub(super) fn show(self, changed: &[Changed]) {
        if changed.contains(&Changed::Thread) {
            self.draw_head();
        }
        if changed.iter().any(|c| matches!(c, Changed::Message(_))) {
            self.draw_entries();
        }
        self.read_again_for(changed);
    }

    fn read_again_for(self, changed: &[Changed]) {
        if changed.iter().any(|c| matches!(c, Changed::Back(_))) {
            self.reads.try_update(|n| *n += 1);
        }
    }

    /// Writes only changed values into the signals, so that nothing unchanged is rendered again. The same holds for the entries.
    pub(super) fn draw_head(self) {
        let part = self.core.thread(|part| (part.thread.row.clone(), part.thread.contact.clone(), part.gone));
        let Some((row, contact, gone)) = part else { return };
        let row = self.core.shown_row(row);
        self.rows.draw_open(self.core, &row);
        if self.open.with_untracked(|open| open.as_ref() != Some(&row)) {
            self.open.set(Some(row));
        }
        if self.contact.with_untracked(|shown| *shown != contact) {
            self.contact.set(contact);
        }
        if self.gone.get_untracked() != gone {
            self.gone.set(gone);
        }
    }

    fn draw_entries(self) {
        // A thread is read as a whole when it is opened. Only values that differ from what is shown are copied.
        let part = self.core.thread(|ThreadPart { thread, newer, .. }| {
            let messages = &thread.messages;
            let changed: Vec<Message> = self.messages.with_value(|known| {
                let differs = |message: &&Message| {
                    known.get(&message.id).is_none_or(|signal| signal.with_untracked(|shown| shown != *message))
                };
                messages.iter().filter(differs).cloned().collect()
            });
            let slots = slots_of(messages, self.unread_from.get_value(), |at| self.workspace.zone.local_untracked(at));
            // The newest mail is not among entries in the middle of a conversation.
            let newest = if *newer { &[] } else { messages.as_slice() };
            (changed, slots, (thread.more, *newer), last_mail(newest, thread.answered.as_deref()))
        });
        let Some((changed, slots, (older, newer), last_mail)) = part else { return };
        if self.last_mail.with_untracked(|shown| *shown != last_mail) {
            self.last_mail.set(last_mail);
        }
        self.messages.update_value(|known| {
            for message in changed {
                match known.get(&message.id) {
                    Some(signal) => signal.set(message),
                    None => drop(known.insert(message.id, ArcRwSignal::new(message))),
                }
            }
        });
        if self.slots.with_untracked(|shown| *shown != slots) {
            self.slots.set(slots);
        }
        if self.older.get_untracked() != older {
            self.older.set(older);
        }
        if self.newer.get_untracked() != newer {
            self.newer.set(newer);
        }
    }
}
