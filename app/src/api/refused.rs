//! The error that a server function returns.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

use model::ApiError;

/// An [`ApiError`] as it is sent. A separate type is needed because Leptos defines how a failed request becomes an error, and the model
/// does not depend on Leptos.
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
            // On the server, this is a request that cannot be parsed. In a browser, this is an answer that is not Tandem's, for example
            // from a proxy while the server is down.
            ServerFnErrorErr::Deserialization(message) if cfg!(feature = "ssr") => ApiError::invalid("", message),
            other => ApiError::Transport { detail: other.to_string() },
        })
    }
}
