//! T6, R7: a message is sent once, at its time, or says why not. Jobs that nobody can do are shown to people.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use channels::{Capabilities, Channel, Channels, SendError};
use domain::{
    deliver::{BeginSend, FinishSend, Handed, Lease, Outgoing, Plan, SendOutcome},
    people::ReviveJob,
    send::{CancelMessage, SendNow},
};
use model::{
    ApiError, Channel as Account, ChannelKind, ConversationId, Delivery, DeliveryState, Entry, EventBody, JobId,
    Message, MessageId, Role, Visibility,
};
use server::jobs::Worker;
use store::{Scope, clock::new_id, job, message};

use crate::{
    plain::{LeaveJob, Sql, TakeJob},
    world::{World, letter, refused},
};

on_both_engines!(
    t6_nothing_goes_out_before_its_time_and_then_once,
    t6_what_is_taken_back_never_goes_out,
    t6_sent_now_goes_out_once,
    the_providers_name_is_kept_and_never_taken_twice,
    r7_later_is_tried_again_with_growing_pauses,
    r7_later_is_no_doubt_where_nothing_is_idempotent,
    r7_what_may_have_gone_through_is_never_said_to_have_failed,
    t6_what_waits_for_its_next_try_can_be_hurried_and_taken_back,
    t6_sent_now_while_a_worker_has_it_is_one_job,
    t8_what_came_back_in_the_meantime_stays_so,
    r7_never_and_unknown_say_why,
    r7_crash_after_hand_over_on_an_idempotent_channel,
    r7_crash_after_hand_over_elsewhere_is_for_a_person,
    r7_a_kind_that_is_not_connected_says_so,
    r7_what_is_given_up_is_never_left_sending,
    a_lost_lease_writes_nothing,
    an_unknown_sort_of_work_is_shown_and_can_be_revived,
);

pub type Answer = Result<Handed, SendError>;

/// What a provider answers that took a message under a name of its own.
pub fn took(name: impl Into<String>) -> Handed {
    Handed { provider_id: name.into(), mail: None }
}

/// A provider that writes down what it was handed and answers as told; otherwise it takes everything.
pub struct Provider {
    idempotent: bool,
    panics: AtomicBool,
    handed: Mutex<Vec<MessageId>>,
    answers: Mutex<VecDeque<Answer>>,
}

#[async_trait]
impl Channel for Provider {
    fn capabilities(&self) -> Capabilities {
        Capabilities { idempotent: self.idempotent }
    }

    async fn send(&self, _: &Scope, outgoing: &Outgoing) -> Answer {
        self.handed.lock().unwrap().push(outgoing.message.id);
        assert!(!self.panics.load(Ordering::SeqCst), "told to panic");
        let told = self.answers.lock().unwrap().pop_front();
        told.unwrap_or_else(|| Ok(took(format!("provider's name of {}", outgoing.message.id))))
    }
}

/// A workspace with such an account, somebody who wrote there, and a worker.
pub struct Outbox {
    pub world: World,
    pub account: Account,
    provider: Arc<Provider>,
    worker: Worker,
    pub conversation: ConversationId,
}

impl Outbox {
    pub async fn new(world: World, idempotent: bool) -> Self {
        let account = world.channel(ChannelKind::Api, 5000).await;
        let provider = Arc::new(Provider {
            idempotent,
            panics: AtomicBool::default(),
            handed: Mutex::default(),
            answers: Mutex::default(),
        });
        let channels = Channels::default().with(ChannelKind::Api, Arc::<Provider>::clone(&provider));
        let worker = Worker::new(world.db.clone(), channels);
        let conversation = world.receive(letter(&account, "amelie", "Bonjour")).await.unwrap().conversation;
        Self { world, account, provider, worker, conversation }
    }

