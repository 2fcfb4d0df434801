//! The one error that every server function answers with.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// What went wrong, as the person asking may know it. The cause of an [`ApiError::Internal`] stays in the server's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ApiError {
    /// Nobody is signed in.
    #[error("Please sign in.")]
    Unauthenticated,
    /// Signed in, but the role does not allow it.
    #[error("You may not do that.")]
    Forbidden,
    /// Missing, or not visible to whoever asks: the two are not told apart.
    #[error("Not found.")]
    NotFound,
    /// The input is not acceptable; nothing was changed.
    #[error("{message}")]
    Invalid {
        /// The field the message belongs beside; empty when it concerns the whole.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// Somebody else was first; nothing was changed.
    #[error("{message}")]
    Conflict {
        /// Who did what, and what to do now.
        message: String,
    },
    /// Somebody else answered since whoever writes last looked; nothing was sent. They decide.
    #[error("{by} answered a moment ago: “{text}”. Send yours anyway?")]
    Answered {
        /// Who.
        by: String,
        /// What, on one line.
        text: String,
        /// When.
        at: Timestamp,
        /// Its place in the thread: who has seen this and sends again has decided.
        n: i64,
    },
    /// Too often; try again after the pause.
    #[error("Too many attempts. Try again in {seconds} s.")]
    TooMany {
        /// Seconds to wait.
        seconds: i64,
    },
    /// Not now: it works again by itself.
    #[error("{message}")]
    Busy {
        /// What is the matter, and what to do.
        message: String,
    },
    /// The request did not reach the server or the answer did not come back.
    #[error("No connection to the server.")]
    Transport {
        /// For the console.
        detail: String,
    },
    /// A fault of ours; the log has the cause under the incident number.
    #[error("Something went wrong on the server (incident {incident}). Nothing was changed; please try again.")]
    Internal {
        /// Finds the cause in the log.
        incident: String,
    },
}

impl ApiError {
    /// Shorthand for [`ApiError::Invalid`].
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), message: message.into() }
    }

    /// Whether the same request may succeed later without being changed.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Transport { .. } | Self::Internal { .. } | Self::TooMany { .. } | Self::Busy { .. })
    }

    /// The HTTP status that goes with it.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Invalid { .. } => 422,
            Self::Conflict { .. } | Self::Answered { .. } => 409,
            Self::TooMany { .. } => 429,
            Self::Busy { .. } => 503,
            Self::Transport { .. } => 502,
            Self::Internal { .. } => 500,
        }
    }
}
