//! Pages and server functions: runs Leptos with what belongs to the request.

use std::sync::Arc;

use app::{
    api::port::{Port, PublicPort},
    components::frame::Panels,
    document::{Part, Site as ShellSite, shell},
};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use leptos::{nonce::use_nonce, prelude::*};
use model::{ApiError, Bootstrap};

use super::{
    error::Refusal,
    ports::{MemberPort, PublicClient},
    session::{Signed, Unknown},
    state::Http,
};
use crate::auth::{Known, from_header};

/// The context of every page and server function.
#[derive(Clone)]
struct Given {
    public: Arc<dyn PublicPort>,
    port: Option<Arc<dyn Port>>,
    /// For members' pages. It is read before the page is rendered, so that nothing in the page waits for it.
    boot: Option<Bootstrap>,
}

impl Given {
    fn of(http: &Http, request: &Request) -> Self {
        let signed = request.extensions().get::<Signed>().cloned();
        Self {
            public: PublicClient::of(http.clone(), request),
            port: signed.map(|signed| {
                MemberPort::of(http.clone(), signed, Known::from_headers(http.cookies(), request.headers()))
            }),
            boot: None,
        }
    }

    fn provide(&self) {
        provide_context(Arc::clone(&self.public));
        if let Some(port) = &self.port {
            provide_context(Arc::clone(port));
        }
        if let Some(boot) = &self.boot {
            provide_context(boot.clone());
        }
    }
}

/// Runs a server function.
pub async fn function(State(http): State<Http>, request: Request) -> Response {
    if let Some(Unknown(fault)) = request.extensions().get() {
        let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (status, Json(fault)).into_response();
    }
    let given = Given::of(&http, &request);
    let answer = leptos_axum::handle_server_fns_with_context(move || given.provide(), request).await.into_response();
    if answer.status() == StatusCode::INTERNAL_SERVER_ERROR { with_its_status(answer).await } else { answer }
}

/// Leptos answers 500 to refusals before the function itself (no session, invalid input). This sets the right status.
async fn with_its_status(answer: Response) -> Response {
    let (mut head, body) = answer.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, 64 * 1024).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    head.status = match serde_json::from_slice::<ApiError>(&bytes) {
        // The input names nothing that can exist: an invalid word, id or number (S29, S31).
        Ok(ApiError::Invalid { .. }) => StatusCode::BAD_REQUEST,
        Ok(refusal) => StatusCode::from_u16(refusal.status()).unwrap_or(head.status),
        Err(_) => head.status,
    };
    Response::from_parts(head, Body::from(bytes))
}

/// A page that anybody may see.
pub async fn open(State(http): State<Http>, request: Request) -> Response {
    render(&http, Given::of(&http, &request), request).await
}

/// A page for members. Others are redirected to the sign-in, and back afterwards.
pub async fn member(State(http): State<Http>, request: Request) -> Response {
    if let Some(Unknown(fault)) = request.extensions().get() {
        return Refusal(fault.clone()).into_response();
    }
    if request.extensions().get::<Signed>().is_some() {
        let mut given = Given::of(&http, &request);
        if let Some(port) = &given.port {
            given.boot = port.load_bootstrap().await.ok();
        }
        let loaded = given.boot.is_some();
        let mut response = render(&http, given, request).await;
        if !loaded {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        return response;
    }
    let target = if http.has_workspace().await {
        let next = request.uri().path_and_query().map_or("/inbox", |p| p.as_str());
        let next: String = next
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"/-_.".contains(&b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect();
        format!("/sign-in?next={next}")
    } else {
        "/setup".to_owned()
    };
    Redirect::to(&target).into_response()
}

/// `GET /`
pub async fn root() -> Redirect {
    Redirect::to("/inbox")
}

/// The page for unknown paths.
pub async fn missing(State(http): State<Http>, request: Request) -> Response {
    if request.uri().path().starts_with("/api/") {
        return (StatusCode::NOT_FOUND, "Page not found.").into_response();
    }
    let mut response = render(&http, Given::of(&http, &request), request).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

async fn render(http: &Http, given: Given, request: Request) -> Response {
    let theme = match from_header(request.headers(), "theme") {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "auto",
    };
    let site = http.site();
    let part = Part::of(request.uri().path());
    let shell_site = ShellSite {
        program: site.program(request.uri().path()),
        css: site.css.clone(),
        font: site.font.clone(),
        icons: site.icons.clone(),
        theme,
        panels: Panels::of(from_header(request.headers(), "panels").unwrap_or_default()),
    };
    // Made here, so that the header and the page's inline scripts use the same one.
    let nonce = Arc::new(std::sync::Mutex::new(None));
    let kept = Arc::clone(&nonce);
    let handler = leptos_axum::render_app_async_with_context(
        move || {
            given.provide();
            if let (Some(nonce), Ok(mut kept)) = (use_nonce(), kept.lock()) {
                *kept = Some(nonce.to_string());
            }
        },
        move || shell(shell_site.clone(), part),
    );
    let page = async move {
        let (head, body) = handler(request).await.into_parts();
        axum::body::to_bytes(body, usize::MAX).await.map(|page| Response::from_parts(head, Body::from(page)))
    };
    let Some(Ok(mut response)) = http.renderers().run(page).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be loaded. Please reload it.").into_response();
    };
    let nonce = nonce.lock().ok().and_then(|nonce| nonce.clone()).unwrap_or_default();
    if let Ok(policy) = policy(&nonce).parse() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The app's Content-Security-Policy: nothing from other sites, and no script without this answer's nonce.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
         worker-src 'self'; media-src 'self' blob:; frame-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
         frame-ancestors 'none'"
    )
}
