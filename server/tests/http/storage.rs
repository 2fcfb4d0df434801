//! S53, R21: what strangers may upload, and what is shown while nothing can be stored.

use std::time::Duration;

use model::StorageFault;
use reqwest::{Body, Client, Response};
use server::{config::Flags, http::Limits};
use store::clock::new_secret;
use tokio::io::AsyncWriteExt;

use super::fixture::App;

/// How many files lie below the folder of files.
fn files(app: &App) -> usize {
    fn below(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { below(&path) } else { 1 }).sum()
    }
    below(&app.data().join("files"))
}

async fn upload(app: &App, client: &Client, body: impl Into<Body>) -> Response {
    let url = app.url(&format!("/api/chat/{}/attachments?name=a.txt", app.key));
    // Each time under a token of its own: it costs nothing.
    let request = client.post(url).header("origin", app.origin()).bearer_auth(new_secret());
    request.body(body).send().await.unwrap()
}

fn is_refused(answer: &Response) {
    assert_eq!(answer.status(), 429);
    let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=3600).contains(&seconds));
}

#[tokio::test]
async fn s53_one_address_uploads_so_many_files_whatever_its_tokens() {
    let (app, client) = (App::start().await, Client::new());
    for n in 0..200 {
        assert_eq!(upload(&app, &client, format!("file {n}")).await.status(), 201, "file {n}");
    }
    let before = files(&app);
    for _ in 0..5 {
        is_refused(&upload(&app, &client, "one more").await);
    }
    assert_eq!(files(&app), before, "a refused upload leaves nothing");
    assert_eq!(
        app.chat_post(&new_secret(), "messages", serde_json::json!({ "id": store::clock::new_id(), "text": "Hello" }))
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn s53_one_address_uploads_so_many_bytes_whatever_its_tokens() {
    let (app, client) = (App::start().await, Client::new());
    // Who does not say how much it is may send the most there may be, and counts as that.
    let unknown = || Body::wrap_stream(futures::stream::iter([Ok::<_, std::io::Error>("little")]));
    for n in 0..20 {
        assert_eq!(upload(&app, &client, unknown()).await.status(), 201, "file {n}");
    }
    is_refused(&upload(&app, &client, unknown()).await);
    is_refused(&upload(&app, &client, "little").await);
    assert_eq!(files(&app), 1, "equal bytes are stored once");
}

#[tokio::test]
async fn s53_a_member_uploads_so_many_bytes() {
    let (app, client) = (App::start().await, Client::new());
    // Who does not say how much it is counts as the most there may be: 25 MB.
    let upload = async |person: &str| {
        let body = Body::wrap_stream(futures::stream::iter([Ok::<_, std::io::Error>("little")]));
        let request = client.post(app.url("/api/files?name=a.txt")).header("origin", app.origin()).body(body);
        request.header("cookie", format!("tandem={person}")).send().await.unwrap()
    };
    for n in 0..2048 / 25 {
        assert_eq!(upload(&app.agent.secret).await.status(), 200, "file {n}");
    }
    is_refused(&upload(&app.agent.secret).await);
    assert_eq!(upload(&app.admin.secret).await.status(), 200, "another member is not affected");
}

#[tokio::test]
async fn s53_one_address_writes_so_much_text_whatever_its_tokens() {
    let app = App::start().await;
    let long = "x".repeat(16 * 1024);
    let write = async |text: &str| {
        let body = serde_json::json!({ "id": store::clock::new_id(), "text": text });
        app.chat_post(&new_secret(), "messages", body).await
    };
    let more = write(&format!("{long}x")).await;
    assert_eq!(more.status(), 413);
    assert!(more.text().await.unwrap().contains("longer than 16 kB"), "the visitor is told the limit");
    for n in 0..128 {
        assert_eq!(write(&long).await.status(), 200, "message {n}");
    }
    is_refused(&write("one more").await);
}

#[tokio::test]
async fn s53_an_upload_that_is_broken_off_leaves_nothing() {
    let app = App::start().await;
    let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "POST /api/chat/{}/attachments?name=a HTTP/1.1\r\nhost: {}\r\norigin: {}\r\nauthorization: Bearer {}\r\ncontent-length: 1000000\r\n\r\n",
        app.key,
        app.address,
        app.origin(),
        new_secret()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[7; 200_000]).await.unwrap();
    let wait = async |count: usize| {
        let until = async {
            while files(&app) != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), until).await.expect("the number of files was not reached");
    };
    wait(1).await;
    drop(stream);
    wait(0).await;
}

#[tokio::test]
async fn r21_readiness_and_health_say_that_nothing_can_be_stored() {
    let app = App::start().await;
    let ready = async || {
        let answer = app.get("/readyz", None).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let health = async || -> serde_json::Value {
        app.call(Some(&app.admin), "system_status", serde_json::json!({})).await.json().await.unwrap()
    };
    assert_eq!(ready().await, (200, "ready".to_owned()));
    let before = health().await;
    assert_eq!(before["storage"], "fine");
    assert_eq!(before["spaces"].as_array().unwrap().len(), 2);
    // Long lines of both kinds, one of them open from before.
    let mut stream = app.get("/api/live?since=0", Some(&app.agent)).await;
    // It is tried again before that is told, so the file must not grow.
    full(&app, 1).await;
    app.db.mark().failed(StorageFault::Full);
    app.storage.look().await;
    assert_eq!(ready().await, (503, StorageFault::Full.sentence().to_owned()));
    assert_eq!(health().await["storage"], serde_json::json!({ "failing": "full" }));
    let mut told = String::new();
    while !told.contains("event: storage\ndata: {\"failing\":\"full\"}") {
        let chunk = tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.expect("the state is shown");
        told.push_str(&String::from_utf8_lossy(&chunk.unwrap().expect("the line stays open")));
    }
    full(&app, 1_073_741_823).await;
    app.storage.look().await;
    assert_eq!(ready().await.0, 200);
    while !told.ends_with("event: storage\ndata: \"fine\"\n\n") {
        let chunk = tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.expect("the state is shown");
        told.push_str(&String::from_utf8_lossy(&chunk.unwrap().expect("the line stays open")));
    }
}

#[tokio::test]
async fn r21_readiness_and_health_say_beforehand_that_little_room_is_left() {
    let flags = Flags { low_space: Some("99999999999".to_owned()), ..Flags::default() };
    let app = App::start_with(flags, Limits::of_files(1024)).await;
    app.storage.look().await;
    let ready = app.get("/readyz", None).await;
    assert_eq!(ready.status(), 200, "writes still work");
    assert_eq!(ready.text().await.unwrap(), "ready; the disk is almost full");
    let health = app.call(Some(&app.admin), "system_status", serde_json::json!({})).await;
    let health: serde_json::Value = health.json().await.unwrap();
    assert!(health["storage"]["low"]["free"].is_u64(), "{health}");
}

struct Pages(u32);

#[async_trait::async_trait]
impl store::Command for Pages {
    const NEEDS: model::Needs = model::Needs::Nothing;
    type Output = ();

    async fn run(&self, tx: &mut store::Tx<'_>) -> store::error::Result<()> {
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", self.0));
        tx.conn().exec(sql, Vec::new()).await?;
        Ok(())
    }
}

/// Lets the database file have so many pages, or as many as it has.
async fn full(app: &App, pages: u32) {
    app.db.write_global(Pages(pages)).await.unwrap();
}
