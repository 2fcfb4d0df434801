//! L7: an act on everything that matches a filter, done by a job in parts, undone at once.

use domain::{
    act::ChangeState,
    deliver::Lease,
    inbox,
    sweep::{BeginSweep, CancelSweep, SweepPart, look_ahead, progress},
    tags::AddTag,
    undo::Undo,
};
use model::{
    Act, ApiError, CloseReason, ConversationId, Counts, Filter, JobId, Role, Sort, Status, SweepEnd, SweepProgress,
    TagId, Timestamp, UndoId, Undone, View, Visibility,
};
use store::{Scope, clock::new_id};

use crate::world::{Person, World, refused};

on_both_engines!(
    l7_all_of_a_view_is_changed_and_undone_by_one_id,
    l7_what_is_written_meanwhile_is_left_alone,
    l7_a_sweep_changes_nothing_that_its_member_may_not_see,
    l7_a_sweep_ends_with_its_members_rights,
    l7_a_sweep_can_be_cancelled_and_is_its_members_alone,
    l7_a_sweep_that_makes_no_sense_is_refused,
    l7_a_sweep_asked_twice_is_one,
    l7_undoing_a_sweep_stops_it,
    l7_what_a_colleague_decides_meanwhile_is_left_alone,
);

/// More than one part of a sweep.
const MANY: usize = 450;

async fn many(world: &World, count: usize) -> Vec<ConversationId> {
    let mut all = Vec::new();
    for n in 0..count {
        all.push(world.inbound(&format!("visitor-{n}"), "Bonjour").await.conversation);
    }
    world.wait(1_000);
    all
}

async fn begin(world: &World, who: &Person, view: View, act: Act) -> UndoId {
    let id = UndoId::new(new_id());
    world.db.write(&who.scope, BeginSweep { id, filter: view.into(), act }).await.unwrap();
    id
}

/// A part of a sweep, as its job does it. The lease ends nothing: the job itself is done by `work`.
async fn part(world: &World, id: UndoId) -> bool {
    let lease = Lease { job: JobId::new(new_id()), owner: String::new() };
    let ahead = look_ahead(&world.db, &world.system(), id).await.unwrap();
    world.db.write(&world.system(), SweepPart { sweep: id, ahead, lease, hands_over: false }).await.unwrap()
}

async fn counts(world: &World, scope: &Scope) -> Counts {
    inbox::page(&world.db, scope, View::All, Sort::Last, None, 1).await.unwrap().counts
}

async fn undo_all(world: &World, who: &Person, id: UndoId) -> Undone {
    loop {
        match world.db.write(&who.scope, Undo(id)).await.unwrap() {
            Undone { left: 1.., .. } => {}
            done => return done,
        }
    }
}

const CLOSE: Act = Act::Close(CloseReason::Resolved);

async fn l7_all_of_a_view_is_changed_and_undone_by_one_id(world: World) {
    many(&world, MANY).await;
    let owner = &world.owner;
    let before = counts(&world, &owner.scope).await;
    let id = begin(&world, owner, View::All, CLOSE).await;
    while world.work().await > 0 {}
    let count = i64::try_from(MANY).unwrap();
    let done = SweepProgress { changed: count, left_alone: 0, ended: Some(SweepEnd::Complete) };
    assert_eq!(progress(&world.db, &owner.scope, id).await.unwrap(), done);
    let after = counts(&world, &owner.scope).await;
    assert_eq!((after.all, after.closed), (0, before.closed + count));
    assert_eq!(undo_all(&world, owner, id).await, Undone { undone: MANY, changed_since: 0, left: 0 });
    assert_eq!(counts(&world, &owner.scope).await, before);
}

async fn l7_what_is_written_meanwhile_is_left_alone(world: World) {
    let all = many(&world, 3).await;
    let id = begin(&world, &world.owner, View::All, CLOSE).await;
    world.wait(1_000);
    world.inbound("visitor-1", "One more thing").await;
    world.inbound("visitor-new", "Hello").await;
    while world.work().await > 0 {}
    let SweepProgress { changed, left_alone, .. } = progress(&world.db, &world.owner.scope, id).await.unwrap();
    assert_eq!((changed, left_alone), (2, 2));
    assert_eq!(world.row(all[1]).await.state.status, Status::Open);
    assert_eq!(world.row(all[2]).await.state.status, Status::Closed);
    // What a colleague decided since stays when it is undone.
    let seen = world.row(all[0]).await.seen();
    let reopen = ChangeState { undo: None, conversation: all[0], seen, act: Act::Reopen };
    world.db.write(&world.owner.scope, reopen).await.unwrap();
    assert_eq!(undo_all(&world, &world.owner, id).await, Undone { undone: 1, changed_since: 1, left: 0 });
}

async fn l7_a_sweep_changes_nothing_that_its_member_may_not_see(world: World) {
    let all = many(&world, 4).await;
    let agent = world.member("Agathe", Role::Agent, Visibility::Mine).await;
    world.act(&world.owner, all[2], Act::Assign(Some(agent.id))).await.unwrap();
    let id = begin(&world, &agent, View::All, CLOSE).await;
    while world.work().await > 0 {}
    assert_eq!(progress(&world.db, &agent.scope, id).await.unwrap().changed, 1);
    for (n, id) in all.iter().enumerate() {
        let status = world.row(*id).await.state.status;
        assert_eq!(status, if n == 2 { Status::Closed } else { Status::Open });
    }
}

async fn l7_a_sweep_ends_with_its_members_rights(world: World) {
    let all = many(&world, 3).await;
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let id = begin(&world, &agent, View::All, CLOSE).await;
    world.disable(&agent).await;
    while world.work().await > 0 {}
    for id in all {
        assert_eq!(world.row(id).await.state.status, Status::Open);
    }
    let stored = store::sweep::find(&mut world.db.reader().await.unwrap().conn(), &world.system(), id).await.unwrap();
    assert!(stored.unwrap().ended.unwrap().contains("refused"));
}

