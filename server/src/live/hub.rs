//! Passes committed events to this process's subscribers, in order.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use model::{Access, EventBody, Facts, LiveEvent, MemberId, WorkspaceId};
use store::{Committed, Db, error::StoreError, event};
use tokio::sync::{Notify, broadcast};

use super::{attendance::Answers, presence::Presence};

/// How many events a subscriber may fall behind before it must reload everything.
const BACKLOG: usize = 1024;

/// A committed event, with the bytes for browsers. They are rendered once for all members who see the same of it.
pub struct Numbered {
    /// Its number.
    pub seq: i64,
    /// What happened.
    pub body: EventBody,
    /// Whose rights an event changes that was read from the log together with this one and comes after it: what this one shows is newer
    /// than those rights.
    pub(super) soon: Arc<[MemberId]>,
    /// One for each combination of what is seen of it.
    frames: [OnceLock<Bytes>; 8],
    pub(super) answers: Answers,
}

impl Numbered {
    /// An event that was committed or read from the log.
    pub fn new(seq: i64, body: EventBody) -> Self {
        Self { seq, body, soon: Arc::default(), frames: Default::default(), answers: Answers::default() }
    }

    /// The frame for a member with this access. None if they may not know of the event.
    pub fn frame(&self, access: &Access) -> Option<Bytes> {
        let seen = |facts: &Facts| access.sees(&facts.placement());
        let kind = match &self.body {
            EventBody::Conversation { before, after, row, .. } => {
                let seen = [before.is_some_and(|facts| seen(&facts)), seen(after), seen(&row.facts())];
                seen.iter().fold(0, |kind, seen| kind * 2 + usize::from(*seen))
            }
            EventBody::Counted { before, after } => {
                usize::from(before.is_some_and(|facts| seen(&facts))) * 2 + usize::from(seen(after))
            }
            // Whoever sees some of a set gets a frame of their own.
            EventBody::Set(changes) if !changes.iter().all(|one| seen(&one.before) && seen(&one.after)) => {
                return self.render(access);
            }
            other => {
                other.seen(access)?;
                0
            }
        };
        let slot = self.frames.get(kind)?;
        if let Some(frame) = slot.get() {
            return Some(frame.clone());
        }
        let frame = self.render(access)?;
        Some(slot.get_or_init(|| frame).clone())
    }

    fn render(&self, access: &Access) -> Option<Bytes> {
        let event = LiveEvent { seq: self.seq, body: self.body.seen(access)? };
        let json = serde_json::to_string(&event).ok()?;
        Some(Bytes::from(format!("id: {}\nevent: change\ndata: {json}\n\n", self.seq)))
    }
}

/// The subscribers of this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    workspaces: Mutex<HashMap<WorkspaceId, Subscribers>>,
    /// Set when a [`super::Relay`] fills gaps. Then events go out only in the order of the log.
    in_order: AtomicBool,
    gap: Notify,
    presence: Presence,
}

/// The subscribers of one workspace.
struct Subscribers {
    sender: broadcast::Sender<Arc<Numbered>>,
    /// The last event that went out, or that every subscriber has read. None until the first subscriber has asked the log.
    last: Option<i64>,
    /// Whether the log has events that did not go out.
    behind: bool,
}

impl Subscribers {
    fn send(&mut self, events: impl Iterator<Item = (i64, EventBody)>, soon: &Arc<[MemberId]>) {
        for (seq, body) in events {
            if self.last.is_some_and(|last| seq <= last) {
                continue;
            }
            self.last = Some(seq);
            // Having no subscriber is no error: the log has the event.
            let _ = self.sender.send(Arc::new(Numbered { soon: Arc::clone(soon), ..Numbered::new(seq, body) }));
        }
    }
}

impl Hub {
    /// Called by the write path after each commit.
    pub fn publish(&self, committed: Committed) {
        // Before anybody sees the event: who no longer sees the conversation is told no more of it.
        committed.events.iter().for_each(|event| self.0.presence.moved(committed.workspace, event));
        let Ok(mut workspaces) = self.0.workspaces.lock() else { return };
        let Some(room) = workspaces.get_mut(&committed.workspace) else { return };
        let first = committed.first_seq;
        if !self.0.in_order.load(Ordering::Relaxed) {
            // Events go out as they come. Each stream puts them into order itself.
            room.last = None;
            room.send((first..).zip(committed.events), &Arc::default());
        } else if room.last.is_some_and(|last| first <= last + 1) {
            room.send((first..).zip(committed.events), &Arc::default());
        } else {
            // Another process or task wrote the events before these. All of them are read from the log.
            room.behind = true;
            self.0.gap.notify_one();
        }
    }

