//! Who looks at or writes in a conversation now (T12). It lives in this process's memory only: nothing of it is stored, logged or numbered.
//!
//! Whoever is somewhere says so again every few seconds, and is gone when they stop. All of it is looked through at most ten times a second,
//! and only what became different is told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use model::{
    ConversationId, ConversationRow, Doing, EventBody, MemberId, Placement, Somebody, TabId, WorkspaceId, told_of,
};
use store::Sight;
use tokio::{
    sync::{Notify, broadcast},
    time::{sleep, timeout},
};

/// How long a member is somewhere after they said so. Browsers repeat it every four seconds.
const STAYS: Duration = Duration::from_millis(8500);
/// How long the person outside writes after their last key press. The widget repeats it every three seconds.
const WRITES: Duration = Duration::from_millis(6500);
/// How long it is kept to oneself that somebody outside still writes. The widget repeats it later than that.
const TOLD_AGAIN: Duration = Duration::from_millis(2000);
/// How long changes are gathered before they are told together.
const GATHER: Duration = Duration::from_millis(100);
/// How often it is looked who is gone.
const LOOK: Duration = Duration::from_millis(500);
/// How often other processes are told of somebody who stays where they are.
const REPEAT: Duration = Duration::from_secs(3);
/// The most tabs of one member. A further one takes the place of the oldest.
const TABS: usize = 8;
/// The most people outside who write at the same time, for each workspace.
const OUTSIDE: usize = 1000;
/// How many changes a stream may fall behind before it is told everything again.
const BACKLOG: usize = 64;

/// Where a conversation belongs, which decides who is told of it. The version tells an older answer from a newer one.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    /// The conversation.
    pub id: ConversationId,
    /// Where it belongs.
    pub placement: Placement,
    /// Counts the changes of its state.
    pub version: i64,
}

impl Placed {
    /// Of a conversation that was read.
    pub fn of(row: &ConversationRow) -> Self {
        Self { id: row.id, placement: row.facts().placement(), version: row.version }
    }
}

/// Who is in a conversation after a change.
#[derive(Debug, Clone)]
pub struct Change {
    /// The conversation.
    pub id: ConversationId,
    /// Where it belongs.
    pub placement: Placement,
    /// What a browser is told of it.
    pub told: String,
}

/// What became of something that was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// It is the first key press of a reply: the tab did not write one here before.
    pub begins: bool,
    /// Other processes do not know it yet, or may forget it soon.
    pub news: bool,
}

/// Who is where, in all workspaces of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Presence(Arc<Inner>);

#[derive(Default)]
struct Inner {
    all: Mutex<All>,
    more: Notify,
}

#[derive(Default)]
struct All {
    rooms: HashMap<WorkspaceId, Room>,
    /// Whether a task looks who is gone.
    looked_after: bool,
}

/// A tab of a member, in a conversation.
#[derive(Clone, Copy)]
struct Seat {
    tab: TabId,
    at: ConversationId,
    doing: Doing,
    /// Nobody is told of it.
    hidden: bool,
    until: Instant,
    /// When other processes were told.
    repeated: Instant,
}

/// What is known of a conversation in which somebody is, or was until now.
struct Place {
    placed: Placed,
    /// Who is there, as it was told last.
    there: Vec<Somebody>,
    /// It must be told although the same people are there.
    moved: bool,
}

/// A workspace.
struct Room {
    members: HashMap<MemberId, Vec<Seat>>,
    outside: HashMap<ConversationId, Instant>,
    places: HashMap<ConversationId, Place>,
    inside: broadcast::Sender<Arc<Vec<Change>>>,
    /// In which conversations a member now writes a reply, or no longer does. Nothing else is for people outside.
    replies: broadcast::Sender<Arc<Vec<(ConversationId, bool)>>>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            outside: HashMap::new(),
            places: HashMap::new(),
            inside: broadcast::channel(BACKLOG).0,
            replies: broadcast::channel(BACKLOG).0,
        }
    }
}

fn replies(there: &[Somebody]) -> bool {
    there.iter().any(|(who, doing)| who.is_some() && *doing == Doing::Replying)
}

impl Place {
    fn change(&self) -> Change {
        Change { id: self.placed.id, placement: self.placed.placement, told: told_of(self.placed.id, &self.there) }
    }
}

