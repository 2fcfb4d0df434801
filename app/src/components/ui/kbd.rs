//! The name of a key.

use leptos::prelude::*;

/// A key or a chord, for the eye; the control it belongs to carries `aria-keyshortcuts` if it should be read.
#[component]
pub fn Kbd(
    /// "J", "⌘ ↵".
    #[prop(into)]
    keys: String,
) -> impl IntoView {
    view! { <kbd aria-hidden="true">{keys}</kbd> }
}
