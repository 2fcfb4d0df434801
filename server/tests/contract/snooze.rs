//! T13: a snoozed conversation is out of the way until its time comes, or until they write.

use domain::{act::LONGEST_SNOOZE_MS, inbox, undo::Undo};
use model::{Act, ApiError, Counts, Entry, Line, Sort, Status, Timestamp, UndoId, View};
use store::clock::new_id;

use crate::world::{World, is_conflict, refused};

on_both_engines!(
    t13_a_snoozed_conversation_comes_back_at_its_time,
    t13_they_write_and_it_is_back_at_once,
    t13_snoozed_again_it_sleeps_until_the_later_time,
    t13_a_time_that_makes_no_sense_is_refused,
    t13_what_is_closed_is_not_snoozed,
    p8_snoozing_is_undone,
    p8_what_undoing_snoozes_again_comes_back,
);

const HOUR: i64 = 3_600_000;

async fn counts(world: &World) -> Counts {
    inbox::page(&world.db, &world.owner.scope, View::All, Sort::Last, None, 1).await.unwrap().counts
}

async fn shown(world: &World, view: View) -> usize {
    inbox::page(&world.db, &world.owner.scope, view, Sort::Last, None, 10).await.unwrap().rows.len()
}

async fn t13_a_snoozed_conversation_comes_back_at_its_time(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let before = counts(&world).await;
    let until = world.now().plus(2 * HOUR);
    world.act(&world.owner, conversation, Act::Snooze(until)).await.unwrap();
    let hidden = counts(&world).await;
    assert_eq!((hidden.all, hidden.new, hidden.snoozed), (before.all - 1, before.new - 1, 1));
    assert_eq!((shown(&world, View::All).await, shown(&world, View::Snoozed).await), (0, 1));
    world.wait(2 * HOUR - 1);
    while world.work().await > 0 {}
    assert_eq!(counts(&world).await.snoozed, 1, "not a moment earlier");
    world.wait(1);
    while world.work().await > 0 {}
    assert_eq!(counts(&world).await, before);
    let thread = world.thread(&world.owner, conversation).await.unwrap();
    let lines: Vec<_> = thread
        .messages
        .iter()
        .filter_map(|m| if let Entry::Line { line } = m.entry { Some(line) } else { None })
        .collect();
    assert_eq!(lines, [Line::Acted { by: world.owner.id, act: Act::Snooze(until), undone: false }, Line::WokeUp]);
    assert_eq!(thread.row.state.status, Status::Open);
}

async fn t13_they_write_and_it_is_back_at_once(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.act(&world.owner, conversation, Act::Snooze(world.now().plus(HOUR))).await.unwrap();
    world.inbound("amelie", "Hello?").await;
    assert_eq!(world.row(conversation).await.state.snoozed_until, None);
    let version = world.row(conversation).await.version;
    world.wait(2 * HOUR);
    while world.work().await > 0 {}
    assert_eq!(world.row(conversation).await.version, version, "the timer finds nothing to do");
}

async fn t13_snoozed_again_it_sleeps_until_the_later_time(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    for hours in [1, 3] {
        world.act(&world.owner, conversation, Act::Snooze(world.now().plus(hours * HOUR))).await.unwrap();
    }
    world.wait(2 * HOUR);
    while world.work().await > 0 {}
    assert_eq!(counts(&world).await.snoozed, 1);
    world.wait(2 * HOUR);
    while world.work().await > 0 {}
    assert_eq!(counts(&world).await.snoozed, 0);
}

async fn t13_a_time_that_makes_no_sense_is_refused(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let now = world.now();
    let far = now.plus(LONGEST_SNOOZE_MS + 1);
    for until in [now, now.plus(-1), far, Timestamp(i64::MAX), Timestamp(i64::MIN)] {
        let refusal = refused(world.act(&world.owner, conversation, Act::Snooze(until)).await);
        assert!(matches!(refusal, ApiError::Invalid { .. }), "{until:?}");
    }
    assert_eq!(world.row(conversation).await.state.snoozed_until, None);
}

async fn t13_what_is_closed_is_not_snoozed(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let other = world.inbound("basil", "Hello").await.conversation;
    world.act(&world.owner, conversation, Act::Close(model::CloseReason::Resolved)).await.unwrap();
    let act = Act::Snooze(world.now().plus(HOUR));
    assert!(is_conflict(world.act(&world.owner, conversation, act).await));
    let conversations = vec![(conversation, 1), (other, 1)];
    let many = domain::act::ActOnMany { conversations, act, undo: None, part: 0 };
    assert_eq!(world.db.write(&world.owner.scope, many).await.unwrap(), 1, "the open one");
    assert_eq!(world.row(conversation).await.state.snoozed_until, None);
}

async fn p8_snoozing_is_undone(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let (before, undo) = (world.row(conversation).await, UndoId::new(new_id()));
    let act = Act::Snooze(world.now().plus(HOUR));
    let snooze = domain::act::ChangeState { conversation, seen: before.seen(), act, undo: Some(undo) };
    world.db.write(&world.owner.scope, snooze).await.unwrap();
    world.db.write(&world.owner.scope, Undo(undo)).await.unwrap();
    assert_eq!(world.row(conversation).await.state, before.state);
    assert_eq!(counts(&world).await.snoozed, 0);
}

/// Reopening ended the snooze, and its timer found nothing to do. Undoing must not hide the conversation for good.
async fn p8_what_undoing_snoozes_again_comes_back(world: World) {
    for undone_after in [0, 2] {
        let conversation = world.inbound(&format!("amelie {undone_after}"), "Bonjour").await.conversation;
        let (until, undo) = (world.now().plus(3 * HOUR), UndoId::new(new_id()));
        world.act(&world.owner, conversation, Act::Snooze(until)).await.unwrap();
        let seen = world.row(conversation).await.seen();
        let reopen = domain::act::ChangeState { conversation, seen, act: Act::Reopen, undo: Some(undo) };
        world.db.write(&world.owner.scope, reopen).await.unwrap();
        world.wait(undone_after * 2 * HOUR);
        while world.work().await > 0 {}
        world.db.write(&world.owner.scope, Undo(undo)).await.unwrap();
        let is_asleep = world.row(conversation).await.state.snoozed_until.is_some();
        assert_eq!(is_asleep, undone_after == 0, "what should be awake by now is");
        world.wait(4 * HOUR);
        while world.work().await > 0 {}
        assert_eq!(world.row(conversation).await.state.snoozed_until, None);
        assert_eq!(counts(&world).await.snoozed, 0);
    }
}
