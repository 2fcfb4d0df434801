//! A button with only an icon. It always has a name.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// The meaning of an icon button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IconTone {
    /// Any action.
    #[default]
    Neutral,
    /// Closes or removes.
    Danger,
    /// A switch, green while on.
    Good,
}

/// The side on which the tooltip appears.
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

/// An icon button. Screen readers read its name, and a tooltip shows it on hover and focus.
#[component]
pub fn IconButton(
    /// The icon.
    icon: Icon,
    /// The name of the action.
    #[prop(into)]
    name: Signal<String>,
    /// The meaning.
    #[prop(optional)]
    tone: IconTone,
    /// Smaller, for use inside fields and lines.
    #[prop(optional)]
    small: bool,
    /// Whether the switch is on, if the button is a switch.
    #[prop(optional, into)]
    pressed: Option<Signal<bool>>,
    /// Why the button is disabled now.
    #[prop(optional, into)]
    disabled_because: Signal<Option<String>>,
    /// The side of the tooltip.
    #[prop(optional)]
    tip: TipSide,
    /// Aligns the tooltip with the end edge, for buttons at the end of a panel.
    #[prop(optional)]
    at_end: bool,
    /// More CSS classes, such as `details-close`.
    #[prop(optional, into)]
    class: String,
    /// Called on a press.
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
