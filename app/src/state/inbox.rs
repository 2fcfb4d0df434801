//! The inbox on screen: the plain state that the reducer changes, and the signals that components watch, row by row.

mod ahead;
mod last_mail;
mod list;
mod seen;
mod slots;

use std::{
    collections::{HashMap, VecDeque},
    task::Waker,
};

use leptos::prelude::*;

pub use self::last_mail::LastMail;
use self::last_mail::last_mail;
use self::seen::JustCame;
pub use self::slots::Slotted;
use self::slots::{first_unread, slots_of};
use super::{WorkspaceState, now_ms};
use model::{
    ApiError, Bootstrap, Changed, Contact, ConversationId, ConversationRow, Counts, Draft, DraftMode, Filter,
    InboxState, LiveBody, LiveEvent, Message, MessageId, Thread, ThreadPart, WorkspacePart, arrange,
};

/// How many recent events are kept, to apply them to answers that were read before these events but arrive after them.
const RECENT: usize = 500;

/// What the list shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Listed {
    /// Nothing has been read yet.
    #[default]
    Nothing,
    /// The conversations that match a filter.
    Filter(Filter),
    /// The list could not be read.
    Failed(ApiError),
}

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

/// The state of the inbox. It lives as long as the signed-in layout and is cheap to copy.
#[derive(Clone, Copy)]
pub struct Inbox {
    core: StoredValue<InboxState>,
    recent: StoredValue<VecDeque<LiveEvent>>,
    prefetched: StoredValue<HashMap<ConversationId, Thread>>,
    /// The conversations that are being prefetched, and the tasks that wait for each.
    coming: StoredValue<HashMap<ConversationId, Vec<Waker>>>,
    workspace: WorkspaceState,
    /// The counters above the list.
    pub counts: RwSignal<Counts>,
    /// What the list shows.
    pub listed: RwSignal<Listed>,
    /// What the centre panel shows.
    pub shown: RwSignal<Shown>,
    /// Incremented when the open conversation has to be read again.
    pub returns: RwSignal<u32>,
    /// The ids of the rows in display order.
    pub order: RwSignal<Vec<ConversationId>>,
    rows: StoredValue<HashMap<ConversationId, ArcRwSignal<ConversationRow>>>,
    /// Whether older rows can be loaded.
    pub more: RwSignal<bool>,
    /// The row under the pointer. Live changes do not move this row (L8).
    pub hovered: RwSignal<Option<ConversationId>>,
    /// The open conversation. Live changes do not move its row either.
    pub selected: RwSignal<Option<ConversationId>>,
    /// The list row of the open conversation.
    pub open: RwSignal<Option<ConversationRow>>,
    /// The contact of the open conversation.
    pub contact: RwSignal<Option<Contact>>,
    /// The entries of the open conversation, in order.
    pub slots: RwSignal<Vec<Slotted>>,
    messages: StoredValue<HashMap<MessageId, ArcRwSignal<Message>>>,
    /// The newest mail of the open conversation.
    pub last_mail: RwSignal<Option<LastMail>>,
    /// Whether older entries can be loaded.
    pub older: RwSignal<bool>,
    /// Whether the member lost access to the open conversation.
    pub gone: RwSignal<bool>,
    /// Incremented when another tab or device changes the member's drafts.
    pub drafts: RwSignal<u32>,
    /// Whether the list is about to be read again.
    list_is_stale: StoredValue<bool>,
    /// Whether the list is read again without any missed event. The rows below the first page are then kept.
    list_renews: StoredValue<bool>,
    /// Incremented when the list has to be read again.
    pub list_reads: RwSignal<u32>,
    /// The filter and event number of the read that the list is based on.
    list_read: StoredValue<Option<(Filter, i64)>>,
    /// The conversation and event number of the read that the thread is based on.
    thread_read: StoredValue<Option<(ConversationId, i64)>>,
    /// The position of the first entry that was unread when the thread was opened.
    unread_from: StoredValue<Option<i64>>,
    /// Recent replies by other members in the open conversation.
    just_came: StoredValue<JustCame>,
}

