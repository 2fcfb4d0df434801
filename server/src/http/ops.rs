//! For operators: whether the process is alive, whether it is ready, and figures.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use model::Storage;
use store::workspace;

use super::state::Http;

/// `GET /healthz`: the process answers.
pub async fn healthz() -> &'static str {
    "ok"
}

/// `GET /readyz`: the database answers (its schema was updated at the start) and can store.
pub async fn readyz(State(http): State<Http>) -> impl IntoResponse {
    let asked = async {
        let mut snapshot = http.db.snapshot().await?;
        workspace::all(&mut snapshot.conn()).await
    };
    match asked.await {
        Ok(_) => match http.storage.now() {
            Storage::Fine => (StatusCode::OK, "ready"),
            Storage::Low { .. } => (StatusCode::OK, "ready; the disk is almost full"),
            Storage::Failing(fault) => (StatusCode::SERVICE_UNAVAILABLE, fault.sentence()),
        },
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
        }
    }
}

/// `GET /metrics`, for Prometheus. It contains only numbers, nothing personal.
pub async fn metrics(State(http): State<Http>) -> impl IntoResponse {
    let streams = http.hub.subscribers();
    let body = format!(
        "# HELP tandem_live_streams Open streams of changes.\n# TYPE tandem_live_streams gauge\ntandem_live_streams {streams}\n\
         # HELP tandem_build_info The running version.\n# TYPE tandem_build_info gauge\ntandem_build_info{{version=\"{}\"}} 1\n",
        env!("CARGO_PKG_VERSION")
    );
    ([("content-type", "text/plain; version=0.0.4")], body)
}
