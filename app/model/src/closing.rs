//! Why conversations are closed, and whose next messages stay closed (T13).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ApiError, ChannelKind, ConversationId, DraftMode, MemberId, MessageId, Timestamp, UnknownText};

/// The most reasons that can be chosen from at once.
pub const MOST_REASONS: usize = 20;
/// The most reasons that a workspace may have, archived ones included.
pub const MOST_KEPT_REASONS: usize = 100;
/// The longest name of a reason, in characters.
const NAME_CHARS: usize = 60;

/// Which reason. Every workspace begins with the four that have a word of their own. The words are stored: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum CloseReason {
    /// Answered.
    Resolved,
    /// Qualified and handed off.
    Qualified,
    /// Not interested.
    NotInterested,
    /// Spam or invalid.
    Spam,
    /// One that the workspace added, by its number: 1, 2, 3…
    Own(u16),
}

impl CloseReason {
    /// The reasons that every workspace begins with, in order. Their names can be changed.
    pub const STANDARD: [(Self, &'static str); 4] = [
        (Self::Resolved, "Resolved"),
        (Self::Qualified, "Qualified and handed off"),
        (Self::NotInterested, "Not interested"),
        (Self::Spam, "Spam or invalid"),
    ];
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolved => "resolved",
            Self::Qualified => "qualified",
            Self::NotInterested => "not_interested",
            Self::Spam => "spam",
            Self::Own(number) => return write!(f, "own_{number}"),
        })
    }
}

impl FromStr for CloseReason {
    type Err = UnknownText;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownText { of: "CloseReason", text: text.to_owned() };
        Ok(match text {
            "resolved" => Self::Resolved,
            "qualified" => Self::Qualified,
            "not_interested" => Self::NotInterested,
            "spam" => Self::Spam,
            _ => Self::Own(text.strip_prefix("own_").and_then(|n| n.parse().ok()).ok_or_else(unknown)?),
        })
    }
}

impl From<CloseReason> for String {
    fn from(reason: CloseReason) -> Self {
        reason.to_string()
    }
}

impl TryFrom<String> for CloseReason {
    type Error = UnknownText;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A reason as a workspace has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which one.
    pub id: CloseReason,
    /// Its name. Two reasons never have the same name, whatever the case.
    pub name: String,
    /// Whether closing with it blocks the sender.
    pub blocks: bool,
    /// It can no longer be chosen. Where it was chosen, it stays.
    pub archived: bool,
}

impl Reason {
    /// What a workspace begins with.
    pub fn standard() -> Vec<Self> {
        let of = |(id, name): (CloseReason, &str)| Self {
            id,
            name: name.to_owned(),
            blocks: id == CloseReason::Spam,
            archived: false,
        };
        CloseReason::STANDARD.map(of).into()
    }

    /// The name without leading, trailing and repeated spaces.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when it is empty, too long, or has characters that cannot be shown.
    pub fn check_name(name: &str) -> Result<String, ApiError> {
        let name = crate::visible_name(name);
        if name.is_empty() {
            return Err(ApiError::invalid("name", "Give the reason a name."));
        }
        if name.chars().count() > NAME_CHARS {
            return Err(ApiError::invalid("name", format!("A reason can have at most {NAME_CHARS} characters.")));
        }
        if name.chars().any(char::is_control) || name.chars().all(crate::is_unseen) {
            return Err(ApiError::invalid("name", "This contains characters that cannot be shown."));
        }
        Ok(name)
    }
}

/// What is said while closing: to the person outside, or to the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWords {
    /// Made by the client, so that a repeated request is the same message.
    pub id: MessageId,
    /// A reply to the person outside, or a note for the team.
    pub mode: DraftMode,
    /// The text.
    pub text: String,
    /// The position of the last entry that the member saw. If somebody else replied after it, the member is told first.
    pub seen: Option<i64>,
}

/// A sender whose next messages stay closed. What goes out to them is another matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedSender {
    /// Its id.
    pub id: crate::BlockId,
    /// What speaks at this address.
    pub kind: ChannelKind,
    /// The address, in the form in which two are the same. Empty where it tells nobody anything.
    pub address: String,
    /// How they were shown when they were blocked.
    pub label: String,
    /// Who blocked them.
    pub by: MemberId,
    /// When.
    pub at: Timestamp,
    /// The conversation that was closed.
    pub conversation: ConversationId,
}

/// One page of the blocked senders, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedPage {
    /// The senders.
    pub senders: Vec<BlockedSender>,
    /// Whether there are older ones.
    pub more: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t13_stored_words_of_reasons_never_change() {
        let words = ["resolved", "qualified", "not_interested", "spam", "own_7"];
        let reasons =
            CloseReason::STANDARD.iter().map(|(reason, _)| *reason).chain([CloseReason::Own(7)]).collect::<Vec<_>>();
        for (word, reason) in words.iter().zip(&reasons) {
            assert_eq!(reason.to_string(), *word);
            assert_eq!(word.parse::<CloseReason>().unwrap(), *reason);
            let json = format!("\"{word}\"");
            assert_eq!(serde_json::to_string(reason).unwrap(), json);
            assert_eq!(serde_json::from_str::<CloseReason>(&json).unwrap(), *reason);
        }
        for bad in ["", "own_", "own_-1", "own_70000", "other"] {
            assert!(bad.parse::<CloseReason>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn t13_a_reason_needs_a_name_that_can_be_shown() {
        assert_eq!(Reason::check_name("  Wrong \n number ").unwrap(), "Wrong number");
        assert!(Reason::check_name(&"x".repeat(60)).is_ok());
        for bad in ["", "   ", "a\u{0}b", "\u{200b}", &"x".repeat(61)] {
            assert!(Reason::check_name(bad).is_err(), "{bad:?}");
        }
    }
}
