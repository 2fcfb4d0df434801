//! T6, Promise 8: cancelling a message restores the conversation's state. Sending it now does not wait.

use domain::{
    files::{KeepFile, uploader},
    send::{CancelMessage, SendMessage, SendNow},
};
use model::{
    Act, Attachment, AttachmentId, Channel, ChannelKind, ConversationId, ConversationRow, DeliveryState, DraftMode,
    Entry, MemberId, Message, Role, Visibility,
};
use store::{clock::new_id, message::File};

use crate::world::{World, is_conflict, letter, message, refused};

on_both_engines!(
    p8_doing_and_undoing_is_identity,
    p8_undoing_gives_back_missed_and_closed,
    what_happened_meanwhile_stays,
    what_went_out_is_not_taken_back,
    sending_now_does_not_wait,
    whoever_takes_it_back_has_its_files,
);

async fn slow(world: &World) -> Channel {
    world.channel(ChannelKind::Api, 5000).await
}

/// All but what only ever grows.
fn comparable(row: ConversationRow) -> ConversationRow {
    let mut row = ConversationRow { version: 0, read_count: 0, ..row };
    row.state.pen_epoch = 0;
    row
}

fn delivery(message: &Message) -> DeliveryState {
    match &message.entry {
        Entry::Outgoing { delivery, .. } => delivery.state,
        other => panic!("not outgoing: {other:?}"),
    }
}

async fn of(world: &World, conversation: ConversationId) -> ConversationRow {
    comparable(world.row(conversation).await)
}

async fn p8_doing_and_undoing_is_identity(world: World) {
    let channel = slow(&world).await;
    let conversation = world.receive(letter(&channel, "amelie", "Bonjour")).await.unwrap().conversation;
    for assigned in [None, Some(world.owner.id)] {
        world.act(&world.owner, conversation, Act::Assign(assigned)).await.unwrap();
        let before = world.row(conversation).await;
        world.wait(2000);
        let message = world.reply(&world.owner, conversation, "Hello").await.unwrap();
        assert_ne!(of(&world, conversation).await, comparable(before.clone()), "the reply changes the state");
        world.wait(2000);
        let cancelled = world.db.write(&world.owner.scope, CancelMessage(message.id)).await.unwrap();
        assert_eq!(delivery(&cancelled), DeliveryState::Cancelled);
        let after = world.row(conversation).await;
        assert!(
            after.version > before.version && after.state.pen_epoch > before.state.pen_epoch,
            "counters keep counting"
        );
        assert_eq!(comparable(after), comparable(before));
        let again = world.db.write(&world.owner.scope, CancelMessage(message.id)).await.unwrap();
        assert_eq!(again, cancelled, "a second cancellation changes nothing");
    }
    world.wait(10_000);
    world.work().await;
    let states: Vec<_> = world.thread(&world.owner, conversation).await.unwrap().messages;
    let outgoing = states.iter().filter(|m| matches!(m.entry, Entry::Outgoing { .. }));
    assert!(outgoing.clone().count() == 2 && outgoing.into_iter().all(|m| delivery(m) == DeliveryState::Cancelled));
}

async fn p8_undoing_gives_back_missed_and_closed(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    for who in [&world.owner, &agent] {
        world.db.write(&who.scope, domain::people::SetChat(false)).await.unwrap();
    }
    world.wait(1000);
    // On the web chat nothing is held back, but until the work is done it can be taken back all the same.
    let conversation = world.inbound("amelie", "Anybody?").await.conversation;
    world.work().await;
    for act in [None, Some(Act::Close(model::CloseReason::Resolved))] {
        if let Some(act) = act {
            world.act(&agent, conversation, act).await.unwrap();
        }
        let before = of(&world, conversation).await;
        let message = world.reply(&agent, conversation, "Hello").await.unwrap();
        world.db.write(&agent.scope, CancelMessage(message.id)).await.unwrap();
        assert_eq!(of(&world, conversation).await, before);
        let counts = domain::inbox::page(&world.db, &agent.scope, model::View::All, model::Sort::Last, None, 1)
            .await
            .unwrap()
            .counts;
        assert_eq!((counts.missed, counts.closed), (i64::from(act.is_none()), i64::from(act.is_some())));
    }
}

