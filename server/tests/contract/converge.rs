//! R14: what a browser shows after the events equals a fresh read, byte for byte, for every member, after every step.

use domain::inbox;
use model::{
    Act, Bootstrap, Changed, ConversationId, ConversationRow, Counts, EventBody, Filter, InboxState, ListPart,
    LiveEvent, Role, Thread, ThreadPart, Timestamp, View, Visibility, WorkspacePart,
};
use serde::Serialize;
use server::live::Numbered;

use crate::{
    dice::Dice,
    filters::some_filter,
    walk::Walk,
    world::{Person, World},
};

on_both_engines!(
    r14_a_random_walk_converges,
    r14_a_second_random_walk_converges,
    r14_a_third_random_walk_converges,
    r14_a_thread_that_comes_back_into_sight_is_whole_or_says_so,
    r14_what_came_in_before_joining_counts_the_same,
);

const STEPS: usize = 250;

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// What one browser shows: a long list, a short one, a thread.
#[derive(Clone)]
struct Browser {
    who: Person,
    long: InboxState,
    short: InboxState,
    filter: Filter,
    open: Option<ConversationId>,
    /// It gets each event twice, as when two streams overlap.
    twice: bool,
    signed_out: bool,
}

fn boot_of(state: &InboxState) -> String {
    comparable_boot(state.workspace.as_ref().unwrap().boot.clone())
}

fn comparable_boot(boot: Bootstrap) -> String {
    json(&Bootstrap { seq: 0, now: Timestamp(0), ..boot })
}

fn comparable_thread(thread: Thread) -> String {
    json(&Thread { seq: 0, now: Timestamp(0), messages: Vec::new(), more: false, ..thread })
}

impl Browser {
    async fn open(world: &World, who: Person, filter: Filter, twice: bool) -> Self {
        let (long, short) = (InboxState::default(), InboxState::default());
        let mut browser = Self { who, long, short, filter, open: None, twice, signed_out: false };
        browser.read_afresh(world).await;
        browser
    }

    /// What a browser does when its stream begins anew.
    async fn read_afresh(&mut self, world: &World) {
        let Some(who) = world.again(&self.who).await else {
            self.signed_out = true;
            return;
        };
        (self.who, self.signed_out) = (who, false);
        let boot = inbox::bootstrap(&world.db, &self.who.scope).await.unwrap();
        self.long.workspace = Some(WorkspacePart { boot: boot.clone() });
        self.short.workspace = Some(WorkspacePart { boot });
        self.long.list = Some(self.list(world, View::All.into(), 100).await);
        self.short.list = Some(self.list(world, self.filter.clone(), 3).await);
        self.read_thread(world).await;
    }

    async fn list(&self, world: &World, filter: Filter, limit: i64) -> ListPart {
        let page =
            inbox::page(&world.db, &self.who.scope, filter.clone(), model::Sort::Last, None, limit).await.unwrap();
        ListPart::new(filter, model::Sort::Last, page)
    }

    async fn read_thread(&mut self, world: &World) {
        self.long.thread = None;
        if let Some(id) = self.open {
            self.long.thread = world.thread(&self.who, id).await.ok().map(ThreadPart::new);
        }
        self.open = self.long.thread.as_ref().map(|part| part.thread.row.id);
    }

    async fn take(&mut self, world: &World, seq: i64, body: &EventBody) {
        if let EventBody::Access { member } = body {
            if *member == self.who.id {
                self.read_afresh(world).await;
            }
            return;
        }
        let (access, _) = self.who.scope.access().unwrap();
        if self.signed_out {
            return;
        }
        let Some(frame) = Numbered::new(seq, body.clone()).frame(access) else { return };
        let event = parse(&frame);
        assert_eq!(event.seq, seq);
        let mut changed = [Vec::new(), Vec::new()];
        for _ in 0..if self.twice { 2 } else { 1 } {
            changed[0].extend(self.long.apply(&event));
            changed[1].extend(self.short.apply(&event));
        }
        // What an event cannot tell is asked again, as the browser does it.
        let asks = |changed: &[Changed]| changed.iter().any(|one| matches!(one, Changed::List | Changed::Recount));
        if asks(&changed[0]) {
            self.long.list = Some(self.list(world, View::All.into(), 100).await);
        }
        if asks(&changed[1]) {
            self.short.list = Some(self.list(world, self.filter.clone(), 3).await);
        }
        if changed[0].iter().any(|one| matches!(one, Changed::Back(_))) {
            self.read_thread(world).await;
        }
        if self.long.thread.as_ref().is_some_and(|part| part.gone) {
            (self.long.thread, self.open) = (None, None);
        }
    }

