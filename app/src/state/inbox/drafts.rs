//! The member's drafts in the open conversation, as the server stores them for all devices.

use leptos::prelude::*;

use super::core::Core;
use model::{Changed, Draft, DraftMode, ThreadPart};

/// The stored drafts. What is being typed belongs to the composer.
#[derive(Clone, Copy)]
pub struct SavedDrafts {
    core: Core,
    /// Incremented when another tab or device changes the member's drafts.
    pub changes: RwSignal<u32>,
}

impl SavedDrafts {
    pub(super) fn new(core: Core) -> Self {
        Self { core, changes: RwSignal::new(0) }
    }

    /// The draft in a mode.
    pub fn of(self, mode: DraftMode) -> Draft {
        let of = |part: &ThreadPart| part.thread.drafts.iter().find(|d| d.mode == mode).cloned();
        let nothing = Draft { mode, text: String::new(), id: None };
        self.core.thread(of).flatten().unwrap_or(nothing)
    }

    /// Shows what the reducer changed.
    pub(super) fn show(self, changed: &[Changed]) {
        if changed.iter().any(|c| matches!(c, Changed::Draft(_))) {
            self.changes.try_update(|n| *n += 1);
        }
    }
}
