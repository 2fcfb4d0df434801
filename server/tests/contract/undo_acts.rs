//! Promise 8: an act and its undoing leave what was there. What somebody changed since stays, and is counted.

use domain::{
    act::{ActOnMany, ChangeState},
    closing::{UnblockSender, blocked_senders},
    expiry::ForgetExpired,
    inbox::MarkRead,
    people::AddTeam,
    tags::AddTag,
    undo::{KEEP_MS, Undo},
};
use model::{
    Act, ApiError, CloseReason, ConversationId, ConversationRow, DraftMode, Entry, Line, Role, Sort, Status, TeamId,
    UndoId, Undone, View, Visibility,
};
use store::clock::new_id;

use crate::{
    dice::Dice,
    world::{Person, World, is_conflict, message, refused},
};

on_both_engines!(
    p8_an_act_and_its_undoing_change_nothing,
    p8_what_somebody_changed_since_stays_and_is_counted,
    p8_what_came_in_since_is_not_put_away_again,
    p8_what_is_undone_twice_is_undone_once,
    p8_nobody_undoes_what_another_did_or_sees_no_more,
    p8_an_act_in_parts_is_undone_part_by_part,
    p8_an_act_can_be_undone_for_a_month,
    r6_an_act_that_is_asked_for_twice_is_done_once,
    l7_what_is_read_is_marked_for_the_member_alone_and_undone,
);

fn undo_id() -> UndoId {
    UndoId::new(new_id())
}

/// All but what only ever grows.
fn comparable(row: ConversationRow) -> ConversationRow {
    let mut row = ConversationRow { version: 0, read_count: 0, ..row };
    row.state.pen_epoch = 0;
    row
}

async fn counts(world: &World, who: &Person) -> model::Counts {
    domain::inbox::page(&world.db, &who.scope, View::All, Sort::Last, None, 1).await.unwrap().counts
}

async fn many(world: &World, who: &Person, all: &[ConversationId], act: Act) -> UndoId {
    let undo = undo_id();
    let conversations = all.iter().map(|id| (*id, i64::MAX)).collect();
    world.db.write(&who.scope, ActOnMany { conversations, act, undo: Some(undo), part: 0 }).await.unwrap();
    undo
}

async fn undo(world: &World, who: &Person, id: UndoId) -> (usize, usize) {
    let Undone { undone, changed_since, .. } = world.db.write(&who.scope, Undo(id)).await.unwrap();
    (undone, changed_since)
}

