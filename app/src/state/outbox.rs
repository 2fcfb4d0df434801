//! Messages that the server has not stored yet. They are shown at once, survive a reload, and are sent in order, each with a fixed id.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Unconfirmed, forget, keep, now_ms, recall_all, unsent};
use crate::{
    api::conversation::{NewMessage, send_message},
    json,
};
use model::{ApiError, Attachment, ConversationId, MemberId, MessageId, Timestamp};

/// The state of a message that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GhostState {
    /// Being sent.
    Sending,
    /// Waiting for the connection.
    Waiting,
    /// Refused by the server, with the reason.
    Refused(String),
    /// Somebody else replied meanwhile. The author decides whether to send.
    Asked {
        /// The name of the member who replied.
        by: String,
        /// Their reply on one line.
        text: String,
        /// When they replied.
        at: Timestamp,
        /// The position of their reply in the thread.
        n: i64,
    },
}

/// A message that is not stored yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ghost {
    /// The message to send.
    pub new: NewMessage,
    /// The message's files, for display.
    pub files: Vec<Attachment>,
    /// When the message was written.
    pub at: Timestamp,
    /// The state of sending.
    pub state: GhostState,
}

/// The outbox: all messages that are not stored yet.
#[derive(Clone, Copy)]
pub struct Outbox {
    /// The signed-in member. Messages of other members in this browser are neither shown nor sent.
    member: MemberId,
    ghosts: RwSignal<Vec<Ghost>>,
    /// Acts that are not done yet. A message waits for those that its author did before in the same conversation.
    acts: RwSignal<Vec<Unconfirmed>>,
    busy: StoredValue<bool>,
}

/// Returns the outbox. Works only below the signed-in layout.
pub fn use_outbox() -> Outbox {
    expect_context::<Outbox>()
}

impl Outbox {
    /// Creates an empty outbox. [`Outbox::restore`] fills it in the browser.
    pub fn new(member: MemberId, acts: RwSignal<Vec<Unconfirmed>>) -> Self {
        Self { member, ghosts: RwSignal::default(), acts, busy: StoredValue::new(false) }
    }

    /// The storage key. Each message has its own, so that tabs never overwrite each other's messages.
    fn key(self, id: Option<MessageId>) -> String {
        unsent(self.member, &format!("outbox:{}", id.map(|id| id.to_string()).unwrap_or_default()))
    }

    /// Loads the messages that an earlier page left in storage.
    pub fn restore(self) {
        let mut kept: Vec<Ghost> = Vec::new();
        for ghost in recall_all(&self.key(None)).iter().filter_map(|(_, text)| json::read::<Ghost>(text).ok()) {
            let place = kept.partition_point(|other| other.new.id < ghost.new.id);
            kept.insert(place, ghost);
        }
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

    /// The unsent messages of a conversation, in order.
    pub fn of(self, conversation: ConversationId) -> Vec<Ghost> {
        self.ghosts.with(|all| all.iter().filter(|g| g.new.conversation == conversation).cloned().collect())
    }

    /// Adds a message and sends it as soon as possible.
    pub fn push(self, new: NewMessage, files: Vec<Attachment>) {
        let new = NewMessage { by: Some(self.member), ..new };
        self.change(|all| all.push(Ghost { new, files, at: Timestamp(now_ms()), state: GhostState::Sending }));
        self.flush();
    }

    /// Sends a refused message again.
    pub fn retry(self, id: MessageId) {
        self.change(|all| {
            if let Some(ghost) = all.iter_mut().find(|g| g.new.id == id) {
                ghost.state = GhostState::Sending;
            }
        });
        self.flush();
    }

    /// Sends a message although somebody else replied meanwhile. This covers only the reply that the author was shown. After a later reply
    /// the author is asked again.
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

    /// Removes a message so that its author can edit it.
    pub fn take(self, id: MessageId) -> Option<Ghost> {
        let taken = self.ghosts.with_untracked(|all| all.iter().find(|g| g.new.id == id).cloned());
        self.change(|all| all.retain(|g| g.new.id != id));
        taken
    }

    /// Changes the unsent messages here and in the browser's storage.
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

    /// Sends the unsent messages one after another. A call while another call runs does nothing.
    pub fn flush(self) {
        if self.busy.try_get_value() != Some(false) {
            return;
        }
        self.busy.set_value(true);
        leptos::task::spawn_local(async move {
            while let Some(ghost) = self.next() {
                let id = ghost.new.id;
                match send_message(ghost.new).await.map_err(ApiError::from) {
                    // The live event adds the message to the thread. Until then both have the same id, so it is shown once.
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

    /// Sends waiting messages when the connection may be back.
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
        let comes_first = |new: &NewMessage| {
            self.acts.try_with_untracked(|acts| acts.iter().any(|act| act.precedes(new.id.uuid(), new.conversation)))
                == Some(true)
        };
        let is_next = |ghost: &&Ghost| ghost.state == GhostState::Sending && !comes_first(&ghost.new);
        self.ghosts.try_with_untracked(|all| all.iter().find(is_next).cloned()).flatten()
    }

    /// Whether a message of a conversation is on its way that was written before something with this id.
    pub fn precedes(self, id: uuid::Uuid, conversation: ConversationId) -> bool {
        let on_its_way = |ghost: &Ghost| matches!(ghost.state, GhostState::Sending | GhostState::Waiting);
        let before = |ghost: &Ghost| ghost.new.conversation == conversation && ghost.new.id.uuid() < id;
        self.ghosts.with(|all| all.iter().any(|ghost| on_its_way(ghost) && before(ghost)))
    }

    fn mark(self, id: MessageId, state: GhostState) {
        self.change(|all| {
            if let Some(ghost) = all.iter_mut().find(|g| g.new.id == id) {
                ghost.state = state;
            }
        });
    }
}
