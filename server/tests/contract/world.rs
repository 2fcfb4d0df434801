//! A workspace for tests: an owner, a web chat, a clock that the test moves, and helpers for members and visitors.

use std::{
    io::Write,
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicI64, Ordering},
    },
};

use channels::Channels;
use domain::{
    act::ChangeState,
    inbound::{InThread, Inbound, Receive},
    inbox,
    people::EditMember,
    send::SendMessage,
    sessions::{AcceptInvite, Browser, IDLE_MS, Invitation, Invite, OfferSetup, SetUp},
};
use futures::future::LocalBoxFuture;
use model::{
    Act, ApiError, Channel, ChannelId, ChannelKind, ConversationId, ConversationRow, DraftMode, EventBody, InviteId,
    Member, MemberId, Message, MessageId, Role, Thread, Timestamp, Visibility, WorkspaceId,
};
use server::{jobs::Worker, live::Hub};
use sqlx::{Connection, PgConnection};
use store::{
    Db, Engine, Scope,
    clock::{Clock, new_id, secret_hash},
    error::{Error, Result},
    event, session, workspace,
};

use crate::plain::{AddChannel, AddTenant, Sql};

/// A morning in 2027.
const START: i64 = 1_800_000_000_000;

/// What a commit told its listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub workspace: WorkspaceId,
    pub first_seq: i64,
    pub events: i64,
    pub bodies: Vec<EventBody>,
}

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: MemberId,
    pub scope: Scope,
    pub token: String,
}

#[derive(Clone)]
pub struct World {
    pub db: Db,
    pub engine: Engine,
    pub url: String,
    pub hub: Hub,
    pub commits: Arc<Mutex<Vec<Commit>>>,
    pub clock: Arc<AtomicI64>,
    pub workspace: WorkspaceId,
    pub owner: Person,
    pub chat: Channel,
    /// How many jobs the set-up left. They are taken away, so that tests count their own work.
    pub left_by_set_up: u64,
}

/// Another tenant of the same database.
pub struct Tenant {
    pub workspace: WorkspaceId,
    pub owner: Person,
    pub chat: Channel,
}

/// Runs a test in a world of its own on one engine.
pub async fn run(engine: Engine, test: fn(World) -> LocalBoxFuture<'static, ()>) {
    let folder = tempfile::tempdir().unwrap();
    let (url, cluster) = match engine {
        Engine::Sqlite => (format!("sqlite:{}", folder.path().join("tandem.db").display()), None),
        Engine::Postgres => {
            let Ok(cluster) = std::env::var("TANDEM_TEST_POSTGRES") else {
                static SAID: Once = Once::new();
                // Straight to the terminal: what a passing test prints is kept back.
                SAID.call_once(|| {
                    let line = "\nskipped: everything on PostgreSQL, because TANDEM_TEST_POSTGRES is not set\n";
                    let _ = std::io::stderr().write_all(line.as_bytes());
                });
                return;
            };
            let name = format!("tandem_{}", new_id().simple());
            let mut admin = PgConnection::connect(&cluster).await.expect("TANDEM_TEST_POSTGRES can be reached");
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
            let (front, _) = cluster.rsplit_once('/').expect("the URL ends in /database");
            (format!("{front}/{name}"), Some((admin, name)))
        }
    };
    let world = World::make(engine, url).await;
    test(world.clone()).await;
    world.db.close().await;
    if let Some((mut admin, name)) = cluster {
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
    }
}

impl World {
    async fn make(engine: Engine, url: String) -> Self {
        let (hub, commits, clock) = (Hub::default(), Arc::default(), Arc::new(AtomicI64::new(START)));
        let db = open(&url, &clock, &hub, &commits).await;
        let link_hash = secret_hash("the link in the log");
        assert!(db.write_global(OfferSetup { token_hash: link_hash.clone() }).await.unwrap());
        let token = secret_hash("owner");
        let set_up = SetUp {
            link_hash,
            workspace: "Maison Corail".to_owned(),
            name: "Olive".to_owned(),
            email: "olive@corail.example".to_owned(),
            password_hash: "not a hash".to_owned(),
            browser: Browser { token_hash: token.clone(), user_agent: "test".to_owned(), address: String::new() },
        };
        let workspace = db.write_global(set_up).await.unwrap();
        let owner = person(&db, &token).await.expect("the owner is signed in");
        let mut snapshot = db.snapshot().await.unwrap();
        let chat = workspace::channels(&mut snapshot.conn(), &owner.scope).await.unwrap().remove(0);
        drop(snapshot);
        let jobs = Sql::one("DELETE FROM job", Vec::new());
        let left_by_set_up = db.write(&owner.scope, jobs).await.unwrap();
        Self { db, engine, url, hub, commits, clock, workspace, owner, chat, left_by_set_up }
    }

