//! The plain state behind the parts. The reducer changes it; the parts copy from it what they show.

use std::{collections::VecDeque, sync::Arc};

use leptos::prelude::*;

use super::ahead::Ahead;
use model::{Bootstrap, Changed, ConversationRow, InboxState, ListPart, LiveEvent, Tally, ThreadPart, WorkspacePart};

/// How many recent events are kept, to apply them to answers that were read before these events but arrive after them.
const RECENT: usize = 500;

/// The state that the parts share. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct Core {
    state: StoredValue<InboxState>,
    recent: StoredValue<VecDeque<LiveEvent>>,
    ahead: StoredValue<Option<Arc<Ahead>>>,
}

impl Core {
    /// The state of a workspace, with no conversations yet.
    pub fn new(boot: Bootstrap) -> Self {
        let state = InboxState { workspace: Some(WorkspacePart { boot }), ..InboxState::default() };
        Self { state: StoredValue::new(state), recent: StoredValue::default(), ahead: StoredValue::new(None) }
    }

    /// The event number from which a stream must continue.
    pub fn cursor(self) -> i64 {
        self.state.try_with_value(InboxState::cursor).flatten().unwrap_or(0)
    }

    /// Reads people, teams and channels.
    pub fn boot(self) -> Option<Bootstrap> {
        let boot = |state: &InboxState| state.workspace.as_ref().map(|workspace| workspace.boot.clone());
        self.state.try_with_value(boot).flatten()
    }

    /// Reads the list. None if there is none yet.
    pub fn list<T>(self, read: impl FnOnce(&ListPart) -> T) -> Option<T> {
        self.state.try_with_value(|state| state.list.as_ref().map(read)).flatten()
    }

    /// Reads the list as it is shown.
    pub fn shown_list<T>(self, read: impl FnOnce(&ListPart) -> T) -> Option<T> {
        match self.ahead.try_get_value().flatten() {
            Some(ahead) => self.list(ListPart::clone).map(|mut list| {
                (ahead.list)(&mut list);
                read(&list)
            }),
            None => self.list(read),
        }
    }

    /// The open conversation's row as it is shown.
    pub fn shown_row(self, mut row: ConversationRow) -> ConversationRow {
        if let Some(ahead) = self.ahead.try_get_value().flatten() {
            (ahead.row)(&mut row);
        }
        row
    }

    /// Sets how rows are shown. None if the server has confirmed everything.
    pub fn set_ahead(self, ahead: Option<Ahead>) {
        self.ahead.try_set_value(ahead.map(Arc::new));
    }

    /// Reads the counts of saved views.
    pub fn tallies<T>(self, read: impl FnOnce(&[Tally]) -> T) -> Option<T> {
        self.state.try_with_value(|state| read(&state.tallies))
    }

    /// Reads the open conversation. None if there is none.
    pub fn thread<T>(self, read: impl FnOnce(&ThreadPart) -> T) -> Option<T> {
        self.state.try_with_value(|state| state.thread.as_ref().map(read)).flatten()
    }

    /// Changes the state without an event, after something was read.
    pub fn change<T>(self, change: impl FnOnce(&mut InboxState) -> T) -> Option<T> {
        self.state.try_update_value(change)
    }

    /// Applies a live event, and keeps it for answers that are still on their way.
    pub fn apply(self, event: LiveEvent) -> Vec<Changed> {
        let changed = self.change(|state| state.apply(&event)).unwrap_or_default();
        self.recent.try_update_value(|recent| {
            if recent.len() >= RECENT {
                recent.pop_front();
            }
            recent.push_back(event);
        });
        changed
    }

    /// Applies the recent events to a part that was just read. The other parts include them already, so all changes are in that part.
    pub fn catch_up(self) -> Vec<Changed> {
        let events: Vec<LiveEvent> = self.recent.with_value(|recent| recent.iter().cloned().collect());
        let apply = |state: &mut InboxState| events.iter().flat_map(|event| state.apply(event)).collect();
        self.change(apply).unwrap_or_default()
    }

    /// Whether all events after `seq` are kept.
    pub fn keeps_all_after(self, seq: i64) -> bool {
        let reaches = |recent: &VecDeque<LiveEvent>| {
            recent.front().filter(|_| recent.len() >= RECENT).is_none_or(|first| seq + 1 >= first.seq)
        };
        self.recent.try_with_value(reaches).unwrap_or(false)
    }
}
