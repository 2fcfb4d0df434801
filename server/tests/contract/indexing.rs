//! L5: the index of search is filled under use, whatever happens meanwhile.

use domain::{
    inbound::Inbound,
    search::{IndexOlder, ScheduleIndexing},
};
use model::{Act, CloseReason, ConversationId};
use store::{Engine, Val, search as index};

use crate::{
    plain::Sql,
    searching::{all, found, mail, page, with_file},
    world::{World, letter},
};

on_both_engines!(l5_older_messages_are_indexed_under_use, l5_both_ways_of_indexing_find_the_same);

/// Makes the database what an older version left: nothing is in the new index.
async fn forget_index(world: &World) {
    let sql = match world.engine {
        Engine::Sqlite => ["INSERT INTO message_find (message_find) VALUES ('delete-all')", "DELETE FROM search_word"],
        Engine::Postgres => ["DELETE FROM message_find", "DELETE FROM name_near"],
    };
    let all = sql.into_iter().chain([
        "DELETE FROM name_near",
        "UPDATE message SET search_place = NULL",
        "UPDATE contact SET near_due = TRUE",
    ]);
    let all = all.map(|sql| (sql.to_owned(), Vec::<Val>::new())).collect();
    world.db.write(&world.system(), Sql(all)).await.unwrap();
}

async fn l5_older_messages_are_indexed_under_use(world: World) {
    let mut ids = Vec::new();
    for n in 0..450 {
        let named = Inbound {
            name: format!("Guest{n}"),
            ..letter(&world.chat, &format!("visitor {n}"), &format!("Invoice {n}"))
        };
        ids.insert(0, world.receive(named).await.unwrap().id);
    }
    let before = all(&world, &world.owner.scope, "invoice", 25, index::LOOKED_AT).await;
    assert_eq!(before, ids);
    forget_index(&world).await;
    assert!(page(&world, &world.owner, "invoice").await.building);
    // What comes in meanwhile is found at once.
    let fresh = world.inbound("visitor 3", "Invoice afresh").await.id;
    assert_eq!(found(&world, "invoice").await, [fresh]);
    // One step, then the process is killed: the next goes on where it was, newest first.
    assert!(world.db.write(&world.system(), IndexOlder).await.unwrap());
    assert_eq!(
        all(&world, &world.owner.scope, "invoice", 25, index::LOOKED_AT).await,
        [&[fresh], &ids[..200]].concat()
    );
    let world = world.restarted().await;
    let later = world.inbound("visitor 4", "Invoice later").await.id;
    world.db.write(&world.system(), ScheduleIndexing).await.unwrap();
    world.db.write(&world.system(), ScheduleIndexing).await.unwrap();
    world.wait(1_000);
    assert!(world.work().await > 0);
    let after = all(&world, &world.owner.scope, "invoice", 25, index::LOOKED_AT).await;
    assert_eq!(after, [&[later, fresh], ids.as_slice()].concat());
    let page = page(&world, &world.owner, "gust17").await;
    assert!(!page.building);
    assert_eq!(page.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Guest17"]);
    // Nothing is left to do, and so no job.
    world.db.write(&world.system(), ScheduleIndexing).await.unwrap();
    let mut snapshot = world.db.snapshot().await.unwrap();
    let (left,): (i64,) = snapshot
        .conn()
        .one("SELECT CAST(COUNT(*) AS BIGINT) FROM job WHERE kind = 'index_older'", Vec::new())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

async fn l5_both_ways_of_indexing_find_the_same(world: World) {
    mail(&world, "carla@x.example", "support@corail.example", "Offer", "Hello there").await;
    with_file(&world, "plan.pdf").await;
    let named = Inbound { name: "Amélie".to_owned(), ..letter(&world.chat, "amelie", "Bonjour 見積書") };
    let asked: ConversationId = world.receive(named).await.unwrap().conversation;
    world.reply(&world.owner, asked, "An answer").await.unwrap();
    world.note(&world.owner, asked, "A thought").await.unwrap();
    world.act(&world.owner, asked, Act::Close(CloseReason::Resolved)).await.unwrap();
    let texts = [
        "offer",
        "hello",
        "pla",
        "carla",
        "from:carla",
        "to:support",
        "to:amelie",
        "from:me",
        "amelei",
        "積書",
        "thought",
        "has:attachment",
        "channel:web_chat",
        "is:closed",
        "an",
    ];
    let mut before = Vec::new();
    for text in texts {
        before.push(page(&world, &world.owner, text).await);
    }
    forget_index(&world).await;
    while world.db.write(&world.system(), IndexOlder).await.unwrap() {}
    for (text, before) in texts.into_iter().zip(before) {
        let after = page(&world, &world.owner, text).await;
        assert_eq!((after.messages, after.people), (before.messages, before.people), "{text}");
    }
}