    /// The same database, opened once more: another process, or this one after a restart.
    pub async fn another_process(&self) -> Self {
        Self { db: open(&self.url, &self.clock, &self.hub, &self.commits).await, ..self.clone() }
    }

    /// Closes the database and opens it again.
    pub async fn restarted(&self) -> Self {
        self.db.close().await;
        self.another_process().await
    }

    pub fn system(&self) -> Scope {
        Scope::system(self.workspace, "test")
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::SeqCst))
    }

    pub fn wait(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    /// Makes a member by invitation, and signs them in.
    pub async fn member(&self, name: &str, role: Role, visibility: Visibility) -> Person {
        let link_hash = secret_hash(&format!("invitation of {name}"));
        let invitation = Invitation { role, visibility, note: String::new() };
        let invite = Invite { id: InviteId::new(new_id()), token_hash: link_hash.clone(), invitation };
        self.db.write(&self.owner.scope, invite).await.unwrap();
        let token = secret_hash(name);
        let accept = AcceptInvite {
            link_hash,
            name: name.to_owned(),
            email: format!("{}@corail.example", name.to_lowercase()),
            password_hash: "not a hash".to_owned(),
            browser: Browser { token_hash: token.clone(), user_agent: "test".to_owned(), address: String::new() },
        };
        self.db.write_global(accept).await.unwrap();
        person(&self.db, &token).await.expect("the new member is signed in")
    }

    /// What somebody's session says now; none once it has ended.
    pub async fn again(&self, who: &Person) -> Option<Person> {
        person(&self.db, &who.token).await
    }

    pub async fn disable(&self, who: &Person) {
        let member: Member = who.scope.person().unwrap().member.clone();
        let edit = EditMember { id: who.id, role: member.role, visibility: member.visibility, disabled: true };
        self.db.write(&self.owner.scope, edit).await.unwrap();
    }

    pub async fn channel(&self, kind: ChannelKind, undo_ms: i64) -> Channel {
        let key = if kind == ChannelKind::WebChat { new_id().simple().to_string() } else { String::new() };
        let id = ChannelId::new(new_id());
        let name = kind.label().to_owned();
        let channel = Channel {
            id,
            kind,
            name,
            key,
            address: String::new(),
            undo_ms,
            greeting: String::new(),
            auto_reply: String::new(),
            origins: Vec::new(),
            state: None,
        };
        self.db.write(&self.owner.scope, AddChannel(channel.clone())).await.unwrap();
        channel
    }

    pub async fn tenant(&self, name: &str) -> Tenant {
        let token = secret_hash(&format!("owner of {name}"));
        let add = AddTenant { name: name.to_owned(), token_hash: token.clone() };
        let (workspace, _, chat) = self.db.write_global(add).await.unwrap();
        Tenant { workspace, owner: person(&self.db, &token).await.unwrap(), chat }
    }

    /// Somebody outside writes on the web chat.
    pub async fn inbound(&self, visitor: &str, text: &str) -> Message {
        self.receive(letter(&self.chat, visitor, text)).await.unwrap()
    }

    pub async fn receive(&self, inbound: Inbound) -> Result<Message> {
        self.db.write(&self.system(), Receive(inbound)).await
    }

    pub async fn reply(&self, who: &Person, conversation: ConversationId, text: &str) -> Result<Message> {
        self.db.write(&who.scope, message(conversation, DraftMode::Reply, text)).await
    }

    pub async fn note(&self, who: &Person, conversation: ConversationId, text: &str) -> Result<Message> {
        self.db.write(&who.scope, message(conversation, DraftMode::Note, text)).await
    }

    /// Does it with the version that is there now.
    pub async fn act(&self, who: &Person, conversation: ConversationId, act: Act) -> Result<ConversationRow> {
        let seen = self.row(conversation).await.seen();
        self.db.write(&who.scope, ChangeState { conversation, seen, act, undo: None }).await
    }

    /// The conversation as the owner sees it.
    pub async fn row(&self, conversation: ConversationId) -> ConversationRow {
        self.thread(&self.owner, conversation).await.unwrap().row
    }

    pub async fn thread(&self, who: &Person, conversation: ConversationId) -> Result<Thread> {
        inbox::thread(&self.db, &who.scope, conversation).await
    }

    /// Does all work that is due, without any channel connected.
    pub async fn work(&self) -> usize {
        Worker::new(self.db.clone(), Channels::default()).drain().await.unwrap()
    }

    /// Every event of the workspace after `seq`.
    pub async fn events(&self, workspace: WorkspaceId, seq: i64) -> Vec<(i64, EventBody)> {
        let mut snapshot = self.db.snapshot().await.unwrap();
        event::after(&mut snapshot.conn(), workspace, seq, i64::MAX).await.unwrap()
    }

    /// The same as they went out when they were committed, with what the log does not keep.
    pub fn told(&self, seq: i64) -> Vec<(i64, EventBody)> {
        let commits = self.commits.lock().unwrap();
        let own = commits.iter().filter(|commit| commit.workspace == self.workspace);
        let mut all: Vec<_> = own.flat_map(|commit| (commit.first_seq..).zip(commit.bodies.clone())).collect();
        all.retain(|(number, _)| *number > seq);
        all.sort_by_key(|(number, _)| *number);
        all
    }

    pub async fn last_seq(&self) -> i64 {
        let mut snapshot = self.db.snapshot().await.unwrap();
        event::last(&mut snapshot.conn(), self.workspace).await.unwrap().unwrap()
    }
}

