//! Trap 7: every command updates the counters. They are compared once a day and corrected.

use domain::{
    inbox,
    work::{Schedule, Work},
};
use model::{Act, CloseReason, View};
use store::{Val, conversation::counted_and_recounted};

use crate::{plain::Sql, walk::Walk, world::World};

on_both_engines!(counters_stay_right_through_a_random_walk, the_daily_comparison_repairs, the_comparison_is_daily);

const DAY: i64 = 24 * 3_600_000;

async fn counters_are_right(world: &World) -> bool {
    let mut snapshot = world.db.snapshot().await.unwrap();
    let (kept, fresh) = counted_and_recounted(&mut snapshot.conn(), world.workspace).await.unwrap();
    kept == fresh
}

async fn counters_stay_right_through_a_random_walk(world: World) {
    let mut walk = Walk::begin(world.clone(), 77).await;
    for step in 0..150 {
        let did = walk.step().await;
        assert!(counters_are_right(&world).await, "step {step}: {did}");
    }
}

async fn the_daily_comparison_repairs(world: World) {
    for n in 0..5 {
        let conversation = world.inbound(&format!("visitor {n}"), "Hello").await.conversation;
        if n % 2 == 0 {
            world.act(&world.owner, conversation, Act::Close(CloseReason::Resolved)).await.unwrap();
        }
    }
    let workspace = || Val::from(world.workspace);
    let spoil = Sql(vec![
        ("UPDATE inbox_count SET n = n + 3 WHERE workspace_id = $1 AND tab = 'active'".to_owned(), vec![workspace()]),
        ("DELETE FROM inbox_count WHERE workspace_id = $1 AND tab = 'closed'".to_owned(), vec![workspace()]),
        ("INSERT INTO inbox_count (workspace_id, tab, slot, assignee_id, team_id, channel_id, n) VALUES ($1, 'active', 'missed', '', '', 'x', 2)"
            .to_owned(), vec![workspace()]),
    ]);
    world.db.write(&world.owner.scope, spoil).await.unwrap();
    assert!(!counters_are_right(&world).await);
    let tenant = world.tenant("other").await;
    world.db.write(&world.system(), Schedule).await.unwrap();
    world.wait(DAY);
    // What else recurs, too, and that of the other workspace.
    assert_eq!(world.work().await, 2 * Work::RECURRING.len());
    assert!(counters_are_right(&world).await);
    let counts = async |who: &crate::world::Person| {
        inbox::page(&world.db, &who.scope, View::All, model::Sort::Last, None, 1).await.unwrap().counts
    };
    let (ours, theirs) = (counts(&world.owner).await, counts(&tenant.owner).await);
    assert_eq!((ours.all, ours.new, ours.missed, ours.closed), (2, 2, 0, 3));
    assert_eq!((theirs.all, theirs.closed), (0, 0));
}

/// However often a process is started, once a day; and each leaves the next.
async fn the_comparison_is_daily(world: World) {
    for _ in 0..3 {
        world.db.write(&world.system(), Schedule).await.unwrap();
    }
    assert_eq!(world.work().await, 0);
    for day in 1..=4 {
        world.wait(DAY);
        assert_eq!(world.work().await, Work::RECURRING.len(), "day {day}");
        world.db.write(&world.system(), Schedule).await.unwrap();
        assert_eq!(world.work().await, 0);
    }
}
