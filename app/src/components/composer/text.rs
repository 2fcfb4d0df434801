//! The text being written: kept by this browser at every key, by the server a moment later, for every device.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    api::conversation::save_draft,
    state::{Inbox, forget, keep, new_uuid, recall, unsent, use_inbox, use_workspace},
};
use model::{ConversationId, Draft, DraftMode, MemberId, MessageId};

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
    /// The message that it becomes, the same in every tab and on every device; none while nothing is written.
    becomes: StoredValue<Option<MessageId>>,
    /// Whether the server has it.
    pub saved: RwSignal<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
    touched: StoredValue<bool>,
}

/// How this browser keeps a draft: the message that it becomes, and on the next lines the text.
fn lines(becomes: MessageId, text: &str) -> String {
    format!("{becomes}\n{text}")
}

fn read(mode: DraftMode, kept: &str) -> Draft {
    let parts = kept.split_once('\n').and_then(|(id, text)| Some((id.parse().ok()?, text)));
    let (id, text) = parts.map_or((None, kept), |(id, text)| (Some(id), text));
    Draft { mode, text: text.to_owned(), id }
}

impl Drafts {
    /// What was written in a conversation before, in the mode that is chosen.
    pub fn of(id: ConversationId, mode: RwSignal<DraftMode>) -> Self {
        let (inbox, workspace) = (use_inbox(), use_workspace());
        // The server's text is drawn by both sides; this browser's own, if newer, comes in after hydration.
        let draft = inbox.draft(mode.get_untracked());
        let text = RwSignal::new(draft.text);
        let it = Self {
            inbox,
            member: workspace.boot.with_untracked(|boot| boot.me.member.id),
            id,
            mode,
            text,
            becomes: StoredValue::new(draft.id),
            saved: RwSignal::new(false),
            timer: StoredValue::new(None),
            touched: StoredValue::new(false),
        };
        Effect::new(move |before: Option<DraftMode>| {
            let mode = mode.get();
            if before != Some(mode) {
                it.show(it.kept(mode));
                it.saved.set(false);
            }
            mode
        });
        // Written on another device: shown, unless this one is writing too.
        Effect::new(move |before: Option<u32>| {
            let now = inbox.drafts.get();
            if before.is_some_and(|n| n != now) && !it.touched.get_value() {
                it.show(inbox.draft(it.mode.get_untracked()));
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
    fn kept(self, mode: DraftMode) -> Draft {
        recall(&self.key(mode)).map_or_else(|| self.inbox.draft(mode), |kept| read(mode, &kept))
    }

    fn show(self, draft: Draft) {
        self.becomes.set_value(draft.id);
        self.text.set(draft.text);
    }

    /// The message that the text becomes, from the first key on.
    fn becomes(self) -> MessageId {
        let id = self.becomes.get_value().unwrap_or_else(|| MessageId::new(new_uuid()));
        self.becomes.set_value(Some(id));
        id
    }

    /// A key was pressed.
    pub fn typed(self, text: String) {
        let mode = self.mode.get_untracked();
        keep(&self.key(mode), &lines(self.becomes(), &text));
        self.text.set(text);
        self.touched.set_value(true);
        self.saved.set(false);
        self.later();
    }

    /// Puts a text in front of what is written already in a mode, which is then to be chosen.
    pub fn put_in_front(self, mode: DraftMode, text: &str) {
        let shown = self.mode.get_untracked() == mode;
        let before = self.kept(mode);
        let written = if shown { self.text.get_untracked() } else { before.text };
        let joined = if written.is_empty() { text.to_owned() } else { format!("{text}\n\n{written}") };
        match shown {
            true => self.typed(joined),
            // What is kept is shown as soon as the mode is.
            false => {
                let becomes = before.id.unwrap_or_else(|| MessageId::new(new_uuid()));
                keep(&self.key(mode), &lines(becomes, &joined));
            }
        }
    }

    /// The text, which is then no longer a draft, and the message that it becomes.
    pub fn take(self) -> (MessageId, String) {
        let (becomes, text) = (self.becomes(), self.text.get_untracked());
        self.becomes.set_value(None);
        self.stop();
        forget(&self.key(self.mode.get_untracked()));
        self.text.set(String::new());
        self.touched.set_value(false);
        self.saved.set(false);
        (becomes, text)
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
        let becomes = self.becomes.try_get_value().flatten();
        leptos::task::spawn_local(async move {
            if save_draft(self.id, mode, text.clone(), becomes, Some(self.member)).await.is_ok() {
                // The server has it now; what this browser keeps would only grow old.
                let key = self.key(mode);
                if recall(&key).is_some_and(|kept| read(mode, &kept).text == text) {
                    forget(&key);
                }
                if self.text.try_get_untracked().as_ref() == Some(&text) {
                    self.saved.try_set(!text.is_empty());
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{DraftMode, lines, read};

    #[test]
    fn t4_a_draft_is_kept_with_the_message_that_it_becomes() {
        let id = "0193a5e0-0000-7000-8000-000000000001".parse().unwrap();
        for text in ["", "Hello", "Two\nlines", "\n"] {
            let draft = read(DraftMode::Reply, &lines(id, text));
            assert_eq!((draft.id, draft.text.as_str()), (Some(id), text));
        }
        // As it was kept before there were such ids.
        for text in ["Hello", "Dear Anna,\nthank you"] {
            let draft = read(DraftMode::Note, text);
            assert_eq!((draft.id, draft.text.as_str()), (None, text));
        }
    }
}
