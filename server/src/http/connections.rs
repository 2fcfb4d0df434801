//! The listener's connections: how many may be open, how many per client, how long each may delay us, and which one is closed when there
//! are too many (S40, S57). A connection delays us if the head or body of its request does not arrive, or if its client reads the answer
//! too slowly. An event stream may stay open as long as its client reads.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::client::{Client, Proxies};

mod body;
mod table;
mod wire;

use body::{Answer, Received};
use table::{ConnectionSlot, Line, Table};
use wire::Wire;

/// A connection whose client has read nothing for this long is closed. A laptop that was shut ends no connection, and the system alone
/// would keep the socket and its buffers for a quarter of an hour (R12).
const SILENT: Duration = Duration::from_secs(60);
/// The most unsent bytes in the system's buffer per connection. By default it takes 4 MB from a stream with a slow reader. A reader that
/// has to reload would first have to read all of that (R12).
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;
/// The largest head of a request, in bytes. A larger one is answered with 431.
const HEAD: usize = 64 * 1024;
/// How long to wait when the system accepts no more connections.
const NO_MORE: Duration = Duration::from_millis(100);

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most open connections. A further one replaces the connection that has delayed us longest.
    pub most: usize,
    /// The most connections of one client. Trusted proxies have no limit.
    pub per_client: usize,
    /// How long the head of a request may take, from the last answer or the start of the connection.
    pub head: Duration,
    /// The same for trusted proxies. They keep connections open for later requests, and wait for slow heads themselves.
    pub proxy: Duration,
    /// The total waiting time for each [`Limits::pace`] bytes of a body.
    pub body: Duration,
    /// In bytes.
    pub pace: u64,
    /// How far a client may fall behind [`Limits::answer_pace`] when it reads an answer.
    pub answer: Duration,
    /// In bytes per second.
    pub answer_pace: u64,
}

impl Limits {
    /// The limits of a process that may open this many files. A quarter of them is kept for the database, files and mail servers.
    pub fn of_files(files: u64) -> Self {
        let most = usize::try_from(files - files / 4).unwrap_or(usize::MAX).min(50_000);
        Self {
            most,
            // Enough for an office behind one address whose browsers open six each, but never all connections.
            per_client: (most / 2).clamp(1, 600),
            head: Duration::from_secs(30),
            proxy: Duration::from_secs(300),
            body: Duration::from_secs(30),
            pace: 16 * 1024,
            answer: Duration::from_secs(30),
            answer_pace: 8 * 1024,
        }
    }
}

/// Serves requests on the connections of a listener.
pub struct Connections {
    /// The listener.
    pub listener: TcpListener,
    /// The application that answers requests.
    pub app: Router,
    /// The proxies that are trusted to name the client of a request.
    pub proxies: Proxies,
    /// The limits.
    pub limits: Limits,
}

impl Connections {
    /// Serves until the shutdown, then finishes the open requests.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) {
        let Self { listener, app, proxies, limits } = self;
        let table = Arc::new(Table::new(limits.most, limits.per_client, limits.answer));
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // The connection broke during its set-up, or there are no more file handles. Both are temporary.
                    tracing::debug!(%error, "could not accept a connection");
                    sleep(NO_MORE).await;
                    continue;
                }
            };
            let trusted = proxies.trusts(peer.ip());
            let Some(place) = table.enter(Client::at(peer.ip()), trusted).await else {
                static TOLD: std::sync::Once = std::sync::Once::new();
                TOLD.call_once(|| {
                    tracing::warn!(
                        client = %Client::at(peer.ip()),
                        "a connection was refused because too many are open; if this is a proxy, add it to TANDEM_TRUSTED_PROXIES"
                    );
                });
                refuse(&stream);
                continue;
            };
            prepare(&stream);
            // A proxy reads answers in bursts, and one of its connections serves many clients.
            let (wait, behind) = if trusted { (limits.proxy, limits.proxy) } else { (limits.head, limits.answer) };
            let one = Connection { stream, peer, app: app.clone(), place, limits, wait, behind };
            tasks.spawn(one.serve(stop.clone()));
        }
        drop(listener);
        tasks.close();
        tasks.wait().await;
    }
}

/// Answers 503 without waiting for the client to read it.
fn refuse(stream: &TcpStream) {
    let answer =
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _ = stream.try_write(answer);
}

/// Prepares a connection for streams. Options that cannot be set keep the system's defaults.
fn prepare(stream: &TcpStream) {
    // An event is one small write. It must not wait until the last one was acknowledged.
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    let ask = TcpKeepalive::new().with_time(SILENT / 2).with_interval(SILENT / 6);
    let _ = socket.set_tcp_keepalive(&ask);
    #[cfg(target_os = "linux")]
    {
        let _ = socket.set_tcp_user_timeout(Some(SILENT));
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
    }
}

/// One accepted connection.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    place: ConnectionSlot,
    limits: Limits,
    /// How long it may take to send a head.
    wait: Duration,
    /// How far its client may fall behind when it reads an answer.
    behind: Duration,
}

impl Connection {
    async fn serve(self, mut stop: watch::Receiver<bool>) {
        let Self { stream, peer, app, place, limits, wait, behind } = self;
        let line = place.line();
        let service = service_fn(|request| answer(app.clone(), Arc::clone(line), peer, limits, request));
        let io = TokioIo::new(Wire::new(stream, Arc::clone(line), behind, limits.answer_pace));
        // The head is timed here, because hyper would also count the sending of the last answer.
        let connection = http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(HEAD)
            .max_buf_size(HEAD)
            .serve_connection(io, service);
        let mut connection = std::pin::pin!(connection);
        let mut stopping = *stop.borrow();
        if stopping {
            connection.as_mut().graceful_shutdown();
        }
        let mut look = Instant::now() + wait;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::trace!(%error, "a connection ended");
                    }
                    return;
                }
                () = line.cut() => return,
                () = sleep_until(look) => match line.waiting() {
                    Some(waited) if waited >= wait => return,
                    waited => look = Instant::now() + wait.saturating_sub(waited.unwrap_or_default()),
                },
                _ = stop.wait_for(|stop| *stop), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Passes a request to the application, and watches its body and its answer.
async fn answer(
    app: Router,
    line: Arc<Line>,
    peer: SocketAddr,
    limits: Limits,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let (mut request, slow) = Received::of(request, &line, limits.body, limits.pace);
    request.extensions_mut().insert(ConnectInfo(peer));
    let whole = Answer::of(Arc::clone(&line));
    let mut response = match app.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if slow.was() {
        response = (StatusCode::REQUEST_TIMEOUT, "This request came too slowly.").into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    // Only our own streams have this type, because the server sets the types of files (S8).
    line.set_stream(response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream"));
    Ok(response.map(|body: Body| whole.with(body)))
}
