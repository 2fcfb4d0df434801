//! Who looks at or writes in which conversation now (T12), as the stream tells it. It is not part of the reducer's state: it has no event
//! numbers, and what is missed is told again.

use leptos::prelude::*;

use crate::state::WorkspaceState;
use model::{ConversationId, DraftMode, Here, hear, told_again};

/// Who is where. Copies share their state.
#[derive(Clone, Copy)]
pub struct Presence {
    workspace: WorkspaceState,
    here: RwSignal<Vec<Here>>,
    /// The last key press in a composer of this tab, and when it was. `components/acting/telling.rs` tells the server.
    pub typed: RwSignal<Option<(ConversationId, DraftMode, i64)>>,
}

impl Presence {
    pub(super) fn new(workspace: WorkspaceState) -> Self {
        Self { workspace, here: RwSignal::default(), typed: RwSignal::new(None) }
    }

    /// Takes what the stream tells. A `=` says that nobody is anywhere.
    pub fn hear(self, told: &str) {
        let me = self.workspace.boot.with_untracked(|boot| boot.me.member.id);
        let Some(mut here) = self.here.try_get_untracked() else { return };
        hear(&mut here, told);
        here.retain(|one| one.who != Some(me));
        // Nothing is drawn again for what the member does themselves.
        if self.here.with_untracked(|before| *before != here) {
            self.here.set(here);
        }
    }

    /// What this tab knows, for another tab.
    pub fn told_again(self) -> String {
        self.here.with_untracked(|here| told_again(here))
    }

    /// Who else is in a conversation.
    pub fn of(self, id: ConversationId) -> Vec<Here> {
        self.here.with(|here| here.iter().filter(|one| one.conversation == id).copied().collect())
    }
}
