//! R15, R5: four sessions change one conversation in thousands of orders: every change counts once, and none is lost.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex},
};

use domain::{act::ChangeState, deliver::TheyRead, send::CancelMessage};
use futures::future::join_all;
use model::{
    Act, CloseReason, ConversationId, DeliveryState, DraftMode, Entry, EventBody, Line, MemberId, Role, Status,
    Visibility,
};
use store::{conversation::counted_and_recounted, error::Error};

use crate::{
    dice::Dice,
    world::{Person, World, message},
};

on_both_engines!(
    r15_no_update_is_lost,
    r15_no_update_is_lost_between_two_processes,
    r5_late_and_repeated_statuses_never_move_a_message_back
);

const ROUNDS: usize = 60;
/// Steps of each of the four sessions in one round.
const STEPS: usize = 9;

#[derive(Default)]
struct Tally {
    /// Who was told that their claim holds, and the version that it made.
    claims: HashSet<(ConversationId, MemberId, i64)>,
    sent: usize,
    taken_back: usize,
}

/// One session: claims with the state it last saw, sends, takes back.
async fn session(
    world: World,
    who: Person,
    conversation: ConversationId,
    seed: u64,
    tally: Arc<Mutex<Tally>>,
    people: Vec<Person>,
) {
    let mut dice = Dice::new(seed);
    let mut seen = world.row(conversation).await.seen();
    for _ in 0..STEPS {
        let act = match dice.below(6) {
            0..=1 => Some(Act::Assign(Some(dice.of(&people).id))),
            2 => Some(Act::Close(CloseReason::Resolved)),
            3 => Some(Act::Reopen),
            _ => None,
        };
        if let Some(act) = act {
            match world.db.write(&who.scope, ChangeState { conversation, seen, act, undo: None }).await {
                Ok(row) => {
                    tally.lock().unwrap().claims.insert((conversation, who.id, row.version));
                    seen = row.seen();
                }
                Err(Error::Refused(_)) => seen = world.row(conversation).await.seen(),
                Err(fault) => panic!("{fault}"),
            }
        } else {
            let sent = world.db.write(&who.scope, message(conversation, DraftMode::Reply, "Hello")).await.unwrap();
            tally.lock().unwrap().sent += 1;
            if dice.once_in(2) {
                match world.db.write(&who.scope, CancelMessage(sent.id)).await {
                    Ok(_) => tally.lock().unwrap().taken_back += 1,
                    Err(Error::Refused(_)) => {}
                    Err(fault) => panic!("{fault}"),
                }
            }
        }
    }
}

async fn rounds(worlds: &[World]) {
    let world = &worlds[0];
    let mut people = vec![world.owner.clone()];
    for name in ["Agathe", "Bruno", "Chloé"] {
        people.push(world.member(name, Role::Agent, Visibility::All).await);
    }
    let tally = Arc::new(Mutex::new(Tally::default()));
    let mut conversations = Vec::new();
    for n in 0..ROUNDS {
        conversations.push(world.inbound(&format!("visitor {n}"), "Hello").await.conversation);
    }
    // Several conversations at once, so that the counters are fought over as well.
    for (round, some) in conversations.chunks(3).enumerate() {
        let tasks = some.iter().enumerate().flat_map(|(n, &conversation)| {
            let (tally, people) = (Arc::clone(&tally), people.clone());
            people.clone().into_iter().enumerate().map(move |(m, who)| {
                let seed = u64::try_from(round * 100 + n * 10 + m).unwrap();
                let world = worlds[m % worlds.len()].clone();
                tokio::spawn(session(world, who, conversation, seed, Arc::clone(&tally), people.clone()))
            })
        });
        join_all(tasks).await.into_iter().for_each(|done| done.unwrap());
    }
    let tally = std::mem::take(&mut *tally.lock().unwrap());
    check(world, &conversations, &tally).await;
}

