//! The ring that shows the time left to undo.

use leptos::prelude::*;

/// A ring that empties. Decorative: the seconds stand beside it.
#[component]
pub fn CountdownRing(
    /// The remaining share, from 1 to 0.
    #[prop(into)]
    left: Signal<f64>,
) -> impl IntoView {
    let gone = move || format!("{:.3}", 1.0 - left.get().clamp(0.0, 1.0));
    view! {
        <svg class="ring" viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="8"></circle>
            <circle cx="10" cy="10" r="8" pathLength="1" stroke-dasharray="1" stroke-dashoffset=gone></circle>
        </svg>
    }
}