impl Room {
    fn put(&mut self, placed: Placed) {
        let new = || Place { placed, there: Vec::new(), moved: false };
        let place = self.places.entry(placed.id).or_insert_with(new);
        if placed.version >= place.placed.version {
            place.moved |= place.placed.placement != placed.placement;
            place.placed = placed;
        }
    }

    /// See [`Presence::sit`].
    fn sit(
        &mut self,
        now: Instant,
        (member, tab): (MemberId, TabId),
        at: Option<(Placed, Doing)>,
        hidden: bool,
    ) -> Heard {
        let seats = self.members.entry(member).or_default();
        let before = seats.iter().position(|seat| seat.tab == tab).map(|place| seats.remove(place));
        let before = before.filter(|seat| seat.until > now);
        let Some((placed, doing)) = at else {
            return Heard { begins: false, news: before.is_some_and(|seat| !seat.hidden) };
        };
        let same = before.filter(|seat| seat.at == placed.id && seat.doing == doing && seat.hidden == hidden);
        let fresh = same.filter(|seat| now.duration_since(seat.repeated) < REPEAT);
        if seats.len() >= TABS {
            seats.remove(0);
        }
        let (at, until, repeated) = (placed.id, now + STAYS, fresh.map_or(now, |seat| seat.repeated));
        seats.push(Seat { tab, at, doing, hidden, until, repeated });
        self.put(placed);
        let wrote = before.is_some_and(|seat| seat.at == placed.id && seat.doing == Doing::Replying);
        Heard { begins: doing == Doing::Replying && !wrote, news: fresh.is_none() && !hidden }
    }

    /// See [`Presence::writes`].
    fn writes(&mut self, now: Instant, placed: Placed) -> bool {
        let before = self.outside.get(&placed.id).copied();
        if before.is_none() && self.outside.len() >= OUTSIDE {
            return false;
        }
        self.put(placed);
        // Repeated at every key press, it tells nobody anything.
        let is_news = before.is_none_or(|until| until + TOLD_AGAIN <= now + WRITES);
        if is_news {
            self.outside.insert(placed.id, now + WRITES);
        }
        is_news
    }

    /// Who is where, by conversation. Several tabs of a member are one person.
    fn who(&self, now: Instant) -> HashMap<ConversationId, BTreeMap<Option<MemberId>, Doing>> {
        let mut who: HashMap<_, BTreeMap<_, _>> = HashMap::new();
        for (member, seats) in &self.members {
            for seat in seats.iter().filter(|seat| !seat.hidden && seat.until > now) {
                let doing = who.entry(seat.at).or_default().entry(Some(*member)).or_insert(seat.doing);
                *doing = seat.doing.max(*doing);
            }
        }
        for at in self.outside.iter().filter(|(_, until)| **until > now).map(|(at, _)| at) {
            who.entry(*at).or_default().insert(None, Doing::Replying);
        }
        who
    }

    /// Forgets who is gone, and tells what became different.
    fn look(&mut self, now: Instant) {
        self.members.retain(|_, seats| {
            seats.retain(|seat| seat.until > now);
            !seats.is_empty()
        });
        self.outside.retain(|_, until| *until > now);
        let mut who = self.who(now);
        let (mut changes, mut turns) = (Vec::new(), Vec::new());
        self.places.retain(|id, place| {
            let there: Vec<Somebody> = who.remove(id).unwrap_or_default().into_iter().collect();
            if there != place.there || place.moved {
                if replies(&there) != replies(&place.there) {
                    turns.push((*id, replies(&there)));
                }
                (place.there, place.moved) = (there, false);
                changes.push(place.change());
            }
            !place.there.is_empty()
        });
        // Having no subscriber is no error.
        if !changes.is_empty() {
            let _ = self.inside.send(Arc::new(changes));
        }
        if !turns.is_empty() {
            let _ = self.replies.send(Arc::new(turns));
        }
    }

    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.outside.is_empty() && self.places.is_empty()
    }

    fn is_watched(&self) -> bool {
        self.inside.receiver_count() + self.replies.receiver_count() > 0
    }
}

impl Presence {
    fn all(&self) -> MutexGuard<'_, All> {
        self.0.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A tab of a member is in a conversation, or in none. `hidden` if nobody may be told of it.
    pub fn sit(
        &self,
        workspace: WorkspaceId,
        member: MemberId,
        tab: TabId,
        at: Option<(Placed, Doing)>,
        hidden: bool,
    ) -> Heard {
        let mut all = self.all();
        if at.is_none() && !all.rooms.contains_key(&workspace) {
            return Heard::default();
        }
        let heard = all.rooms.entry(workspace).or_default().sit(Instant::now(), (member, tab), at, hidden);
        self.look_after(all);
        heard
    }

