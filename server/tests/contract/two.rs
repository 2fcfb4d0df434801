//! Promise 4 for sending: if two members reply at once, the second is asked first. If two tabs send the same draft, there is one message.

use domain::{
    inbox::SaveDraft,
    send::{CancelMessage, SendMessage},
};
use model::{ApiError, Draft, DraftMode, Entry, MessageId, Role, Visibility};
use store::{clock::new_id, error::Error};

use crate::world::{Person, World, is_conflict, message, refused};

on_both_engines!(
    p4_who_replies_without_having_seen_another_reply_is_asked,
    p4_notes_ones_own_and_what_does_not_reach_them_ask_nothing,
    p4_of_two_who_send_at_the_same_moment_one_is_asked,
    r6_one_draft_sent_from_two_tabs_is_one_message,
    t4_a_draft_bears_the_message_that_it_becomes,
    t4_a_draft_that_is_saved_after_it_was_sent_does_not_come_back,
    t4_a_draft_that_was_begun_after_what_is_sent_stays,
);

/// A reply by somebody who saw the thread up to this place.
fn seen(of: SendMessage, n: i64) -> SendMessage {
    SendMessage { seen: Some(n), ..of }
}

async fn ben(world: &World) -> Person {
    world.member("Ben", Role::Agent, Visibility::All).await
}

async fn p4_who_replies_without_having_seen_another_reply_is_asked(world: World) {
    let ben = ben(&world).await;
    let conversation = world.inbound("amelie", "Hello").await.conversation;
    let reply = |text: &str| message(conversation, DraftMode::Reply, text);
    let hers = world.db.write(&world.owner.scope, seen(reply("I am\non it"), 1)).await.unwrap();
    let mine = seen(reply("Me too"), 1);
    let asked = refused(world.db.write(&ben.scope, mine.clone()).await);
    let ApiError::Answered { by, text, at, n } = asked else { panic!("{asked:?}") };
    assert_eq!((by.as_str(), text.as_str(), at, n), ("Olive", "I am on it", hers.at, hers.n));
    assert_eq!(world.thread(&ben, conversation).await.unwrap().messages.len(), 2, "nothing was sent");
    let sent = world.db.write(&ben.scope, seen(mine.clone(), n)).await.unwrap();
    assert_eq!(
        world.db.write(&ben.scope, mine).await.unwrap(),
        sent,
        "a message that was sent must not be questioned again"
    );
    // Her turn: she saw her own and not his.
    let asked = refused(world.db.write(&world.owner.scope, seen(reply("And"), hers.n)).await);
    assert!(matches!(asked, ApiError::Answered { by, .. } if by == "Ben"));
}

async fn p4_notes_ones_own_and_what_does_not_reach_them_ask_nothing(world: World) {
    let ben = ben(&world).await;
    let conversation = world.inbound("amelie", "Hello").await.conversation;
    let reply = |text: &str| seen(message(conversation, DraftMode::Reply, text), 1);
    world.note(&world.owner, conversation, "Who takes it?").await.unwrap();
    world.inbound("amelie", "Are you there?").await;
    world.db.write(&ben.scope, reply("One")).await.unwrap();
    world.db.write(&ben.scope, reply("Two, from my phone")).await.unwrap();
    world.db.write(&world.owner.scope, seen(message(conversation, DraftMode::Note, "Ben does"), 1)).await.unwrap();
    let asked = refused(world.db.write(&world.owner.scope, reply("Me")).await);
    assert!(
        matches!(asked, ApiError::Answered { text, .. } if text == "Two, from my phone"),
        "of several replies the last one is shown"
    );
    let elsewhere = world.inbound("basil", "Hello").await.conversation;
    let undone = world.reply(&ben, elsewhere, "Sorry, wrong window").await.unwrap();
    world.db.write(&ben.scope, CancelMessage(undone.id)).await.unwrap();
    let mine = seen(message(elsewhere, DraftMode::Reply, "Hello Basil"), 1);
    world.db.write(&world.owner.scope, mine).await.unwrap();
}

