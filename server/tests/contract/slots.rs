//! T8: a provider that does not answer blocks only the slots of its own channel.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use channels::{Capabilities, Channel, Channels, SendError};
use domain::deliver::{Handed, Outgoing};
use model::{Channel as Account, ChannelId, ChannelKind, DeliveryState, Entry, MessageId};
use server::jobs::Worker;
use store::{Scope, job};
use tokio::{
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

use crate::{
    plain::Sql,
    world::{World, letter},
};

on_both_engines!(t8_a_silent_provider_holds_its_own_slots_only, t8_work_from_before_learns_its_channel);

const WAITING: usize = 40;
const SLOTS: usize = 8;

/// What channels were handed, in its order.
type HandedOver = Vec<(ChannelId, MessageId)>;

/// Takes everything, but for one channel only as often as it is let.
struct Provider {
    silent: ChannelId,
    answers: Semaphore,
    handed: watch::Sender<HandedOver>,
}

#[async_trait]
impl Channel for Provider {
    fn capabilities(&self) -> Capabilities {
        Capabilities { idempotent: true }
    }

    async fn send(&self, _: &Scope, outgoing: &Outgoing) -> Result<Handed, SendError> {
        let (channel, message) = (outgoing.channel, outgoing.message.id);
        self.handed.send_modify(|handed| handed.push((channel, message)));
        if channel == self.silent {
            self.answers.acquire().await.unwrap().forget();
        }
        Ok(Handed { provider_id: format!("name of {message}"), mail: None })
    }
}

/// So many replies to somebody who wrote there, due now.
async fn replies(world: &World, account: &Account, count: usize) -> Vec<MessageId> {
    let conversation = world.receive(letter(account, "amelie", "Bonjour")).await.unwrap().conversation;
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(world.reply(&world.owner, conversation, &format!("Answer {n}")).await.unwrap().id);
    }
    ids
}

async fn states(world: &World, ids: &[MessageId]) -> Vec<DeliveryState> {
    let mut states = Vec::new();
    for id in ids {
        let mut reader = world.db.reader().await.unwrap();
        let message = store::message::one(&mut reader.conn(), &world.owner.scope, *id).await.unwrap().unwrap();
        let Entry::Outgoing { delivery, .. } = message.entry else { panic!("not outgoing") };
        states.push(delivery.state);
    }
    states
}

async fn all_sent(world: &World, ids: &[MessageId]) {
    let sent = async {
        while states(world, ids).await.iter().any(|state| *state != DeliveryState::Sent) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(60), sent).await.expect("the messages are sent");
}

async fn t8_a_silent_provider_holds_its_own_slots_only(world: World) {
    let (silent, other) = (world.channel(ChannelKind::Api, 0).await, world.channel(ChannelKind::Sms, 0).await);
    let chat = world.channel(ChannelKind::WebChat, 0).await;
    let provider =
        Arc::new(Provider { silent: silent.id, answers: Semaphore::new(0), handed: watch::Sender::default() });
    let channels = [ChannelKind::Api, ChannelKind::Sms]
        .into_iter()
        .fold(Channels::default(), |channels, kind| channels.with(kind, Arc::<Provider>::clone(&provider)));
    let waiting = replies(&world, &silent, WAITING).await;
    let (stop, stopped) = watch::channel(false);
    let worker = tokio::spawn(Worker::new(world.db.clone(), channels).run(stopped));
    let of_silent = |handed: &HandedOver| handed.iter().filter(|(channel, _)| *channel == silent.id).count();
    let mut handed = provider.handed.subscribe();
    let reached = handed.wait_for(|handed| of_silent(handed) >= SLOTS);
    timeout(Duration::from_secs(60), reached).await.expect("all slots of the channel are taken").unwrap();

    // What is due later, and behind all that waits there, goes out.
    all_sent(&world, &replies(&world, &other, 3).await).await;
    all_sent(&world, &replies(&world, &chat, 3).await).await;
    assert_eq!(of_silent(&handed.borrow()), SLOTS);
    let mut snapshot = world.db.snapshot().await.unwrap();
    let left = job::waiting_to_go(&mut snapshot.conn(), &world.system(), silent.id).await.unwrap();
    assert_eq!(left, i64::try_from(WAITING - SLOTS).unwrap(), "further jobs of the channel were not leased");
    drop(snapshot);

    // It speaks again: each goes out, and once.
    provider.answers.add_permits(WAITING);
    all_sent(&world, &waiting).await;
    let (mut told, mut asked) = (handed.borrow().clone(), waiting);
    told.retain(|(channel, _)| *channel == silent.id);
    let mut told: Vec<_> = told.into_iter().map(|(_, message)| message).collect();
    told.sort();
    asked.sort();
    assert_eq!(told, asked);
    stop.send_replace(true);
    worker.await.unwrap();
}

/// What waited when the column came belongs to the channel that it would name today.
async fn t8_work_from_before_learns_its_channel(world: World) {
    let (outside, chat) = (world.channel(ChannelKind::Api, 0).await, world.channel(ChannelKind::WebChat, 0).await);
    replies(&world, &outside, 2).await;
    replies(&world, &chat, 2).await;
    let channels = async || {
        let sql = "SELECT id, channel_id FROM job WHERE kind = 'send' ORDER BY id";
        let mut reader = world.db.reader().await.unwrap();
        reader.conn().all::<(String, Option<String>)>(sql, Vec::new()).await.unwrap()
    };
    let today = channels().await;
    let mut named: Vec<_> = today.iter().map(|(_, channel)| channel.clone()).collect();
    named.sort();
    let own = Some(outside.id.to_string());
    assert_eq!(named, [None, None, own.clone(), own]);

    let file = include_str!("../../store/migrations/sqlite/0007_job_channel.sql");
    let learn = file.split(';').map(str::trim).find(|sql| sql.starts_with("UPDATE job")).unwrap();
    let forget = Sql::one("UPDATE job SET channel_id = NULL", Vec::new());
    world.db.write(&world.system(), forget).await.unwrap();
    assert!(channels().await.iter().all(|(_, channel)| channel.is_none()));
    world.db.write(&world.system(), Sql::one(learn, Vec::new())).await.unwrap();
    assert_eq!(channels().await, today);
}
