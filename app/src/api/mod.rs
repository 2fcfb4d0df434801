//! Server functions, one file per capability: who asks → port → answer. The server implements the ports.

#![allow(
    missing_docs,
    reason = "the server macro makes structs whose fields carry no docs; the functions themselves do"
)]

pub mod account;
pub mod conversation;
pub mod inbox;
pub mod mailbox;
mod operation;
#[cfg(feature = "ssr")]
pub mod port;
mod refused;
pub mod settings;

pub use refused::Refused;

/// An operation as it is declared.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The last part of its path, `/api/fn/NAME`.
    pub name: &'static str,
    /// What the caller needs.
    pub needs: model::Needs,
}

/// Every operation. A test compares them with the registered server functions. Another one calls each of them in every role.
#[cfg(feature = "ssr")]
pub fn operations() -> impl Iterator<Item = Operation> {
    let all = [
        account::BY_HAND,
        account::OPERATIONS,
        conversation::OPERATIONS,
        mailbox::OPERATIONS,
        inbox::OPERATIONS,
        settings::OPERATIONS,
    ];
    all.into_iter().flatten().copied()
}

#[cfg(feature = "ssr")]
mod ask {
    use std::sync::Arc;

    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;

    use super::{
        Refused,
        port::{Port, PublicPort},
    };
    use model::ApiError;

    /// The port of whoever is signed in, put there by the session layer.
    pub(super) fn port() -> Result<Arc<dyn Port>, ApiError> {
        use_context::<Arc<dyn Port>>().ok_or(ApiError::Unauthenticated)
    }

    /// What anybody may ask.
    pub(super) fn public_port() -> Result<Arc<dyn PublicPort>, ApiError> {
        use_context::<Arc<dyn PublicPort>>().ok_or(ApiError::Unauthenticated)
    }

    /// Whether a form without scripts asks: it is answered with a redirect.
    pub(super) fn is_plain_form() -> bool {
        use_context::<axum::http::request::Parts>().is_some_and(|parts| {
            parts.method == axum::http::Method::POST
                && parts
                    .headers
                    .get(axum::http::header::ACCEPT)
                    .and_then(|v| v.to_str().ok())
                    .is_some_and(|a| a.contains("text/html"))
                // A program that says so has no form to be led back to.
                && parts
                    .headers
                    .get(axum::http::header::CONTENT_TYPE)
                    .and_then(|v| v.to_str().ok())
                    .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"))
        })
    }

    /// Gives a refusal its HTTP status: without it every one would be a 500.
    pub(super) fn told<T>(result: Result<T, ApiError>) -> Result<T, Refused> {
        // A status of ours would undo the redirect back to the form.
        if is_plain_form() {
            return result.map_err(Refused);
        }
        if let (Err(error), Some(response)) = (&result, use_context::<ResponseOptions>()) {
            if let Ok(status) = axum::http::StatusCode::from_u16(error.status()) {
                response.set_status(status);
            }
            if let ApiError::TooMany { seconds } = error
                && let Ok(value) = seconds.to_string().parse()
            {
                response.insert_header(axum::http::header::RETRY_AFTER, value);
            }
        }
        result.map_err(Refused)
    }

    /// Lets the browser keep (or drop) the session's cookie.
    pub(super) fn set_cookie(cookie: &str) {
        if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), cookie.parse()) {
            response.append_header(axum::http::header::SET_COOKIE, value);
        }
    }
}
#[cfg(feature = "ssr")]
use ask::{is_plain_form, port, public_port, set_cookie, told};