/// From two processes, so that nothing but the database keeps them apart.
async fn p4_of_two_who_send_at_the_same_moment_one_is_asked(world: World) {
    let (ben, other) = (ben(&world).await, world.another_process().await);
    for round in 0..8 {
        let conversation = world.inbound(&format!("visitor {round}"), "Hello").await.conversation;
        let send = |text: &str| seen(message(conversation, DraftMode::Reply, text), 1);
        let (a, b) =
            tokio::join!(world.db.write(&world.owner.scope, send("Olive")), other.db.write(&ben.scope, send("Ben")));
        let asked = |answer: &Result<_, Error>| matches!(answer, Err(Error::Refused(ApiError::Answered { .. })));
        assert!(a.is_ok() && asked(&b) || b.is_ok() && asked(&a), "round {round}: {a:?} {b:?}");
    }
    other.db.close().await;
}

async fn r6_one_draft_sent_from_two_tabs_is_one_message(world: World) {
    let conversation = world.inbound("amelie", "Hello").await.conversation;
    let draft = seen(message(conversation, DraftMode::Reply, "Dear Amélie"), 1);
    let (one, two) = tokio::join!(
        world.db.write(&world.owner.scope, draft.clone()),
        world.db.write(&world.owner.scope, draft.clone())
    );
    assert_eq!(one.unwrap(), two.unwrap());
    let edited = SendMessage { text: "Dear Amélie, and".to_owned(), ..draft };
    assert!(
        is_conflict(world.db.write(&world.owner.scope, edited).await),
        "text that was added later must not be lost silently"
    );
    let thread = world.thread(&world.owner, conversation).await.unwrap().messages;
    assert_eq!(thread.iter().filter(|m| matches!(m.entry, Entry::Outgoing { .. })).count(), 1);
}

async fn t4_a_draft_bears_the_message_that_it_becomes(world: World) {
    let conversation = world.inbound("amelie", "Hello").await.conversation;
    let drafts = async || world.thread(&world.owner, conversation).await.unwrap().drafts;
    let sent = message(conversation, DraftMode::Reply, "Dear Amélie");
    for (text, id) in [("Dear", MessageId::new(new_id())), ("Dear Amélie", sent.id)] {
        let draft = Draft { mode: DraftMode::Reply, text: text.to_owned(), id: Some(id) };
        world.db.write(&world.owner.scope, SaveDraft { conversation, draft: draft.clone() }).await.unwrap();
        assert_eq!(drafts().await, [draft]);
    }
    world.db.write(&world.owner.scope, sent).await.unwrap();
    assert!(drafts().await.is_empty());
}

/// A message that waited for a connection may arrive after the draft that was begun behind it.
async fn t4_a_draft_that_was_begun_after_what_is_sent_stays(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let sent = message(conversation, DraftMode::Reply, "First");
    let next = Draft { mode: DraftMode::Reply, text: "Second".to_owned(), id: Some(MessageId::new(new_id())) };
    world.db.write(&world.owner.scope, SaveDraft { conversation, draft: next.clone() }).await.unwrap();
    world.db.write(&world.owner.scope, sent).await.unwrap();
    assert_eq!(world.thread(&world.owner, conversation).await.unwrap().drafts, [next]);
}

async fn t4_a_draft_that_is_saved_after_it_was_sent_does_not_come_back(world: World) {
    let conversation = world.inbound("amelie", "Hello").await.conversation;
    let drafts = async || world.thread(&world.owner, conversation).await.unwrap().drafts;
    let sent = world.reply(&world.owner, conversation, "Dear Amélie").await.unwrap();
    let late = Draft { mode: DraftMode::Reply, text: "Dear Amé".to_owned(), id: Some(sent.id) };
    let saved = world.db.write(&world.owner.scope, SaveDraft { conversation, draft: late }).await;
    assert!(is_conflict(saved), "a member who typed on keeps the text");
    assert!(drafts().await.is_empty());
    let next = Draft { mode: DraftMode::Reply, text: "And".to_owned(), id: Some(MessageId::new(new_id())) };
    world.db.write(&world.owner.scope, SaveDraft { conversation, draft: next.clone() }).await.unwrap();
    assert_eq!(drafts().await, [next], "the next draft is stored");
}
