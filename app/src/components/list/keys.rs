//! The keys of the list.

use leptos::{html, prelude::*};
use leptos_router::hooks::use_navigate;

use super::{super::row::row_href, ROW_H};
use crate::{
    components::{
        begin::{may_begin, use_begin},
        finding::use_finding,
        ui::typed_key,
    },
    state::{give_focus, use_list, use_prefetch, use_search, use_workspace},
};
use model::ConversationId;

/// Keyboard shortcuts: `↑` `↓` (and `j` `k`) move, `Enter` opens (L6), `c` starts a new mail (T16), `f` opens the filters (L3). Moving sets the real focus, so that
/// screen readers follow.
pub(super) fn keys(frame: NodeRef<html::Div>) {
    let (list, prefetch) = (use_list(), use_prefetch());
    let (workspace, begin, search) = (use_workspace(), use_begin(), use_search());
    let (navigate, finding) = (use_navigate(), use_finding());
    let at = StoredValue::new(None::<ConversationId>);
    // The row that gets the focus in the next frame. An `Enter` before that frame opens it, not the row that still has the focus.
    let next_focus = StoredValue::new(None::<ConversationId>);
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            let typed = typed_key(&event.key(), &event.code()).filter(|_| !event.shift_key());
            let letter = typed.map(|one| one.to_ascii_lowercase());
            let step: i32 = match (event.key().as_str(), letter) {
                ("ArrowDown", _) | (_, Some('j')) => 1,
                ("ArrowUp", _) | (_, Some('k')) => -1,
                ("Enter", _) | (_, Some('c' | 'f')) => 0,
                _ => return,
            };
            let modified = event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing();
            // Ignores keys that another element already handled, such as a menu button with its menu.
            if modified || event.default_prevented() || is_busy_elsewhere(&event) {
                return;
            }
            if letter == Some('f') {
                event.prevent_default();
                finding.filters.update(|open| *open = !*open);
                return;
            }
            if letter == Some('c') {
                if untrack(|| may_begin(workspace)) {
                    event.prevent_default();
                    begin.to_anybody();
                }
                return;
            }
            // Results are in place of the rows.
            if search.is_on.get_untracked() {
                return;
            }
            let order = list.order.get_untracked();
            let from = at.get_value().or(list.selected.get_untracked());
            let place = from.and_then(|id| order.iter().position(|other| *other == id));
            if step == 0 {
                let row = next_focus.get_value().or_else(|| at.get_value().filter(|_| !is_link(&event)));
                if let Some(id) = row {
                    event.prevent_default();
                    navigate(&list.listing.with_untracked(|listing| row_href(listing, id)), Default::default());
                }
                return;
            }
            let next = match (place, step) {
                (None, _) => 0,
                (Some(place), 1) => (place + 1).min(order.len().saturating_sub(1)),
                (Some(place), _) => place.saturating_sub(1),
            };
            if let Some(id) = order.get(next) {
                event.prevent_default();
                at.set_value(Some(*id));
                next_focus.set_value(Some(*id));
                bring_into_sight(frame, next, *id, move |id| {
                    if next_focus.try_get_value().flatten() == Some(id) {
                        next_focus.set_value(None);
                    }
                });
                // Also prefetches the row after the next one. A member who moves on quickly opens it too soon to fetch it then.
                let after = if step > 0 { next.checked_add(1) } else { next.checked_sub(1) };
                for id in [Some(next), after].into_iter().flatten().filter_map(|place| order.get(place)) {
                    prefetch.fetch(*id);
                }
            }
        });
        on_cleanup(move || handle.remove());
    });
}

#[cfg(feature = "hydrate")]
fn target_matches(event: &leptos::ev::KeyboardEvent, selector: &str) -> bool {
    use wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.closest(selector).ok().flatten().is_some())
}

/// Whether the key belongs to a text that is being written, a menu or a dialog. A box that selects a row takes only the space bar.
pub(crate) fn is_typing(event: &leptos::ev::KeyboardEvent) -> bool {
    #[cfg(feature = "hydrate")]
    {
        target_matches(event, "input:not(.row-check > input), textarea, select, [contenteditable], [role=menu], dialog")
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = event;
        true
    }
}

/// Whether the key belongs to a text field or a menu.
fn is_busy_elsewhere(event: &leptos::ev::KeyboardEvent) -> bool {
    #[cfg(feature = "hydrate")]
    {
        target_matches(
            event,
            "input, textarea, select, [contenteditable], [role=menu], dialog, .stream, [role=separator]",
        )
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = event;
        true
    }
}

/// Whether the focused element is a link, which the browser opens by itself.
fn is_link(event: &leptos::ev::KeyboardEvent) -> bool {
    #[cfg(feature = "hydrate")]
    {
        target_matches(event, "a, button, summary")
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = event;
        true
    }
}

/// Scrolls as little as needed, then focuses the row once it is rendered and calls `focused`.
fn bring_into_sight(
    frame: NodeRef<html::Div>,
    place: usize,
    id: ConversationId,
    focused: impl Fn(ConversationId) + 'static,
) {
    if let Some(frame) = frame.get_untracked() {
        let (top, height) = (f64::from(frame.scroll_top()), f64::from(frame.client_height()));
        let (row, row_h) = (place as f64 * f64::from(ROW_H), f64::from(ROW_H));
        if row < top {
            frame.set_scroll_top(row as i32);
        } else if row + row_h > top + height {
            frame.set_scroll_top((row + row_h - height) as i32);
        }
    }
    request_animation_frame(move || {
        give_focus(&format!("#row-{id}"));
        focused(id);
    });
}
