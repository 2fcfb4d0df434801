//! Promise 2: an id belongs to one workspace. The same id, made in two browsers or restored twice, never replaces another workspace's row.

use std::sync::Arc;

use channels::Channels;
use domain::{inbound::Receive, inbox, send::SendMessage};
use model::{DeliveryState, DraftMode, Entry, MessageId};
use server::jobs::Worker;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, migrate::Migrator};
use store::{
    Db, Engine, Scope,
    clock::{Clock, new_id},
};

use crate::world::{World, letter};

on_both_engines!(p2_one_id_in_two_workspaces_is_two_messages_and_two_jobs, the_new_keys_keep_what_was_there);

async fn p2_one_id_in_two_workspaces_is_two_messages_and_two_jobs(world: World) {
    let tenant = world.tenant("other").await;
    let mine = world.inbound("amelie", "Bonjour").await.conversation;
    let system = Scope::system(tenant.workspace, "test");
    let theirs = world.db.write(&system, Receive(letter(&tenant.chat, "basil", "Hi"))).await.unwrap().conversation;
    let id = MessageId::new(new_id());
    let both = [(&world.owner.scope, mine), (&tenant.owner.scope, theirs)];
    for (scope, conversation) in both {
        let text = "Hello".to_owned();
        let send = SendMessage {
            id,
            conversation,
            mode: DraftMode::Reply,
            text,
            attachments: Vec::new(),
            compose: model::Compose::Text,
            seen: None,
        };
        world.db.write(scope, send).await.unwrap();
    }
    assert_eq!(world.work().await, 2);
    for (scope, conversation) in both {
        let thread = inbox::thread(&world.db, scope, conversation).await.unwrap();
        let reply = thread.messages.into_iter().find(|message| message.id == id).unwrap();
        let Entry::Outgoing { delivery, .. } = reply.entry else { panic!("expected a reply") };
        assert_eq!(delivery.state, DeliveryState::Sent);
    }
}

/// A database as it was before the fourth migration.
async fn before_the_keys(url: &str, engine: Engine) {
    let until = |mut all: Migrator| {
        all.migrations = all.migrations.iter().filter(|migration| migration.version < 4).cloned().collect();
        all
    };
    let rows = "INSERT INTO workspace (id, name, chat_enabled, pending_after_reply, event_seq, created_at) VALUES ('w', 'W', TRUE, TRUE, 0, 1); \
        INSERT INTO member (workspace_id, id, email, email_key, name, role, visibility, granted, chat_on, created_at) \
        VALUES ('w', 'm', 'e', 'e', 'M', 'owner', 'all', '[]', TRUE, 1); \
        INSERT INTO credential (member_id, workspace_id, password_hash, changed_at) VALUES ('m', 'w', 'hash', 2); \
        INSERT INTO job (id, workspace_id, kind, body, state, run_at, attempts, lease_owner, last_error, created_at) \
        VALUES ('j', 'w', 'send', '{}', 'dead', 5, 6, 'o', 'why', 7)";
    match engine {
        Engine::Sqlite => {
            let mut old = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
            until(store::migrations(engine)).run(&mut old).await.unwrap();
            sqlx::raw_sql(rows).execute(&mut old).await.unwrap();
            old.close().await.unwrap();
        }
        Engine::Postgres => {
            let mut old = PgConnection::connect(url).await.unwrap();
            until(store::migrations(engine)).run(&mut old).await.unwrap();
            sqlx::raw_sql(rows).execute(&mut old).await.unwrap();
            old.close().await.unwrap();
        }
    }
}

async fn the_new_keys_keep_what_was_there(world: World) {
    let url = format!("{}_old", world.url);
    let name = url.rsplit_once('/').unwrap().1.to_owned();
    if world.engine == Engine::Postgres {
        let mut admin = PgConnection::connect(&world.url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    }
    before_the_keys(&url, world.engine).await;
    let db = Db::open(&url, Clock::Manual(Arc::clone(&world.clock)), Arc::new(|_| {})).await.unwrap();
    let mut snapshot = db.snapshot().await.unwrap();
    let conn = &mut snapshot.conn();
    let job: (String, String, String, String, String, i64, i64, String, String) = conn
        .one(
            "SELECT workspace_id, id, kind, body, state, run_at, attempts, lease_owner, last_error FROM job",
            Vec::new(),
        )
        .await
        .unwrap();
    let text = str::to_owned;
    assert_eq!(job, (text("w"), text("j"), text("send"), text("{}"), text("dead"), 5, 6, text("o"), text("why")));
    let credential: (String, String, String, i64) = conn
        .one("SELECT workspace_id, member_id, password_hash, changed_at FROM credential", Vec::new())
        .await
        .unwrap();
    assert_eq!(credential, (text("w"), text("m"), text("hash"), 2));
    drop(snapshot);
    // It goes on from here, as any other.
    Worker::new(db.clone(), Channels::default()).drain().await.unwrap();
    db.close().await;
    if world.engine == Engine::Postgres {
        let mut admin = PgConnection::connect(&world.url).await.unwrap();
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
    }
}