/// Returns the inbox. Works only below the signed-in layout.
pub fn use_inbox() -> Inbox {
    expect_context::<Inbox>()
}

impl Inbox {
    /// Creates the inbox of a workspace, with no conversations yet.
    pub fn new(workspace: WorkspaceState, boot: Bootstrap) -> Self {
        let core = InboxState { workspace: Some(WorkspacePart { boot }), list: None, thread: None };
        Self {
            core: StoredValue::new(core),
            recent: StoredValue::default(),
            prefetched: StoredValue::default(),
            coming: StoredValue::default(),
            workspace,
            counts: RwSignal::default(),
            listed: RwSignal::default(),
            shown: RwSignal::default(),
            returns: RwSignal::new(0),
            order: RwSignal::default(),
            rows: StoredValue::default(),
            more: RwSignal::new(false),
            hovered: RwSignal::new(None),
            selected: RwSignal::new(None),
            open: RwSignal::new(None),
            contact: RwSignal::new(None),
            slots: RwSignal::default(),
            messages: StoredValue::default(),
            last_mail: RwSignal::new(None),
            older: RwSignal::new(false),
            gone: RwSignal::new(false),
            drafts: RwSignal::new(0),
            list_is_stale: StoredValue::new(false),
            list_renews: StoredValue::new(false),
            list_reads: RwSignal::new(0),
            list_read: StoredValue::new(None),
            thread_read: StoredValue::new(None),
            unread_from: StoredValue::new(None),
            just_came: StoredValue::default(),
        }
    }

    /// The event number from which a stream must continue.
    pub fn cursor(self) -> i64 {
        self.core.try_with_value(|core| core.cursor()).flatten().unwrap_or(0)
    }

    /// The signal of a row.
    pub fn row(self, id: ConversationId) -> Option<ArcRwSignal<ConversationRow>> {
        self.rows.try_with_value(|rows| rows.get(&id).cloned()).flatten()
    }

    /// The signal of a message.
    pub fn message(self, id: MessageId) -> Option<ArcRwSignal<Message>> {
        self.messages.try_with_value(|messages| messages.get(&id).cloned()).flatten()
    }

    /// The member's draft in the open conversation, as the server stores it.
    pub fn draft(self, mode: DraftMode) -> Draft {
        let of = |part: &ThreadPart| part.thread.drafts.iter().find(|d| d.mode == mode).cloned();
        let nothing = Draft { mode, text: String::new(), id: None };
        self.core.try_with_value(|core| core.thread.as_ref().and_then(of)).flatten().unwrap_or(nothing)
    }

    /// The position up to which the member has had time to see the open conversation.
    pub fn seen(self) -> i64 {
        let last = |part: &ThreadPart| part.thread.messages.last().map(|m| m.n);
        let last = self.core.with_value(|core| core.thread.as_ref().and_then(last)).unwrap_or(0);
        self.just_came.get_value().seen(last, now_ms())
    }

    /// Records another member's reply in the open conversation, because this member may not have noticed it yet.
    fn notice(self, event: &LiveEvent) {
        let LiveBody::Conversation { row, messages, .. } = &event.body else { return };
        let me = self.workspace.boot.with_untracked(|boot| boot.me.member.id);
        let known =
            |part: &ThreadPart| (part.thread.row.id == row.id).then(|| part.thread.messages.last().map_or(0, |m| m.n));
        let known = self.core.try_with_value(|core| core.thread.as_ref().and_then(known)).flatten();
        let others = messages.iter().filter(|m| m.is_answer_of_another(me)).map(|m| m.n);
        if let Some(first) = known.and_then(|known| others.filter(|n| *n > known).min()) {
            self.just_came.try_update_value(|came| *came = came.and(first, now_ms()));
        }
    }

