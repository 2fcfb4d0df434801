//! What a search found.

use serde::{Deserialize, Serialize};

use super::{super::text_enum::text_enum, Ignored};
use crate::{ChannelKind, ContactId, ConversationId, Filter, MessageId, PreviewBy, Status, Thread, Timestamp};

/// Where a page of messages ends. Only the server knows what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SearchCursor(pub i64);

/// What a search found: people and messages, each newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPage {
    /// The people. Only the first page has them.
    pub people: Vec<PersonHit>,
    /// Whether there are more people than these.
    pub more_people: bool,
    /// The messages.
    pub messages: Vec<MessageHit>,
    /// Where the next page of messages begins. None if there are no more.
    pub after: Option<SearchCursor>,
    /// How far the search looked back, if it stopped before everything was looked at. With [`after`](Self::after) it goes on from there.
    pub looked_back_to: Option<Timestamp>,
    /// Whether only some of what the text finds was looked at, and nothing may say how far. A member who does not see everything would
    /// otherwise learn of what is hidden.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partly: bool,
    /// Whether older messages are still being prepared for search, and are not found yet.
    pub building: bool,
    /// The parts of the text that do not apply.
    pub ignored: Vec<Ignored>,
    /// The search as a filter of the list, which can be kept as a view. None if it asks for words or for single messages.
    pub view: Option<Filter>,
    /// The server's time of the snapshot.
    pub now: Timestamp,
}

/// A person who was found: a contact, or somebody unknown who wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonHit {
    /// The contact. None for somebody unknown.
    pub contact: Option<ContactId>,
    /// The newest conversation with them that the member may see. None for a contact without one.
    pub conversation: Option<ConversationId>,
    /// When its last message was written.
    pub last_at: Option<Timestamp>,
    /// The kind of its channel.
    pub kind: Option<ChannelKind>,
    /// The name to show.
    pub name: String,
    /// The company. Empty if unknown.
    pub company: String,
    /// The e-mail address. Empty if unknown.
    pub email: String,
    /// Whether only a similar name was found, one letter off.
    pub near: bool,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageHit {
    /// Its conversation.
    pub conversation: ConversationId,
    /// The message.
    pub message: MessageId,
    /// Its position in the thread.
    pub n: i64,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it, and whether it is a note. None for an event line.
    pub by: Option<PreviewBy>,
    /// The name that the conversation's row shows.
    pub name: String,
    /// The kind of its channel.
    pub kind: ChannelKind,
    /// The conversation's status.
    pub status: Status,
    /// The sentence with the hit.
    pub snippet: Snippet,
}

text_enum! {
    /// Where in a message the hit is.
    pub enum SnippetPart {
        /// In its text.
        Text = "text",
        /// In its subject.
        Subject = "subject",
        /// In the name of a file.
        File = "file",
    }
}

/// The sentence around a hit, cut to a bounded length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// Where it is from.
    pub part: SnippetPart,
    /// The sentence in pieces, in order.
    pub pieces: Vec<SnippetPiece>,
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnippetPiece {
    /// The text, on one line.
    pub text: String,
    /// Whether it is what was searched for.
    pub hit: bool,
}

/// A conversation, opened at one of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    /// The conversation. Its entries are those around the position, and `more` says whether older ones exist.
    pub thread: Thread,
    /// Whether newer entries exist.
    pub newer: bool,
}