    pub async fn reply(&self) -> Message {
        self.world.reply(&self.world.owner, self.conversation, "Hello").await.unwrap()
    }

    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.provider.answers.lock().unwrap().extend(answers);
    }

    /// Lets time pass and does what is due.
    pub async fn after(&self, ms: i64) {
        self.world.wait(ms);
        self.worker.drain().await.unwrap();
    }

    fn handed(&self) -> usize {
        self.provider.handed.lock().unwrap().len()
    }

    async fn delivery(&self, id: MessageId) -> Delivery {
        let thread = self.world.thread(&self.world.owner, self.conversation).await.unwrap();
        match thread.messages.into_iter().find(|m| m.id == id).unwrap().entry {
            Entry::Outgoing { delivery, .. } => delivery,
            other => panic!("not outgoing: {other:?}"),
        }
    }

    async fn state(&self, id: MessageId) -> DeliveryState {
        self.delivery(id).await.state
    }

    async fn backlog(&self) -> (i64, i64, i64) {
        let mut snapshot = self.world.db.snapshot().await.unwrap();
        let conn = &mut snapshot.conn();
        let mut n = [0; 3];
        for (n, state) in n.iter_mut().zip(["waiting", "running", "dead"]) {
            *n = job::backlog(conn, self.world.workspace, state).await.unwrap();
        }
        n.into()
    }

    /// Takes the due job and begins it, as a process does that is killed before it writes down the end.
    async fn killed_while_sending(&self, message: MessageId) -> (Lease, Plan) {
        let take = TakeJob { owner: "killed", until: self.world.now().plus(120_000) };
        let job = self.world.db.write_global(take).await.unwrap().expect("a job is due");
        let lease = Lease { job: job.id, owner: "killed".to_owned() };
        let plan =
            self.world.db.write(&self.world.system(), BeginSend { lease: lease.clone(), message }).await.unwrap();
        (lease, plan)
    }
}

async fn t6_nothing_goes_out_before_its_time_and_then_once(world: World) {
    let outbox = Outbox::new(world, true).await;
    let message = outbox.reply().await;
    outbox.after(0).await;
    outbox.after(4999).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (0, DeliveryState::Scheduled));
    outbox.after(1).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (1, DeliveryState::Sent));
    outbox.after(600_000).await;
    assert_eq!(
        (outbox.handed(), outbox.backlog().await),
        (1, (0, 0, 0)),
        "the message is sent once, and no job is left"
    );
}

async fn t6_what_is_taken_back_never_goes_out(world: World) {
    let outbox = Outbox::new(world, true).await;
    let message = outbox.reply().await;
    outbox.after(4999).await;
    outbox.world.db.write(&outbox.world.owner.scope, CancelMessage(message.id)).await.unwrap();
    outbox.after(600_000).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (0, DeliveryState::Cancelled));
    assert_eq!(outbox.backlog().await, (0, 0, 0));
}

async fn t6_sent_now_goes_out_once(world: World) {
    let outbox = Outbox::new(world, false).await;
    let message = outbox.reply().await;
    outbox.world.db.write(&outbox.world.owner.scope, SendNow(message.id)).await.unwrap();
    outbox.after(0).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (1, DeliveryState::Sent));
    outbox.after(600_000).await;
    assert_eq!(
        (outbox.handed(), outbox.state(message.id).await),
        (1, DeliveryState::Sent),
        "the original time does not send it again"
    );
    assert_eq!(outbox.backlog().await, (0, 0, 0));
}

async fn the_providers_name_is_kept_and_never_taken_twice(world: World) {
    let outbox = Outbox::new(world, true).await;
    let message = outbox.reply().await;
    outbox.after(5000).await;
    let mut snapshot = outbox.world.db.snapshot().await.unwrap();
    let name = format!("provider's name of {}", message.id);
    let known =
        message::by_provider(&mut snapshot.conn(), &outbox.world.system(), outbox.account.id, &name).await.unwrap();
    assert_eq!(known, Some(message.id));
    drop(snapshot);
    // The provider telling us of our own message is no message from outside.
    let echo = domain::inbound::Inbound { provider_id: Some(name), ..letter(&outbox.account, "amelie", "Hello") };
    assert_eq!(outbox.world.receive(echo).await.unwrap().id, message.id);
}