async fn p8_an_act_and_its_undoing_change_nothing(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let tag = world.db.write(&world.owner.scope, AddTag { name: "VIP".to_owned(), color: None }).await.unwrap().id;
    let team = TeamId::new(new_id());
    world.db.write(&world.owner.scope, AddTeam { id: team, name: "Front".to_owned() }).await.unwrap();
    let acts = [
        Act::Team(Some(team)),
        Act::Team(None),
        Act::Assign(None),
        Act::Assign(Some(agent.id)),
        Act::Assign(Some(world.owner.id)),
        Act::Close(CloseReason::Resolved),
        Act::Close(CloseReason::Spam),
        Act::Reopen,
        Act::Pending,
        Act::AddTag(tag),
        Act::RemoveTag(tag),
    ];
    let mut dice = Dice::new(8);
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let other = world.inbound("basil", "Hello").await.conversation;
    for round in 0..60 {
        // What it is before is any state that people and visitors bring about.
        match dice.below(4) {
            0 => drop(world.inbound("amelie", "More").await),
            1 => drop(world.reply(&agent, conversation, "Yes").await),
            _ => drop(world.act(&agent, conversation, *dice.of(&acts)).await),
        }
        let (before, counted) = (world.row(conversation).await, counts(&world, &agent).await);
        let blocked = blocked_senders(&world.db, &agent.scope, None).await.unwrap();
        let (act, id) = (*dice.of(&acts), undo_id());
        let is_many = dice.once_in(2);
        if is_many {
            let conversations = vec![(conversation, before.inbound_count), (other, 1)];
            world.db.write(&agent.scope, ActOnMany { conversations, act, undo: Some(id), part: 0 }).await.unwrap();
        } else {
            let act = ChangeState { conversation, seen: before.seen(), act, undo: Some(id) };
            world.db.write(&agent.scope, act).await.unwrap();
        }
        let acted = world.row(conversation).await;
        let ahead = act.ahead(before.inbound_count, &before);
        let shown = (&acted.state, acted.team, acted.tags);
        assert_eq!((&ahead.state, ahead.team, ahead.tags), shown, "browsers show {act:?} as it will be, round {round}");
        match world.db.write(&agent.scope, Undo(id)).await {
            Ok(done) => assert_eq!(done.changed_since, 0, "round {round}: {act:?}"),
            Err(_) => assert_eq!(acted.version, before.version, "what changed nothing leaves nothing to undo"),
        }
        let after = world.row(conversation).await;
        assert!(after.state.pen_epoch >= before.state.pen_epoch, "the epoch only grows");
        assert_eq!(comparable(after), comparable(before), "round {round}: {act:?}");
        assert_eq!(counts(&world, &agent).await, counted, "round {round}: {act:?}");
        let still = blocked_senders(&world.db, &agent.scope, None).await.unwrap();
        assert_eq!(still, blocked, "round {round}: {act:?}");
        // Who stays blocked is not met again: most rounds are about conversations that move.
        for sender in blocked.senders.iter().filter(|_| dice.once_in(2)) {
            world.db.write(&agent.scope, UnblockSender(sender.id)).await.unwrap();
        }
    }
}

async fn p8_what_somebody_changed_since_stays_and_is_counted(world: World) {
    let colleague = world.member("Agathe", Role::Agent, Visibility::All).await;
    let mut all = Vec::new();
    for n in 0..5 {
        all.push(world.inbound(&format!("visitor-{n}"), "Bonjour").await.conversation);
    }
    let id = many(&world, &world.owner, &all, Act::Close(CloseReason::NotInterested)).await;
    world.act(&colleague, all[0], Act::Reopen).await.unwrap();
    world.act(&colleague, all[1], Act::Assign(Some(colleague.id))).await.unwrap();
    let seq = world.last_seq().await;
    assert_eq!(undo(&world, &world.owner, id).await, (4, 1));
    assert_eq!(world.last_seq().await, seq + 1, "one event tells of all");
    let taken = world.row(all[1]).await.state;
    assert_eq!((taken.status, taken.assignee), (Status::Open, Some(colleague.id)), "the rest of it is the colleague's");
    for id in &all {
        assert_eq!(world.row(*id).await.state.status, Status::Open);
    }
    let thread = world.thread(&world.owner, all[2]).await.unwrap();
    let line = Line::Acted { by: world.owner.id, act: Act::Close(CloseReason::NotInterested), undone: true };
    assert_eq!(thread.messages.last().unwrap().entry, Entry::Line { line });
    // Somebody else's assignment is not taken away by undoing one's own.
    let id = many(&world, &world.owner, &all[..1], Act::Assign(Some(world.owner.id))).await;
    world.act(&colleague, all[0], Act::Assign(Some(colleague.id))).await.unwrap();
    assert_eq!(undo(&world, &world.owner, id).await, (0, 1));
    assert_eq!(world.row(all[0]).await.state.assignee, Some(colleague.id));
}

async fn p8_what_came_in_since_is_not_put_away_again(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.act(&world.owner, conversation, Act::Pending).await.unwrap();
    let id = many(&world, &world.owner, &[conversation], Act::Reopen).await;
    assert_eq!(undo(&world, &world.owner, id).await, (1, 0));
    let id = many(&world, &world.owner, &[conversation], Act::Close(CloseReason::Resolved)).await;
    world.inbound("amelie", "One more thing").await;
    assert_eq!(undo(&world, &world.owner, id).await, (0, 1), "their message opened it");
    assert_eq!(world.row(conversation).await.state.status, Status::Open);
}

