//! What members do in a conversation.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{
    Act, AttachmentId, ChannelId, Compose, Contact, ContactField, ContactId, ConversationId, ConversationRow,
    DraftMode, Filter, MemberId, Message, MessageId, Seen, SweepProgress, UndoId, Undone,
};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

/// A reply or a note to send. The browser makes the id, so a repeated request is the same message (R6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMessage {
    /// The id, made by the browser.
    pub id: MessageId,
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// Whether it is a reply to the contact or a note to the team.
    pub mode: DraftMode,
    /// The text.
    pub text: String,
    /// Files that were uploaded before.
    pub attachments: Vec<AttachmentId>,
    /// What the author chose beside it, such as the recipients of an e-mail. The rest follows from the conversation.
    #[serde(default, skip_serializing_if = "Compose::is_text")]
    pub compose: Compose,
    /// The position of the last entry that the author saw. If somebody else replied after it, the author is asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
    /// The author. If somebody else is signed in by now, the message is not sent in their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    /// How to start the conversation, if this is its first message (T16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<Beginning>,
}

/// How to start a conversation with our message. The browser makes the ids of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The channel to send through.
    pub channel: ChannelId,
    /// The contact to write to. None if the author typed an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
}

operations! {
    /// Operations on conversations and contacts.
    pub trait ConversationPort {
        /// Sends a reply or stores a note.
        "send_message" needs Needs::May(Permission::Converse) => send_message(new: NewMessage) -> Message;
        /// Cancels a message before it is sent.
        "cancel_message" needs Needs::May(Permission::Converse) => cancel_message(id: MessageId) -> Message;
        /// Sends a scheduled message at once, or retries a failed one.
        "send_now" needs Needs::May(Permission::Converse) => send_now(id: MessageId) -> Message;
        /// Assigns, closes or reopens a conversation. Refused if somebody else changed the same field since `seen`. Can be undone
        /// under the id `undo`.
        "change_state" needs Needs::May(Permission::Converse) => change_state(conversation: ConversationId, seen: Seen, act: Act, #[server(default)] undo: Option<UndoId>) -> ConversationRow;
        /// Assigns, closes or reopens up to [`MOST_IN_A_SET`](model::MOST_IN_A_SET) conversations, each given with its number of incoming
        /// messages. Returns how many of them changed. Several sets that are undone together have the same id `undo` and their own `part`:
        /// asked again, nothing happens.
        "act_on_many" needs Needs::May(Permission::Converse) => act_on_many(conversations: Vec<(ConversationId, i64)>, act: Act, #[server(default)] undo: Option<UndoId>, #[server(default)] part: i64) -> usize;
        /// Begins to act on everything that matches a filter. `id` names it for the next two, and for undoing all of it.
        "begin_sweep" needs Needs::May(Permission::Converse) => begin_sweep(id: UndoId, filter: Filter, act: Act) -> ();
        /// How far it is.
        "progress_of_sweep" needs Needs::May(Permission::Converse) => progress_of_sweep(id: UndoId) -> SweepProgress;
        /// Stops it. What it changed stays, and can be undone.
        "cancel_sweep" needs Needs::May(Permission::Converse) => cancel_sweep(id: UndoId) -> SweepProgress;
        /// Undoes what this member did under an id. What somebody changed since stays as it is.
        "undo" needs Needs::May(Permission::Converse) => undo(id: UndoId) -> Undone;
        /// Marks a conversation as read up to a number of incoming messages.
        "mark_read" needs Needs::May(Permission::Read) => mark_read(conversation: ConversationId, read_count: i64) -> ();
        /// Stores the member's unsent text. `by` is its author. If somebody else is signed in by now, nothing is stored in their name.
        "save_draft" needs Needs::May(Permission::Converse) => save_draft(conversation: ConversationId, mode: DraftMode, text: String, #[server(default)] id: Option<MessageId>, by: Option<MemberId>) -> ();
        /// Changes one field of a contact. Refused if somebody changed the contact after `seen`.
        "edit_contact" needs Needs::May(Permission::Converse) => edit_contact(id: ContactId, field: ContactField, value: String, seen: i64) -> Contact;
        /// Creates a contact for an unknown sender from the first known detail, and links the conversation to that contact.
        "make_contact" needs Needs::May(Permission::Converse) => make_contact(conversation: ConversationId, id: ContactId, field: ContactField, value: String) -> Contact;
    }
}
