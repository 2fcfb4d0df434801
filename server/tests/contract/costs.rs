//! Trap 2: the number of statements per request does not depend on the size of its page.

use std::cell::Cell;

use domain::{inbox, search::search_within, sessions::IDLE_MS};
use model::{Act, Draft, DraftMode, Role, View, Visibility};
use store::{QUERIES, Reach, search, session};

use crate::world::{Person, World};

on_both_engines!(
    a_list_asks_four_statements_at_most,
    an_open_conversation_asks_five_and_the_session,
    a_search_asks_as_much_for_many_hits_as_for_few,
);

pub async fn counted<T>(work: impl Future<Output = T>) -> (T, u32) {
    let both = async {
        let done = work.await;
        (done, QUERIES.with(Cell::get))
    };
    QUERIES.scope(Cell::new(0), both).await
}

async fn session_of(world: &World, who: &Person) -> Person {
    let mut snapshot = world.db.snapshot().await.unwrap();
    let found = session::find(&mut snapshot.conn(), &who.token, world.now(), world.now().plus(-IDLE_MS))
        .await
        .unwrap()
        .unwrap();
    Person { scope: found.scope, ..who.clone() }
}

async fn people(world: &World) -> Vec<Person> {
    let mut people = vec![world.owner.clone()];
    for &visibility in Visibility::ALL {
        people.push(world.member(&format!("Agent{}", visibility.as_str()), Role::Agent, visibility).await);
    }
    people
}

async fn a_list_asks_four_statements_at_most(world: World) {
    let people = people(&world).await;
    let mine = people.last().unwrap();
    for n in 0..110 {
        let conversation = world.inbound(&format!("visitor {n}"), "Hello").await.conversation;
        world.act(&world.owner, conversation, Act::Assign(Some(mine.id))).await.unwrap();
    }
    for who in &people {
        for limit in [5, 100] {
            let (page, asked) = counted(async {
                let who = session_of(&world, who).await;
                inbox::page(&world.db, &who.scope, View::All, model::Sort::Last, None, limit).await.unwrap()
            })
            .await;
            assert!(asked > 0 && asked <= 4, "{asked} statements for {limit} rows ({:?})", who.scope.reach());
            if who.id == mine.id {
                assert_eq!(i64::try_from(page.rows.len()).unwrap(), limit, "a full page was read");
            }
        }
    }
}

async fn an_open_conversation_asks_five_and_the_session(world: World) {
    let people = people(&world).await;
    let mine = people.last().unwrap();
    let conversation = world.inbound("visitor", "Hello").await.conversation;
    for n in 0..60 {
        world.inbound("visitor", &format!("Message {n}")).await;
    }
    world.act(&world.owner, conversation, Act::Assign(Some(mine.id))).await.unwrap();
    for who in people.iter().filter(|who| who.scope.reach() != Reach::Teams) {
        let draft = Draft { mode: DraftMode::Reply, text: "Dear".to_owned(), id: None };
        world.db.write(&who.scope, inbox::SaveDraft { conversation, draft }).await.unwrap();
        let (thread, asked) = counted(world.thread(&session_of(&world, who).await, conversation)).await;
        let thread = thread.unwrap();
        assert_eq!((thread.messages.len(), thread.more, thread.drafts.len()), (50, true, 1));
        assert!(asked > 0 && asked <= 5, "{asked} statements ({:?})", who.scope.reach());
    }
}

async fn a_search_asks_as_much_for_many_hits_as_for_few(world: World) {
    for n in 0..60 {
        world.inbound(&format!("visitor {n}"), "Hello").await;
    }
    for who in people(&world).await {
        let mut costs = Vec::new();
        for (limit, found) in [(2, 2), (25, 25)] {
            let (page, asked) =
                counted(search_within(&world.db, &who.scope, "hello", (None, 0, limit), search::LOOKED_AT)).await;
            let expected = if who.scope.reach() == Reach::All { found } else { 0 };
            assert_eq!(page.unwrap().messages.len(), expected);
            costs.push(asked);
        }
        assert!(costs[0] == costs[1] && costs[0] <= 14, "{costs:?} statements ({:?})", who.scope.reach());
    }
}
