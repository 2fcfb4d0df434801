//! Loads the entries after those of a conversation that was opened at an older one (L5). The entries that are visible stay where they are.

use leptos::prelude::*;

use crate::{api::search::load_newer, state::use_thread};

/// Loads whenever it is asked for.
pub(crate) fn listen() {
    let thread = use_thread();
    Effect::new(move |_| {
        let Some(id) = thread.selected.get().filter(|_| thread.asks_newer.get()) else { return };
        let after = thread.last_shown();
        leptos::task::spawn_local(async move {
            if let Ok((newer, more)) = load_newer(id, after).await {
                let kept = Kept::last();
                thread.append(id, newer, more);
                // Before the next paint.
                request_animation_frame(move || Kept::restore(kept));
            }
            thread.asks_newer.try_set(false);
        });
    });
}

/// An entry and its place on the screen, to scroll by as much as it moves. The scroll container counts from its end, so entries added
/// there would move all others.
struct Kept {
    #[cfg(feature = "hydrate")]
    entry: web_sys::Element,
    #[cfg(feature = "hydrate")]
    top: f64,
}

impl Kept {
    /// The newest entry that is loaded.
    fn last() -> Option<Self> {
        #[cfg(feature = "hydrate")]
        {
            let button = document().query_selector(".stream .newer").ok().flatten()?;
            let entry = button.previous_element_sibling()?;
            let top = entry.get_bounding_client_rect().top();
            Some(Self { entry, top })
        }
        #[cfg(not(feature = "hydrate"))]
        None
    }

    fn restore(kept: Option<Self>) {
        #[cfg(feature = "hydrate")]
        if let Some(Self { entry, top }) = kept
            && let Some(frame) = entry.closest(".stream").ok().flatten()
        {
            let moved = entry.get_bounding_client_rect().top() - top;
            frame.set_scroll_top(frame.scroll_top() + moved.round() as i32);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = kept;
    }
}
