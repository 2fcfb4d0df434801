//! R16, R21: a database or disk that stores nothing is reported, nothing is lost, and everything continues once it works again.

use bytes::Bytes;
use domain::{files::Files, send::SendMessage, work::Schedule};
use model::{DeliveryState, DraftMode, Entry, Storage, StorageFault};
use server::storage::StorageWatch;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{Engine, error::Error};
use tempfile::TempDir;

use crate::{
    plain::Sql,
    world::{World, message},
};

on_both_engines!(
    r21_a_database_that_takes_nothing_is_told_and_nothing_is_lost,
    r21_a_job_that_could_store_nothing_was_not_tried,
    r21_little_room_is_told_beforehand,
    r21_a_disk_that_takes_no_files_is_told,
);

fn watch(world: &World, low: u64) -> (TempDir, Files, StorageWatch) {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::open(folder.path().join("files")).unwrap();
    let watch = StorageWatch::new(world.db.clone(), files.clone(), &world.url, low);
    (folder, files, watch)
}

/// From now on the database takes nothing: a file that may not grow; a server whose transactions may only read.
async fn close(world: &World) {
    match world.engine {
        Engine::Sqlite => sqlite(world, "PRAGMA max_page_count = 1").await,
        Engine::Postgres => read_only(world, "on").await,
    }
}

async fn mend(world: &World) {
    match world.engine {
        Engine::Sqlite => sqlite(world, "PRAGMA max_page_count = 1073741823").await,
        Engine::Postgres => read_only(world, "off").await,
    }
}

async fn sqlite(world: &World, pragma: &str) {
    world.db.write(&world.system(), Sql::one(pragma, Vec::new())).await.unwrap();
}

async fn read_only(world: &World, turn: &str) {
    let (_, name) = world.url.rsplit_once('/').unwrap();
    let mut admin = PgConnection::connect(&std::env::var("TANDEM_TEST_POSTGRES").unwrap()).await.unwrap();
    // A connection that is there keeps what it began with.
    let turn = format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = {turn}; \
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    sqlx::raw_sql(AssertSqlSafe(turn)).execute(&mut admin).await.unwrap();
}

/// Messages until one is not stored: a file that may not grow has some room left within.
async fn until_refused(world: &World, conversation: model::ConversationId) -> (SendMessage, Error) {
    for _ in 0..200 {
        let text = "Nothing of this is lost. ".repeat(1000);
        let send = message(conversation, DraftMode::Reply, &text);
        if let Err(error) = world.db.write(&world.owner.scope, send.clone()).await {
            return (send, error);
        }
    }
    panic!("everything was stored");
}

async fn r21_a_database_that_takes_nothing_is_told_and_nothing_is_lost(world: World) {
    let (_folder, _files, watch) = watch(&world, 0);
    let mut told = watch.follow();
    let conversation = world.inbound("anna", "Hello").await.conversation;
    watch.look().await;
    assert_eq!(watch.now(), Storage::Fine);
    close(&world).await;
    let (refused, error) = until_refused(&world, conversation).await;
    let expected = match world.engine {
        Engine::Sqlite => StorageFault::Full,
        Engine::Postgres => StorageFault::ReadOnly,
    };
    assert_eq!(error.storage_fault(), Some(expected), "{error}");
    let seen = error.into_api();
    assert!(seen.is_passing(), "a browser must keep the message and retry: {seen}");
    assert!(seen.to_string().contains("Nothing can be saved"), "{seen}");
    for _ in 0..2 {
        watch.look().await;
        assert_eq!(watch.now(), Storage::Failing(expected));
    }
    assert!(told.has_changed().unwrap());
    assert_eq!(told.borrow_and_update().fault(), Some(expected));
    // What is there can be read meanwhile.
    let before = world.thread(&world.owner, conversation).await.unwrap();
    assert!(before.messages.iter().all(|message| message.id != refused.id));
    mend(&world).await;
    // A connection that was cut is noticed by whoever uses it first.
    for _ in 0..10 {
        watch.look().await;
    }
    assert_eq!(watch.now(), Storage::Fine);
    assert_eq!(told.borrow_and_update().fault(), None);
    // What waited goes out, once, however often it is sent.
    for _ in 0..2 {
        world.db.write(&world.owner.scope, refused.clone()).await.unwrap();
    }
    world.work().await;
    let after = world.thread(&world.owner, conversation).await.unwrap();
    let found: Vec<_> = after.messages.iter().filter(|message| message.id == refused.id).collect();
    let [one] = found[..] else { panic!("expected one stored message") };
    let Entry::Outgoing { delivery, .. } = &one.entry else { panic!("expected a reply") };
    assert_eq!(delivery.state, DeliveryState::Sent);
    let numbers: Vec<i64> = world.events(world.workspace, 0).await.into_iter().map(|(seq, _)| seq).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no event number is missing");
}

