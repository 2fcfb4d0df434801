//! Server-sent events straight from a broadcast channel.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use bytes::Bytes;

use super::{Raw, session};

pub(super) async fn stream(State(raw): State<Raw>, headers: HeaderMap) -> Result<impl IntoResponse, StatusCode> {
    session(&raw, &headers).await?;
    let ready = Some(Bytes::from_static(b"event: ready\ndata: {}\n\n"));
    let frames = futures::stream::unfold((ready, raw.events.subscribe()), |(ready, mut events)| async move {
        let frame = match ready {
            Some(frame) => frame,
            None => events.recv().await.ok()?,
        };
        Some((Ok::<_, std::convert::Infallible>(frame), (None, events)))
    });
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(frames)))
}
