//! The least that axum and sqlx can do for the same pages, on the same file: what our own figures are held against.

mod live;
mod read;
mod write;

use std::{net::SocketAddr, path::Path, str::FromStr, time::Duration};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, broadcast},
};

use crate::{bed::secret_hash, error::Result, machine::raise_open_files};

/// What the handlers share.
#[derive(Clone)]
struct Raw {
    read: SqlitePool,
    write: std::sync::Arc<Mutex<SqliteConnection>>,
    events: broadcast::Sender<bytes::Bytes>,
}

/// Serves until it is killed.
///
/// # Errors
/// When the file or the port cannot be had.
pub async fn serve(data: &Path, addr: SocketAddr) -> Result<()> {
    raise_open_files();
    let options = SqliteConnectOptions::from_str(&format!("sqlite:{}", data.join("tandem.db").display()))?
        .journal_mode(SqliteJournalMode::Wal)
        // One fsync per message, before it is acknowledged.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("mmap_size", "4294967296")
        .disable_statement_logging();
    let mut write = options.connect().await?;
    sqlx::query(write::OUTBOX).execute(&mut write).await?;
    let read = SqlitePoolOptions::new().max_connections(8).test_before_acquire(false).connect_with(options).await?;
    let raw = Raw { read, write: std::sync::Arc::new(Mutex::new(write)), events: broadcast::channel(1024).0 };
    let router = Router::new()
        .route("/ready", get(|| async { "ready" }))
        .route("/list.json", get(read::list_json))
        .route("/list.html", get(read::list_html))
        .route("/conversation/{id}", get(read::conversation))
        .route("/message/{conversation}/{id}", post(write::message))
        .route("/live", get(live::stream))
        .with_state(raw);
    axum::serve(TcpListener::bind(addr).await?, router).await?;
    Ok(())
}

/// A fault, as a status.
fn fault<E>(_: E) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

/// Who asks: workspace and member.
async fn session(raw: &Raw, headers: &HeaderMap) -> Result<(String, String), StatusCode> {
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let secret = cookie.strip_prefix("tandem=").ok_or(StatusCode::UNAUTHORIZED)?;
    let found = sqlx::query_as::<_, (String, String)>(
        "SELECT m.workspace_id, m.id FROM session s JOIN member m ON m.workspace_id = s.workspace_id AND m.id = s.member_id \
         WHERE s.token_hash = $1 AND m.disabled_at IS NULL",
    )
    .bind(secret_hash(secret))
    .fetch_optional(&raw.read);
    found.await.map_err(fault)?.ok_or(StatusCode::UNAUTHORIZED)
}
