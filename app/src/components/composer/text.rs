//! The draft text. The browser stores it at every key press. The server stores it shortly after, for all devices.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    api::conversation::save_draft,
    state::{SavedDrafts, forget, keep, new_uuid, recall, unsent, use_saved_drafts, use_workspace},
};
use model::{ApiError, ConversationId, Draft, DraftMode, MemberId, MessageId};

/// How long typing must pause before the draft is sent to the server.
const REST: Duration = Duration::from_millis(700);
/// How long to wait before it is sent again, if there was no connection.
const AGAIN: Duration = Duration::from_secs(3);

/// The drafts of one conversation, one for each mode.
#[derive(Clone, Copy)]
pub struct Drafts {
    /// The drafts that the server stores.
    stored: SavedDrafts,
    /// The member who writes.
    member: MemberId,
    id: ConversationId,
    mode: RwSignal<DraftMode>,
    /// The text shown.
    pub text: RwSignal<String>,
    /// The id of the message that the draft will become, the same in every tab and on every device. None while the draft is empty.
    becomes: StoredValue<Option<MessageId>>,
    /// Whether the server has stored the draft.
    pub saved: RwSignal<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
    touched: StoredValue<bool>,
}

/// A draft as stored in this browser: the message id in the first line, then the text.
fn lines(becomes: MessageId, text: &str) -> String {
    format!("{becomes}\n{text}")
}

fn read(mode: DraftMode, kept: &str) -> Draft {
    let parts = kept.split_once('\n').and_then(|(id, text)| Some((id.parse().ok()?, text)));
    let (id, text) = parts.map_or((None, kept), |(id, text)| (Some(id), text));
    Draft { mode, text: text.to_owned(), id }
}

impl Drafts {
    /// The drafts of a conversation, starting with the one in the chosen mode.
    pub fn of(id: ConversationId, mode: RwSignal<DraftMode>) -> Self {
        let (stored, workspace) = (use_saved_drafts(), use_workspace());
        // Server and browser both render the server's text. A newer text stored in this browser replaces it after hydration.
        let draft = stored.of(mode.get_untracked());
        let text = RwSignal::new(draft.text);
        let it = Self {
            stored,
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
                // What an earlier page could not store is stored now.
                if recall(&it.key(mode)).is_some() {
                    it.touched.set_value(true);
                    it.later();
                }
            }
            mode
        });
        // Shows text written on another device, unless this device is writing too.
        Effect::new(move |before: Option<u32>| {
            let now = stored.changes.get();
            if before.is_some_and(|n| n != now) && !it.touched.get_value() {
                it.show(stored.of(it.mode.get_untracked()));
            }
            now
        });
        on_cleanup(move || it.save_now());
        it
    }

    fn key(self, mode: DraftMode) -> String {
        unsent(self.member, &format!("draft:{}:{}", self.id, mode.as_str()))
    }

    /// The unsent draft: from this browser if stored there, or else from the server.
    fn kept(self, mode: DraftMode) -> Draft {
        recall(&self.key(mode)).map_or_else(|| self.stored.of(mode), |kept| read(mode, &kept))
    }

    fn show(self, draft: Draft) {
        self.becomes.set_value(draft.id);
        self.text.set(draft.text);
    }

    /// The id of the message that the draft will become. The first key press creates it.
    fn becomes(self) -> MessageId {
        let id = self.becomes.get_value().unwrap_or_else(|| MessageId::new(new_uuid()));
        self.becomes.set_value(Some(id));
        id
    }

    /// Stores newly typed text.
    pub fn typed(self, text: String) {
        let mode = self.mode.get_untracked();
        keep(&self.key(mode), &lines(self.becomes(), &text));
        self.text.set(text);
        self.touched.set_value(true);
        self.saved.set(false);
        self.later();
    }

    /// Inserts text before the draft of a mode. The caller then selects that mode.
    pub fn put_in_front(self, mode: DraftMode, text: &str) {
        let shown = self.mode.get_untracked() == mode;
        let before = self.kept(mode);
        let written = if shown { self.text.get_untracked() } else { before.text };
        let joined = if written.is_empty() { text.to_owned() } else { format!("{text}\n\n{written}") };
        match shown {
            true => self.typed(joined),
            // The stored draft appears once its mode is selected.
            false => {
                let becomes = before.id.unwrap_or_else(|| MessageId::new(new_uuid()));
                keep(&self.key(mode), &lines(becomes, &joined));
            }
        }
    }

    /// Moves the text to the draft of the other mode, in front of what is there. The caller then selects that mode.
    pub fn move_to(self, mode: DraftMode) {
        let text = self.text.get_untracked();
        self.typed(String::new());
        self.save_now();
        self.put_in_front(mode, &text);
    }

    /// Takes the text and its message id. The text is then no longer a draft.
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
        self.after(REST);
    }

    fn after(self, wait: Duration) {
        self.stop();
        let timer = set_timeout_with_handle(move || self.save_now(), wait);
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
            match save_draft(self.id, mode, text.clone(), becomes, Some(self.member)).await.map_err(ApiError::from) {
                Ok(()) => {
                    // The server has the draft now. This browser's copy would only become outdated.
                    let key = self.key(mode);
                    if recall(&key).is_some_and(|kept| read(mode, &kept).text == text) {
                        forget(&key);
                    }
                    if self.text.try_get_untracked().as_ref() == Some(&text) {
                        self.saved.try_set(!text.is_empty());
                    }
                }
                // It stays in this browser, and is stored once there is a connection.
                Err(error) if error.is_passing() => {
                    if self.mode.try_get_untracked() == Some(mode) && self.touched.try_get_value() == Some(false) {
                        self.touched.set_value(true);
                        self.after(AGAIN);
                    }
                }
                Err(_) => {}
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
        // The format from before drafts had message ids.
        for text in ["Hello", "Dear Anna,\nthank you"] {
            let draft = read(DraftMode::Note, text);
            assert_eq!((draft.id, draft.text.as_str()), (None, text));
        }
    }
}
