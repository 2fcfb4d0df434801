//! The error type of all server functions.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// An error, in words for the person who asked. The cause of an [`ApiError::Internal`] stays in the server's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ApiError {
    /// Nobody is signed in.
    #[error("Please sign in.")]
    Unauthenticated,
    /// Signed in, but the role does not allow it.
    #[error("You do not have permission to do that.")]
    Forbidden,
    /// It does not exist, or the member may not see it. Both look the same.
    #[error("Not found.")]
    NotFound,
    /// The input is not acceptable. Nothing was changed.
    #[error("{message}")]
    Invalid {
        /// The field that the message is displayed beside. Empty if it concerns the whole form.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// Somebody else made a change first. Nothing was changed.
    #[error("{message}")]
    Conflict {
        /// Who changed what, and what to do now.
        message: String,
    },
    /// A colleague has replied since the member last looked. Nothing was sent. The member decides.
    #[error("{by} answered a moment ago: “{text}”. Send yours anyway?")]
    Answered {
        /// The colleague.
        by: String,
        /// Their reply, on one line.
        text: String,
        /// When they sent it.
        at: Timestamp,
        /// The position of their reply. A request that names it sends anyway.
        n: i64,
    },
    /// Too many requests.
    #[error("Too many attempts. Try again in {seconds} s.")]
    TooMany {
        /// How many seconds to wait.
        seconds: i64,
    },
    /// The server is busy. The same request works later.
    #[error("{message}")]
    Busy {
        /// The reason, and what to do.
        message: String,
    },
    /// The request did not reach the server or the answer did not come back.
    #[error("No connection to the server.")]
    Transport {
        /// The cause, for the browser's console.
        detail: String,
    },
    /// An internal error. The log has its cause under the incident number.
    #[error("Something went wrong on the server (incident {incident}). Nothing was changed. Please try again.")]
    Internal {
        /// The number that finds the cause in the log.
        incident: String,
    },
}

impl ApiError {
    /// Shorthand for [`ApiError::Invalid`].
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), message: message.into() }
    }

    /// Whether the same request may succeed later, unchanged.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Transport { .. } | Self::Internal { .. } | Self::TooMany { .. } | Self::Busy { .. })
    }

    /// The HTTP status of this error.
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
