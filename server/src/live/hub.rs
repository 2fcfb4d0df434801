//! Hands committed events to this process's subscribers, in order.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use app::model::{Access, EventBody, LiveEvent, WorkspaceId};
use bytes::Bytes;
use tokio::sync::broadcast;

use crate::store::Committed;

/// How many events a slow subscriber may fall behind before it is told to read afresh.
const BACKLOG: usize = 1024;

/// A committed event, with the bytes that browsers get: rendered once for all who see the same of it.
pub struct Numbered {
    /// Its number.
    pub seq: i64,
    /// What happened.
    pub body: EventBody,
    frames: [OnceLock<Bytes>; 3],
}

impl Numbered {
    /// An event as it was committed or read back.
    pub fn new(seq: i64, body: EventBody) -> Self {
        Self { seq, body, frames: Default::default() }
    }

    /// The frame for somebody who sees so much; none when they may not know of it.
    pub fn frame(&self, access: &Access) -> Option<Bytes> {
        let kind = match &self.body {
            EventBody::Conversation { before, row, .. } => {
                match (before.is_some_and(|facts| access.sees(&facts)), access.sees(&row.facts())) {
                    (true, true) => 0,
                    (false, true) => 1,
                    (true, false) => 2,
                    (false, false) => return None,
                }
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
        let event = LiveEvent { seq: self.seq, body: self.body.seen(access)? };
        let json = serde_json::to_string(&event).ok()?;
        Some(slot.get_or_init(|| Bytes::from(format!("id: {}\nevent: change\ndata: {json}\n\n", self.seq))).clone())
    }
}

/// The subscribers of this process.
#[derive(Clone, Default)]
pub struct Hub {
    workspaces: Arc<Mutex<HashMap<WorkspaceId, broadcast::Sender<Arc<Numbered>>>>>,
}

impl Hub {
    /// Told by the write path after each commit, in commit order.
    pub fn publish(&self, committed: Committed) {
        let Ok(workspaces) = self.workspaces.lock() else { return };
        let Some(sender) = workspaces.get(&committed.workspace) else { return };
        for (seq, body) in (committed.first_seq..).zip(committed.events) {
            // Nobody listening is no fault: the log has it.
            let _ = sender.send(Arc::new(Numbered::new(seq, body)));
        }
    }

    /// What is committed from now on.
    pub fn subscribe(&self, workspace: WorkspaceId) -> broadcast::Receiver<Arc<Numbered>> {
        let Ok(mut workspaces) = self.workspaces.lock() else { return broadcast::channel(1).1 };
        workspaces.entry(workspace).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// How many streams are open, for the figures.
    pub fn subscribers(&self) -> usize {
        self.workspaces.lock().map_or(0, |workspaces| workspaces.values().map(broadcast::Sender::receiver_count).sum())
    }
}
