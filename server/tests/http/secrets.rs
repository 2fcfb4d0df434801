//! S25: no answer and no line of the log contains a secret, whoever asks.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use reqwest::{Client, Method};
use serde_json::json;
use server::http::routes;
use store::{
    clock::{new_secret, secret_hash},
    session,
};

use super::{
    fixture::{App, PASSWORD, Person},
    rights::functions,
};

/// Typed by mistake: as telling as the right one.
const WRONG: &str = "a-wrong-canary-phrase";

/// Takes in what the server logs, at the level an operator would choose to find a fault.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Of the whole process: the other tests here write into it too.
    fn of_the_process() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(move || writer.clone()).init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Everything that must never come out again: what it is, and its text.
async fn canaries(app: &App, visitor: &str) -> Vec<(String, String)> {
    let mut found: Vec<_> = [PASSWORD, WRONG].map(|password| ("a password".to_owned(), password.to_owned())).into();
    let people = [("owner", &app.owner), ("admin", &app.admin), ("agent", &app.agent), ("viewer", &app.viewer)];
    for (name, person) in people {
        found.push((format!("the session of the {name}"), person.secret.clone()));
        found.push((format!("its hash ({name})"), secret_hash(&person.secret)));
    }
    found.push(("a visitor's token".to_owned(), visitor.to_owned()));
    found.push(("its hash".to_owned(), secret_hash(visitor)));
    let mut snapshot = app.db.snapshot().await.unwrap();
    let (.., hash) = session::credential(&mut snapshot.conn(), "owner@example.com").await.unwrap().unwrap();
    found.push(("the hash of a password".to_owned(), hash));
    found.push(("where its data is".to_owned(), app.data().display().to_string()));
    found
}

/// An invitation's secret comes out once, to the admin who made it.
async fn invitation(app: &App) -> Vec<(String, String)> {
    let new = json!({ "new": { "role": "agent", "visibility": "all", "note": "" } });
    let answer = app.call(Some(&app.admin), "invite", new).await.text().await.unwrap();
    let secret = answer.split("token=").nth(1).expect("a link").split('"').next().unwrap().to_owned();
    vec![("an invitation's hash".to_owned(), secret_hash(&secret)), ("an invitation".to_owned(), secret)]
}

#[tokio::test]
async fn s25_no_secret_comes_out() {
    let log = Log::of_the_process();
    let app = App::start().await;
    let visitor = new_secret();
    let conversation = app.visitor_writes(&visitor, "hello").await;
    let mut secrets = canaries(&app, &visitor).await;
    secrets.extend(invitation(&app).await);
    sign_in(&app).await;

    let roles = [None, Some(&app.viewer), Some(&app.agent), Some(&app.admin), Some(&app.owner)];
    for who in roles {
        for (path, answer) in everything(&app, who, &conversation).await {
            for (what, secret) in &secrets {
                assert!(!answer.contains(secret.as_str()), "{path} reveals {what} to {:?}", place(&app, who));
            }
        }
    }
    let log = log.text();
    assert!(log.len() > 1000, "the log must not be empty");
    for (what, secret) in secrets.iter().filter(|(what, _)| what != "where its data is") {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{what} is in the log: {line:?}");
    }
}

fn place(app: &App, who: Option<&Person>) -> &'static str {
    match who.map(|person| &person.secret) {
        None => "a stranger",
        Some(secret) if *secret == app.viewer.secret => "the viewer",
        Some(secret) if *secret == app.agent.secret => "the agent",
        Some(secret) if *secret == app.admin.secret => "the admin",
        Some(_) => "the owner",
    }
}

/// With the right password and with a wrong one: both pass through the log's reach.
async fn sign_in(app: &App) {
    for password in [PASSWORD, WRONG] {
        let form = format!("email=owner%40example.com&password={}", password.replace(' ', "+"));
        let request = Client::new()
            .post(app.url("/api/fn/sign_in"))
            .header("origin", app.origin())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        request.send().await.unwrap();
    }
}

/// What every route and every server function answers, heads included.
async fn everything(app: &App, who: Option<&Person>, conversation: &serde_json::Value) -> Vec<(String, String)> {
    let mut answers = Vec::new();
    let id = conversation["id"].as_str().unwrap();
    for route in routes().iter().filter(|route| route.methods.contains(&"GET") && !route.path.ends_with("stream")) {
        if route.path == "/api/live" {
            continue;
        }
        for part in
            ["sessions", "channels", "members", "teams", "closing", "notifications", "workspace", "system", "audit"]
        {
            let path = route.path.replace("{id}", id).replace("{key}", &app.key).replace("{part}", part);
            answers.push((path.clone(), told(app.send(Method::GET, &path, who, None).await).await));
            if path == route.path || !route.path.contains("{part}") {
                break;
            }
        }
    }
    for (name, body, _) in functions(conversation, app) {
        // The invitation's own answer carries its link; signing out would end the walk.
        if name != "sign_out" && name != "invite" && !body.is_null() {
            answers.push((name.to_owned(), told(app.call(who, name, body).await).await));
        }
    }
    answers
}

async fn told(answer: reqwest::Response) -> String {
    let head = format!("{:?}", answer.headers());
    format!("{head}\n{}", answer.text().await.unwrap())
}
