//! The data of an open conversation.

use serde::{Deserialize, Serialize};

use super::{Contact, ConversationRow, MailHead, Message, MessageId, Timestamp, text_enum::text_enum};

text_enum! {
    /// The kind of text that is written in the composer.
    pub enum DraftMode {
        /// A reply to the person outside.
        Reply = "reply",
        /// A note for the team.
        Note = "note",
    }
}

/// Unsent text, stored per member, conversation and mode, across reloads and devices (T4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The kind of text.
    pub mode: DraftMode,
    /// The text.
    pub text: String,
    /// The id of the future message. Wherever and however often it is sent, it becomes one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
}

/// An open conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its card.
    pub row: ConversationRow,
    /// The contact, once known.
    pub contact: Option<Contact>,
    /// The address of the person outside, as it is displayed.
    pub address: String,
    /// The newest entries, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older entries.
    pub more: bool,
    /// The head of the mail that the next reply answers, if it is older than these entries.
    pub answered: Option<Box<MailHead>>,
    /// The member's drafts in this conversation.
    pub drafts: Vec<Draft>,
    /// The number of the last event that is included.
    pub seq: i64,
    /// The server's time of the snapshot.
    pub now: Timestamp,
}
