//! The label of a key.

use leptos::prelude::*;

/// A key or a key combination, only visible. For screen readers, the control it belongs to carries `aria-keyshortcuts`.
#[component]
pub fn Kbd(
    /// The label of the key: "J", "⌘ ↵".
    #[prop(into)]
    keys: String,
) -> impl IntoView {
    view! { <kbd aria-hidden="true">{keys}</kbd> }
}
