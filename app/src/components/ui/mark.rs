//! The product's logo: two speech bubbles, a person's and an AI's, one behind the other.

use leptos::prelude::*;

const BEHIND: &str =
    "M12.94 5.97A10 10 0 0 1 30.60 12.40V20.20A2.2 2.2 0 0 1 28.40 22.40H23.16A12.3 12.3 0 0 0 12.94 5.97Z";
const BEFORE: &str = "M1.60 18.20A10 10 0 1 1 11.60 28.20H3.80A2.2 2.2 0 0 1 1.60 26.00Z";

/// The logo in the accent colour. Decorative: the link or heading around it carries the name.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" fill="currentColor" aria-hidden="true">
            <path d=BEHIND></path>
            <path d=BEFORE></path>
        </svg>
    }
}
