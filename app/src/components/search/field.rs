//! What the field does: its keys, its caret, and what it tells screen readers. The field itself is plain HTML in the main program.

use leptos::prelude::*;

use crate::state::{Search, use_search};

/// A key that moves in what the search offers.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has keys"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SearchKey {
    /// To the next.
    Down,
    /// To the one before.
    Up,
    /// Opens or accepts.
    Enter,
    /// Accepts.
    Tab,
    /// Removes.
    Delete,
    /// Closes, clears or leaves.
    Escape,
}

/// What a screen reader is told of the field: which list belongs to it, and which of its options is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// The id of the list.
    pub list: Option<&'static str>,
    /// The id of the option.
    pub chosen: Option<String>,
}

/// The field. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct SearchBox {
    search: Search,
    /// Whether it has the focus.
    pub focused: RwSignal<bool>,
}

impl SearchBox {
    /// The field as it is now. Its text may have been typed before this code was loaded, or before another page was opened.
    pub fn new() -> Self {
        let this = Self { search: use_search(), focused: RwSignal::new(is_focused()) };
        if text_shown().is_some_and(|text| text.is_empty()) {
            show_text(&this.search.text.get_untracked(), None);
        }
        this
    }

    /// Replaces the text, with the caret at a position in UTF-16 units, or at its end.
    pub fn write(self, text: String, caret: Option<u32>) {
        // The field first: completions depend on its caret.
        show_text(&text, caret);
        self.search.text.set(text);
    }

    /// Handles keys, the button that clears, and the focus. `press` returns whether it used a key.
    pub fn listen(self, press: impl Fn(SearchKey) -> bool + Copy + 'static) {
        #[cfg(feature = "hydrate")]
        {
            use leptos::ev;

            use crate::state::give_focus;

            let pressed = move |key: SearchKey| {
                if press(key) {
                    return true;
                }
                if key == SearchKey::Escape {
                    if self.search.text.with_untracked(String::is_empty) {
                        give_focus(".list > .rows");
                    } else {
                        self.write(String::new(), None);
                    }
                }
                key == SearchKey::Escape
            };
            let on_key = move |event: ev::KeyboardEvent| {
                let modified = event.ctrl_key() || event.meta_key() || event.alt_key() || event.shift_key();
                let Some(key) = key_of(&event.key()).filter(|_| !modified && !event.is_composing()) else { return };
                let in_field = hits(&event, Search::FIELD);
                // Results are in place of the list, so the arrows move in them from wherever nothing else needs them.
                let moves = matches!(key, SearchKey::Down | SearchKey::Up)
                    && self.search.is_on.get_untracked()
                    && !event.default_prevented()
                    && !hits(
                        &event,
                        "input, textarea, select, [contenteditable], [role=menu], dialog, .stream, [role=separator]",
                    );
                if !in_field && !moves {
                    return;
                }
                if !in_field {
                    give_focus(Search::FIELD);
                }
                if pressed(key) {
                    event.prevent_default();
                }
            };
            let on_click = move |event: ev::MouseEvent| {
                if hits(&event, ".search-clear") {
                    self.write(String::new(), None);
                    give_focus(Search::FIELD);
                }
            };
            let handles = [
                window_event_listener(ev::keydown, on_key),
                window_event_listener(ev::click, on_click),
                window_event_listener(ev::focusin, move |_| self.focused.set(is_focused())),
                window_event_listener(ev::focusout, move |_| self.focused.set(false)),
            ];
            on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = press;
    }

    /// Tells screen readers what belongs to the field.
    pub fn tell(hints: Signal<Hints>) {
        Effect::new(move |_| {
            let Hints { list, chosen } = hints.get();
            set_attribute("aria-expanded", Some(if list.is_some() { "true" } else { "false" }));
            set_attribute("aria-controls", list);
            set_attribute("aria-activedescendant", chosen.as_deref());
        });
    }
}

/// The position of the caret, in UTF-16 units.
pub(super) fn caret() -> u32 {
    #[cfg(feature = "hydrate")]
    {
        input().and_then(|input| input.selection_start().ok().flatten()).unwrap_or(u32::MAX)
    }
    #[cfg(not(feature = "hydrate"))]
    0
}

fn is_focused() -> bool {
    #[cfg(feature = "hydrate")]
    {
        document().query_selector("#search-text:focus").ok().flatten().is_some()
    }
    #[cfg(not(feature = "hydrate"))]
    false
}

fn text_shown() -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        input().map(|input| input.value())
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

fn show_text(text: &str, caret: Option<u32>) {
    #[cfg(feature = "hydrate")]
    if let Some(input) = input() {
        input.set_value(text);
        let caret = caret.unwrap_or(u32::MAX);
        let _ = input.set_selection_range(caret, caret);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (text, caret);
}

fn set_attribute(name: &str, value: Option<&str>) {
    #[cfg(feature = "hydrate")]
    if let Some(input) = input() {
        let _ = match value {
            Some(value) => input.set_attribute(name, value),
            None => input.remove_attribute(name),
        };
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (name, value);
}

#[cfg(feature = "hydrate")]
fn input() -> Option<web_sys::HtmlInputElement> {
    use wasm_bindgen::JsCast;
    document().query_selector(Search::FIELD).ok().flatten()?.dyn_into().ok()
}

/// Whether an event happened in an element that matches a selector.
#[cfg(feature = "hydrate")]
fn hits(event: &web_sys::Event, selector: &str) -> bool {
    use wasm_bindgen::JsCast;
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| element.closest(selector).ok().flatten().is_some())
}

#[cfg(feature = "hydrate")]
fn key_of(name: &str) -> Option<SearchKey> {
    Some(match name {
        "ArrowDown" => SearchKey::Down,
        "ArrowUp" => SearchKey::Up,
        "Enter" => SearchKey::Enter,
        "Tab" => SearchKey::Tab,
        "Delete" => SearchKey::Delete,
        "Escape" => SearchKey::Escape,
        _ => return None,
    })
}
