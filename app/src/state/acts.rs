//! Acts that the server has not confirmed. They are shown as if they were done, survive a reload, and are sent in order, each under a fixed id.
//! What sends them is `components/acting/queue.rs`.

use serde::{Deserialize, Serialize};

use model::{Act, ConversationId, Seen, UndoId};

/// How far an act is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Not sent yet.
    New,
    /// Sent, perhaps in vain: the server may have done it.
    Sent,
    /// It waits for the connection, and is sent again.
    Waiting,
    /// The server has done it. The event that says so may still be on its way; the row that it brings has this version, if that is known.
    Done(Option<i64>),
}

/// An act that the server has not confirmed, or whose event may still be on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unconfirmed {
    /// Under which id it can be undone. Several sets may have the same.
    pub id: UndoId,
    /// Which of the sets with this id it is. None if it is about one conversation only.
    pub part: Option<i64>,
    /// The conversations, each as it was seen.
    pub on: Vec<(ConversationId, Seen)>,
    /// The act.
    pub act: Act,
    /// How far it is.
    pub stage: Stage,
    /// Whether it is to be undone as soon as the server has done it. Until then it is no longer shown.
    pub taken_back: bool,
}

impl Unconfirmed {
    /// Whether the server has not answered yet.
    pub const fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Done(_))
    }

    /// Whether it is about a conversation and was asked for before something with this id.
    pub fn precedes(&self, id: uuid::Uuid, conversation: ConversationId) -> bool {
        self.is_open() && self.id.uuid() < id && self.on.iter().any(|(one, _)| *one == conversation)
    }
}
