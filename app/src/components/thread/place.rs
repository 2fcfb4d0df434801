//! Where the reader is in a thread: at its end, or at an entry that a search or a link led to (L5).

use leptos::{html, prelude::*};
use leptos_router::hooks::{use_location, use_navigate};

use crate::state::{ThreadState, query_at, use_outbox, use_thread};
use model::ConversationId;

/// Follows where the thread asks to scroll, and what leads back to its end.
#[derive(Clone, Copy)]
pub(super) struct Place {
    thread: ThreadState,
    /// Goes to the end of the conversation.
    pub to_newest: Callback<()>,
}

impl Place {
    pub fn new(id: ConversationId, frame: NodeRef<html::Div>) -> Self {
        let (thread, outbox) = (use_thread(), use_outbox());
        let (navigate, query) = (use_navigate(), use_location().search);
        // The URL says where the conversation is open, so the end is another URL.
        let navigate = StoredValue::new_local(navigate);
        let to_newest = Callback::new(move |()| {
            if thread.newer.get_untracked() {
                let url = format!("/inbox/{id}{}", query.with_untracked(|query| query_at(query, None)));
                let options = leptos_router::NavigateOptions { replace: true, scroll: false, ..Default::default() };
                navigate.with_value(|navigate| navigate(&url, options));
            } else if let Some(frame) = frame.get_untracked() {
                frame.set_scroll_top(0);
            }
        });
        // The effect runs after the entries of the same change were rendered, or before: the next frame is after both.
        Effect::new(move |_| {
            if let Some(goal) = thread.goal.get().filter(|goal| goal.id == id) {
                request_animation_frame(move || match goal.at {
                    Some(n) => light(n),
                    None => {
                        if let Some(frame) = frame.try_get_untracked().flatten() {
                            frame.set_scroll_top(0);
                        }
                    }
                });
            }
        });
        // A reply appears at the end, so its author is taken there.
        Effect::new(move |before: Option<usize>| {
            let now = outbox.of(id).len();
            if before.is_some_and(|before| now > before) && thread.newer.get_untracked() {
                to_newest.run(());
            }
            now
        });
        Self { thread, to_newest }
    }

    /// Asks for newer entries below.
    pub fn load_newer(self) {
        if self.thread.newer.get_untracked() {
            self.thread.asks_newer.set(true);
        }
    }
}

/// Scrolls to an entry, and lights it for a moment.
fn light(n: i64) {
    #[cfg(feature = "hydrate")]
    {
        let find = |selector: &str| document().query_selector(selector).ok().flatten();
        if let Some(before) = find(".msgs > [data-lit]") {
            let _ = before.remove_attribute("data-lit");
        }
        if let Some(entry) = find(&format!("#m{n}")) {
            // One longer than the panel begins at its top.
            let fits = entry
                .parent_element()
                .and_then(|list| list.parent_element())
                .is_none_or(|frame| frame.client_height() > entry.client_height());
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(if fits {
                web_sys::ScrollLogicalPosition::Center
            } else {
                web_sys::ScrollLogicalPosition::Start
            });
            entry.scroll_into_view_with_scroll_into_view_options(&options);
            let _ = entry.set_attribute("data-lit", "");
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = n;
}
