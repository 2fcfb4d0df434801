//! Messages, notes and event lines: the entries of a thread (T2, T3).

use serde::{Deserialize, Serialize};

use super::{
    Act, AgentId, AttachmentId, CloseReason, Content, ConversationId, MailHead, MemberId, Mention, MessageId, Status,
    TagId, Timestamp, text_enum::text_enum,
};

/// The longest text of one message, in bytes of UTF-8.
pub const TEXT_LIMIT: usize = 64 * 1024;

text_enum! {
    /// The delivery state of an outgoing message.
    pub enum DeliveryState {
        /// It waits for its time and can be cancelled.
        Scheduled = "scheduled",
        /// It is due.
        Queued = "queued",
        /// It was handed to the channel, which has not answered yet.
        Sending = "sending",
        /// The channel accepted it.
        Sent = "sent",
        /// It reached the recipient's device.
        Delivered = "delivered",
        /// The recipient has seen it.
        Read = "read",
        /// It was not sent.
        Failed = "failed",
        /// It is unknown whether it was sent. A person decides.
        Unknown = "unknown",
        /// It was cancelled before it was sent.
        Cancelled = "cancelled",
        /// The channel accepted it, but it came back and did not arrive (T8).
        Bounced = "bounced",
    }
}

impl DeliveryState {
    /// The order of the states. A late or repeated status never moves a message backwards (R5).
    pub const fn rank(self) -> u8 {
        match self {
            Self::Scheduled => 0,
            Self::Queued => 1,
            Self::Sending => 2,
            Self::Unknown => 3,
            Self::Failed => 4,
            Self::Sent => 5,
            Self::Delivered => 6,
            Self::Read => 7,
            Self::Cancelled => 8,
            // A message that arrived may still bounce, from the server of a second recipient.
            Self::Bounced => 9,
        }
    }

    /// Whether it did not arrive, as far as is known.
    pub const fn is_unsent(self) -> bool {
        matches!(self, Self::Failed | Self::Unknown | Self::Bounced)
    }

    /// The text for screen readers and tooltips.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "not sent",
            Self::Unknown => "maybe sent",
            Self::Cancelled => "cancelled",
            Self::Bounced => "came back",
        }
    }
}

/// The delivery of an outgoing message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its state.
    pub state: DeliveryState,
    /// When it is, or was, due to be sent.
    pub send_at: Timestamp,
    /// Why it failed and what to do. Empty otherwise.
    pub reason: String,
}

/// Who wrote an outgoing message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// A member.
    Member(MemberId),
    /// An AI agent.
    Agent(AgentId),
    /// The channel's automatic reply.
    Auto,
}

/// An event line: a dated entry of a thread that is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// It was assigned to a member, or to nobody.
    Assigned {
        /// The member who did it.
        by: MemberId,
        /// The new assignee.
        to: Option<MemberId>,
    },
    /// It was closed.
    Closed {
        /// The member who did it.
        by: MemberId,
        /// The reason.
        reason: CloseReason,
        /// Whether their next messages stay closed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        blocked: bool,
    },
    /// It was opened again or set to pending.
    Status {
        /// The member who did it.
        by: MemberId,
        /// The new status.
        to: Status,
    },
    /// A tag was added.
    Tagged {
        /// The member who did it.
        by: MemberId,
        /// The tag.
        tag: TagId,
    },
    /// A tag was removed.
    Untagged {
        /// The member who did it.
        by: MemberId,
        /// The tag.
        tag: TagId,
    },
    /// The time until which it was hidden is over.
    WokeUp,
    /// An act without a line of its own was done, or any act was undone.
    Acted {
        /// The member.
        by: MemberId,
        /// The act.
        act: Act,
        /// Whether it was undone.
        undone: bool,
    },
    /// The person outside wrote again after it was closed.
    ReopenedByThem,
    /// It came from a blocked sender, so it was closed from the beginning.
    FromBlocked,
    /// The sender is no longer blocked.
    Unblocked {
        /// The member who did it.
        by: MemberId,
    },
    /// A machine of theirs answered automatically: an absence, a receipt. The entry's text is its answer.
    AutoReply,
    /// A mail system reported about our mail. The entry's text is the report.
    Bounce,
    /// A person who is no participant wrote into this thread. Their mail is in a conversation of its own.
    Stranger {
        /// That conversation.
        conversation: ConversationId,
    },
}

/// The kind of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A message from outside.
    Incoming,
    /// A message to the person outside.
    Outgoing {
        /// Who wrote it.
        by: Sender,
        /// Its delivery.
        delivery: Delivery,
    },
    /// A note, which only the team sees.
    Note {
        /// Who wrote it.
        by: MemberId,
    },
    /// An event line.
    Line {
        /// What happened.
        line: Line,
    },
}

/// A file of a message. Its bytes are fetched by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// A name that is safe to display: no path, no control characters.
    pub name: String,
    /// Its size in bytes.
    pub size: i64,
    /// Its media type, by its bytes. The sender's claim is ignored.
    pub media_type: String,
}

impl Attachment {
    /// Whether it may be displayed as a picture.
    pub fn is_image(&self) -> bool {
        matches!(self.media_type.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp")
    }
}

/// One entry of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Its position in the conversation: 1, 2, 3…
    pub n: i64,
    /// When it was written.
    pub at: Timestamp,
    /// The text; empty for most event lines.
    pub text: String,
    /// The kind of entry.
    pub entry: Entry,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// What it carries beside text and files.
    #[serde(default, skip_serializing_if = "Content::is_text")]
    pub content: Content,
}

impl Message {
    /// The head of the e-mail, if it is one.
    pub const fn mail(&self) -> Option<&MailHead> {
        self.content.mail()
    }

    /// Whom it mentions, if it is a note.
    pub fn mentions(&self) -> &[Mention] {
        match &self.content {
            Content::Note(mentions) => mentions,
            _ => &[],
        }
    }

    /// Whether it is a reply of another member or of an AI agent. An automatic reply is none.
    pub fn is_answer_of_another(&self, me: MemberId) -> bool {
        match &self.entry {
            Entry::Outgoing { by: Sender::Member(by), .. } => *by != me,
            Entry::Outgoing { by: Sender::Agent(_), .. } => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryState as D;

    #[test]
    fn r5_late_states_rank_below_final_ones() {
        assert!(
            D::Read.rank() > D::Delivered.rank()
                && D::Delivered.rank() > D::Sent.rank()
                && D::Sent.rank() > D::Failed.rank()
        );
    }
}
