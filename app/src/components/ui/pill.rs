//! A word about a thing.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone, tag_class};

/// A small round label, with an icon or a coloured dot. What it says stays; what may say something else puts another one there.
#[component]
pub fn Pill(
    /// The word.
    #[prop(into)]
    text: String,
    /// What its colour means.
    #[prop(optional)]
    tone: Tone,
    /// An icon before the word; colour alone never says it.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Filled icon, as for AI that holds something.
    #[prop(optional)]
    solid: bool,
    /// The icon breathes.
    #[prop(optional)]
    pulse: bool,
    /// For a tag: what the colour of its dot depends on.
    #[prop(optional, into)]
    dot: Option<String>,
    /// The last pill, which stands for those that found no room ("+2").
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