fn later() -> Answer {
    Err(SendError::Later { reason: "It is resting.".to_owned(), after: None })
}

async fn r7_later_is_tried_again_with_growing_pauses(world: World) {
    let outbox = Outbox::new(world, true).await;
    let message = outbox.reply().await;
    outbox.answer([
        later(),
        Err(SendError::Later { reason: "Come back in an hour.".to_owned(), after: Some(Duration::from_secs(3600)) }),
    ]);
    outbox.after(5000).await;
    assert_eq!((outbox.handed(), outbox.backlog().await), (1, (1, 0, 0)), "the message waits");
    outbox.after(100).await;
    assert_eq!(outbox.handed(), 1, "it is not retried at once");
    outbox.after(3000).await;
    assert_eq!(outbox.handed(), 2);
    outbox.after(3_500_000).await;
    assert_eq!(outbox.handed(), 2, "it is not retried before the provider's time");
    outbox.after(200_000).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (3, DeliveryState::Sent));
    // A provider that has no time for two days: then it says so and can be sent again by hand. Meanwhile it says why it waits.
    let message = outbox.reply().await;
    outbox.answer((0..200).map(|_| later()));
    outbox.after(5000).await;
    for _ in 0..140 {
        outbox.after(1_200_000).await;
    }
    let waiting = outbox.delivery(message.id).await;
    assert_eq!((outbox.handed(), waiting.state), (3 + 141, DeliveryState::Queued));
    assert_eq!(waiting.reason, "It is resting. Tandem tries again automatically.");
    for _ in 0..10 {
        outbox.after(1_200_000).await;
    }
    let delivery = outbox.delivery(message.id).await;
    assert_eq!((outbox.handed(), delivery.state), (3 + 145, DeliveryState::Failed));
    assert!(delivery.reason.starts_with("It is resting. Tandem tried for two days."), "{}", delivery.reason);
    assert!(delivery.reason.ends_with("then try again.") && outbox.backlog().await == (0, 0, 0), "{}", delivery.reason);
    outbox.provider.answers.lock().unwrap().clear();
    outbox.world.db.write(&outbox.world.owner.scope, SendNow(message.id)).await.unwrap();
    outbox.after(0).await;
    assert_eq!(outbox.state(message.id).await, DeliveryState::Sent);
}

/// Who says "later" did not take it: the next try is no second sending, whatever the channel can do.
async fn r7_later_is_no_doubt_where_nothing_is_idempotent(world: World) {
    let outbox = Outbox::new(world, false).await;
    let message = outbox.reply().await;
    outbox.answer([later(), later()]);
    outbox.after(5000).await;
    assert_eq!(outbox.state(message.id).await, DeliveryState::Queued, "the message counts as waiting");
    outbox.after(10_000).await;
    outbox.after(20_000).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (3, DeliveryState::Sent));
}

/// Where the same message twice reaches people once, doubt is tried again; but it is not forgotten by what comes after it.
async fn r7_what_may_have_gone_through_is_never_said_to_have_failed(world: World) {
    let outbox = Outbox::new(world.clone(), true).await;
    let doubtful = || Err(SendError::Doubtful("The line broke.".to_owned()));
    let (refused, resting, taken) = (outbox.reply().await, outbox.reply().await, outbox.reply().await);
    outbox.answer([doubtful(), doubtful(), doubtful()]);
    outbox.after(5000).await;
    for message in [&refused, &resting, &taken] {
        assert_eq!(outbox.state(message.id).await, DeliveryState::Sending);
    }
    // Which of them is tried first is not said: two get an answer, and the third is left without.
    outbox.answer([Err(SendError::Never("No such number.".to_owned())), later()]);
    outbox.after(60_000).await;
    outbox.answer((0..10).map(|_| later()));
    outbox.after(49 * 3_600_000).await;
    outbox.after(1_200_000).await;
    let mut found = Vec::new();
    for message in [&refused, &resting, &taken] {
        let delivery = outbox.delivery(message.id).await;
        if delivery.state == DeliveryState::Unknown {
            assert!(delivery.reason.contains("Check whether it arrived"), "{}", delivery.reason);
        }
        found.push(delivery.state);
    }
    found.sort_by_key(|state| state.rank());
    assert_eq!(found, [DeliveryState::Unknown, DeliveryState::Unknown, DeliveryState::Sent]);
    assert_eq!(outbox.backlog().await, (0, 0, 0));
    // Elsewhere a person decides at once.
    let outbox = Outbox::new(world, false).await;
    let message = outbox.reply().await;
    outbox.answer([doubtful()]);
    outbox.after(5000).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (1, DeliveryState::Unknown));
}

