//! Promise 10: a reply that did not arrive answers nothing, and people see that.

use channels::SendError;
use domain::{
    inbox,
    send::{CancelMessage, SendNow},
};
use model::{Act, CloseReason, MessageId, Status, Timestamp, View};

use crate::{
    outbox::{Answer, Outbox, took},
    world::{World, letter},
};

on_both_engines!(
    p10_a_reply_that_failed_puts_its_conversation_back_and_sent_again_it_is_answered,
    p10_what_they_wrote_meanwhile_still_waits,
    p10_what_was_answered_since_stays_answered_and_says_what_was_not_sent,
    p10_replies_in_vain_add_up_to_none,
    p10_closed_over_a_reply_that_failed_it_opens,
    p10_who_deals_with_it_has_dealt_with_it,
    p10_a_reply_taken_back_answers_nothing_either,
);

/// What the conversation looks like: where it stands, since when they wait, which replies were not sent.
type Face = (Status, Option<Timestamp>, Vec<i64>);

async fn face(outbox: &Outbox) -> Face {
    let state = outbox.world.row(outbox.conversation).await.state;
    (state.status, state.waiting_since, state.unsent)
}

/// The number above the list, and what is behind it.
async fn counted(outbox: &Outbox) -> (i64, usize) {
    let scope = &outbox.world.owner.scope;
    let page = inbox::page(&outbox.world.db, scope, View::Unsent, model::Sort::Last, None, 50).await.unwrap();
    (page.counts.unsent, page.rows.len())
}

fn never() -> Answer {
    Err(SendError::Never("No such number.".to_owned()))
}

fn unknown() -> Answer {
    Err(SendError::Unknown("The line broke.".to_owned()))
}

/// Replies, and lets the channel answer so once its time has come.
async fn reply(outbox: &Outbox, answer: Answer) -> MessageId {
    let message = outbox.reply().await;
    outbox.answer([answer]);
    outbox.after(5000).await;
    message.id
}

async fn again(outbox: &Outbox, id: MessageId, answer: Answer) {
    outbox.world.db.write(&outbox.world.owner.scope, SendNow(id)).await.unwrap();
    outbox.answer([answer]);
    outbox.after(1000).await;
}

async fn they_write(outbox: &Outbox) -> Timestamp {
    outbox.world.wait(1000);
    outbox.world.receive(letter(&outbox.account, "amelie", "Hello?")).await.unwrap().at
}

async fn p10_a_reply_that_failed_puts_its_conversation_back_and_sent_again_it_is_answered(world: World) {
    for answer in [never, unknown] {
        let outbox = Outbox::new(world.clone(), true).await;
        let since = world.now();
        let message = outbox.reply().await;
        assert_eq!(
            face(&outbox).await,
            (Status::Pending, None, vec![]),
            "while it is being sent, it counts as answered"
        );
        outbox.answer([answer()]);
        outbox.after(5000).await;
        assert_eq!(face(&outbox).await, (Status::Open, Some(since), vec![message.n]));
        assert_eq!(world.row(outbox.conversation).await.first_response_ms, None, "the reply was no first response");
        assert_eq!(counted(&outbox).await, (1, 1));
        again(&outbox, message.id, answer()).await;
        assert_eq!(face(&outbox).await, (Status::Open, Some(since), vec![message.n]), "the second attempt failed, too");
        again(&outbox, message.id, Ok(took(message.id.to_string()))).await;
        assert_eq!(face(&outbox).await, (Status::Pending, None, vec![]));
        assert!(world.row(outbox.conversation).await.first_response_ms.is_some_and(|ms| ms > 5000));
        assert_eq!(counted(&outbox).await, (0, 0));
    }
}

async fn p10_what_they_wrote_meanwhile_still_waits(world: World) {
    let outbox = Outbox::new(world, true).await;
    let since = outbox.world.now();
    let message = reply(&outbox, never()).await;
    let later = they_write(&outbox).await;
    they_write(&outbox).await;
    assert_eq!(face(&outbox).await, (Status::Open, Some(since), vec![2]));
    again(&outbox, message, Ok(took("a name"))).await;
    assert_eq!(face(&outbox).await, (Status::Open, Some(later), vec![]), "the first message was answered late");
}

