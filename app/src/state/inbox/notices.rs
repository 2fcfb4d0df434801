//! What the stream says of the member's notices (N2). What is made of it is code that loads later (`components/acting/notices.rs`).

use leptos::prelude::*;

use model::{ConversationId, LiveBody, LiveEvent, NoticePage, Tab};

/// How many new conversations are remembered.
const MOST_NEW: usize = 200;

/// The member's notices. Copies share their state.
#[derive(Clone, Copy)]
pub struct Notices {
    /// The number at the bell and in the title.
    pub unseen: RwSignal<i64>,
    /// Incremented when the notices have to be asked again.
    pub asks: RwSignal<u32>,
    /// The last answer.
    pub page: RwSignal<Option<NoticePage>>,
    /// Whether the last request failed.
    pub failed: RwSignal<bool>,
    /// The conversations that began since the member looked, and are still assigned to nobody.
    pub came: RwSignal<Vec<ConversationId>>,
    /// Whether this tab is the one of the browser that shows browser notices. None until it has asked.
    pub leads: StoredValue<Option<bool>>,
    /// Whether a request is about to be sent.
    pub waits: StoredValue<bool>,
}

impl Notices {
    pub(super) fn new() -> Self {
        Self {
            unseen: RwSignal::new(0),
            asks: RwSignal::new(0),
            page: RwSignal::new(None),
            failed: RwSignal::new(false),
            came: RwSignal::new(Vec::new()),
            leads: StoredValue::new(None),
            waits: StoredValue::new(false),
        }
    }

    /// Asks for the notices again.
    pub fn ask(self) {
        self.asks.try_update(|n| *n += 1);
    }

    /// A title of the page, with the number of unseen notices before it.
    pub fn title(self, name: &str) -> String {
        // The server may ask on a thread that has begun another page. Nothing is unseen there anyway.
        match self.unseen.try_get().unwrap_or_default() {
            0 => format!("{name} · Tandem"),
            n => format!("({n}) {name} · Tandem"),
        }
    }

    pub(super) fn hear(self, event: &LiveEvent) {
        match &event.body {
            // What is no longer the member's to see is not counted.
            LiveBody::Notices | LiveBody::Gone { .. } => self.ask(),
            LiveBody::Conversation { row, messages, .. } => {
                let is_free = row.state.assignee.is_none() && row.state.tab() == Tab::Active;
                let is_known = self.came.try_with_untracked(|came| came.contains(&row.id)) == Some(true);
                let began = messages.first().is_some_and(|message| message.n == 1);
                if is_known && !is_free {
                    self.came.update(|came| came.retain(|id| *id != row.id));
                } else if began && is_free && !is_known {
                    self.came.try_update(|came| {
                        came.push(row.id);
                        let surplus = came.len().saturating_sub(MOST_NEW);
                        came.drain(..surplus);
                    });
                }
            }
            _ => {}
        }
    }
}
