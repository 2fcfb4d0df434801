//! Finds out who is asking, once per request.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::Response,
};

use super::{error::Refusal, state::Http};
use crate::{
    clock::secret_hash,
    domain::sessions::{IDLE_MS, Touch},
    error::Result,
    store::{session, session::Session},
};
use app::model::ApiError;

/// How often the use of a session is written down.
const TOUCH_MS: i64 = 60_000;

/// Whoever is signed in.
#[derive(Clone)]
pub struct Signed {
    /// Their session.
    pub session: Session,
    /// The hash of its secret.
    pub token_hash: String,
}

/// Who is asking could not be looked up. Nobody is told to sign in for that: it is our fault, and passes.
#[derive(Clone)]
pub struct Unknown(pub ApiError);

/// Puts [`Signed`] on the request of whoever is signed in, or [`Unknown`] when that cannot be told.
pub async fn find(State(http): State<Http>, mut request: Request, next: Next) -> Response {
    if let Some(token_hash) = http.cookies().secret(request.headers()).map(secret_hash) {
        match look_up(&http, token_hash).await {
            Ok(Some(signed)) => {
                request.extensions_mut().insert(signed);
            }
            Ok(None) => {}
            Err(error) => {
                request.extensions_mut().insert(Unknown(error.told()));
            }
        }
    }
    next.run(request).await
}

async fn look_up(http: &Http, token_hash: String) -> Result<Option<Signed>> {
    let now = http.db.clock().now();
    // Who sees by team is asked for a second time; if their teams change in between, an event tells.
    let mut glance = http.db.glance().await?;
    let found = session::find(&mut glance.conn(), &token_hash, now, now.plus(-IDLE_MS)).await?;
    drop(glance);
    let Some(session) = found else { return Ok(None) };
    if now.0 - session.seen_at.0 > TOUCH_MS {
        let (db, token_hash) = (http.db.clone(), token_hash.clone());
        // Nobody waits for it.
        tokio::spawn(async move { db.write_house(Touch { token_hash }).await });
    }
    Ok(Some(Signed { session, token_hash }))
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(Refusal(ApiError::Unauthenticated))
    }
}
