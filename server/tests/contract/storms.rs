//! R3, R4, R6: a repeated delivery is stored once. The database decides this, not memory.

use domain::{
    contacts::EditContact,
    inbound::{Inbound, Receive},
    send::SendMessage,
};
use futures::future::join_all;
use model::{ApiError, ChannelKind, ContactField, DraftMode, Entry, EventBody, Message, MessageId, Role, Visibility};
use store::clock::new_id;

use crate::world::{World, is_conflict, letter, message, refused};

on_both_engines!(
    r3_duplicate_storm_by_providers_id,
    r3_duplicate_storm_by_own_id,
    r3_duplicate_storm_on_two_processes,
    r3_the_same_providers_id_on_another_channel_is_another_message,
    r4_first_contact_race,
    r6_a_repeated_reply_has_one_effect,
    r6_a_repeated_note_from_elsewhere_is_refused,
    r6_a_repeated_inbound_has_one_effect,
);

const DAY: i64 = 24 * 3_600_000;

/// Gives the same message 50 times from each of 16 tasks; the answers.
async fn storm(worlds: &[World], again: impl Fn() -> Inbound + Clone + Send + 'static) -> Vec<Message> {
    let tasks = (0..16).map(|task| {
        let (world, again) = (worlds[task % worlds.len()].clone(), again.clone());
        tokio::spawn(async move { join_all((0..50).map(|_| world.receive(again()))).await })
    });
    let answers = join_all(tasks).await.into_iter().flat_map(|task| task.expect("no task fails"));
    answers.map(|answer| answer.expect("each delivery is acknowledged")).collect()
}

/// How often a text is told of in the log, and how often it stands in the owner's list of messages.
async fn traces(world: &World, text: &str) -> (usize, usize) {
    let (mut events, mut entries) = (0, 0);
    let mut conversations = std::collections::BTreeSet::new();
    for (_, body) in world.events(world.workspace, 0).await {
        let EventBody::Conversation { row, messages, .. } = body else { continue };
        events += messages.iter().filter(|m| m.text == text).count();
        conversations.insert(row.id);
    }
    for id in conversations {
        entries += world.thread(&world.owner, id).await.unwrap().messages.iter().filter(|m| m.text == text).count();
    }
    (events, entries)
}

async fn survives_everything(world: World, again: impl Fn() -> Inbound + Clone + Send + 'static) {
    let text = again().text;
    let first = storm(std::slice::from_ref(&world), again.clone()).await;
    assert!(
        first.windows(2).all(|pair| pair[0].id == pair[1].id && pair[0].n == pair[1].n),
        "all deliveries get the same answer"
    );
    let world = world.restarted().await;
    let second = storm(std::slice::from_ref(&world), again.clone()).await;
    world.wait(8 * DAY);
    let third = storm(std::slice::from_ref(&world), again.clone()).await;
    assert!(second.iter().chain(&third).all(|m| m.id == first[0].id));
    assert_eq!(traces(&world, &text).await, (1, 1), "there is one event and one message");
    assert_eq!(world.row(first[0].conversation).await.inbound_count, 1);
    world.db.close().await;
}

async fn r3_duplicate_storm_by_providers_id(world: World) {
    let chat = world.chat.clone();
    // An adapter makes a new id each time it is told; only the provider's name says that it is the same.
    let again = move || Inbound { provider_id: Some("wamid.42".to_owned()), ..letter(&chat, "amelie", "Bonjour") };
    survives_everything(world, again).await;
}

async fn r3_duplicate_storm_by_own_id(world: World) {
    let same = letter(&world.chat, "amelie", "Bonjour");
    survives_everything(world, move || same.clone()).await;
}

async fn r3_duplicate_storm_on_two_processes(world: World) {
    let other = world.another_process().await;
    let chat = world.chat.clone();
    let again = move || Inbound { provider_id: Some("wamid.42".to_owned()), ..letter(&chat, "amelie", "Bonjour") };
    let answers = storm(&[world.clone(), other.clone()], again).await;
    assert!(answers.iter().all(|m| m.id == answers[0].id));
    assert_eq!(traces(&world, "Bonjour").await, (1, 1));
    other.db.close().await;
}

async fn r3_the_same_providers_id_on_another_channel_is_another_message(world: World) {
    let mail = world.channel(ChannelKind::Api, 0).await;
    for channel in [&world.chat, &mail] {
        world
            .receive(Inbound { provider_id: Some("7".to_owned()), ..letter(channel, "amelie", "Bonjour") })
            .await
            .unwrap();
    }
    assert_eq!(traces(&world, "Bonjour").await, (2, 2));
}

