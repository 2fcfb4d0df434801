//! The inbox on screen. Each feature is a part of its own: the signals that its components watch, row by row. The reducer changes the plain
//! state behind them, and each part takes from that what it shows.

mod ahead;
mod core;
mod drafts;
mod last_mail;
mod list;
mod notices;
mod prefetch;
mod presence;
mod seen;
mod slots;
mod thread;
mod view_counts;

use leptos::prelude::*;

use self::core::Core;
pub use self::{
    ahead::Ahead,
    drafts::SavedDrafts,
    last_mail::LastMail,
    list::{Asked, ListState, Listed},
    notices::Notices,
    prefetch::Prefetch,
    presence::Presence,
    slots::Slotted,
    thread::{Goal, Opened, Shown, ThreadState},
    view_counts::ViewCounts,
};
use super::WorkspaceState;
use model::{Bootstrap, Changed, LiveEvent, WorkspacePart};

/// All parts of the inbox. It lives as long as the signed-in layout and is cheap to copy. Only the layout and the stream need all of it;
/// components take the part that they show.
#[derive(Clone, Copy)]
pub struct Inbox {
    core: Core,
    workspace: WorkspaceState,
    list: ListState,
    thread: ThreadState,
    prefetch: Prefetch,
    drafts: SavedDrafts,
    view_counts: ViewCounts,
    presence: Presence,
    notices: Notices,
}

/// Returns the list. Works only below the signed-in layout, like the other parts.
pub fn use_list() -> ListState {
    expect_context::<Inbox>().list
}

/// Returns the open conversation.
pub fn use_thread() -> ThreadState {
    expect_context::<Inbox>().thread
}

/// Returns the prefetched conversations.
pub fn use_prefetch() -> Prefetch {
    expect_context::<Inbox>().prefetch
}

/// Returns the drafts that the server stores.
pub fn use_saved_drafts() -> SavedDrafts {
    expect_context::<Inbox>().drafts
}

/// Returns the counts of saved views.
pub fn use_view_counts() -> ViewCounts {
    expect_context::<Inbox>().view_counts
}

/// Returns who is in which conversation.
pub fn use_presence() -> Presence {
    expect_context::<Inbox>().presence
}

/// Returns the member's notices.
pub fn use_notices() -> Notices {
    expect_context::<Inbox>().notices
}

impl Inbox {
    /// Creates the inbox of a workspace, with no conversations yet.
    pub fn new(workspace: WorkspaceState, boot: Bootstrap) -> Self {
        let (core, selected) = (Core::new(boot), RwSignal::new(None));
        let list = ListState::new(core, selected);
        Self {
            core,
            workspace,
            list,
            thread: ThreadState::new(core, workspace, list),
            prefetch: Prefetch::new(core, selected),
            drafts: SavedDrafts::new(core),
            view_counts: ViewCounts::new(core),
            presence: Presence::new(workspace),
            notices: Notices::new(),
        }
    }

    /// The event number from which a stream must continue.
    pub fn cursor(self) -> i64 {
        self.core.cursor()
    }

    /// Who is in which conversation, for the stream.
    pub fn presence(self) -> Presence {
        self.presence
    }

    /// Applies a live event.
    pub fn receive(self, event: LiveEvent) {
        self.prefetch.forget_changed(&event);
        self.thread.notice(&event);
        self.notices.hear(&event);
        let changed = self.core.apply(event);
        if changed.contains(&Changed::Workspace) {
            self.show_workspace();
        }
        self.list.show(&changed);
        self.thread.show(&changed);
        self.drafts.show(&changed);
        self.view_counts.show(&changed);
    }

    /// Shows rows ahead of the server from now on, or as it says if there is nothing to show ahead.
    pub fn show_ahead(self, ahead: Option<Ahead>) {
        self.core.set_ahead(ahead);
        self.list.draw();
        self.thread.draw_head();
    }

    /// Events were missed. What was read before them is not kept.
    pub fn missed_events(self) {
        self.list.replace_at_next_read();
        self.prefetch.forget_all();
    }

    /// Replaces people, teams and channels with a fresh read.
    pub fn set_workspace(self, boot: Bootstrap) {
        self.core.change(|state| state.workspace = Some(WorkspacePart { boot }));
        self.core.catch_up();
        self.show_workspace();
    }

    fn show_workspace(self) {
        if let Some(boot) = self.core.boot() {
            self.workspace.boot.try_set(boot);
        }
    }

    /// Places the day separators in the member's time zone, once that is known.
    pub fn part_days(self) {
        self.thread.part_days();
    }
}

#[cfg(test)]
mod tests;
