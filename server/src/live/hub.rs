//! Hands committed events to this process's subscribers, in order.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use model::{Access, EventBody, Facts, LiveEvent, WorkspaceId};
use store::{Committed, Db, error::StoreError, event};
use tokio::sync::{Notify, broadcast};

use super::attendance::Answers;

/// How many events a slow subscriber may fall behind before it is told to read afresh.
const BACKLOG: usize = 1024;

/// A committed event, with the bytes that browsers get: rendered once for all who see the same of it.
pub struct Numbered {
    /// Its number.
    pub seq: i64,
    /// What happened.
    pub body: EventBody,
    /// One for each combination of what is seen of it.
    frames: [OnceLock<Bytes>; 8],
    pub(super) answers: Answers,
}

impl Numbered {
    /// An event as it was committed or read back.
    pub fn new(seq: i64, body: EventBody) -> Self {
        Self { seq, body, frames: Default::default(), answers: Answers::default() }
    }

    /// The frame for somebody who sees so much; none when they may not know of it.
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

/// The subscribers of this process.
#[derive(Clone, Default)]
pub struct Hub(Arc<Inner>);

#[derive(Default)]
struct Inner {
    workspaces: Mutex<HashMap<WorkspaceId, Subscribers>>,
    /// Set when a [`super::Relay`] fills gaps: then everything goes out in the order of the log.
    in_order: AtomicBool,
    gap: Notify,
}

/// The subscribers of a workspace.
struct Subscribers {
    sender: broadcast::Sender<Arc<Numbered>>,
    /// The last event that went out, or that every subscriber has read. Unknown until the first of them has asked.
    last: Option<i64>,
    /// The log has more than went out.
    behind: bool,
}

impl Subscribers {
    fn send(&mut self, events: impl Iterator<Item = (i64, EventBody)>) {
        for (seq, body) in events {
            if self.last.is_some_and(|last| seq <= last) {
                continue;
            }
            self.last = Some(seq);
            // Nobody listening is no fault: the log has it.
            let _ = self.sender.send(Arc::new(Numbered::new(seq, body)));
        }
    }
}

impl Hub {
    /// Told by the write path after each commit.
    pub fn publish(&self, committed: Committed) {
        let Ok(mut workspaces) = self.0.workspaces.lock() else { return };
        let Some(room) = workspaces.get_mut(&committed.workspace) else { return };
        let first = committed.first_seq;
        if !self.0.in_order.load(Ordering::Relaxed) {
            // As it is heard of: each stream sees to the order itself.
            room.last = None;
            room.send((first..).zip(committed.events));
        } else if room.last.is_some_and(|last| first <= last + 1) {
            room.send((first..).zip(committed.events));
        } else {
            // Another process, or another task of this one, wrote what comes before: all of it is read from the log.
            room.behind = true;
            self.0.gap.notify_one();
        }
    }

    /// What is committed from now on; what was committed before this answers can be read.
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
            // What was committed meanwhile waits for this.
            self.0.gap.notify_one();
        }
        Ok(receiver)
    }

    fn enter(&self, workspace: WorkspaceId) -> (broadcast::Receiver<Arc<Numbered>>, bool) {
        let Ok(mut workspaces) = self.0.workspaces.lock() else { return (broadcast::channel(1).1, true) };
        let new = || Subscribers { sender: broadcast::channel(BACKLOG).0, last: None, behind: false };
        let room = workspaces.entry(workspace).or_insert_with(new);
        if room.sender.receiver_count() == 0 {
            // Nobody kept it up to date.
            (room.last, room.behind) = (None, false);
        }
        (room.sender.subscribe(), room.last.is_some() || !self.0.in_order.load(Ordering::Relaxed))
    }

    /// How many streams are open, for the figures.
    pub fn subscribers(&self) -> usize {
        self.0
            .workspaces
            .lock()
            .map_or(0, |workspaces| workspaces.values().map(|room| room.sender.receiver_count()).sum())
    }

    pub(super) fn keep_order(&self) {
        self.0.in_order.store(true, Ordering::Relaxed);
    }

    /// Waits until something was committed that could not go out at once.
    pub(super) async fn gap(&self) {
        self.0.gap.notified().await;
    }

    /// The log of a workspace goes up to `seq`.
    pub(super) fn heard_of(&self, workspace: WorkspaceId, seq: i64) {
        self.with(workspace, |room| room.behind |= room.last.is_none_or(|last| last < seq));
    }

    /// The workspaces whose subscribers do not have all of the log, asked once.
    pub(super) fn behind(&self) -> Vec<WorkspaceId> {
        let Ok(mut workspaces) = self.0.workspaces.lock() else { return Vec::new() };
        let mut behind = Vec::new();
        for (workspace, room) in workspaces.iter_mut() {
            // Where the first subscriber still asks how far the log goes, it says so when it knows.
            if room.behind && room.last.is_some() && room.sender.receiver_count() > 0 {
                room.behind = false;
                behind.push(*workspace);
            }
        }
        behind
    }

    /// The last event that went out, if anybody wants to know.
    pub(super) fn last(&self, workspace: WorkspaceId) -> Option<i64> {
        self.with(workspace, |room| room.last.filter(|_| room.sender.receiver_count() > 0)).flatten()
    }

    /// What was read from the log: what did not go out meanwhile goes out.
    pub(super) fn fill(&self, workspace: WorkspaceId, events: Vec<(i64, EventBody)>) {
        self.with(workspace, |room| {
            if room.last.is_some() {
                room.send(events.into_iter());
            }
        });
    }

    fn with<T>(&self, workspace: WorkspaceId, look: impl FnOnce(&mut Subscribers) -> T) -> Option<T> {
        self.0.workspaces.lock().ok()?.get_mut(&workspace).map(look)
    }
}
