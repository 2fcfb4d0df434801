//! A short label for a state or a property.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone, tag_class};

/// A small round label, with an icon or a coloured dot. The label never changes; another label needs another pill.
#[component]
pub fn Pill(
    /// The label.
    #[prop(into)]
    text: String,
    /// The meaning of its colour.
    #[prop(optional)]
    tone: Tone,
    /// The icon before the label, because colour alone must not carry the meaning.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Fills the icon, such as for AI that is assigned.
    #[prop(optional)]
    solid: bool,
    /// Animates the icon with a slow pulse.
    #[prop(optional)]
    pulse: bool,
    /// For a tag: the seed of the dot's colour.
    #[prop(optional, into)]
    dot: Option<String>,
    /// Marks the last pill, which counts the hidden pills ("+2").
    #[prop(optional)]
    more: bool,
) -> impl IntoView {
    view! {
        <span class=if more { "pill pill-more" } else { "pill" } data-tone=tone.attr() data-pulse=pulse.then_some("")>
            {icon.map(|icon| view! { <Glyph icon=icon solid=solid /> })}
            {dot.map(|seed| view! { <span class=format!("dot {}", tag_class(&seed))></span> })}
            <span class="pill-text">{text}</span>
        </span>
    }
}
