//! The signed-in member and their workspace, for every component below the signed-in layout.

use leptos::prelude::*;

use super::browser::ahead_of_utc;
use model::{Bootstrap, Day, Timestamp};

/// The last known state of the workspace. Live events keep it up to date.
#[derive(Clone, Copy)]
pub struct WorkspaceState {
    /// People, teams, channels and the signed-in member.
    pub boot: RwSignal<Bootstrap>,
    /// The server's time in steps of some seconds, so that server and browser render the same.
    pub now: RwSignal<Timestamp>,
    /// The time zone in which times are shown.
    pub zone: Zone,
}

/// The reader's time zone. The server does not know it, so it renders UTC. The browser shows UTC until hydration is over.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    known: RwSignal<bool>,
}

impl Zone {
    /// Starts with UTC.
    pub fn unknown() -> Self {
        Self { known: RwSignal::new(false) }
    }

    /// Switches to the reader's time zone.
    pub fn learn(self) {
        self.known.set(true);
    }

    /// Shifts a time in milliseconds so that, read as UTC, it shows the reader's local time.
    pub fn local(self, at: i64) -> i64 {
        if self.known.get() { at + ahead_of_utc(at) } else { at }
    }

    /// When a day of the reader's calendar begins.
    pub fn begins(self, day: Day) -> Timestamp {
        let local = day.begins();
        if !self.known.get() {
            return Timestamp(local);
        }
        // The offset at midnight, which on the day of a change of clocks is another one than at noon.
        let guess = local - ahead_of_utc(local);
        Timestamp(local - ahead_of_utc(guess))
    }

    /// When the clock of a day shows a time, in milliseconds after midnight. On the days on which the clocks change, a day has 23 or 25 hours.
    pub fn at(self, day: Day, time: i64) -> Timestamp {
        let wanted = day.begins() + time;
        let guess = self.begins(day).0 + time;
        let after = guess + wanted - self.local(guess);
        // A time that is skipped is the one as long after midnight.
        Timestamp(if self.local(after) == wanted { after } else { guess })
    }

    /// Like [`Self::local`], but without tracking, for callers that do not render again.
    pub(super) fn local_untracked(self, at: i64) -> i64 {
        if self.known.get_untracked() { at + ahead_of_utc(at) } else { at }
    }
}

/// Returns the reader's time zone, or UTC if nobody is signed in.
pub fn use_zone() -> Zone {
    use_context::<WorkspaceState>().map_or_else(Zone::unknown, |workspace| workspace.zone)
}

/// Returns the workspace. Works only below the signed-in layout.
///
/// # Panics
/// When it is called outside the signed-in layout.
pub fn use_workspace() -> WorkspaceState {
    expect_context::<WorkspaceState>()
}

/// The current time in milliseconds since 1970, for relative times.
pub fn use_now() -> Signal<i64> {
    let workspace = use_workspace();
    Signal::derive(move || workspace.now.get().0)
}
