//! Nothing here: one sentence and the next step.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone};

/// What stands where there is nothing to show, or nothing could be shown.
#[component]
pub fn EmptyState(
    /// An icon for it.
    icon: Icon,
    /// What is so.
    #[prop(into)]
    title: String,
    /// One sentence more.
    #[prop(optional, into)]
    text: Option<String>,
    /// `Bad` after a failure: it is read aloud at once.
    #[prop(optional)]
    tone: Tone,
    /// The next key or button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty" data-tone=tone.attr() role=(tone == Tone::Bad).then_some("alert")>
            <Glyph icon=icon />
            <p class="empty-title">{title}</p>
            {text.map(|text| view! { <p class="empty-text">{text}</p> })}
            {children.map(|children| view! { <div class="empty-actions">{children()}</div> })}
        </div>
    }
}
