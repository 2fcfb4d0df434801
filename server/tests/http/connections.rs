//! S40, S57: connections that delay us are closed, slow ones are not, and no client takes all slots.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};
use server::{config::Flags, http::Limits};
use store::clock::{new_id, new_secret};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

use super::fixture::App;

/// Times short enough to be waited for.
fn short() -> Limits {
    let quick = Duration::from_millis(400);
    Limits { head: quick, proxy: Duration::from_secs(3), body: quick, pace: 64, ..Limits::of_files(1024) }
}

/// Sends, says one byte more every so often if asked to, and ends with what came back once the other end closed.
async fn held(address: SocketAddr, start: &str, drip: Option<&str>) -> (String, Duration) {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let drips = async {
        while let Some(drip) = drip {
            sleep(Duration::from_millis(50)).await;
            if to.write_all(drip.as_bytes()).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    let reads = timeout(Duration::from_secs(20), from.read_to_end(&mut answer));
    tokio::select! {
        read = reads => drop(read.expect("the connection is closed")),
        () = drips => {}
    }
    (String::from_utf8_lossy(&answer).into_owned(), began.elapsed())
}

#[tokio::test]
async fn s57_silence_half_a_head_and_single_bytes_are_cut() {
    let app = App::start_with(Flags::default(), short()).await;
    for (start, drip) in [
        ("", None),
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-half: ", None),
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n", Some("x: y\r\n")),
        ("G", Some("E")),
        // Between two requests.
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", None),
        ("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n", Some("\r\n")),
    ] {
        let (answer, time) = held(app.address, start, drip).await;
        assert!(time < Duration::from_secs(3), "{start:?}: {time:?}");
        assert_eq!(answer.contains("200 OK"), start.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn s40_a_body_that_trickles_is_cut_and_one_that_is_slow_but_comes_is_not() {
    let app = App::start_with(Flags::default(), short()).await;
    let post = |path: &str, kind: &str, length: usize, token: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\
             authorization: Bearer {token}\r\n\r\n",
            app.address
        )
    };
    let token = new_secret();
    let chat = format!("/api/chat/{}", app.key);
    for (path, kind) in [
        (format!("{chat}/messages"), "application/json"),
        (format!("{chat}/attachments?name=a"), "text/plain"),
        ("/api/fn/sign_in".to_owned(), "application/x-www-form-urlencoded"),
    ] {
        for drip in [None, Some("x")] {
            let (answer, time) = held(app.address, &post(&path, kind, 100_000, &token), drip).await;
            assert!(time < Duration::from_secs(5), "{path}: {time:?}");
            assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
        }
    }
    // 4 kB in two seconds: five times as long as a body that does not come, and as fast as is asked.
    let body = "x".repeat(80);
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream
        .write_all(post(&format!("{chat}/attachments?name=a"), "text/plain", 50 * body.len(), &token).as_bytes())
        .await
        .unwrap();
    for _ in 0..50 {
        sleep(Duration::from_millis(40)).await;
        stream.write_all(body.as_bytes()).await.unwrap();
    }
    let mut answer = vec![0; 4000];
    let size = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..size]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[tokio::test]
async fn s57_a_stream_and_a_slow_download_outlive_every_time() {
    let app = App::start_with(Flags::default(), short()).await;
    let token = new_secret();
    let ask =
        |path: &str| format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n", app.address);
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(ask(&format!("/api/chat/{}/stream", app.key)).as_bytes()).await.unwrap();

    let mut download = large_download(&app, &token).await;
    let (mut got, mut piece) = (0, vec![0; 256 * 1024]);
    while got < LARGE {
        // Slow while the last of it lies ready to be sent and nothing more is answered: five seconds.
        let slow = (100 << 10..350 << 10).contains(&(LARGE - got));
        let most = if slow { 2 << 10 } else { piece.len() };
        if slow {
            sleep(Duration::from_millis(40)).await;
        }
        let size = timeout(Duration::from_secs(10), download.read(&mut piece[..most])).await.unwrap().unwrap();
        assert!(size > 0, "cut after {got} bytes");
        got += size;
    }

    assert_eq!(app.chat_post(&token, "messages", json!({ "id": new_id(), "text": "still there" })).await.status(), 200);
    let mut told = String::new();
    while !told.contains("still there") {
        let mut piece = vec![0; 4096];
        let size = timeout(Duration::from_secs(10), stream.read(&mut piece)).await.unwrap().unwrap();
        assert!(size > 0, "the stream was cut: {told}");
        told.push_str(&String::from_utf8_lossy(&piece[..size]));
    }
}

#[tokio::test]
async fn s57_an_answer_that_is_hardly_taken_is_cut() {
    // Behind by 400 ms at most, of a pace that nobody keeps who takes 2 kB now and then.
    let limits = Limits { answer: Duration::from_millis(400), answer_pace: 1 << 20, ..Limits::of_files(1024) };
    let app = App::start_with(Flags::default(), limits).await;
    let token = new_secret();
    let mut download = large_download(&app, &token).await;
    let (mut piece, mut got, began) = (vec![0; 2 << 10], 0, Instant::now());
    // What lay in the buffers on the way comes still; then it is over, long before the end.
    while let Ok(size @ 1..) = timeout(Duration::from_secs(10), download.read(&mut piece)).await.unwrap() {
        got += size;
        if began.elapsed() < Duration::from_secs(2) {
            sleep(Duration::from_millis(40)).await;
        }
    }
    assert!(got < LARGE, "{got} bytes");
}

/// More than all buffers on the way hold.
const LARGE: usize = 6 << 20;

/// Asks for a large file on a connection that takes little at once.
async fn large_download(app: &App, token: &str) -> TcpStream {
    let url = app.url(&format!("/api/chat/{}/attachments?name=a", app.key));
    let upload = Client::new().post(url).header("origin", app.origin()).bearer_auth(token).body(vec![b'x'; LARGE]);
    let file: Value = upload.send().await.unwrap().json().await.unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let mut download = socket.connect(app.address).await.unwrap();
    let path = format!("/api/chat/{}/attachments/{}", app.key, file["id"].as_str().unwrap());
    let ask = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n", app.address);
    download.write_all(ask.as_bytes()).await.unwrap();
    download
}

#[tokio::test]
async fn s57_readers_that_take_nothing_make_room_for_whoever_asks() {
    let few = Limits { most: 4, per_client: 4, ..Limits::of_files(1024) };
    let app = App::start_with(Flags::default(), few).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(large_download(&app, &new_secret()).await);
    }
    let began = Instant::now();
    let asks = async || Client::new().get(app.url("/healthz")).send().await.is_ok_and(|answer| answer.status() == 200);
    while !asks().await {
        assert!(began.elapsed() < Duration::from_secs(10), "no connection is accepted");
        sleep(Duration::from_millis(50)).await;
    }
    drop(held);
}

#[tokio::test]
async fn s57_whoever_waits_too_long_makes_room_for_whoever_asks() {
    let app = App::start_with(Flags::default(), Limits::of_files(300)).await;
    let mut held = Vec::new();
    for n in 0..300 {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        let start = match n % 3 {
            0 => "GET / HTTP/1.1\r\nhost: loc".to_owned(),
            1 => String::new(),
            _ => format!(
                "POST /api/fn/sign_in HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncontent-length: 99\r\n\r\nx",
                app.address
            ),
        };
        stream.write_all(start.as_bytes()).await.unwrap();
        held.push(stream);
    }
    for _ in 0..20 {
        let answer =
            timeout(Duration::from_secs(5), app.get("/healthz", None)).await.expect("the server answers at once");
        assert_eq!(answer.status(), 200);
    }
    drop(held);
}

#[tokio::test]
async fn s57_one_client_has_so_many_streams_and_a_proxy_any_number_of_connections() {
    let few = Limits { per_client: 8, most: 100, ..Limits::of_files(1024) };
    let open = async |app: &App, token: &str, from: &str| {
        let request = Client::new().get(app.url(&format!("/api/chat/{}/stream", app.key))).bearer_auth(token);
        request.header("x-forwarded-for", from).send().await
    };
    let app = App::start_with(Flags::default(), few).await;
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(open(&app, &new_secret(), "").await.unwrap());
    }
    let refused = open(&app, &new_secret(), "198.51.100.1").await.unwrap();
    assert_eq!(refused.status(), 429, "half of one client's limit");
    assert_eq!(refused.headers()["retry-after"], "30");
    streams.pop();
    // The place is free once the server has seen that the other end is gone.
    let mut again = open(&app, &new_secret(), "").await.unwrap();
    while again.status() == 429 {
        tokio::task::yield_now().await;
        again = open(&app, &new_secret(), "").await.unwrap();
    }
    assert_eq!(again.status(), 200);

    let flags = Flags { trusted_proxies: Some("127.0.0.1".to_owned()), ..Flags::default() };
    let app = App::start_with(flags, few).await;
    let mut streams = Vec::new();
    for n in 0..20 {
        let stream = open(&app, &new_secret(), &format!("198.51.100.{n}")).await.unwrap();
        assert_eq!(stream.status(), 200, "{n}");
        streams.push(stream);
    }
    for n in 0..4 {
        let status = open(&app, &new_secret(), "203.0.113.1").await.map(|stream| {
            let status = stream.status();
            streams.push(stream);
            status
        });
        assert_eq!(status.unwrap(), 200, "{n}");
    }
    assert_eq!(open(&app, &new_secret(), "203.0.113.1").await.unwrap().status(), 429, "clients are told apart");
    let token = new_secret();
    for n in 0..12 {
        streams.push(open(&app, &token, &format!("192.0.2.{n}")).await.unwrap());
    }
    assert_eq!(
        open(&app, &token, "192.0.2.99").await.unwrap().status(),
        429,
        "a visitor has twelve streams, from any address"
    );
}