    /// Compares everything with a fresh read.
    async fn check(&self, world: &World, after: &str) {
        if self.signed_out {
            assert!(world.again(&self.who).await.is_none(), "after {after}");
            return;
        }
        let who = world.again(&self.who).await.expect("the stream does not say that the session ended");
        let name = &who.scope.person().unwrap().member.name.clone();
        let boot = inbox::bootstrap(&world.db, &who.scope).await.unwrap();
        assert_eq!(boot_of(&self.long), comparable_boot(boot), "the workspace of {name} after {after}");
        let fresh = self.list(world, View::All.into(), 100).await;
        assert!(!fresh.more, "the walk stays small");
        self.check_list(self.long.list.as_ref().unwrap(), &fresh, name, after);
        let fresh = self.list(world, self.filter.clone(), 100).await;
        self.check_list(self.short.list.as_ref().unwrap(), &fresh, name, after);
        let Some(part) = &self.long.thread else { return };
        let fresh = world
            .thread(&who, part.thread.row.id)
            .await
            .expect("the stream does not say that the conversation is gone");
        self.check_thread(&part.thread, fresh, name, after);
    }

    fn check_list(&self, shown: &ListPart, fresh: &ListPart, name: &str, after: &str) {
        assert_eq!(json(&shown.counts), json(&fresh.counts), "the counts of {name} after {after}");
        // What was not loaded comes with its page; all above that must be right, and all of it when everything was loaded.
        let rows: &[ConversationRow] =
            if shown.more { &fresh.rows[..shown.rows.len().min(fresh.rows.len())] } else { &fresh.rows };
        assert_eq!(json(&shown.rows), json(&rows), "{:?} of {name} after {after}", shown.filter);
        assert_eq!(shown.fitting, fresh.fitting, "how many fit {:?} for {name} after {after}", shown.filter);
    }

    fn check_thread(&self, shown: &Thread, fresh: Thread, name: &str, after: &str) {
        let of_shown = &shown.messages[shown.messages.len().saturating_sub(fresh.messages.len())..];
        assert_eq!(json(&of_shown), json(&fresh.messages), "the entries that {name} sees after {after}");
        assert_eq!(comparable_thread(shown.clone()), comparable_thread(fresh), "the thread of {name} after {after}");
    }
}

/// The event as it comes over the wire.
fn parse(frame: &[u8]) -> LiveEvent {
    let text = std::str::from_utf8(frame).unwrap();
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).expect("a frame has data");
    serde_json::from_str(data).unwrap()
}

async fn walks(world: World, seed: u64) {
    let mut walk = Walk::begin(world.clone(), seed).await;
    let mut dice = Dice::new(seed + 1000);
    for _ in 0..60 {
        walk.step().await;
    }
    let mut browsers = Vec::new();
    for (n, who) in walk.people.clone().into_iter().enumerate() {
        let rows =
            inbox::page(&world.db, &world.owner.scope, View::All, model::Sort::Last, None, 100).await.unwrap().rows;
        let filter = match rows.is_empty() || dice.once_in(3) {
            true => (*dice.of(View::ALL)).into(),
            false => some_filter(&mut dice, &rows, &walk.people),
        };
        browsers.push(Browser::open(&world, who, filter, n % 2 == 0).await);
    }
    let mut seq = world.last_seq().await;
    // Who closed the lid a while ago, and the number up to which they know.
    let mut asleep: Vec<(i64, Browser)> = Vec::new();
    for step in 0..STEPS {
        let did = format!("step {step} of seed {seed}: {}", walk.step().await);
        // Half of them hear it as it is committed, half as it is read back from the log.
        let logged = world.events(world.workspace, seq).await;
        let told = world.told(seq);
        assert_eq!(logged.len(), told.len(), "what is told is logged");
        for ((number, from_log), (_, live)) in logged.iter().zip(&told) {
            assert_eq!(*number, seq + 1, "no gap");
            seq = *number;
            for (n, browser) in browsers.iter_mut().enumerate() {
                browser.take(&world, seq, if n % 2 == 0 { live } else { from_log }).await;
            }
        }
        for browser in &mut browsers {
            // Somebody who signed in again has a new page.
            if browser.signed_out && world.again(&browser.who).await.is_some() {
                browser.read_afresh(&world).await;
            }
            browser.check(&world, &did).await;
            if browser.open.is_none() || dice.once_in(20) {
                let rows = browser.long.list.as_ref().map_or(&[][..], |list| &list.rows);
                browser.open = (!rows.is_empty()).then(|| dice.of(rows).id);
                if !browser.signed_out {
                    browser.read_thread(&world).await;
                }
            }
        }
        if step % 20 == 10 {
            asleep.push((seq, dice.of(&browsers).clone()));
        }
        if step % 20 == 5 && step > 60 {
            let (since, browser) = asleep.remove(0);
            wakes(&world, since, browser, &did).await;
        }
    }
}