async fn t6_what_waits_for_its_next_try_can_be_hurried_and_taken_back(world: World) {
    let outbox = Outbox::new(world, true).await;
    let (hurried, taken_back) = (outbox.reply().await, outbox.reply().await);
    outbox.answer((0..2).map(|_| {
        Err(SendError::Later { reason: "Come back in an hour.".to_owned(), after: Some(Duration::from_secs(3600)) })
    }));
    outbox.after(5000).await;
    outbox.world.db.write(&outbox.world.owner.scope, SendNow(hurried.id)).await.unwrap();
    outbox.world.db.write(&outbox.world.owner.scope, CancelMessage(taken_back.id)).await.unwrap();
    outbox.after(0).await;
    assert_eq!((outbox.handed(), outbox.state(hurried.id).await), (3, DeliveryState::Sent));
    outbox.after(3_600_000).await;
    assert_eq!((outbox.handed(), outbox.state(taken_back.id).await), (3, DeliveryState::Cancelled));
    assert_eq!(outbox.backlog().await, (0, 0, 0));
}

async fn t6_sent_now_while_a_worker_has_it_is_one_job(world: World) {
    let outbox = Outbox::new(world, false).await;
    let message = outbox.reply().await;
    outbox.world.wait(5000);
    // Its job was taken and is not begun.
    let take = TakeJob { owner: "slow", until: outbox.world.now().plus(120_000) };
    outbox.world.db.write_global(take).await.unwrap().expect("a job is due");
    outbox.world.db.write(&outbox.world.owner.scope, SendNow(message.id)).await.unwrap();
    outbox.after(0).await;
    assert_eq!((outbox.handed(), outbox.backlog().await), (0, (0, 1, 0)), "the process with the lease sends it");
    // Nobody does: once the lease has ended somebody else may.
    outbox.after(120_000).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (1, DeliveryState::Sent));
    assert_eq!(outbox.backlog().await, (0, 0, 0));
}

/// A report may be quicker than whoever sent what it is about.
async fn t8_what_came_back_in_the_meantime_stays_so(world: World) {
    for outcome in [
        SendOutcome::Sent(took("a name")),
        SendOutcome::Failed("No.".to_owned()),
        SendOutcome::Unknown("Who knows?".to_owned()),
    ] {
        let outbox = Outbox::new(world.clone(), true).await;
        let message = outbox.reply().await;
        outbox.world.wait(5000);
        let (lease, plan) = outbox.killed_while_sending(message.id).await;
        let Plan::HandOver(outgoing) = plan else { panic!("there is nothing to send") };
        let bounced =
            Sql::one("UPDATE message SET state = 'bounced' WHERE kind = 'outgoing' AND state = 'sending'", vec![]);
        assert_eq!(outbox.world.db.write(&outbox.world.system(), bounced).await.unwrap(), 1);
        outbox.world.db.write(&outbox.world.system(), FinishSend { lease, outgoing, outcome }).await.unwrap();
        assert_eq!(outbox.state(message.id).await, DeliveryState::Bounced);
        assert_eq!(outbox.backlog().await, (0, 0, 0));
    }
}