async fn what_happened_meanwhile_stays(world: World) {
    let channel = slow(&world).await;
    let conversation = world.receive(letter(&channel, "amelie", "Bonjour")).await.unwrap().conversation;
    let message = world.reply(&world.owner, conversation, "Hello").await.unwrap();
    world.wait(1000);
    world.receive(letter(&channel, "amelie", "One more thing")).await.unwrap();
    world.act(&world.owner, conversation, Act::Assign(Some(world.owner.id))).await.unwrap();
    let before = of(&world, conversation).await;
    world.db.write(&world.owner.scope, CancelMessage(message.id)).await.unwrap();
    let after = of(&world, conversation).await;
    assert_eq!(after, before, "later messages and decisions stay");
    assert_eq!((after.preview.text.as_str(), after.state.assignee), ("One more thing", Some(world.owner.id)));
    assert_eq!(after.state.waiting_since, Some(world.now()));
}

async fn what_went_out_is_not_taken_back(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let message = world.reply(&world.owner, conversation, "Hello").await.unwrap();
    world.work().await;
    let before = of(&world, conversation).await;
    assert!(is_conflict(world.db.write(&world.owner.scope, CancelMessage(message.id)).await));
    assert_eq!(of(&world, conversation).await, before);
    let sent = world.db.write(&world.owner.scope, SendNow(message.id)).await.unwrap();
    assert_eq!(delivery(&sent), DeliveryState::Sent, "there is nothing to send sooner");
}

async fn sending_now_does_not_wait(world: World) {
    let channel = slow(&world).await;
    let conversation = world.receive(letter(&channel, "amelie", "Bonjour")).await.unwrap().conversation;
    let message = world.reply(&world.owner, conversation, "Hello").await.unwrap();
    let Entry::Outgoing { delivery: scheduled, .. } = &message.entry else { panic!("not outgoing") };
    assert_eq!((scheduled.state, scheduled.send_at), (DeliveryState::Scheduled, world.now().plus(5000)));
    let hurried = world.db.write(&world.owner.scope, SendNow(message.id)).await.unwrap();
    let Entry::Outgoing { delivery: queued, .. } = &hurried.entry else { panic!("not outgoing") };
    assert_eq!((queued.state, queued.send_at), (DeliveryState::Queued, world.now()));
    assert!(is_conflict(world.db.write(&world.owner.scope, CancelMessage(message.id)).await));
    let other = world.reply(&world.owner, conversation, "Never mind").await.unwrap();
    world.db.write(&world.owner.scope, CancelMessage(other.id)).await.unwrap();
    assert!(
        is_conflict(world.db.write(&world.owner.scope, SendNow(other.id)).await),
        "a cancelled message stays cancelled"
    );
}

/// T6: and may send them again, also where somebody else attached them.
async fn whoever_takes_it_back_has_its_files(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let channel = slow(&world).await;
    let conversation = world.receive(letter(&channel, "amelie", "Bonjour")).await.unwrap().conversation;
    let file = plan(agent.id);
    let id = file.attachment.id;
    world.db.write(&agent.scope, KeepFile(file.clone())).await.unwrap();
    let sending = |text: &str| {
        let message = message(conversation, DraftMode::Reply, text);
        SendMessage { attachments: vec![id], ..message }
    };
    let sent = world.db.write(&agent.scope, sending("Here it is")).await.unwrap();
    assert_eq!(sent.attachments, std::slice::from_ref(&file.attachment));
    let cancelled = world.db.write(&world.owner.scope, CancelMessage(sent.id)).await.unwrap();
    assert!(cancelled.attachments.is_empty(), "the files must not be in two places");
    refused(world.db.write(&agent.scope, sending("It is no longer hers")).await);
    let again = world.db.write(&world.owner.scope, sending("Here it is, at last")).await.unwrap();
    assert_eq!(again.attachments, [file.attachment]);
    let kept: Vec<usize> = world
        .thread(&world.owner, conversation)
        .await
        .unwrap()
        .messages
        .iter()
        .filter(|message| matches!(message.entry, Entry::Outgoing { .. }))
        .map(|message| message.attachments.len())
        .collect();
    assert_eq!(kept, [0, 1]);
}

/// A file that a member uploaded.
fn plan(by: MemberId) -> File {
    let attachment = Attachment {
        id: AttachmentId::new(new_id()),
        name: "plan.pdf".to_owned(),
        size: 1,
        media_type: "application/pdf".to_owned(),
    };
    File { attachment, conversation: None, message_n: None, uploader: uploader(by), digest: "00".to_owned() }
}
