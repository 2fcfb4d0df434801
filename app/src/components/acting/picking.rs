//! Selects rows of the list by their boxes (L7).

use leptos::prelude::*;

use crate::state::{use_acting, use_list};
use model::ConversationId;

/// Handles clicks on the boxes until the list is gone.
pub(super) fn listen() {
    let (acting, list) = (use_acting(), use_list());
    Effect::new(move |_| {
        let handle = window_event_listener(leptos::ev::click, move |event| {
            let Some(id) = row_of_box(&event) else { return };
            // With Shift, everything between the row that was selected last and this one.
            let last = acting.picked.with_untracked(|picked| picked.last().copied());
            let between = last.filter(|last| event.shift_key() && *last != id).and_then(|last| {
                list.order.with_untracked(|order| {
                    let place = |id: ConversationId| order.iter().position(|one| *one == id);
                    let (from, to) = (place(last)?, place(id)?);
                    order.get(from.min(to)..=from.max(to)).map(<[_]>::to_vec)
                })
            });
            match between {
                Some(rows) => acting.picked.update(|picked| {
                    picked.retain(|one| !rows.contains(one));
                    picked.extend(rows);
                }),
                None => acting.turn(id),
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// The conversation whose box was clicked.
fn row_of_box(event: &leptos::ev::MouseEvent) -> Option<ConversationId> {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let target = event.target()?.dyn_into::<web_sys::HtmlInputElement>().ok()?;
        target.closest(".row-check").ok().flatten()?;
        super::keys::conversation_of(&target)
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = event;
        None
    }
}
