//! The list and a conversation.

use std::fmt::Write;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse},
};
use serde::Serialize;

use super::{Raw, fault, session};

/// A page has as many rows as ours.
const LIST: &str = "SELECT c.id, COALESCE(NULLIF(ct.name, ''), ct.email, i.label) AS name, c.preview, c.last_at, c.status \
     FROM conversation c JOIN identity i ON i.workspace_id = c.workspace_id AND i.id = c.identity_id \
     LEFT JOIN contact ct ON ct.workspace_id = c.workspace_id AND ct.id = c.contact_id \
     WHERE c.workspace_id = $1 AND c.tab = 'active' AND (c.last_at, c.id) < ($2, $3) \
     ORDER BY c.last_at DESC, c.id DESC LIMIT 25";
const MESSAGES: &str = "SELECT id, n, at, kind, sender, text FROM message \
     WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY n DESC LIMIT 50";

#[derive(sqlx::FromRow, Serialize)]
struct Row {
    id: String,
    name: String,
    preview: String,
    last_at: i64,
    status: String,
}

#[derive(sqlx::FromRow, Serialize)]
struct Message {
    id: String,
    n: i64,
    at: i64,
    kind: String,
    sender: String,
    text: String,
}

async fn rows(raw: &Raw, headers: &HeaderMap) -> Result<Vec<Row>, StatusCode> {
    let (workspace, _) = session(raw, headers).await?;
    let page = sqlx::query_as(LIST).bind(workspace).bind(i64::MAX).bind("");
    page.fetch_all(&raw.read).await.map_err(fault)
}

fn json<T: Serialize>(value: &T) -> Result<impl IntoResponse + use<T>, StatusCode> {
    let text = serde_json::to_string(value).map_err(fault)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text))
}

pub(super) async fn list_json(State(raw): State<Raw>, headers: HeaderMap) -> Result<impl IntoResponse, StatusCode> {
    json(&rows(&raw, &headers).await?)
}

pub(super) async fn list_html(State(raw): State<Raw>, headers: HeaderMap) -> Result<Html<String>, StatusCode> {
    let mut page = String::from("<!doctype html><title>Inbox</title><ul>");
    for Row { id, name, preview, last_at, status } in rows(&raw, &headers).await? {
        let (name, preview) = (escaped(&name), escaped(&preview));
        let _ = write!(
            page,
            "<li class=\"{status}\"><a href=\"/conversation/{id}\"><b>{name}</b> {preview}</a> <time>{last_at}</time></li>"
        );
    }
    page.push_str("</ul>");
    Ok(Html(page))
}

pub(super) async fn conversation(
    State(raw): State<Raw>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, StatusCode> {
    let (workspace, _) = session(&raw, &headers).await?;
    let found: Vec<Message> =
        sqlx::query_as(MESSAGES).bind(workspace).bind(id).fetch_all(&raw.read).await.map_err(fault)?;
    json(&found)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