/// Twenty first messages of one new person at once, on two processes: one person, one conversation, all twenty in it.
async fn r4_first_contact_race(world: World) {
    let other = world.another_process().await;
    let worlds = [world.clone(), other.clone()];
    let tasks = (0..20).map(|n| {
        let world = worlds[n % 2].clone();
        tokio::spawn(async move {
            let inbound =
                Inbound { name: "Amélie".to_owned(), ..letter(&world.chat, "amelie", &format!("Message {n}")) };
            world.receive(inbound).await.expect("each delivery is acknowledged")
        })
    });
    let stored: Vec<Message> = join_all(tasks).await.into_iter().map(|done| done.unwrap()).collect();
    assert!(stored.iter().all(|m| m.conversation == stored[0].conversation), "there is one conversation");
    let thread = world.thread(&world.owner, stored[0].conversation).await.unwrap();
    assert_eq!(thread.row.inbound_count, 20);
    assert_eq!(thread.messages.iter().map(|m| m.n).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    assert_eq!(thread.contact.expect("there is one contact").name, "Amélie");
    other.db.close().await;
}

async fn r6_a_repeated_reply_has_one_effect(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let reply = message(conversation, DraftMode::Reply, "Hello Amélie");
    let first = world.db.write(&world.owner.scope, reply.clone()).await.unwrap();
    let version = world.row(conversation).await.version;
    let seq = world.last_seq().await;
    let again = join_all((0..20).map(|_| world.db.write(&world.owner.scope, reply.clone()))).await;
    for answer in again {
        assert_eq!(answer.unwrap(), first, "the same request gets the same answer");
    }
    assert_eq!(world.last_seq().await, seq, "nothing else happened");
    assert_eq!(world.row(conversation).await.version, version);
    // Outer blank lines are not kept, so they make no other message.
    let padded = SendMessage { text: "Hello Amélie\n".to_owned(), ..reply.clone() };
    assert_eq!(world.db.write(&world.owner.scope, padded).await.unwrap(), first);
    // Another body, mode or conversation under the same id is another message, and refused.
    let elsewhere = world.inbound("basil", "Hi").await.conversation;
    for other in [
        SendMessage { text: "Hello".to_owned(), ..reply.clone() },
        SendMessage { mode: DraftMode::Note, ..reply.clone() },
        SendMessage { conversation: elsewhere, ..reply.clone() },
    ] {
        assert!(is_conflict(world.db.write(&world.owner.scope, other).await));
    }
    assert_eq!(traces(&world, "Hello Amélie").await, (1, 1));
    world.work().await;
    let late = world.db.write(&world.owner.scope, reply).await.unwrap();
    assert_eq!((late.id, late.n, &late.text), (first.id, first.n, &first.text), "also after it was sent");
}

async fn r6_a_repeated_note_from_elsewhere_is_refused(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let incoming = world.inbound("amelie", "Bonjour").await;
    let note = message(incoming.conversation, DraftMode::Note, "VIP");
    world.db.write(&world.owner.scope, note.clone()).await.unwrap();
    assert!(
        is_conflict(world.db.write(&agent.scope, note.clone()).await),
        "the same words by another member are another note"
    );
    // Nor can a reply take the id of what somebody outside wrote.
    let stolen = SendMessage { id: incoming.id, ..note };
    assert!(is_conflict(world.db.write(&agent.scope, stolen).await));
    assert_eq!(traces(&world, "VIP").await, (1, 1));
}

async fn r6_a_repeated_inbound_has_one_effect(world: World) {
    let inbound = letter(&world.chat, "amelie", "Bonjour");
    let first = world.receive(inbound.clone()).await.unwrap();
    assert_eq!(world.receive(inbound.clone()).await.unwrap(), first);
    assert!(is_conflict(world.receive(Inbound { text: "Bonsoir".to_owned(), ..inbound.clone() }).await));
    assert!(
        is_conflict(world.receive(Inbound { address: "basil".to_owned(), ..inbound.clone() }).await),
        "nobody can use another member's id"
    );
    let thread = world.thread(&world.owner, first.conversation).await.unwrap();
    assert_eq!(thread.messages.iter().filter(|m| matches!(m.entry, Entry::Incoming)).count(), 1);
    // The same id in another workspace is that workspace's own.
    let tenant = world.tenant("other").await;
    let system = store::Scope::system(tenant.workspace, "test");
    let theirs = Inbound { channel: tenant.chat.clone(), ..inbound };
    assert_eq!(world.db.write(&system, Receive(theirs)).await.unwrap().id, first.id);
    // An edit that was made already is answered, not refused, although its version is old.
    let named = Inbound {
        name: "Amélie".to_owned(),
        id: MessageId::new(new_id()),
        ..letter(&world.chat, "amelie", "It is me")
    };
    world.receive(named).await.unwrap();
    let contact = world.thread(&world.owner, first.conversation).await.unwrap().contact.unwrap();
    let edit = |value: &str| EditContact {
        id: contact.id,
        field: ContactField::Company,
        value: value.to_owned(),
        seen: contact.version,
    };
    let edited = world.db.write(&world.owner.scope, edit("Corail")).await.unwrap();
    assert_eq!(world.db.write(&world.owner.scope, edit("Corail")).await.unwrap(), edited);
    assert!(matches!(refused(world.db.write(&world.owner.scope, edit("Other")).await), ApiError::Conflict { .. }));
}
