//! What was written and is not stored yet: shown at once, kept across reloads, sent in order, each under its own id until the
//! server has it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{forget, keep, now_ms, recall_all, unsent};
use crate::{
    api::conversation::{NewMessage, send_message},
    json,
};
use model::{ApiError, Attachment, ConversationId, MemberId, MessageId, Timestamp};

/// How a message that is not stored yet fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GhostState {
    /// On its way.
    Sending,
    /// Waits for the connection.
    Waiting,
    /// Refused; why.
    Refused(String),
    /// Somebody else answered meanwhile: whoever wrote it decides.
    Asked {
        /// Who.
        by: String,
        /// What, on one line.
        text: String,
        /// When.
        at: Timestamp,
        /// Its place in the thread.
        n: i64,
    },
}

/// A message that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ghost {
    /// What is sent.
    pub new: NewMessage,
    /// Its files, to be shown.
    pub files: Vec<Attachment>,
    /// When it was written.
    pub at: Timestamp,
    /// How it fares.
    pub state: GhostState,
}

/// The messages that are not stored yet.
#[derive(Clone, Copy)]
pub struct Outbox {
    /// Who writes. What others wrote in this browser is neither shown nor sent.
    member: MemberId,
    ghosts: RwSignal<Vec<Ghost>>,
    busy: StoredValue<bool>,
}

/// The outbox. Only below the signed-in layout.
pub fn use_outbox() -> Outbox {
    expect_context::<Outbox>()
}

impl Outbox {
    /// An empty one; [`Outbox::restore`] fills it in the browser.
    pub fn new(member: MemberId) -> Self {
        Self { member, ghosts: RwSignal::default(), busy: StoredValue::new(false) }
    }

    /// One entry a message, so that tabs never overwrite each other's.
    fn key(self, id: Option<MessageId>) -> String {
        unsent(self.member, &format!("outbox:{}", id.map(|id| id.to_string()).unwrap_or_default()))
    }

    /// Takes up what a former page left behind.
    pub fn restore(self) {
        let mut kept: Vec<Ghost> =
            recall_all(&self.key(None)).iter().filter_map(|(_, text)| json::read(text).ok()).collect();
        kept.sort_by_key(|ghost| ghost.new.id);
        for ghost in &mut kept {
            if ghost.state == GhostState::Waiting {
                ghost.state = GhostState::Sending;
            }
        }
        if !kept.is_empty() {
            self.ghosts.set(kept);
            self.flush();
        }
    }

    /// What waits in a conversation, in order.
    pub fn of(self, conversation: ConversationId) -> Vec<Ghost> {
        self.ghosts.with(|all| all.iter().filter(|g| g.new.conversation == conversation).cloned().collect())
    }

    /// Sends a message as soon as that can be.
    pub fn push(self, new: NewMessage, files: Vec<Attachment>) {
        let new = NewMessage { by: Some(self.member), ..new };
        self.change(|all| all.push(Ghost { new, files, at: Timestamp(now_ms()), state: GhostState::Sending }));
        self.flush();
    }

    /// Tries a refused message again.
    pub fn retry(self, id: MessageId) {
        self.change(|all| {
            if let Some(ghost) = all.iter_mut().find(|g| g.new.id == id) {
                ghost.state = GhostState::Sending;
            }
        });
        self.flush();
    }

    /// Sends a message although somebody else answered meanwhile. Only what was asked about is known: of a later answer it is asked again.
    pub fn send_anyway(self, id: MessageId) {
        self.change(|all| {
            if let Some(ghost) = all.iter_mut().find(|g| g.new.id == id)
                && let GhostState::Asked { n, .. } = ghost.state
            {
                ghost.new.seen = Some(n);
                ghost.state = GhostState::Sending;
            }
        });
        self.flush();
    }

    /// Takes a message out again, to be edited.
    pub fn take(self, id: MessageId) -> Option<Ghost> {
        let taken = self.ghosts.with_untracked(|all| all.iter().find(|g| g.new.id == id).cloned());
        self.change(|all| all.retain(|g| g.new.id != id));
        taken
    }

    /// Changes what is waiting, here and in what the browser keeps.
    fn change(self, change: impl FnOnce(&mut Vec<Ghost>)) {
        let before = self.ghosts.try_get_untracked().unwrap_or_default();
        self.ghosts.try_update(|all| change(all));
        let after = self.ghosts.try_get_untracked().unwrap_or_default();
        for ghost in before.iter().filter(|old| !after.iter().any(|new| new.new.id == old.new.id)) {
            forget(&self.key(Some(ghost.new.id)));
        }
        for ghost in after.iter().filter(|new| !before.contains(new)) {
            if let Ok(text) = serde_json::to_string(ghost) {
                keep(&self.key(Some(ghost.new.id)), &text);
            }
        }
    }

    /// Sends what waits, one after another. A second call while one runs does nothing.
    pub fn flush(self) {
        if self.busy.try_get_value() != Some(false) {
            return;
        }
        self.busy.set_value(true);
        leptos::task::spawn_local(async move {
            while let Some(ghost) = self.next() {
                let id = ghost.new.id;
                match send_message(ghost.new).await.map_err(ApiError::from) {
                    // The event brings it into the thread; both show it once, by its id.
                    Ok(_) => self.change(|all| all.retain(|g| g.new.id != id)),
                    Err(error) if error.is_passing() => {
                        self.mark(id, GhostState::Waiting);
                        break;
                    }
                    Err(ApiError::Unauthenticated) => {
                        self.mark(id, GhostState::Waiting);
                        break;
                    }
                    Err(ApiError::Answered { by, text, at, n }) => self.mark(id, GhostState::Asked { by, text, at, n }),
                    Err(error) => self.mark(id, GhostState::Refused(error.to_string())),
                }
            }
            self.busy.try_set_value(false);
            if self.ghosts.try_with_untracked(|all| all.iter().any(|g| g.state == GhostState::Waiting)) == Some(true) {
                set_timeout(
                    move || {
                        self.wake();
                    },
                    std::time::Duration::from_secs(3),
                );
            }
        });
    }

    /// The connection is back, or may be.
    pub fn wake(self) {
        let waits =
            self.ghosts.try_with_untracked(|all| all.iter().any(|g| g.state == GhostState::Waiting)) == Some(true);
        if waits {
            self.change(|all| {
                for ghost in all.iter_mut().filter(|g| g.state == GhostState::Waiting) {
                    ghost.state = GhostState::Sending;
                }
            });
            self.flush();
        }
    }

    fn next(self) -> Option<Ghost> {
        self.ghosts.try_with_untracked(|all| all.iter().find(|g| g.state == GhostState::Sending).cloned()).flatten()
    }

    fn mark(self, id: MessageId, state: GhostState) {
        self.change(|all| {
            if let Some(ghost) = all.iter_mut().find(|g| g.new.id == id) {
                ghost.state = state;
            }
        });
    }
}
