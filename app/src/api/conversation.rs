//! What members do in a conversation.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::Refused;
#[cfg(feature = "ssr")]
use super::{port, told};
#[cfg(feature = "ssr")]
use model::Draft;
use model::{
    Act, AttachmentId, ChannelId, Contact, ContactField, ContactId, ConversationId, ConversationRow, DraftMode,
    MailChoice, MemberId, Message, MessageId, Seen,
};

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

/// Sends a reply or keeps a note.
#[server(prefix = "/api/fn", endpoint = "send_message", input = Json)]
pub async fn send_message(new: NewMessage) -> Result<Message, Refused> {
    told(port()?.send_message(new).await)
}

/// Takes a message back before it goes out.
#[server(prefix = "/api/fn", endpoint = "cancel_message", input = Json)]
pub async fn cancel_message(id: MessageId) -> Result<Message, Refused> {
    told(port()?.cancel_message(id).await)
}

/// Sends a scheduled message at once, or tries a failed one again.
#[server(prefix = "/api/fn", endpoint = "send_now", input = Json)]
pub async fn send_now(id: MessageId) -> Result<Message, Refused> {
    told(port()?.send_now(id).await)
}

/// Assigns, closes, reopens; refused when somebody else changed the same thing since it was `seen`.
#[server(prefix = "/api/fn", endpoint = "change_state", input = Json)]
pub async fn change_state(conversation: ConversationId, seen: Seen, act: Act) -> Result<ConversationRow, Refused> {
    told(port()?.change_state(conversation, seen, act).await)
}

/// Assigns, closes or reopens many at once, [`MOST_IN_A_SET`](model::MOST_IN_A_SET) at most; answers how many that changed.
#[server(prefix = "/api/fn", endpoint = "act_on_many", input = Json)]
pub async fn act_on_many(conversations: Vec<ConversationId>, act: Act) -> Result<usize, Refused> {
    told(port()?.act_on_many(conversations, act).await)
}

/// Marks a conversation as read up to a number of incoming messages.
#[server(prefix = "/api/fn", endpoint = "mark_read", input = Json)]
pub async fn mark_read(conversation: ConversationId, read_count: i64) -> Result<(), Refused> {
    told(port()?.mark_read(conversation, read_count).await)
}

/// Keeps what I have written and not sent. `by` says who that is: where somebody else is signed in by now, it is not theirs.
#[server(prefix = "/api/fn", endpoint = "save_draft", input = Json)]
pub async fn save_draft(
    conversation: ConversationId,
    mode: DraftMode,
    text: String,
    #[server(default)] id: Option<MessageId>,
    by: Option<MemberId>,
) -> Result<(), Refused> {
    told(port()?.save_draft(conversation, Draft { mode, text, id }, by).await)
}

/// Changes one field of a contact; refused when somebody changed the contact after `seen`.
#[server(prefix = "/api/fn", endpoint = "edit_contact", input = Json)]
pub async fn edit_contact(id: ContactId, field: ContactField, value: String, seen: i64) -> Result<Contact, Refused> {
    told(port()?.edit_contact(id, field, value, seen).await)
}

/// Makes a contact of somebody who is none yet, from the first thing known of them, and links the conversation to it.
#[server(prefix = "/api/fn", endpoint = "make_contact", input = Json)]
pub async fn make_contact(
    conversation: ConversationId,
    id: ContactId,
    field: ContactField,
    value: String,
) -> Result<Contact, Refused> {
    told(port()?.make_contact(conversation, id, field, value).await)
}
