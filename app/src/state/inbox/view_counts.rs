//! How many conversations each saved view shows. Events keep the numbers true; what an event cannot tell is asked again.

use std::{collections::HashMap, time::Duration};

use leptos::prelude::*;

use super::core::Core;
use crate::api::inbox::count_lists;
use model::{Changed, Count, Filter, SavedViewId, Tally};

/// How long to wait for more reasons before the counts are asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// How many filters one request may have.
const AT_ONCE: usize = 20;

/// The counts of the saved views. Copies share their state.
#[derive(Clone, Copy)]
pub struct ViewCounts {
    core: Core,
    /// The counts by view. A view whose count is not known yet is missing.
    pub counts: RwSignal<HashMap<SavedViewId, Count>>,
    /// Incremented when the counts have to be asked again.
    pub asks: RwSignal<u32>,
    is_stale: StoredValue<bool>,
}

impl ViewCounts {
    pub(super) fn new(core: Core) -> Self {
        Self { core, counts: RwSignal::default(), asks: RwSignal::new(0), is_stale: StoredValue::new(false) }
    }

    /// Asks how many conversations these views show. Without an answer the old numbers stay.
    pub fn ask(self, views: Vec<(SavedViewId, Filter)>) {
        leptos::task::spawn_local(async move {
            let mut tallies = Vec::new();
            for some in views.chunks(AT_ONCE) {
                let filters = some.iter().map(|(_, filter)| filter.clone()).collect();
                let Ok((counts, seq)) = count_lists(filters).await else { return };
                let pairs = some.iter().zip(counts);
                tallies.extend(pairs.map(|((view, filter), count)| Tally {
                    view: *view,
                    filter: filter.clone(),
                    count,
                    seq,
                }));
            }
            self.core.change(|state| state.tallies = tallies);
            let changed = self.core.catch_up();
            self.draw();
            self.ask_again_for(&changed);
        });
    }

    pub(super) fn show(self, changed: &[Changed]) {
        if changed.contains(&Changed::Tallies) {
            self.draw();
        }
        self.ask_again_for(changed);
    }

    fn draw(self) {
        let counts = self.core.tallies(|tallies| tallies.iter().map(|tally| (tally.view, tally.count)).collect());
        let counts: HashMap<_, _> = counts.unwrap_or_default();
        if self.counts.try_with_untracked(|shown| *shown != counts) == Some(true) {
            self.counts.set(counts);
        }
    }

    fn ask_again_for(self, changed: &[Changed]) {
        if !changed.contains(&Changed::RecountTallies) || self.is_stale.try_get_value() != Some(false) {
            return;
        }
        self.is_stale.set_value(true);
        set_timeout(
            move || {
                self.is_stale.try_set_value(false);
                self.asks.try_update(|n| *n += 1);
            },
            ASK_AGAIN,
        );
    }
}