async fn l7_a_sweep_can_be_cancelled_and_is_its_members_alone(world: World) {
    many(&world, MANY).await;
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let id = begin(&world, &world.owner, View::All, CLOSE).await;
    assert!(part(&world, id).await, "more is left");
    for refusal in [
        refused(progress(&world.db, &agent.scope, id).await),
        refused(world.db.write(&agent.scope, CancelSweep(id)).await),
        refused(world.db.write(&agent.scope, BeginSweep { id, filter: View::All.into(), act: CLOSE }).await),
    ] {
        assert_eq!(refusal, ApiError::NotFound);
    }
    let stopped = world.db.write(&world.owner.scope, CancelSweep(id)).await.unwrap();
    assert_eq!(stopped, SweepProgress { changed: 200, left_alone: 0, ended: Some(SweepEnd::Cancelled) });
    while world.work().await > 0 {}
    assert_eq!(progress(&world.db, &world.owner.scope, id).await.unwrap(), stopped);
    // A part that was looked for before is not done after.
    assert!(look_ahead(&world.db, &world.system(), id).await.unwrap().is_none());
    assert_eq!(counts(&world, &world.owner.scope).await.closed, 200);
    assert_eq!(undo_all(&world, &world.owner, id).await.undone, 200);
}

async fn l7_a_sweep_that_makes_no_sense_is_refused(world: World) {
    many(&world, 1).await;
    let owner = &world.owner.scope;
    let begin = |act: Act, filter: Filter| BeginSweep { id: UndoId::new(new_id()), filter, act };
    let past = Act::Snooze(Timestamp(world.now().0 - 1));
    for (act, field) in [
        (past, "until"),
        (Act::AddTag(TagId::new(99_999)), "tag"),
        (Act::Assign(Some(model::MemberId::new(new_id()))), "assignee"),
    ] {
        let why = refused(world.db.write(owner, begin(act, View::All.into())).await);
        assert!(matches!(&why, ApiError::Invalid { field: on, .. } if on == field), "{act:?}: {why:?}");
    }
    let mut wide = Filter::from(View::All);
    wide.channels = (0..1_000).map(|_| model::ChannelId::new(new_id())).collect();
    assert!(matches!(refused(world.db.write(owner, begin(CLOSE, wide)).await), ApiError::Invalid { .. }));
    for _ in 0..3 {
        world.db.write(owner, begin(Act::Pending, View::Closed.into())).await.unwrap();
    }
    let fourth = refused(world.db.write(owner, begin(Act::Pending, View::Closed.into())).await);
    assert!(fourth.to_string().contains("Wait until one of the others is done"), "{fourth}");
    while world.work().await > 0 {}
    world.db.write(owner, begin(Act::Pending, View::Closed.into())).await.unwrap();
}

async fn l7_a_sweep_asked_twice_is_one(world: World) {
    many(&world, 3).await;
    let owner = &world.owner.scope;
    let tag = world.db.write(owner, AddTag { name: "VIP".to_owned(), color: None }).await.unwrap().id;
    let again = BeginSweep { id: UndoId::new(new_id()), filter: View::All.into(), act: Act::AddTag(tag) };
    world.db.write(owner, again.clone()).await.unwrap();
    world.db.write(owner, again.clone()).await.unwrap();
    while world.work().await > 0 {}
    let done = progress(&world.db, owner, again.id).await.unwrap();
    assert_eq!((done.changed, done.left_alone), (3, 0));
    world.db.write(owner, again.clone()).await.unwrap();
    while world.work().await > 0 {}
    assert_eq!(progress(&world.db, owner, again.id).await.unwrap(), done);
}

async fn l7_undoing_a_sweep_stops_it(world: World) {
    many(&world, MANY).await;
    let before = counts(&world, &world.owner.scope).await;
    let id = begin(&world, &world.owner, View::All, CLOSE).await;
    assert!(part(&world, id).await, "more is left");
    assert_eq!(undo_all(&world, &world.owner, id).await, Undone { undone: 200, changed_since: 0, left: 0 });
    while world.work().await > 0 {}
    assert_eq!(counts(&world, &world.owner.scope).await, before, "nothing is done after it was undone");
    assert_eq!(progress(&world.db, &world.owner.scope, id).await.unwrap().ended, Some(SweepEnd::Cancelled));
}

async fn l7_what_a_colleague_decides_meanwhile_is_left_alone(world: World) {
    let all = many(&world, MANY).await;
    let colleague = world.member("Agathe", Role::Agent, Visibility::All).await;
    let id = begin(&world, &world.owner, View::All, CLOSE).await;
    let lease = Lease { job: JobId::new(new_id()), owner: String::new() };
    let ahead = look_ahead(&world.db, &world.system(), id).await.unwrap();
    let newest = *all.last().unwrap();
    world.act(&colleague, newest, Act::Assign(Some(colleague.id))).await.unwrap();
    let part = SweepPart { sweep: id, ahead, lease, hands_over: false };
    assert!(world.db.write(&world.system(), part.clone()).await.unwrap());
    let SweepProgress { changed, left_alone, .. } = progress(&world.db, &world.owner.scope, id).await.unwrap();
    assert_eq!((changed, left_alone), (199, 1));
    assert_eq!(world.row(newest).await.state.status, Status::Open);
    // The same part once more, as by a worker that was thought dead, does nothing.
    assert!(world.db.write(&world.system(), part).await.unwrap());
    assert_eq!(progress(&world.db, &world.owner.scope, id).await.unwrap().changed, 199);
}
