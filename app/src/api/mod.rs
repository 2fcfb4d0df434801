//! Server functions, one file per feature. Each one finds the caller's port, calls it and returns the answer. The server implements the
//! ports.

#![allow(
    missing_docs,
    reason = "the server macro makes structs whose fields carry no docs; the functions themselves do"
)]

pub mod account;
pub mod closing;
pub mod conversation;
pub mod inbox;
pub mod mailbox;
pub mod notices;
mod operation;
#[cfg(feature = "ssr")]
pub mod port;
pub mod presence;
mod refused;
pub mod search;
pub mod settings;
pub mod tags;
pub mod views;

pub use refused::Refused;

/// A declared operation.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The last part of the path, `/api/fn/NAME`.
    pub name: &'static str,
    /// The right that the caller needs.
    pub needs: model::Needs,
}

/// Every operation. One test compares them with the registered server functions. Another test calls each of them in every role.
#[cfg(feature = "ssr")]
pub fn operations() -> impl Iterator<Item = Operation> {
    let all = [
        account::BY_HAND,
        account::OPERATIONS,
        conversation::OPERATIONS,
        mailbox::OPERATIONS,
        inbox::OPERATIONS,
        presence::OPERATIONS,
        notices::OPERATIONS,
        search::OPERATIONS,
        settings::OPERATIONS,
        tags::OPERATIONS,
        closing::OPERATIONS,
        views::OPERATIONS,
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

    /// The port of the signed-in member, provided by the session layer.
    pub(super) fn port() -> Result<Arc<dyn Port>, ApiError> {
        use_context::<Arc<dyn Port>>().ok_or(ApiError::Unauthenticated)
    }

    /// The port of operations that need no session.
    pub(super) fn public_port() -> Result<Arc<dyn PublicPort>, ApiError> {
        use_context::<Arc<dyn PublicPort>>().ok_or(ApiError::Unauthenticated)
    }

    /// Whether the request comes from a form without scripts, which is answered with a redirect.
    pub(super) fn is_plain_form() -> bool {
        use_context::<axum::http::request::Parts>().is_some_and(|parts| {
            parts.method == axum::http::Method::POST
                && parts
                    .headers
                    .get(axum::http::header::ACCEPT)
                    .and_then(|v| v.to_str().ok())
                    .is_some_and(|a| a.contains("text/html"))
                // A program that accepts HTML but sends no form data has no form to return to.
                && parts
                    .headers
                    .get(axum::http::header::CONTENT_TYPE)
                    .and_then(|v| v.to_str().ok())
                    .is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"))
        })
    }

    /// Gives a refusal its HTTP status. Without this every refusal would be a 500.
    pub(super) fn told<T>(result: Result<T, ApiError>) -> Result<T, Refused> {
        // Our status would replace that of the redirect to the form.
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

    /// Adds a `Set-Cookie` header to the response.
    pub(super) fn set_cookie(cookie: &str) {
        if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), cookie.parse()) {
            response.append_header(axum::http::header::SET_COOKIE, value);
        }
    }
}
#[cfg(feature = "ssr")]
use ask::{is_plain_form, port, public_port, set_cookie, told};
