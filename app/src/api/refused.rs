//! What a server function answers when it did not do what was asked.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

use model::ApiError;

/// An [`ApiError`] as it travels. A type of its own: how one is made of a request that failed is Leptos's matter, and the model knows no
/// Leptos.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(transparent)]
#[error(transparent)]
pub struct Refused(#[from] pub ApiError);

impl From<Refused> for ApiError {
    fn from(Refused(error): Refused) -> Self {
        error
    }
}

impl FromServerFnError for Refused {
    type Encoder = JsonEncoding;
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        Self(match error {
            ServerFnErrorErr::Args(message) | ServerFnErrorErr::MissingArg(message) => ApiError::invalid("", message),
            // To the server it is a request that cannot be read; to a browser an answer that is none of ours, as a proxy gives while the
            // server is away.
            ServerFnErrorErr::Deserialization(message) if cfg!(feature = "ssr") => ApiError::invalid("", message),
            other => ApiError::Transport { detail: other.to_string() },
        })
    }
}
