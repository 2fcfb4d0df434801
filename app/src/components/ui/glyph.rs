//! The component that draws an icon.

use leptos::{prelude::*, tachys::html::InertElement};

use super::Icon;

/// An icon in the colour of the surrounding text. It never changes, so it is a single element to the reactive system. Without a label it is
/// decorative, and screen readers skip it.
#[component]
pub fn Glyph(
    /// The icon.
    icon: Icon,
    /// The accessible label, if no text beside the icon says the same.
    #[prop(optional, into)]
    label: Option<String>,
    /// Fills the icon instead of outlining it.
    #[prop(optional)]
    solid: bool,
    /// Mirrors the icon in right-to-left text (arrows).
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
        // Parsed once and then cloned, because a page has hundreds of icons.
        None => InertElement::new(format!("<svg class=\"{class}\" aria-hidden=\"true\">{drawing}</svg>")).into_any(),
        Some(label) => view! { <svg class=class role="img" aria-label=label inner_html=drawing></svg> }.into_any(),
    }
}
