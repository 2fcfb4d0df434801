//! Promise 1 between processes: a commit of one process reaches the subscribers of another, in order and once, with or without a wake-up.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use channels::Channels;
use model::{DeliveryState, Entry, LiveBody};
use server::{
    jobs::Worker,
    live::{Hub, Relay},
};
use sqlx::{Connection, PgConnection};
use store::{Db, Engine, clock::Clock};
use tokio::{sync::watch as signal, task::JoinHandle, time::timeout};

use crate::{
    live::{Frame, Listener, listen},
    world::World,
};

on_both_engines!(
    p1_what_processes_write_at_once_arrives_in_order_and_once,
    p1_nobody_waits_for_a_look_at_the_log,
    p1_a_broken_line_is_mended,
    work_left_by_one_process_is_done_by_another,
);

/// A process of its own on the world's database: its own hub, and a relay that hears the others.
pub struct Deployment {
    pub world: World,
    stop: signal::Sender<bool>,
    relay: JoinHandle<()>,
}

impl Deployment {
    pub async fn on(world: &World) -> Self {
        let hub = Hub::default();
        let told = hub.clone();
        let on_commit = Arc::new(move |committed| told.publish(committed));
        let db = Db::open(&world.url, Clock::Manual(Arc::clone(&world.clock)), on_commit).await.unwrap();
        let (stop, stopped) = signal::channel(false);
        let relay = tokio::spawn(Relay::new(db.clone(), hub.clone()).run(stopped));
        Self { world: World { db, hub, ..world.clone() }, stop, relay }
    }

    pub async fn close(self) {
        self.stop.send(true).unwrap();
        self.relay.await.unwrap();
        self.world.db.close().await;
    }
}

async fn watching(deployment: &Deployment) -> Listener {
    let since = deployment.world.last_seq().await;
    let mut listener = listen(&deployment.world, &deployment.world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    listener
}

async fn p1_what_processes_write_at_once_arrives_in_order_and_once(world: World) {
    let (a, b) = (Deployment::on(&world).await, Deployment::on(&world).await);
    let since = world.last_seq().await;
    // What the hub gives out, before any stream sorts it.
    let mut events = b.world.hub.subscribe(&b.world.db, world.workspace).await.unwrap();
    let mut stream = watching(&b).await;
    let writes = async |deployment: &Deployment, name: &str| {
        for n in 0..40 {
            deployment.world.inbound(name, &format!("Message {n}")).await;
        }
    };
    tokio::join!(writes(&a, "amelie"), writes(&b, "basil"));
    for seq in since + 1..=since + 80 {
        let event = timeout(Duration::from_secs(20), events.recv()).await.expect("the event arrives").unwrap();
        assert_eq!(event.seq, seq);
        assert_eq!(stream.seq().await, seq);
    }
    // Once more, when everybody has everything: nothing is left over.
    b.world.inbound("basil", "The last").await;
    assert_eq!(events.recv().await.unwrap().seq, since + 81);
    a.close().await;
    b.close().await;
}

/// Milliseconds until B's subscriber has what A wrote, several times over.
async fn times(a: &Deployment, listener: &mut Listener) -> Vec<u128> {
    let mut times = Vec::new();
    for n in 0..5 {
        let began = Instant::now();
        a.world.inbound("amelie", &format!("Message {n}")).await;
        listener.seq().await;
        times.push(began.elapsed().as_millis());
    }
    times.sort_unstable();
    times
}

async fn p1_nobody_waits_for_a_look_at_the_log(world: World) {
    if world.engine == Engine::Sqlite {
        // One process at a time has the file; another, from the command line, is noticed by looking.
        return;
    }
    let (a, b) = (Deployment::on(&world).await, Deployment::on(&world).await);
    let mut listener = watching(&b).await;
    let times = times(&a, &mut listener).await;
    // Looking, every few seconds, would take three seconds for all but the first.
    assert!(times[2] < 1000, "{times:?} ms");
    a.close().await;
    b.close().await;
}

async fn p1_a_broken_line_is_mended(world: World) {
    if world.engine == Engine::Sqlite {
        return;
    }
    let (a, b) = (Deployment::on(&world).await, Deployment::on(&world).await);
    let mut listener = watching(&b).await;
    // So that both lines are up.
    times(&a, &mut listener).await;
    let mut admin = PgConnection::connect(&world.url).await.unwrap();
    let lines = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
        AND pid <> pg_backend_pid() AND (query LIKE 'LISTEN %' OR query LIKE '%pg_notify(%')";
    for round in 0..3 {
        let (killed,): (i64,) = sqlx::query_as(lines).fetch_one(&mut admin).await.unwrap();
        assert!(round > 0 || killed >= 3, "two listening connections and one sending connection: {killed}");
        let seq = a.world.last_seq().await;
        a.world.inbound("amelie", &format!("In the dark {round}")).await;
        assert_eq!(listener.seq().await, seq + 1);
    }
    // And then nobody waits for a look any more.
    let again = timeout(Duration::from_secs(60), async { while times(&a, &mut listener).await[2] >= 1000 {} });
    again.await.expect("the connection is back");
    a.close().await;
    b.close().await;
}

async fn work_left_by_one_process_is_done_by_another(world: World) {
    let (a, b) = (Deployment::on(&world).await, Deployment::on(&world).await);
    let (stop, stopped) = signal::channel(false);
    let worker = tokio::spawn(Worker::new(b.world.db.clone(), Channels::default()).run(stopped));
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let mut listener = watching(&a).await;
    let began = Instant::now();
    let replies = if world.engine == Engine::Sqlite { 1 } else { 4 };
    for n in 0..replies {
        let reply = a.world.reply(&world.owner, conversation, &format!("Reply {n}")).await.unwrap();
        loop {
            let Some(Frame::Change(event)) = listener.next().await else { panic!("expected a change") };
            let LiveBody::Conversation { messages, .. } = event.body else { continue };
            let sent = |message: &model::Message| {
                message.id == reply.id
                    && matches!(&message.entry, Entry::Outgoing { delivery, .. } if delivery.state == DeliveryState::Sent)
            };
            if messages.iter().any(sent) {
                break;
            }
        }
    }
    // Workers look for what others left every five seconds; woken, they need not.
    let took = began.elapsed();
    assert!(world.engine == Engine::Sqlite || took < Duration::from_secs(8), "{took:?}");
    stop.send(true).unwrap();
    worker.await.unwrap();
    a.close().await;
    b.close().await;
}
