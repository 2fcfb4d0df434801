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

/// Puts [`Signed`] on the request of whoever is signed in.
pub async fn find(State(http): State<Http>, mut request: Request, next: Next) -> Response {
    let secret = http.cookies().secret(request.headers()).map(secret_hash);
    if let Some(signed) = look_up(&http, secret).await {
        request.extensions_mut().insert(signed);
    }
    next.run(request).await
}

async fn look_up(http: &Http, token_hash: Option<String>) -> Option<Signed> {
    let token_hash = token_hash?;
    let now = http.db.clock().now();
    let found = async {
        let mut snapshot = http.db.snapshot().await?;
        session::find(&mut snapshot.conn(), &token_hash, now, now.plus(-IDLE_MS)).await
    };
    match found.await {
        Ok(session) => {
            let session = session?;
            if now.0 - session.seen_at.0 > TOUCH_MS {
                let (db, token_hash) = (http.db.clone(), token_hash.clone());
                // Nobody waits for it.
                tokio::spawn(async move { db.write_house(Touch { token_hash }).await });
            }
            Some(Signed { session, token_hash })
        }
        Err(error) => {
            tracing::error!(%error, "looking a session up");
            None
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or(Refusal(ApiError::Unauthenticated))
    }
}
