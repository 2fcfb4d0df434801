//! The listener's connections: how many there may be, of whom, how long each may keep us waiting, and which one goes when there are too
//! many (S40, S57). What keeps us waiting is a request whose head or body does not come, and an answer that is hardly taken; a stream of
//! events lasts as long as its reader takes something.

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

/// A connection whose other end has taken nothing for so long is closed. A laptop that was shut says no goodbye, and by itself the
/// system would hold the socket and what is in it for a quarter of an hour (R12).
const SILENT: Duration = Duration::from_secs(60);
/// How much may wait in the system to be sent on one connection, in bytes. It would take 4 MB from a stream whose reader is slow: who
/// is to be told to read afresh would have to take all of that in first (R12).
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;
/// The largest head of a request, in bytes; beyond it the answer is 431.
const HEAD: usize = 64 * 1024;
/// How long to wait when the system gives no more connections.
const NO_MORE: Duration = Duration::from_millis(100);

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many there may be. Who comes then takes the place of whoever has kept us waiting longest.
    pub most: usize,
    /// How many one client may have; trusted proxies may have any number.
    pub per_client: usize,
    /// How long the head of a request may take to come, from the last answer or the beginning.
    pub head: Duration,
    /// The same for trusted proxies, which keep connections open for the next request and wait for slow heads themselves.
    pub proxy: Duration,
    /// How long we wait, all in all, for each [`Limits::pace`] bytes of a body.
    pub body: Duration,
    /// In bytes.
    pub pace: u64,
    /// How far whoever takes an answer may fall behind [`Limits::answer_pace`].
    pub answer: Duration,
    /// In bytes for each second.
    pub answer_pace: u64,
}

impl Limits {
    /// For a process that may have so many files open. A quarter of them is kept for the database, files and mail servers.
    pub fn of_files(files: u64) -> Self {
        let most = usize::try_from(files - files / 4).unwrap_or(usize::MAX).min(50_000);
        Self {
            most,
            // An office behind one address, its browsers with six each; but never all there are.
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

/// Serves requests on connections to a listener.
pub struct Connections {
    /// Where they come in.
    pub listener: TcpListener,
    /// What answers.
    pub app: Router,
    /// Who is trusted to have asked for others.
    pub proxies: Proxies,
    /// What they may take.
    pub limits: Limits,
}

impl Connections {
    /// Serves until told to stop, and then until all that was begun is answered.
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
                    // One that broke off while it was coming about, or no more files: both pass.
                    tracing::debug!(%error, "no connection");
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
                        "a connection was refused, for there are too many; if this is a proxy, name it in TANDEM_TRUSTED_PROXIES"
                    );
                });
                refuse(&stream);
                continue;
            };
            prepare(&stream);
            // A proxy takes answers in lumps, and holds its line for many.
            let (wait, behind) = if trusted { (limits.proxy, limits.proxy) } else { (limits.head, limits.answer) };
            let one = Connection { stream, peer, app: app.clone(), place, limits, wait, behind };
            tasks.spawn(one.serve(stop.clone()));
        }
        drop(listener);
        tasks.close();
        tasks.wait().await;
    }
}

/// Says so to whoever may listen, and waits for nobody.
fn refuse(stream: &TcpStream) {
    let answer =
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _ = stream.try_write(answer);
}

/// Makes a connection fit for streams. What cannot be set is left as the system has it.
fn prepare(stream: &TcpStream) {
    // An event is one small write: it must not wait until the last one was acknowledged.
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

/// One of them.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    place: ConnectionSlot,
    limits: Limits,
    /// How long it may keep us waiting for a head.
    wait: Duration,
    /// How far whoever takes an answer may fall behind.
    behind: Duration,
}

impl Connection {
    async fn serve(self, mut stop: watch::Receiver<bool>) {
        let Self { stream, peer, app, place, limits, wait, behind } = self;
        let line = place.line();
        let service = service_fn(|request| answer(app.clone(), Arc::clone(line), peer, limits, request));
        let io = TokioIo::new(Wire::new(stream, Arc::clone(line), behind, limits.answer_pace));
        // The head's time is kept here and not by hyper, which would count the sending of what is left of the last answer.
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

/// Hands a request on, and watches how it comes and how its answer goes.
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
    // Our own streams alone say that they are one: files are typed by us (S8).
    line.set_stream(response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream"));
    Ok(response.map(|body: Body| whole.with(body)))
}
