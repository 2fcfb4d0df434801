//! Fetches what is probably opened next: the conversations below the open one.

use std::time::Duration;

use leptos::prelude::*;

use crate::state::{Shown, use_list, use_prefetch, use_thread};

/// How many are fetched.
const NEXT: usize = 3;
/// How long a conversation must have been open. Whoever goes quickly through the list fetches nothing on the way.
const SETTLED: Duration = Duration::from_millis(150);

/// Watches until the page is left.
pub(super) fn fetch_next() {
    let (list, thread, prefetch) = (use_list(), use_thread(), use_prefetch());
    Effect::new(move |_| {
        let Shown::Thread(open) = thread.shown.get() else { return };
        let fetch = move || {
            if list.selected.try_get_untracked().flatten() != Some(open) {
                return;
            }
            let next = list.order.try_with_untracked(|order| {
                let place = order.iter().position(|id| *id == open).map_or(0, |place| place + 1);
                order.iter().skip(place).take(NEXT).copied().collect::<Vec<_>>()
            });
            next.into_iter().flatten().for_each(|id| prefetch.fetch(id));
        };
        set_timeout(fetch, SETTLED);
    });
}
