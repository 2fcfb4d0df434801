//! Finds the session of each request, once.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, request::Parts},
    middleware::Next,
    response::Response,
};
use domain::{
    audit_log::NoteRefusal,
    sessions::{IDLE_MS, Touch},
};
use model::{ApiError, AuditEvent};
use store::{
    clock::secret_hash,
    error::Result,
    session::{self, Session},
};

use super::{client::Client, error::Refusal, state::Http};

/// How often the use of a session is stored, in milliseconds.
const TOUCH_MS: i64 = 60_000;

/// A member who is signed in.
#[derive(Clone)]
pub struct Signed {
    /// Their session.
    pub session: Session,
    /// The hash of the session secret.
    pub token_hash: String,
}

/// The session could not be looked up. Nobody has to sign in because of this: it is a temporary fault of ours.
#[derive(Clone)]
pub struct Unknown(pub ApiError);

/// Adds [`Signed`] to a member's request, or [`Unknown`] when the lookup fails. Logs every refusal for lack of rights in the audit log
/// (S26).
pub async fn find(State(http): State<Http>, mut request: Request, next: Next) -> Response {
    let Some(token_hash) = http.cookies().secret(request.headers()).map(secret_hash) else {
        return next.run(request).await;
    };
    let client = request.extensions().get().copied().unwrap_or(Client::UNKNOWN);
    match look_up(&http, token_hash).await {
        Ok(Some(mut signed)) => {
            signed.session.scope = signed.session.scope.asking_from(&client.to_string());
            request.extensions_mut().insert(signed.clone());
            let asked = request.uri().path().trim_start_matches("/api/fn/").to_owned();
            let response = next.run(request).await;
            if response.status() == StatusCode::FORBIDDEN {
                note_refusal(&http, &signed, NoteRefusal { what: AuditEvent::Refused, asked }).await;
            }
            response
        }
        Ok(None) => next.run(request).await,
        Err(error) => {
            request.extensions_mut().insert(Unknown(error.into_api()));
            next.run(request).await
        }
    }
}

/// Logs a refusal. If that fails, the refusal stands.
pub async fn note_refusal(http: &Http, signed: &Signed, note: NoteRefusal) {
    if let Err(error) = http.db.write(&signed.session.scope, note).await {
        tracing::warn!(%error, "could not log a refusal in the audit log");
    }
}

async fn look_up(http: &Http, token_hash: String) -> Result<Option<Signed>> {
    let now = http.db.clock().now();
    // Members who see by team need a second statement. If their teams change in between, an event tells.
    let mut reader = http.db.reader().await?;
    let found = session::find(&mut reader.conn(), &token_hash, now, now.plus(-IDLE_MS)).await?;
    drop(reader);
    let Some(session) = found else { return Ok(None) };
    if now.0 - session.seen_at.0 > TOUCH_MS {
        let (db, token_hash) = (http.db.clone(), token_hash.clone());
        // Runs in the background.
        tokio::spawn(async move { db.write_global(Touch { token_hash }).await });
    }
    Ok(Some(Signed { session, token_hash }))
}

impl<S: Send + Sync> FromRequestParts<S> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(Refusal(ApiError::Unauthenticated))
    }
}
