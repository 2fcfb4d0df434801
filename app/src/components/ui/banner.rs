//! A message for a whole panel.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone};

/// The position of a banner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BannerPlace {
    /// Under a header.
    #[default]
    Top,
    /// At the foot of a panel, so that the content above does not move.
    Foot,
    /// Among other content.
    Card,
}

/// A banner that says what happened, what is safe, and offers one action.
#[component]
pub fn Banner(
    /// The icon.
    icon: Icon,
    /// What happened, in bold.
    #[prop(into)]
    title: Signal<String>,
    /// What is safe, or what comes next.
    #[prop(optional, into)]
    text: Signal<String>,
    /// The meaning of its colour.
    #[prop(optional)]
    tone: Tone,
    /// The position.
    #[prop(optional)]
    place: BannerPlace,
    /// One button.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div
            class="banner"
            role=if tone == Tone::Bad { "alert" } else { "status" }
            data-tone=tone.attr()
            data-foot=(place == BannerPlace::Foot).then_some("")
            data-card=(place == BannerPlace::Card).then_some("")
        >
            <Glyph icon=icon />
            <p class="banner-text">
                <b>{move || title.get()}</b>
                " "
                {move || text.get()}
            </p>
            {children.map(|children| children())}
        </div>
    }
}