async fn p10_what_was_answered_since_stays_answered_and_says_what_was_not_sent(world: World) {
    let outbox = Outbox::new(world, true).await;
    let first = outbox.reply().await;
    outbox.world.wait(1000);
    outbox.reply().await;
    outbox.answer([never()]);
    outbox.after(4000).await;
    assert_eq!(face(&outbox).await, (Status::Pending, None, vec![first.n]), "the second reply answers them");
    outbox.after(1000).await;
    assert_eq!((face(&outbox).await, counted(&outbox).await), ((Status::Pending, None, vec![first.n]), (1, 1)));
    again(&outbox, first.id, Ok(took("a name"))).await;
    assert_eq!(face(&outbox).await, (Status::Pending, None, vec![]));
}

async fn p10_replies_in_vain_add_up_to_none(world: World) {
    let outbox = Outbox::new(world, true).await;
    let since = outbox.world.now();
    let first = outbox.reply().await;
    outbox.world.wait(1000);
    let second = outbox.reply().await;
    outbox.answer([never(), unknown()]);
    outbox.after(4000).await;
    outbox.after(1000).await;
    assert_eq!(face(&outbox).await, (Status::Open, Some(since), vec![first.n, second.n]));
    again(&outbox, second.id, Ok(took("second"))).await;
    assert_eq!(
        face(&outbox).await,
        (Status::Open, None, vec![first.n]),
        "the conversation is answered, and one reply is still unsent"
    );
    again(&outbox, first.id, Ok(took("first"))).await;
    assert_eq!(face(&outbox).await, (Status::Pending, None, vec![]));
}

async fn p10_closed_over_a_reply_that_failed_it_opens(world: World) {
    let outbox = Outbox::new(world, true).await;
    let since = outbox.world.now();
    let message = outbox.reply().await;
    let (world, owner) = (&outbox.world, &outbox.world.owner);
    world.act(owner, outbox.conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    outbox.answer([never()]);
    outbox.after(5000).await;
    assert_eq!(face(&outbox).await, (Status::Open, Some(since), vec![message.n]));
}

async fn p10_who_deals_with_it_has_dealt_with_it(world: World) {
    for act in [Act::Close(CloseReason::NotInterested), Act::Pending] {
        let outbox = Outbox::new(world.clone(), true).await;
        let message = reply(&outbox, unknown()).await;
        world.act(&world.owner, outbox.conversation, act).await.unwrap();
        let dealt_with = face(&outbox).await;
        assert_eq!((dealt_with.2.len(), counted(&outbox).await), (0, (0, 0)), "{act:?}");
        again(&outbox, message, Ok(took(message.to_string()))).await;
        assert_eq!(face(&outbox).await, dealt_with, "a reply that is sent later changes nothing");
    }
    let outbox = Outbox::new(world, true).await;
    reply(&outbox, never()).await;
    reply(&outbox, Ok(took("written anew"))).await;
    assert_eq!(face(&outbox).await, (Status::Pending, None, vec![]));
}

async fn p10_a_reply_taken_back_answers_nothing_either(world: World) {
    let outbox = Outbox::new(world, true).await;
    let since = outbox.world.now();
    let failed = reply(&outbox, never()).await;
    let anew = outbox.reply().await;
    assert_eq!(face(&outbox).await, (Status::Pending, None, vec![]));
    // More happens before it is taken back: what was before it cannot simply be given back.
    they_write(&outbox).await;
    outbox.world.db.write(&outbox.world.owner.scope, CancelMessage(anew.id)).await.unwrap();
    assert_eq!(face(&outbox).await, (Status::Open, Some(since), vec![2]));
    outbox.world.db.write(&outbox.world.owner.scope, CancelMessage(failed)).await.unwrap();
    assert_eq!(face(&outbox).await, (Status::Open, Some(since), vec![]), "the person still waits");
}
