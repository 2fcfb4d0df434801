//! Refusals as JSON, for routes that are no server functions.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::ApiError;
use serde_json::json;
use store::error::Error;

/// After how many seconds a client should retry when the server is busy.
const BUSY_SECONDS: u64 = 5;

/// An error as an HTTP answer.
pub struct Refusal(pub ApiError);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error.into_api())
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<store::error::StoreError> for Refusal {
    fn from(error: store::error::StoreError) -> Self {
        Error::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let code = match &self.0 {
            ApiError::Unauthenticated => "unauthenticated",
            ApiError::Forbidden => "forbidden",
            ApiError::NotFound => "not_found",
            ApiError::Invalid { .. } => "invalid",
            ApiError::Conflict { .. } | ApiError::Answered { .. } => "conflict",
            ApiError::TooMany { .. } => "rate_limited",
            ApiError::Busy { .. } => "busy",
            ApiError::Transport { .. } | ApiError::Internal { .. } => "internal",
        };
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Json(json!({ "error": { "code": code, "message": self.0.to_string() } }));
        let mut response = (status, body).into_response();
        let seconds = match self.0 {
            ApiError::TooMany { seconds } => Some(seconds.unsigned_abs()),
            ApiError::Busy { .. } => Some(BUSY_SECONDS),
            _ => None,
        };
        if let Some(seconds) = seconds {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