async fn open(url: &str, clock: &Arc<AtomicI64>, hub: &Hub, commits: &Arc<Mutex<Vec<Commit>>>) -> Db {
    let (hub, commits) = (hub.clone(), Arc::clone(commits));
    let on_commit = Arc::new(move |committed: store::Committed| {
        let events = i64::try_from(committed.events.len()).unwrap();
        let (workspace, first_seq, bodies) = (committed.workspace, committed.first_seq, committed.events.clone());
        commits.lock().unwrap().push(Commit { workspace, first_seq, events, bodies });
        hub.publish(committed);
    });
    Db::open(url, Clock::Manual(Arc::clone(clock)), on_commit).await.unwrap()
}

async fn person(db: &Db, token: &str) -> Option<Person> {
    let now = db.clock().now();
    let mut snapshot = db.snapshot().await.unwrap();
    let found = session::find(&mut snapshot.conn(), token, now, now.plus(-IDLE_MS)).await.unwrap()?;
    Some(Person { id: found.scope.person().unwrap().member.id, scope: found.scope, token: token.to_owned() })
}

/// A message from outside under an id of its own.
pub fn letter(channel: &Channel, address: &str, text: &str) -> Inbound {
    Inbound {
        id: MessageId::new(new_id()),
        channel: channel.clone(),
        address: address.to_owned(),
        said_by: String::new(),
        label: format!("Visitor {address}"),
        name: String::new(),
        email: String::new(),
        text: text.to_owned(),
        attachments: Vec::new(),
        uploader: format!("visitor:{address}"),
        provider_id: None,
        thread: InThread::Latest,
        content: model::Content::Text,
    }
}

/// A reply or note under an id of its own.
pub fn message(conversation: ConversationId, mode: DraftMode, text: &str) -> SendMessage {
    SendMessage {
        id: MessageId::new(new_id()),
        conversation,
        mode,
        text: text.to_owned(),
        attachments: Vec::new(),
        compose: model::Compose::Text,
        seen: None,
    }
}

/// The refusal that was expected; a success or a fault of ours is neither.
pub fn refused<T: std::fmt::Debug>(result: Result<T>) -> ApiError {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub fn is_conflict<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(refused(result), ApiError::Conflict { .. })
}
