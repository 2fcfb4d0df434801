//! A server on a free port with a workspace, and a client for each role.

use std::{net::SocketAddr, path::Path, sync::Arc};

use channels::{Channels, email::Email, network::Network};
use domain::{
    files::Files,
    sessions::{AcceptInvite, Browser, Invitation, Invite, OfferSetup, SetUp},
    vault::Vault,
};
use model::{Role, Visibility};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use server::{
    auth::Passwords,
    config::{Config, Flags},
    http::{Connections, Http, Limits, Services, router},
    jobs::Worker,
    live::Hub,
    storage::StorageWatch,
};
use store::{
    Db,
    clock::{Clock, new_id, new_secret, secret_hash},
    session,
};
use tempfile::TempDir;
use tokio::sync::watch;

pub const PASSWORD: &str = "a long enough phrase";

pub struct App {
    pub address: SocketAddr,
    pub db: Db,
    pub owner: Person,
    pub admin: Person,
    pub agent: Person,
    pub viewer: Person,
    pub key: String,
    pub boot: Value,
    /// Nobody watches by itself: a test looks when it is time.
    pub storage: StorageWatch,
    data: TempDir,
    _stop: watch::Sender<bool>,
}

#[derive(Clone)]
pub struct Person {
    pub secret: String,
}

impl App {
    pub async fn start() -> Self {
        Self::start_with(Flags::default(), Limits::of_files(1024)).await
    }

    /// With these settings, and with connections that may take so much.
    pub async fn start_with(flags: Flags, limits: Limits) -> Self {
        let data = tempfile::tempdir().unwrap();
        let hub = Hub::default();
        let told = hub.clone();
        let url = format!("sqlite:{}", data.path().join("t.db").display());
        let db = Db::open(&url, Clock::System, Arc::new(move |c| told.publish(c))).await.unwrap();
        let (stop, shutdown) = watch::channel(false);
        tokio::spawn(Worker::new(db.clone(), Channels::default()).run(shutdown.clone()));
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash(PASSWORD, &[]).await.unwrap();
        let files = Files::open(data.path().join("files")).unwrap();
        // It reaches public addresses only: no test of HTTP has a mail server.
        let network = Network::new(&[], None).unwrap();
        let email = Email::new(db.clone(), files.clone(), Vault::of_tests(), network);
        let low = flags.low_space.as_deref().map_or(0, |megabytes| megabytes.parse::<u64>().unwrap() << 20);
        let storage = StorageWatch::new(db.clone(), files.clone(), &url, low);
        let watch = storage.clone();
        let vault = Vault::of_tests();
        let services = Services { db: db.clone(), hub, files, email, vault, storage, passwords, shutdown };
        let flags = Flags { data: Some(data.path().display().to_string()), ..flags };
        let config = Config::read(&flags).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = services.shutdown.clone();
        let http = Http::new(services, &config, &limits);
        let proxies = http.proxies().clone();
        let connections = Connections { listener, app: router(http), proxies, limits };
        tokio::spawn(connections.serve(stopping));

        let owner = set_up(&db, &hash).await;
        let mut app = Self {
            address,
            db,
            admin: owner.clone(),
            agent: owner.clone(),
            viewer: owner.clone(),
            owner,
            key: String::new(),
            boot: Value::Null,
            storage: watch,
            data,
            _stop: stop,
        };
        app.admin = app.member(Role::Admin, Visibility::All, &hash).await;
        app.agent = app.member(Role::Agent, Visibility::All, &hash).await;
        app.viewer = app.member(Role::Viewer, Visibility::All, &hash).await;
        app.boot = app.call(Some(&app.owner), "bootstrap", json!({})).await.json().await.unwrap();
        app.key = app.boot["channels"][0]["key"].as_str().unwrap().to_owned();
        app
    }

    pub async fn member(&self, role: Role, visibility: Visibility, password_hash: &str) -> Person {
        let mut snapshot = self.db.snapshot().await.unwrap();
        let now = self.db.clock().now();
        let owner = session::find(&mut snapshot.conn(), &secret_hash(&self.owner.secret), now, now.plus(-1_000_000))
            .await
            .unwrap()
            .unwrap();
        drop(snapshot);
        let (link, secret) = (secret_hash(&new_secret()), new_secret());
        let invitation = Invitation { role, visibility, note: String::new() };
        let id = model::InviteId::new(new_id());
        self.db.write(&owner.scope, Invite { id, token_hash: link.clone(), invitation }).await.unwrap();
        let email = format!("{}-{}@example.com", role.as_str(), &secret[..6].to_lowercase().replace(['-', '_'], "x"));
        let browser =
            Browser { token_hash: secret_hash(&secret), user_agent: "test".to_owned(), address: String::new() };
        let accept = AcceptInvite {
            link_hash: link,
            name: format!("The {}", role.as_str()),
            email,
            password_hash: password_hash.to_owned(),
            browser,
        };
        self.db.write_global(accept).await.unwrap();
        Person { secret }
    }

    /// Where its database and its files are.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A request as our own page would make it.
    pub async fn send(&self, method: Method, path: &str, who: Option<&Person>, body: Option<Value>) -> Response {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let mut request = client.request(method, self.url(path)).header("origin", self.origin());
        if let Some(person) = who {
            request = request.header("cookie", format!("tandem={}", person.secret));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn call(&self, who: Option<&Person>, function: &str, body: Value) -> Response {
        self.send(Method::POST, &format!("/api/fn/{function}"), who, Some(body)).await
    }

    pub async fn get(&self, path: &str, who: Option<&Person>) -> Response {
        self.send(Method::GET, path, who, None).await
    }

    /// A visitor writes; the conversation that it makes.
    pub async fn visitor_writes(&self, token: &str, text: &str) -> Value {
        let body = json!({ "id": new_id(), "text": text });
        let answer = self.chat_post(token, "messages", body).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let page: Value = self
            .call(Some(&self.owner), "inbox_page", json!({ "filter": { "view": "all" }, "after": null }))
            .await
            .json()
            .await
            .unwrap();
        page["rows"][0].clone()
    }

    pub async fn chat_post(&self, token: &str, path: &str, body: Value) -> Response {
        let url = self.url(&format!("/api/chat/{}/{path}", self.key));
        let request = Client::new().post(url).header("origin", self.origin()).bearer_auth(token).json(&body);
        request.send().await.unwrap()
    }
}

async fn set_up(db: &Db, password_hash: &str) -> Person {
    let (link_hash, secret) = (secret_hash(&new_secret()), new_secret());
    db.write_global(OfferSetup { token_hash: link_hash.clone() }).await.unwrap();
    let set_up = SetUp {
        link_hash,
        workspace: "Acme".to_owned(),
        name: "The owner".to_owned(),
        email: "owner@example.com".to_owned(),
        password_hash: password_hash.to_owned(),
        browser: Browser { token_hash: secret_hash(&secret), user_agent: "test".to_owned(), address: String::new() },
    };
    db.write_global(set_up).await.unwrap();
    Person { secret }
}
