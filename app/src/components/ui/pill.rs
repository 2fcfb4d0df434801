//! A short label for a state or a property.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone};

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
    /// The colour of a dot before the label, such as `red`. The style sheet has a tone for each in both themes.
    #[prop(optional)]
    dot: Option<&'static str>,
    /// The tooltip, if the label may be cut or says less than it stands for.
    #[prop(optional, into)]
    title: Option<String>,
    /// Marks the last pill, which counts the hidden pills ("+2").
    #[prop(optional)]
    more: bool,
    /// What follows the label, such as a button that removes the pill.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <span
            class=if more { "pill pill-more" } else { "pill" }
            data-tone=tone.attr()
            data-pulse=pulse.then_some("")
            data-color=dot
            title=title
        >
            {icon.map(|icon| view! { <Glyph icon=icon solid=solid /> })}
            {dot.map(|_| view! { <span class="dot"></span> })}
            <span class="pill-text" dir="auto">
                {text}
            </span>
            {children.map(|children| children())}
        </span>
    }
}
