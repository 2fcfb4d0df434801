//! The search field above the list (L5). Only the field is here, as plain HTML: what it does with keys, what it finds, offers and remembers
//! is code that loads later, in the files of `search/`.

mod complete;
mod field;
mod finder;
mod found;
mod hit;
mod mark;
pub(super) mod newer;
mod offers;
mod recent;

use leptos::{ev, prelude::*};

use super::{list::is_typing, ui::typed_key};
use crate::{
    piece::{FindingPart, Piece, Place, finding_part, show_piece},
    state::{Search, give_focus, use_search},
};
pub(crate) use found::draw;

/// The field. It never changes except by what is typed and by `field.rs`. The style sheet shows the button that clears it.
const FIELD: &str = r##"<svg class="icon" aria-hidden="true"><use href="#i-search"></use></svg><input class="search-input" id="search-text" type="text" inputmode="search" enterkeyhint="search" placeholder="Search" aria-label="Search conversations" aria-keyshortcuts="/" role="combobox" aria-autocomplete="list" aria-expanded="false" autocomplete="off" autocapitalize="none" spellcheck="false" dir="auto"><kbd aria-hidden="true">/</kbd><button type="button" class="icon-btn icon-btn-small search-clear" aria-label="Clear the search"><svg class="icon" aria-hidden="true"><use href="#i-x"></use></svg></button>"##;

/// The field, and below it what it finds.
#[component]
pub fn SearchField() -> impl IntoView {
    let search = use_search();
    Effect::new(move |_| {
        let handle = window_event_listener(ev::keydown, move |event| {
            let modified = event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented();
            if typed_key(&event.key(), &event.code()) == Some('/') && !modified && !is_typing(&event) {
                event.prevent_default();
                give_focus(Search::FIELD);
            }
        });
        on_cleanup(move || handle.remove());
    });
    // Only once: each change of the signal renders anew what is below.
    let use_it = move |_| {
        if !search.used.get_untracked() {
            search.used.set(true);
        }
    };
    view! {
        <div
            class="search"
            role="search"
            inner_html=FIELD
            on:focusin=use_it
            on:input=move |event| search.text.set(event_target_value(&event))
        ></div>
        <div class="finding">
            {move || {
                search.used.get().then(|| show_piece(Piece::Finding, Place::Part, || Box::pin(finding_part(FindingPart::Search))))
            }}
        </div>
    }
    .into_any()
}
