//! Promise 1, S20: a stream continues where it stopped, shows exactly what its member may see, and says when it cannot continue.

use std::{pin::Pin, time::Duration};

use domain::{
    inbox::{MarkRead, SaveDraft},
    people::EditMember,
    sessions::{Browser, ChangePassword, EndSession, IDLE_MS, SESSION_MS, SignIn, Touch},
};
use futures::{Stream, StreamExt};
use model::{Act, Draft, DraftMode, LiveBody, LiveEvent, Role, Visibility};
use server::live::{Hub, Watcher, watch};
use store::{Committed, event, session};
use tokio::{sync::watch as signal, time::timeout};

use crate::{
    plain::Sql,
    world::{Person, World},
};

on_both_engines!(
    p1_a_stream_goes_on_without_gap_or_repetition,
    p1_commits_heard_of_in_another_order_are_shown_in_order,
    p1_reset_when_too_far_behind_or_unknown,
    p1_a_slow_reader_is_told,
    s20_only_what_is_mine_to_see,
    s20_seeing_less_begins_anew_and_shows_less,
    s20_seeing_less_while_away_begins_anew,
    s20_what_is_read_back_is_for_those_who_see_it_now,
    s20_an_ended_session_is_told_and_cut,
    s44_a_new_secret_cuts_what_the_old_one_opened,
    s20_a_session_that_ran_out_is_cut_before_the_next_event,
    s20_a_session_that_ran_out_is_cut_on_a_silent_line,
    a_stopping_process_ends_its_streams,
);

#[derive(Debug, PartialEq)]
pub enum Frame {
    Change(Box<LiveEvent>),
    Ready(i64),
    Reset,
    SignedOut,
    Other,
}

/// An open stream.
pub struct Listener {
    stream: Pin<Box<dyn Stream<Item = Result<bytes::Bytes, std::convert::Infallible>> + Send>>,
    stop: signal::Sender<bool>,
}

impl Listener {
    /// The next frame that says something; none when the stream has ended.
    pub async fn next(&mut self) -> Option<Frame> {
        loop {
            let frame = timeout(Duration::from_secs(20), self.stream.next())
                .await
                .expect("something is said in time")?
                .unwrap();
            let text = std::str::from_utf8(&frame).unwrap();
            let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start).map(str::to_owned));
            let frame = match line("event: ").unwrap_or_default().as_str() {
                "change" => {
                    let event: LiveEvent = serde_json::from_str(&line("data: ").unwrap()).unwrap();
                    assert_eq!(line("id: "), Some(event.seq.to_string()), "the browser continues from this number");
                    Frame::Change(Box::new(event))
                }
                "ready" => Frame::Ready(line("data: {\"seq\":").unwrap().trim_end_matches('}').parse().unwrap()),
                "reset" => Frame::Reset,
                "signed-out" => Frame::SignedOut,
                _ => Frame::Other,
            };
            if frame != Frame::Other {
                return Some(frame);
            }
        }
    }

    pub async fn seq(&mut self) -> i64 {
        match self.next().await {
            Some(Frame::Change(event)) => event.seq,
            other => panic!("expected a change, got {other:?}"),
        }
    }

    /// Everything up to and with event `last`.
    async fn until(&mut self, last: i64) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await.expect("the stream continues");
            let reached = matches!(&frame, Frame::Change(event) if event.seq >= last);
            frames.push(frame);
            if reached {
                return frames;
            }
        }
    }
}

pub async fn listen_at(world: &World, hub: &Hub, who: &Person, since: i64) -> Listener {
    let mut snapshot = world.db.snapshot().await.unwrap();
    let found = session::find(&mut snapshot.conn(), &who.token, world.now(), world.now().plus(-IDLE_MS))
        .await
        .unwrap()
        .unwrap();
    drop(snapshot);
    let watcher = Watcher::of(&found, who.token.clone()).unwrap();
    let (stop, stopped) = signal::channel(false);
    let stream = watch(world.db.clone(), hub, watcher, since, stopped).await.unwrap();
    Listener { stream: Box::pin(stream), stop }
}

pub async fn listen(world: &World, who: &Person, since: i64) -> Listener {
    listen_at(world, &world.hub, who, since).await
}