async fn p8_what_is_undone_twice_is_undone_once(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let id = many(&world, &world.owner, &[conversation], Act::Close(CloseReason::Resolved)).await;
    assert_eq!(undo(&world, &world.owner, id).await, (1, 0));
    world.act(&world.owner, conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
    let version = world.row(conversation).await.version;
    assert_eq!(undo(&world, &world.owner, id).await, (1, 0), "the same answer");
    assert_eq!(world.row(conversation).await.version, version, "and nothing happens");
    // A chain of acts is undone one by one.
    let other = world.inbound("basil", "Hello").await.conversation;
    let take = many(&world, &world.owner, &[other], Act::Assign(Some(world.owner.id))).await;
    let close = many(&world, &world.owner, &[other], Act::Close(CloseReason::Resolved)).await;
    assert_eq!(undo(&world, &world.owner, close).await, (1, 0));
    assert_eq!(undo(&world, &world.owner, take).await, (1, 0));
    let state = world.row(other).await.state;
    assert_eq!((state.status, state.assignee), (Status::Open, None));
}

async fn p8_nobody_undoes_what_another_did_or_sees_no_more(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::Mine).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await.unwrap();
    let id = many(&world, &agent, &[conversation], Act::Close(CloseReason::Resolved)).await;
    assert_eq!(refused(world.db.write(&world.owner.scope, Undo(id)).await), ApiError::NotFound);
    world.act(&world.owner, conversation, Act::Assign(Some(world.owner.id))).await.unwrap();
    assert_eq!(undo(&world, &agent, id).await, (0, 1), "it is hidden from them now");
    assert_eq!(world.row(conversation).await.state.status, Status::Closed);
    // A reply is cancelled, and not undone like an act.
    let reply = message(conversation, DraftMode::Reply, "Hello");
    let sent = world.db.write(&world.owner.scope, reply).await.unwrap();
    assert!(is_conflict(world.db.write(&world.owner.scope, Undo(UndoId::new(sent.id.uuid()))).await));
    let tenant = world.tenant("Other").await;
    assert_eq!(refused(world.db.write(&tenant.owner.scope, Undo(id)).await), ApiError::NotFound);
}

/// Many conversations are acted on in sets, under one id. Each request undoes one set, so that none holds up everybody else.
async fn p8_an_act_in_parts_is_undone_part_by_part(world: World) {
    let (id, mut all) = (undo_id(), Vec::new());
    for n in 0..6 {
        all.push((world.inbound(&format!("visitor-{n}"), "Bonjour").await.conversation, 1));
    }
    for (set, part) in all.chunks(2).zip(0..) {
        let act = ActOnMany {
            conversations: set.to_vec(),
            act: Act::Close(CloseReason::NotInterested),
            undo: Some(id),
            part,
        };
        world.db.write(&world.owner.scope, act).await.unwrap();
    }
    world.act(&world.owner, all[3].0, Act::Reopen).await.unwrap();
    for (undone, changed_since, left) in [(2, 0, 2), (3, 1, 1), (5, 1, 0), (5, 1, 0)] {
        let answer = world.db.write(&world.owner.scope, Undo(id)).await.unwrap();
        assert_eq!(answer, Undone { undone, changed_since, left });
    }
    for (id, _) in all {
        assert_eq!(world.row(id).await.state.status, Status::Open);
    }
}