    /// Receives events that are committed from now on. Earlier ones can be read from the log when this returns.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscribe(
        &self,
        db: &Db,
        workspace: WorkspaceId,
    ) -> Result<broadcast::Receiver<Arc<Numbered>>, StoreError> {
        let (receiver, known) = self.enter(workspace);
        if !known {
            let mut snapshot = db.snapshot().await?;
            let last = event::last(&mut snapshot.conn(), workspace).await?.unwrap_or_default();
            self.with(workspace, |room| *room.last.get_or_insert(last));
            // Events that were committed meanwhile waited for this.
            self.0.gap.notify_one();
        }
        Ok(receiver)
    }

    fn enter(&self, workspace: WorkspaceId) -> (broadcast::Receiver<Arc<Numbered>>, bool) {
        let Ok(mut workspaces) = self.0.workspaces.lock() else { return (broadcast::channel(1).1, true) };
        let new = || Subscribers { sender: broadcast::channel(BACKLOG).0, last: None, behind: false };
        let room = workspaces.entry(workspace).or_insert_with(new);
        if room.sender.receiver_count() == 0 {
            // Without subscribers the number was not kept up to date.
            (room.last, room.behind) = (None, false);
        }
        (room.sender.subscribe(), room.last.is_some() || !self.0.in_order.load(Ordering::Relaxed))
    }

    /// Who is in which conversation now.
    pub fn presence(&self) -> &Presence {
        &self.0.presence
    }

    /// The number of open streams, for the metrics.
    pub fn subscribers(&self) -> usize {
        self.0
            .workspaces
            .lock()
            .map_or(0, |workspaces| workspaces.values().map(|room| room.sender.receiver_count()).sum())
    }

    pub(super) fn keep_order(&self) {
        self.0.in_order.store(true, Ordering::Relaxed);
    }

    /// Waits until an event was committed that could not go out at once.
    pub(super) async fn gap(&self) {
        self.0.gap.notified().await;
    }

    /// Records that the log of a workspace goes up to `seq`.
    pub(super) fn heard_of(&self, workspace: WorkspaceId, seq: i64) {
        self.with(workspace, |room| room.behind |= room.last.is_none_or(|last| last < seq));
    }

    /// The workspaces whose subscribers miss events of the log. Each is returned once.
    pub(super) fn behind(&self) -> Vec<WorkspaceId> {
        let Ok(mut workspaces) = self.0.workspaces.lock() else { return Vec::new() };
        let mut behind = Vec::new();
        for (workspace, room) in workspaces.iter_mut() {
            // The first subscriber may still be asking how far the log goes. It reports the gap afterwards.
            if room.behind && room.last.is_some() && room.sender.receiver_count() > 0 {
                room.behind = false;
                behind.push(*workspace);
            }
        }
        behind
    }

    /// The last event that went out, if there are subscribers.
    pub(super) fn last(&self, workspace: WorkspaceId) -> Option<i64> {
        self.with(workspace, |room| room.last.filter(|_| room.sender.receiver_count() > 0)).flatten()
    }

    /// Sends events from the log, unless they went out meanwhile.
    pub(super) fn fill(&self, workspace: WorkspaceId, events: Vec<(i64, EventBody)>) {
        let whose = |(_, body): &(i64, EventBody)| match body {
            EventBody::Access { member } => Some(*member),
            _ => None,
        };
        let soon: Arc<[MemberId]> = events.iter().filter_map(whose).collect();
        events.iter().for_each(|(_, event)| self.0.presence.moved(workspace, event));
        self.with(workspace, |room| {
            if room.last.is_some() {
                room.send(events.into_iter(), &soon);
            }
        });
    }

    fn with<T>(&self, workspace: WorkspaceId, look: impl FnOnce(&mut Subscribers) -> T) -> Option<T> {
        self.0.workspaces.lock().ok()?.get_mut(&workspace).map(look)
    }
}