async fn check(world: &World, conversations: &[ConversationId], tally: &Tally) {
    let mut events: BTreeMap<ConversationId, Vec<i64>> = BTreeMap::new();
    let mut won = 0;
    for (_, body) in world.told(0) {
        let EventBody::Conversation { row, messages, .. } = body else { continue };
        events.entry(row.id).or_default().push(row.version);
        let lines = messages.iter().filter_map(|m| if let Entry::Line { line } = m.entry { Some(line) } else { None });
        for line in lines {
            let (Line::Assigned { by, .. } | Line::Closed { by, .. } | Line::Status { by, .. }) = line else {
                continue;
            };
            won += 1;
            assert!(
                tally.claims.contains(&(row.id, by, row.version)),
                "whoever changed something was told so, and nobody else"
            );
        }
    }
    assert!(won > ROUNDS, "only {won} changes succeeded");
    let (mut sent, mut taken_back) = (0, 0);
    for id in conversations {
        let told = &events[id];
        assert_eq!(
            *told,
            (1..=i64::try_from(told.len()).unwrap()).collect::<Vec<_>>(),
            "each change must increment the version by one"
        );
        let thread = world.thread(&world.owner, *id).await.unwrap();
        assert_eq!(thread.row.version, told.last().copied().unwrap());
        let mut all = thread.messages;
        if thread.more {
            all.splice(0..0, domain::inbox::older(&world.db, &world.owner.scope, *id, all[0].n).await.unwrap().0);
        }
        assert_eq!(
            all.iter().map(|m| m.n).collect::<Vec<_>>(),
            (1..=i64::try_from(all.len()).unwrap()).collect::<Vec<_>>()
        );
        let closed = thread.row.state.status == Status::Closed;
        let lines = all.iter().filter(|m| matches!(m.entry, Entry::Line { .. })).count();
        assert!(!closed || lines > 0, "the event names who closed it");
        for m in &all {
            if let Entry::Outgoing { delivery, .. } = &m.entry {
                sent += 1;
                taken_back += usize::from(delivery.state == DeliveryState::Cancelled);
            }
        }
    }
    assert_eq!((sent, taken_back), (tally.sent, tally.taken_back));
    let mut snapshot = world.db.snapshot().await.unwrap();
    let (kept, fresh) = counted_and_recounted(&mut snapshot.conn(), world.workspace).await.unwrap();
    assert_eq!(kept, fresh, "the counters equal a recount");
}

async fn r15_no_update_is_lost(world: World) {
    rounds(&[world]).await;
}

async fn r15_no_update_is_lost_between_two_processes(world: World) {
    let other = world.another_process().await;
    rounds(&[world, other.clone()]).await;
    other.db.close().await;
}

/// They read it before our own work was done, and told us again: the state only ever goes forward.
async fn r5_late_and_repeated_statuses_never_move_a_message_back(world: World) {
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let state = async || {
        let messages = world.thread(&world.owner, conversation).await.unwrap().messages;
        let states = messages
            .into_iter()
            .filter_map(|m| if let Entry::Outgoing { delivery, .. } = m.entry { Some(delivery.state) } else { None });
        states.collect::<Vec<_>>()
    };
    world.reply(&world.owner, conversation, "One").await.unwrap();
    world.db.write(&world.system(), TheyRead { conversation, n: 99 }).await.unwrap();
    assert_eq!(state().await, [DeliveryState::Scheduled], "a message that was not sent cannot be read");
    world.work().await;
    world.reply(&world.owner, conversation, "Two").await.unwrap();
    world.work().await;
    world.db.write(&world.system(), TheyRead { conversation, n: 2 }).await.unwrap();
    assert_eq!(state().await, [DeliveryState::Read, DeliveryState::Sent], "all messages up to this position are read");
    let seq = world.last_seq().await;
    world.db.write(&world.system(), TheyRead { conversation, n: 1 }).await.unwrap();
    world.db.write(&world.system(), TheyRead { conversation, n: 2 }).await.unwrap();
    assert_eq!(world.last_seq().await, seq, "a repeated status changes nothing");
    world.work().await;
    assert_eq!(state().await, [DeliveryState::Read, DeliveryState::Sent]);
}
