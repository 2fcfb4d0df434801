//! `GET /api/live?since=SEQ`: a member's stream of changes.

use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{error::Refusal, session::Signed, state::Http};
use crate::live::{Watcher, watch};
use model::ApiError;

/// The event to continue after.
#[derive(Deserialize)]
pub struct Since {
    #[serde(default)]
    since: i64,
}

/// The stream. A reconnecting browser names the last event it got, which has priority over the page's number.
pub async fn stream(
    State(http): State<Http>,
    signed: Signed,
    Query(query): Query<Since>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let last = headers.get("last-event-id").and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let watcher = Watcher::of(&signed.session, signed.token_hash).ok_or(ApiError::Forbidden)?;
    let watcher = watcher.with_storage(http.storage.follow());
    let frames = watch(http.db.clone(), &http.hub, watcher, last.unwrap_or(query.since), http.shutdown.clone()).await?;
    Ok(event_stream(Body::from_stream(frames)))
}

/// An endless answer.
pub fn event_stream(body: Body) -> Response {
    let mut response = body.into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that buffer answers would delay it.
    head.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
