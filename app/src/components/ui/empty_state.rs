//! The empty state: one sentence and the next step.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone};

/// Shown if there is nothing to show, or if loading failed.
#[component]
pub fn EmptyState(
    /// The icon.
    icon: Icon,
    /// The main statement.
    #[prop(into)]
    title: String,
    /// One more sentence.
    #[prop(optional, into)]
    text: Option<String>,
    /// The tone. Screen readers announce `Bad`, for a failure, at once.
    #[prop(optional)]
    tone: Tone,
    /// The key or button for the next step.
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