/// A browser that was away goes on from where it was. What it may see had better be the same: else it is told to read afresh.
async fn wakes(world: &World, since: i64, mut browser: Browser, did: &str) {
    let missed = world.events(world.workspace, since).await;
    let changed =
        missed.iter().any(|(_, body)| matches!(body, EventBody::Access { member } if *member == browser.who.id));
    if changed || browser.signed_out {
        return;
    }
    assert!(browser.long.cursor().unwrap() <= since);
    // Overlap is harmless: it asks from the oldest of what its parts know.
    for (seq, body) in world.events(world.workspace, browser.long.cursor().unwrap()).await {
        browser.take(world, seq, &body).await;
    }
    browser.check(world, &format!("waking up at {did}")).await;
}

async fn r14_a_random_walk_converges(world: World) {
    walks(world, 1).await;
}

async fn r14_a_second_random_walk_converges(world: World) {
    walks(world, 2).await;
}

async fn r14_a_third_random_walk_converges(world: World) {
    walks(world, 3).await;
}

/// The events of the time when it was out of sight never came: it may not be shown as if they had.
async fn r14_a_thread_that_comes_back_into_sight_is_whole_or_says_so(world: World) {
    let agent = world.member("Agathe", Role::Agent, Visibility::Mine).await;
    let conversation = world.inbound("amelie", "Bonjour").await.conversation;
    world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await.unwrap();
    let mut state = InboxState {
        thread: Some(ThreadPart::new(world.thread(&agent, conversation).await.unwrap())),
        ..InboxState::default()
    };
    state.workspace = Some(WorkspacePart { boot: inbox::bootstrap(&world.db, &agent.scope).await.unwrap() });
    let seq = world.last_seq().await;
    world.act(&world.owner, conversation, Act::Assign(None)).await.unwrap();
    world.inbound("amelie", "Meanwhile").await;
    world.act(&world.owner, conversation, Act::Assign(Some(agent.id))).await.unwrap();
    let (access, _) = agent.scope.access().unwrap();
    for (seq, body) in world.events(world.workspace, seq).await {
        if let Some(frame) = Numbered::new(seq, body).frame(access) {
            state.apply(&parse(&frame));
        }
    }
    let part = state.thread.unwrap();
    let fresh = world.thread(&agent, conversation).await.unwrap();
    assert!(part.gone || json(&part.thread.messages) == json(&fresh.messages), "an entry is missing without notice");
}

async fn r14_what_came_in_before_joining_counts_the_same(world: World) {
    let conversation = world.inbound("amelie", "One").await.conversation;
    world.inbound("amelie", "Two").await;
    world.wait(1000);
    let agent = world.member("Agathe", Role::Agent, Visibility::All).await;
    let mut browser = Browser::open(&world, agent, View::New.into(), false).await;
    (browser.open, browser.long.thread) = (Some(conversation), None);
    browser.read_thread(&world).await;
    assert_eq!(
        browser.long.list.as_ref().unwrap().counts,
        Counts { unassigned: 1, all: 1, new: 1, ..Counts::default() }
    );
    let seq = world.last_seq().await;
    world.wait(1000);
    world.inbound("amelie", "Three").await;
    for (seq, body) in world.events(world.workspace, seq).await {
        browser.take(&world, seq, &body).await;
    }
    browser.check(&world, "a message after joining").await;
}
