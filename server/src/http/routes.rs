//! The table of all routes. The router is built from it, and the rights tests go through it.

use std::any::Any;

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get, post},
};
use domain::files::{MEMBER_LIMIT, VISITOR_LIMIT};
use model::ApiError;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{DefaultPredicate, NotForContentType},
    },
    limit::RequestBodyLimitLayer,
};

use super::{
    assets, client,
    error::Refusal,
    files, layers, live, mail, ops, pages,
    session::{self, Signed, Unknown},
    state::Http,
    webchat,
};

/// Who may use a route. What they get is decided by their scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Anybody. The route shows nothing of a workspace.
    Open,
    /// Members. Others get 401, or are redirected to the sign-in.
    Member,
    /// Server functions. Each one checks rights itself, and is declared in [`app::api::operations`].
    Function,
    /// Anybody with a link that we signed, until it expires: frames send no cookie.
    Link,
    /// Visitors of a web chat, with the channel's public key and, for their own data, their token.
    Visitor,
}

/// The form of a route's refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusals {
    /// For a program: a status and JSON.
    Program,
    /// For a person who opens a page: a redirect to the sign-in, or a page with the reason.
    Reader,
    /// For a frame: a page that may be framed.
    Frame,
}

/// A route.
pub struct Route {
    /// The path, in axum's syntax.
    pub path: &'static str,
    /// The methods it accepts.
    pub methods: &'static [&'static str],
    /// Who may use it.
    pub gate: Gate,
    /// The largest accepted body, in bytes.
    pub body_limit: u64,
    refusals: Refusals,
    handler: MethodRouter<Http>,
}

/// The limit of ordinary bodies: a message of 64 kB as JSON.
const SMALL: u64 = 256 * 1024;

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];

/// All routes.
pub fn routes() -> Vec<Route> {
    let refusals = Refusals::Program;
    let row = |path, methods, gate, handler| Route { path, methods, gate, body_limit: SMALL, refusals, handler };
    let page = |path, gate, handler| Route { refusals: Refusals::Reader, ..row(path, GET, gate, handler) };
    let mut table = vec![
        row("/healthz", GET, Gate::Open, get(ops::healthz)),
        row("/readyz", GET, Gate::Open, get(ops::readyz)),
        row("/metrics", GET, Gate::Open, get(ops::metrics)),
        row("/assets/{name}", GET, Gate::Open, get(assets::hashed)),
        row("/mark.svg", GET, Gate::Open, get(|headers| assets::public("mark.svg", headers))),
        row("/widget.js", GET, Gate::Open, get(assets::widget_loader)),
        row("/sw.js", GET, Gate::Open, get(assets::worker)),
        row("/offline.html", GET, Gate::Open, get(assets::offline)),
        page("/", Gate::Open, get(pages::root)),
        page("/sign-in", Gate::Open, get(pages::open)),
        page("/setup", Gate::Open, get(pages::open)),
        page("/invite", Gate::Open, get(pages::open)),
        page("/inbox", Gate::Member, get(pages::member)),
        page("/inbox/{id}", Gate::Member, get(pages::member)),
        page("/settings", Gate::Member, get(pages::member)),
        page("/settings/{part}", Gate::Member, get(pages::member)),
        row("/api/fn/{name}", POST, Gate::Function, post(pages::function)),
        row("/api/live", GET, Gate::Member, get(live::stream)),
        Route { body_limit: MEMBER_LIMIT + SMALL, ..row("/api/files", POST, Gate::Member, post(files::upload)) },
        row("/api/files/{id}", GET, Gate::Member, get(files::download)),
        Route { refusals: Refusals::Frame, ..row("/api/mail/{id}/view", GET, Gate::Member, get(mail::view)) },
        row("/api/mail/{id}/source", GET, Gate::Member, get(mail::source)),
        row("/api/quarantine/{id}/source", GET, Gate::Member, get(mail::quarantined)),
        row("/mail/picture/{link}", GET, Gate::Link, get(mail::picture)),
        row("/chat/{key}", GET, Gate::Visitor, get(webchat::page)),
        row("/widget/{key}", GET, Gate::Visitor, get(webchat::frame)),
        row("/api/chat/{key}/messages", &["GET", "POST"], Gate::Visitor, get(webchat::older).post(webchat::send)),
        row("/api/chat/{key}/stream", GET, Gate::Visitor, get(webchat::stream)),
        row("/api/chat/{key}/seen", POST, Gate::Visitor, post(webchat::seen)),
        row("/api/chat/{key}/typing", POST, Gate::Visitor, post(webchat::typing)),
        Route {
            body_limit: VISITOR_LIMIT + SMALL,
            ..row("/api/chat/{key}/attachments", POST, Gate::Visitor, post(webchat::upload))
        },
        row("/api/chat/{key}/attachments/{id}", GET, Gate::Visitor, get(webchat::download)),
    ];
    for (path, name) in assets::INSTALLED {
        table.push(row(path, GET, Gate::Open, get(move |headers| assets::public(name, headers))));
    }
    if cfg!(debug_assertions) {
        table.push(page("/styleguide", Gate::Open, get(pages::open)));
    }
    table
}

/// Builds the router from the table.
pub fn router(http: Http) -> Router {
    let mut router = Router::new();
    for Route { path, gate, body_limit, refusals, handler, .. } in routes() {
        let handler = handler.layer(RequestBodyLimitLayer::new(usize::try_from(body_limit).unwrap_or(usize::MAX)));
        let handler = match (gate, refusals) {
            (Gate::Member, Refusals::Program | Refusals::Frame) => handler.layer(middleware::from_fn(members_only)),
            _ => handler,
        };
        let handler = match refusals {
            Refusals::Program | Refusals::Reader => handler,
            // The frame also shows a panic.
            Refusals::Frame => {
                handler.layer(CatchPanicLayer::custom(panicked)).layer(middleware::from_fn(mail::in_frame))
            }
        };
        router = router.route(path, handler);
    }
    // Streams and pictures are not compressed here. Assets are compressed already.
    let compress = DefaultPredicate::new()
        .and(NotForContentType::new("text/event-stream"))
        .and(NotForContentType::new("application/wasm"));
    router
        .fallback(pages::missing)
        .layer(middleware::from_fn_with_state(http.clone(), session::find))
        .layer(middleware::from_fn_with_state(http.clone(), layers::origin))
        .layer(middleware::from_fn_with_state(http.clone(), layers::host))
        // Brotli at level 2 makes pages a tenth longer than the usual level 4, in a third of the time.
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(2)).compress_when(compress))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(http.clone(), layers::headers))
        .layer(middleware::from_fn_with_state(http.clone(), client::find))
        .with_state(http)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Refusal(ApiError::Internal { incident: "panic".to_owned() }).into_response()
}

async fn members_only(request: Request, next: Next) -> Response {
    let known = request.extensions();
    match (known.get::<Signed>(), known.get::<Unknown>()) {
        (Some(_), _) => next.run(request).await,
        (None, Some(Unknown(fault))) => Refusal(fault.clone()).into_response(),
        (None, None) => Refusal(ApiError::Unauthenticated).into_response(),
    }
}
