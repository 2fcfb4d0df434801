//! What a message carries beside its text and files, and what its author chose beside them. One variant per kind of content, so that a new
//! kind of channel adds a variant and the compiler names every place that has to deal with it.

use serde::{Deserialize, Serialize};

use crate::{MailChoice, MailHead, Mention, Mentioned};

/// What a message carries beside its text and files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Nothing: a chat message, a note or an event line.
    #[default]
    Text,
    /// The head of an e-mail. The message's text is its body.
    Mail(Box<MailHead>),
    /// Whom a note mentions.
    Note(Vec<Mention>),
}

impl Content {
    /// Whether there is nothing beside text and files.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// The head of the e-mail, if it is one.
    pub const fn mail(&self) -> Option<&MailHead> {
        match self {
            Self::Mail(head) => Some(head),
            Self::Text | Self::Note(_) => None,
        }
    }

    /// The head of the e-mail, if it is one.
    pub fn into_mail(self) -> Option<Box<MailHead>> {
        match self {
            Self::Mail(head) => Some(head),
            Self::Text | Self::Note(_) => None,
        }
    }
}

impl From<Option<Box<MailHead>>> for Content {
    fn from(head: Option<Box<MailHead>>) -> Self {
        head.map_or(Self::Text, Self::Mail)
    }
}

/// What the author of a reply or a note chose beside its text and files. What is left out follows from the conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compose {
    /// Nothing.
    #[default]
    Text,
    /// The recipients and the subject of an e-mail.
    Mail(MailChoice),
    /// Whom a note mentions.
    Note(Vec<Mentioned>),
}

impl Compose {
    /// Whether nothing was chosen.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }

    /// The choice for an e-mail, if one was made.
    pub const fn mail(&self) -> Option<&MailChoice> {
        match self {
            Self::Mail(choice) => Some(choice),
            Self::Text | Self::Note(_) => None,
        }
    }

    /// Whom it mentions.
    pub fn mentions(&self) -> &[Mentioned] {
        match self {
            Self::Note(mentioned) => mentioned,
            _ => &[],
        }
    }
}

impl From<Option<MailChoice>> for Compose {
    fn from(choice: Option<MailChoice>) -> Self {
        choice.map_or(Self::Text, Self::Mail)
    }
}