    /// Applies a live event.
    pub fn receive(self, event: LiveEvent) {
        self.prefetched.try_update_value(|known| match &event.body {
            LiveBody::Conversation { row, .. } => _ = known.remove(&row.id),
            LiveBody::Gone { id, .. } => _ = known.remove(id),
            LiveBody::Set(set) => set.iter().for_each(|one| _ = known.remove(&one.id)),
            _ => {}
        });
        self.notice(&event);
        let changed = self.core.try_update_value(|core| core.apply(&event)).unwrap_or_default();
        self.recent.try_update_value(|recent| {
            if recent.len() >= RECENT {
                recent.pop_front();
            }
            recent.push_back(event);
        });
        self.show(&changed);
    }

    /// Applies the recent events of the stream to a part that was just read.
    fn catch_up(self) {
        let events: Vec<LiveEvent> = self.recent.with_value(|recent| recent.iter().cloned().collect());
        let apply = |core: &mut InboxState| events.iter().flat_map(|event| core.apply(event)).collect::<Vec<_>>();
        let mut changed = self.core.try_update_value(apply).unwrap_or_default();
        // The caller draws the part itself. Only changes that no event describes have to be read again.
        changed.retain(|one| matches!(one, Changed::Back(_) | Changed::List | Changed::Recount));
        self.show(&changed);
    }

    /// Replaces people, teams and channels with a fresh read.
    pub fn set_workspace(self, boot: Bootstrap) {
        self.core.update_value(|core| core.workspace = Some(WorkspacePart { boot }));
        self.catch_up();
        self.show(&[Changed::Workspace]);
    }

    /// Shows a conversation, or the reason why there is none. An answer that is already shown changes nothing.
    pub fn show_thread_answer(self, answer: Option<Result<Thread, ApiError>>) {
        let shown = match answer {
            None => Shown::Nothing,
            Some(Ok(thread)) => {
                let id = thread.row.id;
                self.set_thread(thread);
                Shown::Thread(id)
            }
            Some(Err(error)) => Shown::Failed(error),
        };
        if !matches!(shown, Shown::Thread(_)) {
            self.core.update_value(|core| core.thread = None);
        }
        if self.shown.with_untracked(|before| *before != shown) {
            self.shown.set(shown);
        }
    }

    fn set_thread(self, thread: Thread) {
        let id = thread.row.id;
        let same = self.core.with_value(|core| core.thread.as_ref().is_some_and(|part| part.thread.row.id == id));
        let read = Some((id, thread.seq));
        if same && self.thread_read.get_value() == read {
            return;
        }
        self.thread_read.set_value(read);
        if !same {
            self.unread_from.set_value(first_unread(&thread));
            self.messages.update_value(HashMap::clear);
            self.just_came.set_value(JustCame::default());
        }
        self.core.update_value(|core| core.thread = Some(ThreadPart::new(thread)));
        self.catch_up();
        self.show_thread();
        self.show_messages();
    }

    /// Adds older entries at the top.
    pub fn prepend(self, id: ConversationId, older: Vec<Message>, more: bool) {
        self.core.update_value(|core| match &mut core.thread {
            Some(part) if part.thread.row.id == id => part.prepend(older, more),
            _ => {}
        });
        self.show_messages();
    }

    /// Shows that a message was cancelled.
    pub fn show_cancelled(self, cancelled: Message) {
        self.core.try_update_value(|core| {
            let messages = core.thread.iter_mut().flat_map(|part| &mut part.thread.messages);
            messages.filter(|message| message.id == cancelled.id).for_each(|message| *message = cancelled.clone());
        });
        self.show_messages();
    }

    /// Places the day separators in the member's time zone, once that is known.
    pub fn part_days(self) {
        self.show_messages();
    }

    /// The position of the oldest entry shown.
    pub fn first_place(self) -> i64 {
        let first = |part: &ThreadPart| part.thread.messages.first().map(|m| m.n);
        self.core.try_with_value(|core| core.thread.as_ref().and_then(first)).flatten().unwrap_or(i64::MAX)
    }

    /// Sorts the rows again after a row lost the pointer or the selection.
    pub fn arrange(self) {
        let target =
            self.core.with_value(|core| core.list.as_ref().map(|list| list.rows.iter().map(|row| row.id).collect()));
        if let Some(target) = target {
            self.show_order(target);
        }
    }