/// A request whose answer was lost is sent again, perhaps after a colleague decided otherwise.
async fn r6_an_act_that_is_asked_for_twice_is_done_once(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let one = world.inbound("amelie", "Bonjour").await.conversation;
    let other = world.inbound("basil", "Hello").await.conversation;
    let (close, seen) = (Act::Close(CloseReason::Resolved), world.row(one).await.seen());
    let alone = ChangeState { conversation: one, seen, act: close, undo: Some(undo_id()) };
    let id = undo_id();
    let set = |part| ActOnMany { conversations: vec![(other, 1)], act: close, undo: Some(id), part };
    for _ in 0..2 {
        world.db.write(&agent.scope, alone).await.unwrap();
        assert_eq!(world.db.write(&agent.scope, set(0)).await.unwrap(), 1, "the same answer");
        let after = [world.row(one).await.state.status, world.row(other).await.state.status];
        if after == [Status::Closed; 2] {
            world.act(&world.owner, one, Act::Reopen).await.unwrap();
            world.act(&world.owner, other, Act::Reopen).await.unwrap();
        }
    }
    let after = [world.row(one).await.state.status, world.row(other).await.state.status];
    assert_eq!(after, [Status::Open; 2], "what the colleague decided stays");
    assert_eq!(world.db.write(&agent.scope, set(1)).await.unwrap(), 1, "another set with the same id is another act");
    for part in [-1, 1_000, i64::MAX] {
        assert!(matches!(refused(world.db.write(&agent.scope, set(part)).await), ApiError::Invalid { .. }), "{part}");
    }
    // Nobody learns what somebody else did under an id.
    let theirs = ActOnMany { conversations: vec![], act: close, undo: Some(id), part: 0 };
    assert_eq!(world.db.write(&world.owner.scope, theirs).await.unwrap(), 0);
}

async fn l7_what_is_read_is_marked_for_the_member_alone_and_undone(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    world.wait(1000);
    let mut all = Vec::new();
    for n in 0..3 {
        all.push(world.inbound(&format!("visitor-{n}"), "Bonjour").await.conversation);
    }
    world.inbound("visitor-0", "Encore").await;
    let unread = async |who: &Person| {
        let mut counts = Vec::new();
        for id in &all {
            counts.push(world.thread(who, *id).await.unwrap().row.unread());
        }
        counts
    };
    let version = world.row(all[0]).await.version;
    let seq = world.last_seq().await;
    let read = many(&world, &agent, &all, Act::Read).await;
    assert_eq!(unread(&agent).await, [0, 0, 0]);
    assert_eq!(world.last_seq().await, seq + 1, "one event tells of all");
    assert_eq!(unread(&world.owner).await, [2, 1, 1], "a colleague's are as they were");
    let seen = world.thread(&agent, all[0]).await.unwrap().row.seen();
    let mark = ChangeState { conversation: all[0], seen, act: Act::Unread, undo: Some(undo_id()) };
    let row = world.db.write(&agent.scope, mark).await.unwrap();
    assert_eq!((row.unread(), row.version), (1, version), "the last message; the conversation is as it was");
    assert_eq!(undo(&world, &agent, read).await, (2, 1), "what was marked anew since stays");
    assert_eq!(unread(&agent).await, [1, 1, 1]);
    let again = MarkRead { conversation: all[0], read_count: 2 };
    world.db.write(&agent.scope, again).await.unwrap();
    assert_eq!(unread(&agent).await, [0, 1, 1], "it is read when it is opened again");
}

async fn p8_an_act_can_be_undone_for_a_month(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let id = many(&world, &world.owner, &[conversation], Act::Close(CloseReason::Resolved)).await;
    world.wait(KEEP_MS - 1);
    world.db.write(&world.system(), ForgetExpired).await.unwrap();
    assert_eq!(undo(&world, &world.owner, id).await, (1, 0));
    let id = many(&world, &world.owner, &[conversation], Act::Close(CloseReason::Resolved)).await;
    world.wait(KEEP_MS + 1);
    world.db.write(&world.system(), ForgetExpired).await.unwrap();
    assert_eq!(refused(world.db.write(&world.owner.scope, Undo(id)).await), ApiError::NotFound);
}
