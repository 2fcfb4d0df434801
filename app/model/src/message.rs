//! Messages, notes and event lines: what stands in a thread (T2, T3).

use serde::{Deserialize, Serialize};

use super::{
    AgentId, AttachmentId, ConversationId, MailHead, MemberId, MessageId, Status, Timestamp, text_enum::text_enum,
};

/// The longest text of one message, in bytes of UTF-8.
pub const TEXT_LIMIT: usize = 64 * 1024;

text_enum! {
    /// Where an outgoing message is on its way.
    pub enum DeliveryState {
        /// Waits for its time; can be taken back.
        Scheduled = "scheduled",
        /// Its time has come.
        Queued = "queued",
        /// Handed to the channel, no answer yet.
        Sending = "sending",
        /// The channel has it.
        Sent = "sent",
        /// It reached their device.
        Delivered = "delivered",
        /// They saw it.
        Read = "read",
        /// It did not go out.
        Failed = "failed",
        /// Sent or not cannot be told; a person decides.
        Unknown = "unknown",
        /// Taken back before it went out.
        Cancelled = "cancelled",
        /// The channel had it, and it came back: it did not reach them (T8).
        Bounced = "bounced",
    }
}

impl DeliveryState {
    /// How far along; a late or repeated status never moves a message backwards (R5).
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
            // Even what was once seen to arrive may be told to have come back, by a second recipient's server.
            Self::Bounced => 9,
        }
    }

    /// Whether it did not reach them, as far as is known.
    pub const fn is_unsent(self) -> bool {
        matches!(self, Self::Failed | Self::Unknown | Self::Bounced)
    }

    /// As it is read out and shown on hover.
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

/// The way of an outgoing message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// How far it is.
    pub state: DeliveryState,
    /// When it goes, or went, out.
    pub send_at: Timestamp,
    /// Why it failed and what to do; empty otherwise.
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
    /// The channel's auto-reply.
    Auto,
}

text_enum! {
    /// Why a conversation was closed (T13).
    pub enum CloseReason {
        /// Answered.
        Resolved = "resolved",
        /// Qualified and handed off.
        Qualified = "qualified",
        /// Not interested.
        NotInterested = "not_interested",
        /// Spam or invalid.
        Spam = "spam",
    }
}

impl CloseReason {
    /// As it is written on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Resolved => "Resolved",
            Self::Qualified => "Qualified and handed off",
            Self::NotInterested => "Not interested",
            Self::Spam => "Spam or invalid",
        }
    }
}

/// A dated line in the thread that is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// Somebody has it now, or nobody.
    Assigned {
        /// Who did it.
        by: MemberId,
        /// Who has it.
        to: Option<MemberId>,
    },
    /// Done.
    Closed {
        /// Who did it.
        by: MemberId,
        /// Why.
        reason: CloseReason,
    },
    /// Open or pending again.
    Status {
        /// Who did it.
        by: MemberId,
        /// Where it stands now.
        to: Status,
    },
    /// They wrote again after it was closed.
    ReopenedByThem,
    /// A machine of theirs answered by itself: an absence, a receipt. The entry's text is what it said.
    AutoReply,
    /// A mail system told what became of a mail of ours. The entry's text is what it said.
    Bounce,
    /// Somebody who takes no part here wrote into this thread; what they wrote is a conversation of its own.
    Stranger {
        /// Where it is.
        conversation: ConversationId,
    },
}

/// What kind of entry it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// From outside.
    Incoming,
    /// To the outside.
    Outgoing {
        /// Who wrote it.
        by: Sender,
        /// How far it is.
        delivery: Delivery,
    },
    /// Only the team sees it.
    Note {
        /// Who wrote it.
        by: MemberId,
    },
    /// No message at all.
    Line {
        /// What happened.
        line: Line,
    },
}

/// A file that belongs to a message. Its bytes are asked for by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Which one.
    pub id: AttachmentId,
    /// The name as it may be shown: no path, no control characters.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// What its bytes are, decided by us and not by the sender.
    pub media_type: String,
}

impl Attachment {
    /// Whether it may be shown as a picture.
    pub fn is_image(&self) -> bool {
        matches!(self.media_type.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp")
    }
}

/// One entry of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Which one.
    pub id: MessageId,
    /// Where.
    pub conversation: ConversationId,
    /// Its place in the conversation: 1, 2, 3…
    pub n: i64,
    /// When it was written.
    pub at: Timestamp,
    /// The text; empty for most event lines.
    pub text: String,
    /// What kind of entry it is.
    pub entry: Entry,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// What it has beside its text, when it is an e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Box<MailHead>>,
}

impl Message {
    /// Whether it answers them in the name of somebody else than this member; an automatic reply answers nothing.
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