    fn show_order(self, target: Vec<ConversationId>) {
        let pinned: Vec<ConversationId> =
            [self.hovered.get_untracked(), self.selected.get_untracked()].into_iter().flatten().collect();
        let shown = self.order.get_untracked();
        let order = arrange(&shown, &target, &pinned);
        if order != shown {
            self.order.set(order);
        }
    }

    fn show(self, changed: &[Changed]) {
        let has = |what: Changed| changed.contains(&what);
        if has(Changed::Workspace)
            && let Some(boot) =
                self.core.with_value(|core| core.workspace.as_ref().map(|workspace| workspace.boot.clone()))
        {
            self.workspace.boot.try_set(boot);
        }
        if changed.iter().any(|c| matches!(c, Changed::Order | Changed::Row(_) | Changed::Counts)) {
            self.show_list(has(Changed::Counts));
        }
        if has(Changed::Thread) {
            self.show_thread();
        }
        if changed.iter().any(|c| matches!(c, Changed::Message(_))) {
            self.show_messages();
        }
        if changed.iter().any(|c| matches!(c, Changed::Draft(_))) {
            self.drafts.try_update(|n| *n += 1);
        }
        if changed.iter().any(|c| matches!(c, Changed::Back(_))) {
            self.returns.try_update(|n| *n += 1);
        }
        if changed.iter().any(|c| matches!(c, Changed::List | Changed::Recount)) {
            self.read_list_again();
        }
    }

    /// Writes only changed values into the signals, so that an unchanged row is not rendered again.
    fn show_list(self, counts: bool) {
        let Some((rows, more, numbers)) =
            self.core.with_value(|core| core.list.as_ref().map(|list| (list.rows.clone(), list.more, list.counts)))
        else {
            return;
        };
        if counts && self.counts.get_untracked() != numbers {
            self.counts.set(numbers);
        }
        let target: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
        self.rows.update_value(|known| {
            for row in rows {
                match known.get(&row.id) {
                    Some(signal) if signal.with_untracked(|shown| *shown == row) => {}
                    Some(signal) => signal.set(row),
                    None => {
                        known.insert(row.id, ArcRwSignal::new(row));
                    }
                }
            }
        });
        self.show_order(target);
        if self.more.get_untracked() != more {
            self.more.set(more);
        }
    }

    fn show_thread(self) {
        let part = self
            .core
            .with_value(|core| core.thread.as_ref().map(|p| (p.thread.row.clone(), p.thread.contact.clone(), p.gone)));
        let Some((row, contact, gone)) = part else { return };
        // The row of the open conversation stays in the list, with current values, even if it no longer matches the filter.
        let listed = self
            .core
            .with_value(|core| core.list.as_ref().is_some_and(|list| list.rows.iter().any(|one| one.id == row.id)));
        self.rows.with_value(|known| match known.get(&row.id) {
            Some(card) if !listed && card.with_untracked(|shown| *shown != row) => card.set(row.clone()),
            _ => {}
        });
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

    fn show_messages(self) {
        // A thread is read as a whole when it is opened. Only values that differ from what is shown are copied.
        let part = self.core.with_value(|core| {
            let ThreadPart { thread, .. } = core.thread.as_ref()?;
            let messages = &thread.messages;
            let changed: Vec<Message> = self.messages.with_value(|known| {
                let differs = |message: &&Message| {
                    known.get(&message.id).is_none_or(|signal| signal.with_untracked(|shown| shown != *message))
                };
                messages.iter().filter(differs).cloned().collect()
            });
            let slots = slots_of(messages, self.unread_from.get_value(), |at| self.workspace.zone.local_untracked(at));
            Some((changed, slots, thread.more, last_mail(messages, thread.answered.as_deref())))
        });
        let Some((changed, slots, more, last_mail)) = part else { return };
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
        if self.older.get_untracked() != more {
            self.older.set(more);
        }
    }
}

#[cfg(test)]
mod tests;
