//! Promise 1: the log of events is bounded, keeps what a browser may still go on from, and whoever was away longer is told to read afresh.

use domain::{
    event_log::{AT_ONCE, KEEP, KEEP_MS, TrimEvents},
    work::Schedule,
};
use model::Logged;
use server::live::{Hub, Relay};
use store::{Committed, Val, event, workspace};
use tokio::sync::watch as signal;

use crate::{
    live::{Frame, listen, listen_at},
    plain::Sql,
    world::World,
};

on_both_engines!(
    p1_old_events_go_and_the_newest_stay,
    p1_a_trim_deletes_so_many_at_once_and_leaves_no_gap,
    p1_whoever_stopped_before_the_horizon_begins_anew,
    p1_a_stream_that_is_open_while_the_log_is_trimmed_loses_nothing_unsaid,
    p1_a_process_that_is_behind_the_horizon_says_so_to_its_streams,
    p1_an_event_that_cannot_be_read_begins_anew_and_stops_nothing,
);

/// Adds events, all of this moment.
async fn fill(world: &World, n: i64) {
    let workspace = workspace::load(&mut world.db.snapshot().await.unwrap().conn(), &world.system()).await.unwrap();
    let body = serde_json::to_string(&Logged::Workspace(workspace.workspace)).unwrap();
    let seq = world.last_seq().await;
    let insert = format!(
        "INSERT INTO event (workspace_id, seq, at, conversation_id, body) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) \
         SELECT '{}', {seq} + i, {}, NULL, '{body}' FROM n",
        world.workspace,
        world.now().0
    );
    let count = vec![Val::from(world.workspace), Val::from(seq + n)];
    let count = ("UPDATE workspace SET event_seq = $2 WHERE id = $1".to_owned(), count);
    world.db.write(&world.system(), Sql(vec![(insert, Vec::new()), count])).await.unwrap();
}

async fn oldest(world: &World) -> i64 {
    event::oldest(&mut world.db.snapshot().await.unwrap().conn(), world.workspace).await.unwrap().unwrap()
}

/// Some days later, by when the job has run; the owner was there all the time.
async fn later(world: &World, ms: i64) {
    world.db.write(&world.system(), Schedule).await.unwrap();
    world.wait(ms);
    let seen = Sql::one("UPDATE session SET seen_at = $1", vec![world.now().into()]);
    world.db.write(&world.system(), seen).await.unwrap();
    world.work().await;
}

async fn p1_old_events_go_and_the_newest_stay(world: World) {
    fill(&world, 2_500).await;
    let last = world.last_seq().await;
    later(&world, KEEP_MS - 1).await;
    assert_eq!(oldest(&world).await, 1, "not before its time");
    later(&world, 3_600_000).await;
    assert_eq!(oldest(&world).await, last - KEEP + 1, "a quiet workspace keeps its newest events");
    fill(&world, 3_000).await;
    later(&world, KEEP_MS - 3_600_000).await;
    assert_eq!(oldest(&world).await, last + 1, "a busy one keeps what is younger than the horizon");
    let tenant = world.tenant("other").await;
    assert_eq!(event::last(&mut world.db.snapshot().await.unwrap().conn(), tenant.workspace).await.unwrap(), Some(0));
    later(&world, 3_600_000).await;
}

async fn p1_a_trim_deletes_so_many_at_once_and_leaves_no_gap(world: World) {
    fill(&world, 3_400).await;
    let (first, last) = (oldest(&world).await, world.last_seq().await);
    world.wait(KEEP_MS);
    // A clock that was put back: one younger event stands in the middle.
    let young = Sql::one("UPDATE event SET at = at + 5 WHERE seq = $1", vec![Val::from(first + 2_200)]);
    world.db.write(&world.system(), young).await.unwrap();
    for (more, gone) in [(true, AT_ONCE), (true, 2 * AT_ONCE), (false, 2_200), (false, 2_200)] {
        assert_eq!(world.db.write(&world.system(), TrimEvents).await.unwrap(), more);
        assert_eq!(oldest(&world).await, first + gone);
    }
    world.wait(5);
    assert!(!world.db.write(&world.system(), TrimEvents).await.unwrap());
    let left: Vec<i64> = world.events(world.workspace, 0).await.into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(left, (last - KEEP + 1..=last).collect::<Vec<_>>());
}