async fn r7_never_and_unknown_say_why(world: World) {
    let outbox = Outbox::new(world, true).await;
    let (never, unknown) = (outbox.reply().await, outbox.reply().await);
    outbox.answer([
        Err(SendError::Never("No such number.".to_owned())),
        Err(SendError::Unknown("The line broke.".to_owned())),
    ]);
    outbox.after(5000).await;
    let mut found = [outbox.delivery(never.id).await, outbox.delivery(unknown.id).await];
    found.sort_by_key(|delivery| delivery.state.rank());
    let told: Vec<_> = found.iter().map(|d| (d.state, d.reason.as_str())).collect();
    assert_eq!(told, [(DeliveryState::Unknown, "The line broke."), (DeliveryState::Failed, "No such number.")]);
    outbox.after(600_000).await;
    assert_eq!((outbox.handed(), outbox.backlog().await), (2, (0, 0, 0)), "neither is retried automatically");
    for id in [never.id, unknown.id] {
        outbox.world.db.write(&outbox.world.owner.scope, SendNow(id)).await.unwrap();
        outbox.after(0).await;
        let delivery = outbox.delivery(id).await;
        assert_eq!((delivery.state, delivery.reason.as_str()), (DeliveryState::Sent, ""), "a person may retry it");
    }
}

async fn r7_crash_after_hand_over_on_an_idempotent_channel(world: World) {
    let outbox = Outbox::new(world, true).await;
    let message = outbox.reply().await;
    outbox.world.wait(5000);
    let (_, plan) = outbox.killed_while_sending(message.id).await;
    assert!(matches!(plan, Plan::HandOver(ref outgoing) if !outgoing.doubtful));
    outbox.after(119_000).await;
    assert_eq!(
        (outbox.handed(), outbox.state(message.id).await),
        (0, DeliveryState::Sending),
        "its lease has not expired"
    );
    outbox.after(1000).await;
    assert_eq!(*outbox.provider.handed.lock().unwrap(), [message.id], "it is sent again with the same id");
    assert_eq!((outbox.state(message.id).await, outbox.backlog().await), (DeliveryState::Sent, (0, 0, 0)));
}

async fn r7_crash_after_hand_over_elsewhere_is_for_a_person(world: World) {
    let outbox = Outbox::new(world, false).await;
    let message = outbox.reply().await;
    outbox.world.wait(5000);
    outbox.killed_while_sending(message.id).await;
    outbox.after(120_000).await;
    let delivery = outbox.delivery(message.id).await;
    assert_eq!((outbox.handed(), delivery.state), (0, DeliveryState::Unknown), "it must not be sent again silently");
    assert!(!delivery.reason.is_empty());
    outbox.after(600_000).await;
    assert_eq!((outbox.handed(), outbox.backlog().await), (0, (0, 0, 0)));
}

async fn r7_a_kind_that_is_not_connected_says_so(world: World) {
    let outbox = Outbox::new(world.clone(), true).await;
    let nobody = Worker::new(world.db.clone(), Channels::default());
    let doubtful = outbox.reply().await;
    outbox.world.wait(5000);
    let (_, plan) = outbox.killed_while_sending(doubtful.id).await;
    assert!(matches!(plan, Plan::HandOver(_)));
    let message = outbox.reply().await;
    outbox.world.wait(120_000);
    nobody.drain().await.unwrap();
    let delivery = outbox.delivery(message.id).await;
    assert_eq!(delivery.state, DeliveryState::Failed);
    assert!(delivery.reason.contains("not connected") && delivery.reason.contains("Settings"), "{}", delivery.reason);
    assert_eq!(outbox.state(doubtful.id).await, DeliveryState::Unknown, "another process may have sent the message");
    assert_eq!((outbox.handed(), outbox.backlog().await), (0, (0, 0, 0)), "the message must say what to do");
    let told = world.events(world.workspace, 0).await.into_iter().rev().find_map(|(_, body)| match body {
        EventBody::Conversation { messages, .. } => messages.into_iter().find(|m| m.id == message.id),
        _ => None,
    });
    assert_eq!(told.unwrap().entry, Entry::Outgoing { by: model::Sender::Member(world.owner.id), delivery });
    // Once it is connected, a person sends it.
    world.db.write(&world.owner.scope, SendNow(message.id)).await.unwrap();
    outbox.after(0).await;
    assert_eq!((outbox.handed(), outbox.state(message.id).await), (1, DeliveryState::Sent));
}

