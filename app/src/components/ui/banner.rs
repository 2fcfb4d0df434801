//! Something the whole panel should know.

use leptos::prelude::*;

use super::{Glyph, Icon, Tone};

/// Where a banner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BannerPlace {
    /// Under a header.
    #[default]
    Top,
    /// At the foot of a panel: what is above does not move.
    Foot,
    /// Among other content.
    Card,
}

/// What happened, what is safe, one action.
#[component]
pub fn Banner(
    /// An icon for it.
    icon: Icon,
    /// What happened, in bold.
    #[prop(into)]
    title: Signal<String>,
    /// What is safe, or what comes next.
    #[prop(optional, into)]
    text: Signal<String>,
    /// What its colour means.
    #[prop(optional)]
    tone: Tone,
    /// Where it stands.
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
