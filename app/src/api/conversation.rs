//! What members do in a conversation.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{
    Act, AttachmentId, ChannelId, Contact, ContactField, ContactId, ConversationId, ConversationRow, DraftMode,
    MailChoice, MemberId, Message, MessageId, Seen,
};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

/// A reply or a note to be sent. The id is made in the browser: a repeated request is the same message (R6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMessage {
    /// Made where it was written.
    pub id: MessageId,
    /// Where.
    pub conversation: ConversationId,
    /// To the outside or to the team.
    pub mode: DraftMode,
    /// The text.
    pub text: String,
    /// Files uploaded before.
    pub attachments: Vec<AttachmentId>,
    /// By e-mail: to whom it goes; what is left out follows from the mail that is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailChoice>,
    /// The place of the last entry that whoever writes saw: if somebody else replied after it, they are asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
    /// Who wrote it. Where somebody else is signed in by now, it is not sent as theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    /// Where the conversation begins with it (T16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<Beginning>,
}

/// How a conversation begins with our message. Its id is made in the browser, as the message's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// By which channel.
    pub channel: ChannelId,
    /// The contact it is for; none where somebody typed an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
}

operations! {
    /// What members do in a conversation.
    pub trait ConversationPort {
        /// Sends a reply or keeps a note.
        "send_message" needs Needs::May(Permission::Converse) => send_message(new: NewMessage) -> Message;
        /// Takes a message back before it goes out.
        "cancel_message" needs Needs::May(Permission::Converse) => cancel_message(id: MessageId) -> Message;
        /// Sends a scheduled message at once, or tries a failed one again.
        "send_now" needs Needs::May(Permission::Converse) => send_now(id: MessageId) -> Message;
        /// Assigns, closes, reopens; refused when somebody else changed the same thing since it was `seen`.
        "change_state" needs Needs::May(Permission::Converse) => change_state(conversation: ConversationId, seen: Seen, act: Act) -> ConversationRow;
        /// Assigns, closes or reopens many at once (each with how many messages had come in), [`MOST_IN_A_SET`](model::MOST_IN_A_SET) at most; answers how many that changed.
        "act_on_many" needs Needs::May(Permission::Converse) => act_on_many(conversations: Vec<(ConversationId, i64)>, act: Act) -> usize;
        /// Marks a conversation as read up to a number of incoming messages.
        "mark_read" needs Needs::May(Permission::Read) => mark_read(conversation: ConversationId, read_count: i64) -> ();
        /// Keeps what I have written and not sent. `by` says who that is: where somebody else is signed in by now, it is not theirs.
        "save_draft" needs Needs::May(Permission::Converse) => save_draft(conversation: ConversationId, mode: DraftMode, text: String, #[server(default)] id: Option<MessageId>, by: Option<MemberId>) -> ();
        /// Changes one field of a contact; refused when somebody changed the contact after `seen`.
        "edit_contact" needs Needs::May(Permission::Converse) => edit_contact(id: ContactId, field: ContactField, value: String, seen: i64) -> Contact;
        /// Makes a contact of somebody who is none yet, from the first thing known of them, and links the conversation to it.
        "make_contact" needs Needs::May(Permission::Converse) => make_contact(conversation: ConversationId, id: ContactId, field: ContactField, value: String) -> Contact;
    }
}
