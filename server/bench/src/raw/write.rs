//! A message: four statements and one commit, which is one fsync.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use bytes::Bytes;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use super::{Raw, fault, session};
use crate::machine::now_ms;

/// A table of its own: what it holds must not look like the server's events.
pub(super) const OUTBOX: &str =
    "CREATE TABLE IF NOT EXISTS raw_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)";
const PLACE: &str = "UPDATE conversation SET message_count = message_count + 1, last_at = $3, preview = $4 \
     WHERE workspace_id = $1 AND id = $2 RETURNING message_count";
const INSERT: &str = "INSERT INTO message (workspace_id, id, conversation_id, n, at, kind, sender, text, reason, fingerprint, search_place) \
     VALUES ($1, $2, $3, $4, $5, 'note', $6, $7, '', '', (SELECT MAX(search_place) + 1 FROM message))";
const INDEX: &str =
    "INSERT INTO message_find (rowid, words) SELECT search_place, $2 FROM message WHERE workspace_id = $1 AND id = $3";
const EVENT: &str = "INSERT INTO raw_outbox (body) VALUES ($1) RETURNING seq";

pub(super) async fn message(
    State(raw): State<Raw>,
    Path((conversation, id)): Path<(String, String)>,
    headers: HeaderMap,
    text: String,
) -> Result<String, StatusCode> {
    let (workspace, member) = session(&raw, &headers).await?;
    let mut conn = raw.write.lock().await;
    let frame = store(&mut conn, &workspace, &member, &conversation, &id, &text).await.map_err(fault)?;
    // In commit order: nobody else commits meanwhile.
    let _ = raw.events.send(frame);
    Ok(id)
}

async fn store(
    conn: &mut SqliteConnection,
    workspace: &str,
    member: &str,
    conversation: &str,
    id: &str,
    text: &str,
) -> Result<Bytes, sqlx::Error> {
    let at = now_ms();
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    let n: i64 =
        sqlx::query_scalar(PLACE).bind(workspace).bind(conversation).bind(at).bind(text).fetch_one(&mut *tx).await?;
    let message = sqlx::query(INSERT).bind(workspace).bind(id).bind(conversation).bind(n).bind(at);
    message.bind(member).bind(text).execute(&mut *tx).await?;
    sqlx::query(INDEX).bind(workspace).bind(text).bind(id).execute(&mut *tx).await?;
    let body = json!({ "conversation": conversation, "id": id, "n": n, "at": at, "by": member, "text": text });
    let body = body.to_string();
    let seq: i64 = sqlx::query_scalar(EVENT).bind(&body).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(Bytes::from(format!("id: {seq}\nevent: change\ndata: {body}\n\n")))
}