async fn p1_a_stream_goes_on_without_gap_or_repetition(world: World) {
    world.inbound("amelie", "One").await;
    let mut cursor = world.last_seq().await;
    let writer = {
        let world = world.clone();
        tokio::spawn(async move {
            for n in 0..120 {
                world.inbound("amelie", &format!("Message {n}")).await;
            }
        })
    };
    // Cut and taken up again, while messages keep coming.
    let first = cursor;
    let mut seen = Vec::new();
    while seen.len() < 120 {
        let mut listener = listen(&world, &world.owner, cursor).await;
        while seen.len() < 120 {
            match listener.next().await.unwrap() {
                Frame::Change(event) => {
                    cursor = event.seq;
                    seen.push(event.seq);
                    if seen.len() % 17 == 0 {
                        break;
                    }
                }
                Frame::Ready(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    writer.await.unwrap();
    assert_eq!(seen, (first + 1..=first + 120).collect::<Vec<_>>());
}

async fn p1_commits_heard_of_in_another_order_are_shown_in_order(world: World) {
    let hub = Hub::default();
    let since = world.last_seq().await;
    let mut listener = listen_at(&world, &hub, &world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    for n in 0..4 {
        world.inbound("amelie", &format!("Message {n}")).await;
    }
    let mut told: Vec<_> = world.events(world.workspace, since).await;
    // The first is never heard of (another process wrote it), the others in the wrong order.
    told.remove(0);
    for (seq, body) in told.into_iter().rev() {
        hub.publish(Committed { workspace: world.workspace, first_seq: seq, events: vec![body] });
    }
    for n in 1..=4 {
        assert_eq!(listener.seq().await, since + n);
    }
}

async fn p1_reset_when_too_far_behind_or_unknown(world: World) {
    let conversation = world.inbound("amelie", "One").await.conversation;
    for n in 0..30 {
        world.inbound("amelie", &format!("Message {n}")).await;
    }
    let last = world.last_seq().await;
    let begins = async |since: i64| listen(&world, &world.owner, since).await.next().await.unwrap();
    assert_eq!(begins(last).await, Frame::Ready(last));
    assert!(matches!(begins(last - 3).await, Frame::Change(event) if event.seq == last - 2));
    assert_eq!(begins(-1).await, Frame::Reset, "nonsense");
    assert_eq!(begins(last + 1).await, Frame::Reset, "a number from the future, because the database was restored");
    let mut snapshot = world.db.snapshot().await.unwrap();
    assert_eq!(event::oldest(&mut snapshot.conn(), world.workspace).await.unwrap(), Some(1));
    drop(snapshot);
    let forget = Sql::one(
        "DELETE FROM event WHERE workspace_id = $1 AND seq <= $2",
        vec![world.workspace.into(), (last - 10).into()],
    );
    world.db.write(&world.system(), forget).await.unwrap();
    assert_eq!(begins(last - 11).await, Frame::Reset, "an event that was deleted");
    assert!(
        matches!(begins(last - 10).await, Frame::Change(event) if event.seq == last - 9),
        "the oldest event that is stored"
    );
    let many = (0..1001).map(|n| {
        let draft = Draft { mode: DraftMode::Note, text: format!("{n}"), id: None };
        world.db.write(&world.owner.scope, SaveDraft { conversation, draft })
    });
    futures::future::join_all(many).await.into_iter().for_each(|done| done.unwrap());
    assert_eq!(begins(last).await, Frame::Reset, "too many events to send");
    assert!(matches!(begins(last + 1).await, Frame::Change(_)));
}

async fn p1_a_slow_reader_is_told(world: World) {
    let conversation = world.inbound("amelie", "One").await.conversation;
    let since = world.last_seq().await;
    let mut listener = listen(&world, &world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    let many = (0..1500).map(|n| {
        let draft = Draft { mode: DraftMode::Note, text: format!("{n}"), id: None };
        world.db.write(&world.owner.scope, SaveDraft { conversation, draft })
    });
    futures::future::join_all(many).await.into_iter().for_each(|done| done.unwrap());
    assert_eq!(listener.next().await, Some(Frame::Reset), "events must not be dropped silently");
    let after = world.last_seq().await;
    world.inbound("amelie", "Two").await;
    assert_eq!(listener.seq().await, after + 1, "the stream continues with new events");
}

async fn s20_only_what_is_mine_to_see(world: World) {
    let mine = world.member("Mina", Role::Agent, Visibility::Mine).await;
    let tenant = world.tenant("other").await;
    let (hers, others) =
        (world.inbound("amelie", "Bonjour").await.conversation, world.inbound("basil", "Hi").await.conversation);
    let since = world.last_seq().await;
    let mut listener = listen(&world, &mine, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    world.note(&world.owner, others, "secret").await.unwrap();
    world.db.write(&world.owner.scope, MarkRead { conversation: hers, read_count: 1 }).await.unwrap();
    let draft = Draft { mode: DraftMode::Reply, text: "unsent".to_owned(), id: None };
    world.db.write(&world.owner.scope, SaveDraft { conversation: hers, draft }).await.unwrap();
    let system = store::Scope::system(tenant.workspace, "test");
    let theirs = crate::world::letter(&tenant.chat, "percent", "of another workspace");
    world.db.write(&system, domain::inbound::Receive(theirs)).await.unwrap();
    world.act(&world.owner, hers, Act::Assign(Some(mine.id))).await.unwrap();
    world.act(&world.owner, others, Act::Assign(Some(world.owner.id))).await.unwrap();
    world.act(&world.owner, hers, Act::Assign(None)).await.unwrap();
    world.note(&world.owner, hers, "no longer hers").await.unwrap();
    world.act(&world.owner, hers, Act::Assign(Some(mine.id))).await.unwrap();
    let frames = listener.until(world.last_seq().await).await;
    let mut bodies: Vec<LiveBody> =
        frames.into_iter().map(|f| if let Frame::Change(event) = f { event.body } else { panic!("{f:?}") }).collect();
    let all = bodies.len();
    bodies.retain(|body| *body != LiveBody::Notices);
    assert_eq!(all - bodies.len(), 3, "she is told that it is hers, each time, and between them that it is not");
    assert!(
        matches!(&bodies[0], LiveBody::Conversation { before: None, row, .. } if row.id == hers),
        "she gets the conversation"
    );
    assert!(matches!(&bodies[1], LiveBody::Gone { id, .. } if *id == hers), "she loses the conversation");
    assert!(matches!(&bodies[2], LiveBody::Conversation { before: None, .. }), "she gets the conversation again");
    assert_eq!(bodies.len(), 3, "{bodies:?}");
}

fn edited(who: &Person, visibility: Visibility, disabled: bool) -> EditMember {
    EditMember { id: who.id, role: Role::Agent, visibility, disabled }
}

async fn s20_seeing_less_begins_anew_and_shows_less(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let since = world.last_seq().await;
    let mut listener = listen(&world, &agent, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    world.note(&world.owner, conversation, "seen").await.unwrap();
    assert_eq!(listener.seq().await, since + 1);
    world.db.write(&world.owner.scope, edited(&agent, Visibility::Mine, false)).await.unwrap();
    world.note(&world.owner, conversation, "not seen").await.unwrap();
    world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await.unwrap();
    assert!(matches!(listener.next().await, Some(Frame::Change(event)) if matches!(event.body, LiveBody::Member(_))));
    assert_eq!(listener.next().await, Some(Frame::Reset));
    let Some(Frame::Change(event)) = listener.next().await else { panic!("expected the assignment") };
    assert_eq!(
        (event.seq, matches!(event.body, LiveBody::Conversation { before: None, .. })),
        (world.last_seq().await - 1, true),
        "the last event tells her that it is hers"
    );
}

async fn s20_seeing_less_while_away_begins_anew(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    world.inbound("amelie", "Bonjour").await;
    let since = world.last_seq().await;
    world.db.write(&world.owner.scope, edited(&agent, Visibility::Mine, false)).await.unwrap();
    let changed = world.last_seq().await;
    assert_eq!(
        listen(&world, &agent, since).await.next().await,
        Some(Frame::Reset),
        "she may no longer see what she was shown"
    );
    assert_eq!(listen(&world, &agent, changed).await.next().await, Some(Frame::Ready(changed)));
    assert!(
        matches!(listen(&world, &world.owner, since).await.next().await, Some(Frame::Change(_))),
        "other streams continue"
    );
}

/// What is read back from the log shows things as they are now. It is shown to whoever may see them now.
async fn s20_what_is_read_back_is_for_those_who_see_it_now(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    let contact = model::ContactId::new(store::clock::new_id());
    let named = domain::contacts::MakeContact {
        conversation,
        id: contact,
        field: model::ContactField::Name,
        value: "Amélie".to_owned(),
    };
    world.db.write(&world.owner.scope, named).await.unwrap();
    let since = world.last_seq().await;
    // One that hears of commits late reads what came before them from the log.
    let late = Hub::default();
    let mut open = listen_at(&world, &late, &agent, since).await;
    assert_eq!(open.next().await, Some(Frame::Ready(since)));
    let edit =
        |field, value: &str, seen| domain::contacts::EditContact { id: contact, field, value: value.to_owned(), seen };
    let row = world.db.write(&world.owner.scope, edit(model::ContactField::Company, "Corail", 1)).await.unwrap();
    world.inbound("amelie", "Before").await;
    let less = EditMember { id: agent.id, role: Role::Agent, visibility: Visibility::Mine, disabled: false };
    world.db.write(&world.owner.scope, less).await.unwrap();
    world.inbound("amelie", "A secret").await;
    world.db.write(&world.owner.scope, edit(model::ContactField::Phone, "+33 6 12", row.version)).await.unwrap();
    let last = world.last_seq().await;
    let (seq, body) = world.events(world.workspace, last - 1).await.remove(0);
    late.publish(Committed { workspace: world.workspace, first_seq: seq, events: vec![body] });
    let mut told = Vec::new();
    while let Ok(Some(frame)) = timeout(Duration::from_millis(700), open.next()).await {
        told.push(frame);
    }
    assert!(told.contains(&Frame::Reset), "{told:?}");
    let shown = format!("{told:?}");
    assert!(!shown.contains("A secret") && !shown.contains("+33"), "{shown}");
    // The same for what is given away while somebody is away.
    let other = world.member("Bruno", Role::Agent, Visibility::Mine).await;
    world.act(&world.owner, conversation, Act::Assign(Some(other.id))).await.unwrap();
    let since = world.last_seq().await;
    let row = world.db.write(&other.scope, edit(model::ContactField::Title, "Chef", row.version + 1)).await.unwrap();
    world.act(&world.owner, conversation, Act::Assign(None)).await.unwrap();
    world.db.write(&world.owner.scope, edit(model::ContactField::Location, "Marseille", row.version)).await.unwrap();
    let mut back = listen(&world, &other, since).await;
    let mut told = Vec::new();
    while let Some(frame) = back.next().await {
        if matches!(frame, Frame::Ready(_)) {
            break;
        }
        told.push(frame);
    }
    let shown = format!("{told:?}");
    assert!(!shown.contains("Marseille"), "{shown}");
}

async fn s20_an_ended_session_is_told_and_cut(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let phone = Person { token: "hash of the phone's secret".to_owned(), ..agent.clone() };
    let sign_in = async || {
        let browser =
            Browser { token_hash: phone.token.clone(), user_agent: "phone".to_owned(), address: String::new() };
        let sign_in =
            SignIn { workspace: world.workspace, member: agent.id, browser, forgive: String::new(), rehashed: None };
        world.db.write_global(sign_in).await.unwrap();
    };
    let listed = async || {
        let mut snapshot = world.db.snapshot().await.unwrap();
        session::list(&mut snapshot.conn(), &agent.scope, world.now()).await.unwrap()
    };
    let since = world.last_seq().await;
    for way in 0..3 {
        if way < 2 {
            sign_in().await;
        }
        let who = if way < 2 { &phone } else { &agent };
        let at = world.last_seq().await;
        let mut listener = listen(&world, who, at).await;
        assert_eq!(listener.next().await, Some(Frame::Ready(at)));
        let mut desk = listen(&world, &agent, at).await;
        desk.next().await;
        let sessions = listed().await;
        let of = |name: &str| sessions.iter().find(|(_, agent, ..)| agent == name).map(|(id, ..)| *id);
        match way {
            0 => world.db.write(&agent.scope, EndSession(of("phone").unwrap())).await.unwrap(),
            1 => world
                .db
                .write(
                    &agent.scope,
                    // The same secret again: what a new one does to its own stream is seen below.
                    ChangePassword { hash: String::new(), keep: of("test").unwrap(), token_hash: agent.token.clone() },
                )
                .await
                .unwrap(),
            _ => drop(world.db.write(&world.owner.scope, edited(&agent, Visibility::All, true)).await.unwrap()),
        }
        world.inbound("amelie", "secret").await;
        let mut last = listener.next().await;
        while matches!(&last, Some(Frame::Change(event)) if matches!(event.body, LiveBody::Member(_))) {
            last = listener.next().await;
        }
        assert_eq!(last, Some(Frame::SignedOut), "way {way}");
        assert_eq!(listener.next().await, None, "the stream ends");
        if way < 2 {
            assert_eq!(desk.next().await, Some(Frame::Reset), "the other session continues");
        }
    }
    assert!(world.again(&agent).await.is_none() && world.last_seq().await > since);
}

/// Whoever has the old secret may have a stream open too.
async fn s44_a_new_secret_cuts_what_the_old_one_opened(world: World) {
    let since = world.last_seq().await;
    let mut listener = listen(&world, &world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    let mut snapshot = world.db.snapshot().await.unwrap();
    let keep = session::list(&mut snapshot.conn(), &world.owner.scope, world.now()).await.unwrap()[0].0;
    drop(snapshot);
    let renewed = Person { token: "hash of another secret".to_owned(), ..world.owner.clone() };
    let change = ChangePassword { hash: String::new(), keep, token_hash: renewed.token.clone() };
    world.db.write(&world.owner.scope, change).await.unwrap();
    assert_eq!((listener.next().await, listener.next().await), (Some(Frame::SignedOut), None));
    assert!(world.again(&world.owner).await.is_none(), "the old secret no longer works");
    assert!(world.again(&renewed).await.is_some());
}

async fn s20_a_session_that_ran_out_is_cut_before_the_next_event(world: World) {
    let since = world.last_seq().await;
    let mut listener = listen(&world, &world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    // Used after eleven hours, it lives on past the twelfth.
    world.wait(IDLE_MS - 3_600_000);
    world.db.write_global(Touch { token_hash: world.owner.token.clone() }).await.unwrap();
    world.wait(IDLE_MS - 1);
    world.inbound("amelie", "still theirs to see").await;
    assert_eq!(listener.seq().await, since + 1);
    world.wait(1);
    world.inbound("amelie", "secret").await;
    assert_eq!(listener.next().await, Some(Frame::SignedOut), "idle for twelve hours");
    assert_eq!(listener.next().await, None, "the stream ends");

    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let since = world.last_seq().await;
    let mut listener = listen(&world, &agent, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    let mut left = SESSION_MS;
    while left > IDLE_MS {
        world.wait(IDLE_MS - 1);
        left -= IDLE_MS - 1;
        world.db.write_global(Touch { token_hash: agent.token.clone() }).await.unwrap();
    }
    world.wait(left);
    world.inbound("amelie", "secret").await;
    assert_eq!(listener.next().await, Some(Frame::SignedOut), "in use, but thirty days old");
    assert_eq!(listener.next().await, None);
}

async fn s20_a_session_that_ran_out_is_cut_on_a_silent_line(world: World) {
    let since = world.last_seq().await;
    let mut listener = listen(&world, &world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    world.wait(IDLE_MS);
    let end = timeout(Duration::from_secs(60), listener.stream.next())
        .await
        .expect("the stream must end within a minute")
        .unwrap()
        .unwrap();
    assert!(std::str::from_utf8(&end).unwrap().starts_with("event: signed-out"), "{end:?}");
    assert_eq!(listener.next().await, None);
}

async fn a_stopping_process_ends_its_streams(world: World) {
    let since = world.last_seq().await;
    let mut listener = listen(&world, &world.owner, since).await;
    assert_eq!(listener.next().await, Some(Frame::Ready(since)));
    assert_eq!(world.hub.subscribers(), 1);
    listener.stop.send(true).unwrap();
    assert_eq!(listener.next().await, None);
    drop(listener);
    assert_eq!(world.hub.subscribers(), 0, "nothing of the session is left");
}
