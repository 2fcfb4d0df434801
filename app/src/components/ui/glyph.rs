//! An icon, drawn.

use leptos::{prelude::*, tachys::html::InertElement};

use super::Icon;

/// An icon in the colour of the text around it, the same for as long as it is there: one element to the reactive system. Without a label it is decoration and not read aloud.
#[component]
pub fn Glyph(
    /// Which icon.
    icon: Icon,
    /// What it says, where no word beside it says the same.
    #[prop(optional, into)]
    label: Option<String>,
    /// Filled instead of outlined.
    #[prop(optional)]
    solid: bool,
    /// Mirrored where text runs from right to left (arrows).
    #[prop(optional)]
    flip: bool,
) -> impl IntoView {
    let class = match (solid, flip) {
        (true, _) => "icon icon-solid",
        (false, true) => "icon icon-flip",
        (false, false) => "icon",
    };
    let drawing = format!("<use href=\"#i-{}\"></use>", icon.name());
    match label {
        // Parsed once and copied from then on: there are hundreds in a page.
        None => InertElement::new(format!("<svg class=\"{class}\" aria-hidden=\"true\">{drawing}</svg>")).into_any(),
        Some(label) => view! { <svg class=class role="img" aria-label=label inner_html=drawing></svg> }.into_any(),
    }
}