async fn p1_whoever_stopped_before_the_horizon_begins_anew(world: World) {
    fill(&world, 2_000).await;
    later(&world, KEEP_MS + 3_600_000).await;
    let (oldest, last) = (oldest(&world).await, world.last_seq().await);
    assert!(oldest > 1);
    let begins = async |since: i64| listen(&world, &world.owner, since).await.next().await.unwrap();
    for since in [0, 1, oldest - 2] {
        assert_eq!(begins(since).await, Frame::Reset, "{since}");
    }
    assert!(matches!(begins(oldest - 1).await, Frame::Change(event) if event.seq == oldest), "what is kept is told");
    assert!(matches!(begins(last - 1_000).await, Frame::Change(_)), "as much as a stream sends is kept");
    assert_eq!(begins(last).await, Frame::Ready(last));
}

async fn p1_an_event_that_cannot_be_read_begins_anew_and_stops_nothing(world: World) {
    let since = world.last_seq().await;
    // One that hears of no commit reads the log.
    let deaf = Hub::default();
    let mut open = listen_at(&world, &deaf, &world.owner, since).await;
    assert_eq!(open.next().await, Some(Frame::Ready(since)));
    world.inbound("amelie", "Bonjour").await;
    world.inbound("amelie", "Again").await;
    let last = world.last_seq().await;
    // As another version may write it.
    let strange = Sql::one("UPDATE event SET body = '{\"later\":1}' WHERE seq = $1", vec![Val::from(since + 1)]);
    world.db.write(&world.system(), strange).await.unwrap();
    let mut back = listen(&world, &world.owner, since).await;
    assert_eq!(back.next().await, Some(Frame::Reset), "who was away reads afresh");
    assert_eq!(back.next().await, Some(Frame::Ready(last)));
    let message = world.events(world.workspace, last - 1).await.remove(0);
    deaf.publish(Committed { workspace: world.workspace, first_seq: last, events: vec![message.1] });
    assert_eq!(open.next().await, Some(Frame::Reset), "so does who comes to it");
    world.inbound("amelie", "Still there?").await;
    let message = world.events(world.workspace, last).await.remove(0);
    deaf.publish(Committed { workspace: world.workspace, first_seq: last + 1, events: vec![message.1] });
    assert!(matches!(open.next().await, Some(Frame::Change(event)) if event.seq == last + 1), "and then it goes on");
}

async fn p1_a_stream_that_is_open_while_the_log_is_trimmed_loses_nothing_unsaid(world: World) {
    let since = world.last_seq().await;
    // One hears of everything, one of nothing for a while.
    let deaf = Hub::default();
    let mut behind = listen_at(&world, &deaf, &world.owner, since).await;
    assert_eq!(behind.next().await, Some(Frame::Ready(since)));
    fill(&world, 2_000).await;
    let last = world.last_seq().await;
    let mut current = listen(&world, &world.owner, last).await;
    assert_eq!(current.next().await, Some(Frame::Ready(last)));
    later(&world, KEEP_MS + 3_600_000).await;
    assert!(oldest(&world).await > since + 1);
    world.inbound("amelie", "Bonjour").await;
    assert_eq!(current.seq().await, last + 1, "nothing of its own is gone");
    let publish = async |seq: i64| {
        let (seq, body) = world.events(world.workspace, seq - 1).await.remove(0);
        deaf.publish(Committed { workspace: world.workspace, first_seq: seq, events: vec![body] });
    };
    publish(last + 1).await;
    assert_eq!(behind.next().await, Some(Frame::Reset), "what it missed is gone");
    world.inbound("amelie", "Ça va ?").await;
    publish(last + 2).await;
    assert_eq!(behind.seq().await, last + 2, "and goes on with what is new");
}

async fn p1_a_process_that_is_behind_the_horizon_says_so_to_its_streams(world: World) {
    let since = world.last_seq().await;
    let hub = Hub::default();
    let relay = Relay::new(world.db.clone(), hub.clone());
    let mut listener = listen_at(&world, &hub, &world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    fill(&world, 2_000).await;
    later(&world, KEEP_MS + 3_600_000).await;
    // As after a line that was broken: it looks at the log only now.
    let (stop, stopped) = signal::channel(false);
    let relay = tokio::spawn(relay.run(stopped));
    assert_eq!(listener.next().await, Some(Frame::Reset));
    let last = world.last_seq().await;
    world.inbound("amelie", "Bonjour").await;
    assert_eq!(listener.seq().await, last + 1);
    stop.send(true).unwrap();
    relay.await.unwrap();
}
