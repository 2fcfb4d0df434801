//! The ring that shows the time left to undo.

use leptos::prelude::*;

/// A ring that empties. Decorative: the seconds stand beside it.
#[component]
pub fn CountdownRing(
    /// The remaining share, from 1 to 0.
    #[prop(into)]
    left: Signal<f64>,
) -> impl IntoView {
    // In thousandths: code that writes fractions would be several kB of the program.
    let gone = move || ((1.0 - left.get().clamp(0.0, 1.0)) * 1000.0) as u32;
    view! {
        <svg class="ring" viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="8"></circle>
            <circle cx="10" cy="10" r="8" pathLength="1000" stroke-dasharray="1000" stroke-dashoffset=gone></circle>
        </svg>
    }
}
