//! Who I am and the workspace around me, for every component below the signed-in layout.

use leptos::prelude::*;

use super::browser::ahead_of_utc;
use model::{Bootstrap, Timestamp};

/// The workspace as last known; live events keep it up to date.
#[derive(Clone, Copy)]
pub struct WorkspaceState {
    /// People, teams, channels, me.
    pub boot: RwSignal<Bootstrap>,
    /// The time, in steps of some seconds, by the server's clock: both sides render the same.
    pub now: RwSignal<Timestamp>,
    /// Whose clocks times are told by.
    pub zone: Zone,
}

/// The reader's time zone. The server does not know it: what it drew is in UTC, and stays so until the browser has taken over.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    known: RwSignal<bool>,
}

impl Zone {
    /// UTC so far.
    pub fn unknown() -> Self {
        Self { known: RwSignal::new(false) }
    }

    /// From now on times are told in the reader's zone.
    pub fn learn(self) {
        self.known.set(true);
    }

    /// A time in milliseconds, moved so that counted as UTC it is what the reader's clocks show then.
    pub fn local(self, at: i64) -> i64 {
        if self.known.get() { at + ahead_of_utc(at) } else { at }
    }

    /// The same for what is not drawn again by itself.
    pub(super) fn local_untracked(self, at: i64) -> i64 {
        if self.known.get_untracked() { at + ahead_of_utc(at) } else { at }
    }
}

/// The reader's zone; UTC where nobody is signed in.
pub fn use_zone() -> Zone {
    use_context::<WorkspaceState>().map_or_else(Zone::unknown, |workspace| workspace.zone)
}

/// The workspace. Only below the signed-in layout.
///
/// # Panics
/// Outside of it.
pub fn use_workspace() -> WorkspaceState {
    expect_context::<WorkspaceState>()
}

/// The time for relative times, in milliseconds since 1970.
pub fn use_now() -> Signal<i64> {
    let workspace = use_workspace();
    Signal::derive(move || workspace.now.get().0)
}
