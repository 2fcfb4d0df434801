//! The text being written: kept by this browser at every key, by the server a moment later, for every device.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    api::conversation::save_draft,
    model::{ConversationId, DraftMode, MemberId},
    state::{Inbox, forget, keep, recall, unsent, use_house, use_inbox},
};

/// How long the hand must rest before the server is told.
const REST: Duration = Duration::from_millis(700);

/// The texts of one conversation, one for each mode.
#[derive(Clone, Copy)]
pub struct Drafts {
    inbox: Inbox,
    /// Who writes.
    member: MemberId,
    id: ConversationId,
    mode: RwSignal<DraftMode>,
    /// The text shown.
    pub text: RwSignal<String>,
    /// Whether the server has it.
    pub saved: RwSignal<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
    touched: StoredValue<bool>,
}

impl Drafts {
    /// What was written in a conversation before, in the mode that is chosen.
    pub fn of(id: ConversationId, mode: RwSignal<DraftMode>) -> Self {
        let (inbox, house) = (use_inbox(), use_house());
        // The server's text is drawn by both sides; this browser's own, if newer, comes in after hydration.
        let text = RwSignal::new(inbox.draft(mode.get_untracked()));
        let it = Self {
            inbox,
            member: house.boot.with_untracked(|boot| boot.me.member.id),
            id,
            mode,
            text,
            saved: RwSignal::new(false),
            timer: StoredValue::new(None),
            touched: StoredValue::new(false),
        };
        Effect::new(move |before: Option<DraftMode>| {
            let mode = mode.get();
            if before != Some(mode) {
                it.text.set(it.kept(mode));
                it.saved.set(false);
            }
            mode
        });
        // Written on another device: shown, unless this one is writing too.
        Effect::new(move |before: Option<u32>| {
            let now = inbox.drafts.get();
            if before.is_some_and(|n| n != now) && !it.touched.get_value() {
                it.text.set(inbox.draft(it.mode.get_untracked()));
            }
            now
        });
        on_cleanup(move || it.save_now());
        it
    }

    fn key(self, mode: DraftMode) -> String {
        unsent(self.member, &format!("draft:{}:{}", self.id, mode.as_str()))
    }

    /// What was written and not sent: as this browser has it, else as the server does.
    fn kept(self, mode: DraftMode) -> String {
        recall(&self.key(mode)).unwrap_or_else(|| self.inbox.draft(mode))
    }

    /// A key was pressed.
    pub fn typed(self, text: String) {
        let mode = self.mode.get_untracked();
        keep(&self.key(mode), &text);
        self.text.set(text);
        self.touched.set_value(true);
        self.saved.set(false);
        self.later();
    }

    /// Puts a text in front of what is written already in a mode, which is then to be chosen.
    pub fn put_in_front(self, mode: DraftMode, text: &str) {
        let shown = self.mode.get_untracked() == mode;
        let written = if shown { self.text.get_untracked() } else { self.kept(mode) };
        let joined = if written.is_empty() { text.to_owned() } else { format!("{text}\n\n{written}") };
        match shown {
            true => self.typed(joined),
            // What is kept is shown as soon as the mode is.
            false => keep(&self.key(mode), &joined),
        }
    }

    /// The text, which is then no longer a draft.
    pub fn take(self) -> String {
        let text = self.text.get_untracked();
        self.stop();
        forget(&self.key(self.mode.get_untracked()));
        self.text.set(String::new());
        self.touched.set_value(false);
        self.saved.set(false);
        text
    }

    fn stop(self) {
        if let Some(Some(timer)) = self.timer.try_update_value(Option::take) {
            timer.clear();
        }
    }

    fn later(self) {
        self.stop();
        let timer = set_timeout_with_handle(move || self.save_now(), REST);
        self.timer.set_value(timer.ok());
    }

    fn save_now(self) {
        self.stop();
        if self.touched.try_get_value() != Some(true) {
            return;
        }
        let (Some(mode), Some(text)) = (self.mode.try_get_untracked(), self.text.try_get_untracked()) else { return };
        self.touched.try_set_value(false);
        leptos::task::spawn_local(async move {
            if save_draft(self.id, mode, text.clone(), Some(self.member)).await.is_ok() {
                // The server has it now; what this browser keeps would only grow old.
                if recall(&self.key(mode)).as_deref() == Some(text.as_str()) {
                    forget(&self.key(mode));
                }
                if self.text.try_get_untracked().as_ref() == Some(&text) {
                    self.saved.try_set(!text.is_empty());
                }
            }
        });
    }
}