    /// The person outside of a conversation writes. Whether other processes do not know it yet, or may forget it soon.
    pub fn writes(&self, workspace: WorkspaceId, placed: Placed) -> bool {
        let mut all = self.all();
        let is_news = all.rooms.entry(workspace).or_default().writes(Instant::now(), placed);
        self.look_after(all);
        is_news
    }

    /// The person outside of a conversation no longer writes. Whether they did.
    pub fn rests(&self, workspace: WorkspaceId, id: ConversationId) -> bool {
        let mut all = self.all();
        let wrote = all.rooms.get_mut(&workspace).and_then(|room| room.outside.remove(&id)).is_some();
        if wrote {
            self.look_after(all);
        }
        wrote
    }

    /// Another process saw somebody.
    pub fn heard(&self, workspace: WorkspaceId, sight: Sight, placed: Option<Placed>) {
        match (sight, placed) {
            (Sight::Member(member, tab, Some((_, doing))), Some(placed)) => {
                self.sit(workspace, member, tab, Some((placed, doing)), false);
            }
            (Sight::Member(member, tab, None), _) => {
                self.sit(workspace, member, tab, None, false);
            }
            (Sight::Outside(_, true), Some(placed)) => _ = self.writes(workspace, placed),
            (Sight::Outside(id, false), _) => _ = self.rests(workspace, id),
            _ => {}
        }
    }

    /// Whether anybody here is told of this workspace.
    pub fn is_watched(&self, workspace: WorkspaceId) -> bool {
        self.all().rooms.get(&workspace).is_some_and(Room::is_watched)
    }

    /// A committed event may move a conversation to where others see it.
    pub(super) fn moved(&self, workspace: WorkspaceId, event: &EventBody) {
        let mut all = self.all();
        let Some(room) = all.rooms.get_mut(&workspace).filter(|room| !room.places.is_empty()) else { return };
        let mut put = |placed: Placed| {
            if room.places.contains_key(&placed.id) {
                room.put(placed);
            }
        };
        match event {
            EventBody::Conversation { row, .. } => put(Placed::of(row)),
            EventBody::Set(changes) => changes.iter().for_each(|one| {
                put(Placed { id: one.id, placement: one.after.placement(), version: one.version });
            }),
            _ => return,
        }
        self.look_after(all);
    }

    /// What changes for members, and what there is now.
    pub fn follow(&self, workspace: WorkspaceId) -> (broadcast::Receiver<Arc<Vec<Change>>>, Vec<Change>) {
        let mut all = self.all();
        let room = all.rooms.entry(workspace).or_default();
        (room.inside.subscribe(), room.places.values().map(Place::change).collect())
    }

    /// In which conversations members begin or end to write replies.
    pub fn follow_replies(&self, workspace: WorkspaceId) -> broadcast::Receiver<Arc<Vec<(ConversationId, bool)>>> {
        self.all().rooms.entry(workspace).or_default().replies.subscribe()
    }

    /// Whether a member writes a reply in a conversation.
    pub fn is_replying(&self, workspace: WorkspaceId, id: ConversationId) -> bool {
        let all = self.all();
        all.rooms.get(&workspace).and_then(|room| room.places.get(&id)).is_some_and(|place| replies(&place.there))
    }

    /// Begins to look who is gone, if nothing does. It ends when nobody is anywhere.
    fn look_after(&self, mut all: MutexGuard<'_, All>) {
        let looked_after = std::mem::replace(&mut all.looked_after, true);
        drop(all);
        self.0.more.notify_one();
        if !looked_after {
            tokio::spawn(self.clone().look());
        }
    }

    async fn look(self) {
        loop {
            let _ = timeout(LOOK, self.0.more.notified()).await;
            sleep(GATHER).await;
            let now = Instant::now();
            let mut all = self.all();
            all.rooms.values_mut().for_each(|room| room.look(now));
            all.rooms.retain(|_, room| room.is_watched() || !room.is_empty());
            if all.rooms.values().all(Room::is_empty) {
                all.looked_after = false;
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "presence/tests.rs"]
mod tests;
