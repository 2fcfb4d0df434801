//! A data folder with a workspace: an owner, eight members with a session each, a web chat.

use std::{
    io::Write,
    path::Path,
    process::Command as Program,
    sync::{Arc, Once},
};

use async_trait::async_trait;
use domain::sessions::{AcceptInvite, Browser, IDLE_MS, Invitation, Invite, OfferSetup, SetUp};
use model::{InviteId, Needs, Role, Visibility, WorkspaceId};
use sqlx::{Connection, PgConnection};
use store::{
    Command, Db, Engine, Scope, Tx, Val,
    clock::{Clock, new_id, new_secret, secret_hash},
    error::Result,
    session, workspace,
};
use tempfile::TempDir;

use super::process::Launch;

const MEMBERS: usize = 8;

pub struct Deployment {
    pub launch: Launch,
    pub engine: Engine,
    pub workspace: WorkspaceId,
    /// The secrets of the members' cookies; the first is the owner's.
    pub members: Vec<String>,
    /// The web chat's public key.
    pub key: String,
    pub cluster: Option<Cluster>,
    shared: Option<(PgConnection, String)>,
    _folder: TempDir,
}

/// Where a deployment keeps its rows.
pub enum Place {
    Sqlite,
    /// A database in the cluster that the environment names.
    Shared,
    /// A cluster that nobody else uses, so that it may be crashed.
    Own,
}

impl Deployment {
    /// None without the PostgreSQL that it would need.
    pub async fn build(place: Place) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        // The kernel's own name for it, which the recorder compares with.
        let data = data.canonicalize().unwrap();
        let (mut cluster, mut shared) = (None, None);
        let url = match place {
            Place::Sqlite => format!("sqlite:{}", data.join("tandem.db").display()),
            Place::Shared => {
                let server = postgres()?;
                let name = format!("tandem_{}", new_id().simple());
                let mut admin = PgConnection::connect(&server).await.expect("TANDEM_TEST_POSTGRES can be reached");
                let create = format!("CREATE DATABASE {name}");
                sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
                let (front, _) = server.rsplit_once('/').expect("the URL ends in /database");
                let url = format!("{front}/{name}");
                shared = Some((admin, name));
                url
            }
            Place::Own => {
                postgres()?;
                let own = Cluster::start();
                let url = own.url.clone();
                cluster = Some(own);
                url
            }
        };
        let engine = if url.starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres };
        let db = open(&url).await;
        let (workspace, key, members) = people(&db).await;
        db.close().await;
        let launch = Launch { data, url, env: Vec::new() };
        Some(Self { launch, engine, workspace, members, key, cluster, shared, _folder: folder })
    }

    /// The database, opened beside whoever has it open.
    pub async fn open(&self) -> Db {
        open(&self.launch.url).await
    }

    /// What a member sees, for comparing their stream with the log.
    pub async fn scope(&self, db: &Db, secret: &str) -> Scope {
        let now = db.clock().now();
        let mut snapshot = db.snapshot().await.unwrap();
        let conn = &mut snapshot.conn();
        session::find(conn, &secret_hash(secret), now, now.plus(-IDLE_MS)).await.unwrap().expect("signed in").scope
    }

    /// Moves the end of every lease to now, as waiting two minutes after a kill would. On SQLite the next server does so itself.
    pub async fn end_leases(&self) {
        if self.engine == Engine::Sqlite {
            return;
        }
        let db = self.open().await;
        db.write_global(EndLeases).await.unwrap();
        db.close().await;
    }

    pub async fn tear_down(mut self) {
        if let Some((mut admin, name)) = self.shared.take() {
            let drop = format!("DROP DATABASE {name} WITH (FORCE)");
            sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
        }
    }
}

fn postgres() -> Option<String> {
    let url = std::env::var("TANDEM_TEST_POSTGRES").ok();
    static SAID: Once = Once::new();
    if url.is_none() {
        SAID.call_once(|| {
            let _ = std::io::stderr()
                .write_all(b"\nskipped: everything on PostgreSQL, because TANDEM_TEST_POSTGRES is not set\n");
        });
    }
    url
}

pub async fn open(url: &str) -> Db {
    Db::open(url, Clock::System, Arc::new(|_| {})).await.unwrap()
}

async fn people(db: &Db) -> (WorkspaceId, String, Vec<String>) {
    let link_hash = secret_hash(&new_secret());
    assert!(db.write_global(OfferSetup { token_hash: link_hash.clone() }).await.unwrap());
    let mut members = vec![new_secret()];
    let browser = |secret: &str| Browser {
        token_hash: secret_hash(secret),
        user_agent: "test".to_owned(),
        address: String::new(),
    };
    let set_up = SetUp {
        link_hash,
        workspace: "Maison Corail".to_owned(),
        name: "Olive".to_owned(),
        email: "olive@corail.example".to_owned(),
        password_hash: "not a hash".to_owned(),
        browser: browser(&members[0]),
    };
    let workspace = db.write_global(set_up).await.unwrap();
    let system = Scope::system(workspace, "test");
    let mut snapshot = db.snapshot().await.unwrap();
    let key = workspace::channels(&mut snapshot.conn(), &system).await.unwrap().remove(0).key;
    let now = db.clock().now();
    let conn = &mut snapshot.conn();
    let owner = session::find(conn, &secret_hash(&members[0]), now, now.plus(-IDLE_MS)).await.unwrap().unwrap().scope;
    drop(snapshot);
    for n in 1..MEMBERS {
        let (secret, link_hash) = (new_secret(), secret_hash(&new_secret()));
        let invitation = Invitation { role: Role::Agent, visibility: Visibility::All, note: String::new() };
        let invite = Invite { id: InviteId::new(new_id()), token_hash: link_hash.clone(), invitation };
        db.write(&owner, invite).await.unwrap();
        let accept = AcceptInvite {
            link_hash,
            name: format!("Member {n}"),
            email: format!("member{n}@corail.example"),
            password_hash: "not a hash".to_owned(),
            browser: browser(&secret),
        };
        db.write_global(accept).await.unwrap();
        members.push(secret);
    }
    (workspace, key, members)
}

struct EndLeases;

#[async_trait]
impl Command for EndLeases {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let now = Val::from(tx.now());
        tx.exec("UPDATE job SET run_at = $1 WHERE state = 'running'", vec![now]).await?;
        Ok(())
    }
}

/// A PostgreSQL of our own.
pub struct Cluster {
    url: String,
    folder: TempDir,
}

impl Cluster {
    fn start() -> Self {
        // As root the server runs as another user, who must be able to enter it: not in a folder of ours.
        let folder = tempfile::Builder::new().prefix("tandem-crash-").tempdir().unwrap();
        let url = Self::script("start", folder.path());
        Self { url, folder }
    }

    /// Ends the server as a failing machine would, without a checkpoint, and starts it again on the same port.
    pub fn crash(&self) {
        Self::script("crash", self.folder.path());
    }

    fn script(command: &str, folder: &Path) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/postgres");
        let done = Program::new(script).arg(command).arg(folder).output().expect("scripts/postgres can be called");
        assert!(done.status.success(), "scripts/postgres {command}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        Self::script("stop", self.folder.path());
    }
}
