//! A word about a thing.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone, tag_class};

/// A small round label, with an icon or a coloured dot.
#[component]
pub fn Pill(
    /// The word.
    #[prop(into)]
    text: Signal<String>,
    /// What its colour means.
    #[prop(optional, into)]
    tone: Signal<Tone>,
    /// An icon before the word; colour alone never says it.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Filled icon, as for AI that holds something.
    #[prop(optional)]
    solid: bool,
    /// The icon breathes.
    #[prop(optional, into)]
    pulse: Signal<bool>,
    /// For a tag: what the colour of its dot depends on.
    #[prop(optional, into)]
    dot: Option<String>,
    /// The last pill, which stands for those that found no room ("+2").
    #[prop(optional)]
    more: bool,
) -> impl IntoView {
    view! {
        <span class=if more { "pill pill-more" } else { "pill" } data-tone=move || tone.get().attr()>
            {icon.map(|icon| view! { <Glyph icon=icon solid=solid pulse=pulse /> })}
            {dot.map(|seed| view! { <span class=format!("dot {}", tag_class(&seed))></span> })}
            <span class="pill-text">{move || text.get()}</span>
        </span>
    }
}