async fn r7_what_is_given_up_is_never_left_sending(world: World) {
    let outbox = Outbox::new(world.clone(), true).await;
    let message = outbox.reply().await;
    outbox.provider.panics.store(true, Ordering::SeqCst);
    outbox.world.wait(5000);
    for _ in 0..20 {
        outbox.after(900_000).await;
    }
    let delivery = outbox.delivery(message.id).await;
    assert_eq!((outbox.handed(), delivery.state), (8, DeliveryState::Unknown));
    assert!(delivery.reason.contains("Check whether it arrived"), "{}", delivery.reason);
    assert_eq!(outbox.backlog().await, (0, 0, 0));
    outbox.provider.panics.store(false, Ordering::SeqCst);
    world.db.write(&world.owner.scope, SendNow(message.id)).await.unwrap();
    outbox.after(0).await;
    assert_eq!(outbox.state(message.id).await, DeliveryState::Sent);
}

/// A worker that was away longer than its lease must not write over what the next one did.
async fn a_lost_lease_writes_nothing(world: World) {
    let outbox = Outbox::new(world, true).await;
    let message = outbox.reply().await;
    outbox.world.wait(5000);
    let (lease, plan) = outbox.killed_while_sending(message.id).await;
    let Plan::HandOver(outgoing) = plan else { panic!("there is nothing to send") };
    outbox.after(120_000).await;
    assert_eq!(outbox.state(message.id).await, DeliveryState::Sent);
    let seq = outbox.world.last_seq().await;
    let late = FinishSend { lease, outgoing, outcome: SendOutcome::Failed("too late".to_owned()) };
    let system = outbox.world.system();
    let (late, neighbour) = tokio::join!(
        outbox.world.db.write(&system, late),
        outbox.world.receive(letter(&outbox.account, "basil", "Hi"))
    );
    assert!(late.is_err());
    neighbour.expect("other commands of the commit are not affected");
    assert_eq!(outbox.state(message.id).await, DeliveryState::Sent);
    assert_eq!(outbox.world.last_seq().await, seq + 1);
}

async fn an_unknown_sort_of_work_is_shown_and_can_be_revived(world: World) {
    let outbox = Outbox::new(world, true).await;
    let id = JobId::new(new_id());
    let dance = LeaveJob { id, kind: "dance", body: r#"{"kind":"dance"}"#.to_owned(), at: outbox.world.now() };
    outbox.world.db.write(&outbox.world.system(), dance).await.unwrap();
    outbox.after(0).await;
    let dead = async || {
        let mut snapshot = outbox.world.db.snapshot().await.unwrap();
        job::dead(&mut snapshot.conn(), outbox.world.workspace).await.unwrap()
    };
    let shown = dead().await;
    assert_eq!(shown.iter().map(|job| (job.id, job.kind.as_str())).collect::<Vec<_>>(), [(id, "dance")]);
    assert!(shown[0].last_error.contains("does not know such work"), "{}", shown[0].last_error);
    outbox.after(600_000).await;
    assert_eq!(dead().await, shown, "it is not retried automatically");
    let agent = outbox.world.member("Agathe", Role::Agent, Visibility::All).await;
    assert_eq!(refused(outbox.world.db.write(&agent.scope, ReviveJob(id)).await), ApiError::Forbidden);
    let tenant = outbox.world.tenant("other").await;
    assert_eq!(refused(outbox.world.db.write(&tenant.owner.scope, ReviveJob(id)).await), ApiError::NotFound);
    outbox.world.db.write(&outbox.world.owner.scope, ReviveJob(id)).await.unwrap();
    assert_eq!(outbox.backlog().await, (1, 0, 0));
    assert_eq!(refused(outbox.world.db.write(&outbox.world.owner.scope, ReviveJob(id)).await), ApiError::NotFound);
    outbox.after(0).await;
    assert_eq!(outbox.backlog().await, (0, 0, 1), "this version still does not know the job");
}