/// PostgreSQL alone can be made to refuse one statement for want of room; the rule is the same code.
async fn r21_a_job_that_could_store_nothing_was_not_tried(world: World) {
    if world.engine == Engine::Sqlite {
        return;
    }
    world.db.write(&world.system(), Schedule).await.unwrap();
    let function = "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$";
    let trigger =
        "CREATE TRIGGER no_room BEFORE INSERT ON job FOR EACH ROW WHEN (NEW.kind = 'purge') EXECUTE FUNCTION no_room()";
    let statements = [function, trigger].map(|sql| (sql.to_owned(), Vec::new()));
    world.db.write(&world.system(), Sql(statements.into())).await.unwrap();
    for _ in 0..40 {
        world.wait(3_600_000);
        world.work().await;
    }
    let of =
        |state: &str| Sql::one("UPDATE job SET kind = kind WHERE kind = 'purge' AND state = $1", vec![state.into()]);
    assert_eq!(world.db.write(&world.system(), of("dead")).await.unwrap(), 0, "the job is not given up");
    world.db.write(&world.system(), Sql::one("DROP TRIGGER no_room ON job", Vec::new())).await.unwrap();
    world.wait(3_600_000);
    world.work().await;
    assert_eq!(
        world.db.write(&world.system(), of("waiting")).await.unwrap(),
        1,
        "the job continues without any action"
    );
}

async fn r21_little_room_is_told_beforehand(world: World) {
    let (_folder, _files, little) = watch(&world, u64::MAX / 2);
    little.look().await;
    let Storage::Low { free } = little.now() else { panic!("it is {:?}", little.now()) };
    let spaces = little.spaces();
    assert_eq!(spaces.len(), if world.engine == Engine::Sqlite { 2 } else { 1 }, "{spaces:?}");
    assert!(spaces.iter().all(|space| space.free >= free && space.total >= space.free), "{spaces:?}");
    let (_folder, _files, enough) = watch(&world, 1);
    enough.look().await;
    assert_eq!(enough.now(), Storage::Fine);
}

async fn r21_a_disk_that_takes_no_files_is_told(world: World) {
    let (folder, files, watch) = watch(&world, 0);
    let incoming = folder.path().join("files/incoming");
    std::fs::remove_dir(&incoming).unwrap();
    // A place where nobody makes files.
    std::os::unix::fs::symlink("/sys", &incoming).unwrap();
    let refused = files.keep(Bytes::from_static(b"once")).await.unwrap_err();
    assert!(refused.storage_fault().is_some(), "{refused}");
    for _ in 0..2 {
        watch.look().await;
        assert_eq!(watch.now().fault(), refused.storage_fault(), "the fault is reported as long as it lasts");
    }
    std::fs::remove_file(&incoming).unwrap();
    std::fs::create_dir(&incoming).unwrap();
    watch.look().await;
    assert_eq!(watch.now(), Storage::Fine);
    assert!(files.keep(Bytes::from_static(b"again")).await.is_ok());
}
