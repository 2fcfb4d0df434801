//! A button that is only an icon. It always has a name.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// What an icon button means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IconTone {
    /// Any action.
    #[default]
    Neutral,
    /// Closes or removes.
    Danger,
    /// Green while it is on.
    Good,
}

/// On which side the name appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TipSide {
    /// Below, in headers.
    #[default]
    Below,
    /// Above, at the foot of a panel.
    Above,
    /// Beside, in the rail.
    Beside,
}

impl TipSide {
    /// The value of `data-tip-side`.
    pub fn attr(self) -> Option<&'static str> {
        match self {
            Self::Below => None,
            Self::Above => Some("up"),
            Self::Beside => Some("end"),
        }
    }
}

/// An icon button; the name is read aloud and shown on hover and focus.
#[component]
pub fn IconButton(
    /// Which icon.
    icon: Icon,
    /// What it does.
    #[prop(into)]
    name: Signal<String>,
    /// What it means.
    #[prop(optional)]
    tone: IconTone,
    /// Smaller, inside fields and lines.
    #[prop(optional)]
    small: bool,
    /// For a switch: whether it is on.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// Why it cannot be used now.
    #[prop(optional, into)]
    disabled_because: Signal<Option<String>>,
    /// Where the name appears.
    #[prop(optional)]
    tip: TipSide,
    /// Lines the shown name up with the end edge, where the panel ends.
    #[prop(optional)]
    at_end: bool,
    /// More classes, such as `details-close`.
    #[prop(optional, into)]
    class: String,
    /// What a press does.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
) -> impl IntoView {
    let class = format!(
        "icon-btn{}{} {class}",
        if small { " icon-btn-small" } else { "" },
        match tone {
            IconTone::Neutral => "",
            IconTone::Danger => " icon-btn-danger",
            IconTone::Good => " icon-btn-good",
        }
    );
    let press = move |_| {
        if let (Some(run), true) = (on_press, disabled_because.with_untracked(Option::is_none)) {
            run.run(());
        }
    };
    view! {
        <button
            type="button"
            class=class.trim_end().to_owned()
            aria-label=move || name.get()
            aria-pressed=move || pressed.map(|on| if on.get() { "true" } else { "false" })
            aria-disabled=move || disabled_because.with(Option::is_some).then_some("true")
            aria-description=move || disabled_because.get()
            data-tip=move || disabled_because.get().unwrap_or_else(|| name.get())
            data-tip-side=tip.attr()
            data-tip-align=at_end.then_some("end")
            on:click=press
        >
            <Glyph icon=icon />
        </button>
    }
}
