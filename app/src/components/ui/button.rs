//! A button with words.

use leptos::prelude::*;

use super::{Glyph, Icon, Kbd};

/// The purpose of a button. A view has one primary button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// The main action of the view.
    Primary,
    /// Any other action.
    #[default]
    Plain,
    /// An action without a frame, beside other buttons.
    Quiet,
    /// Removes something.
    Danger,
    /// Hands a task to AI or takes it back.
    Ai,
}

impl Variant {
    fn class(self) -> &'static str {
        match self {
            Self::Primary => "btn btn-primary",
            Self::Plain => "btn btn-plain",
            Self::Quiet => "btn btn-quiet",
            Self::Danger => "btn btn-danger",
            Self::Ai => "btn btn-ai",
        }
    }
}

/// A button. While busy or disabled, it stays in the tab order, does nothing, and says why.
#[component]
pub fn Button(
    /// The purpose.
    #[prop(optional)]
    variant: Variant,
    /// The icon before the label.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Whether the action is running. The width stays, and a ring turns.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Why the button is disabled now.
    #[prop(optional, into)]
    disabled_because: Signal<Option<String>>,
    /// Submits the form around the button.
    #[prop(optional)]
    submit: bool,
    /// Lower, for use within lines.
    #[prop(optional)]
    small: bool,
    /// As wide as the container.
    #[prop(optional)]
    wide: bool,
    /// Filled red, for the last step of an action that cannot be undone.
    #[prop(optional)]
    final_step: bool,
    /// The keyboard shortcut, shown after the label.
    #[prop(optional, into)]
    shortcut: Option<String>,
    /// The accessible name, if the label is hidden in narrow places or is not clear enough.
    #[prop(optional, into)]
    name: Option<String>,
    /// Called on a press.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// The label.
    children: Children,
) -> impl IntoView {
    let class =
        format!("{}{}{}", variant.class(), if small { " btn-small" } else { "" }, if wide { " btn-wide" } else { "" });
    let press = move |event: leptos::ev::MouseEvent| {
        if busy.get_untracked() || disabled_because.with_untracked(Option::is_some) {
            event.prevent_default();
        } else if let Some(run) = on_press {
            run.run(());
        }
    };
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=class
            data-final=final_step.then_some("")
            data-tip=move || disabled_because.get()
            data-tip-side="up"
            aria-label=name
            aria-busy=move || busy.get().then_some("true")
            aria-disabled=move || disabled_because.with(Option::is_some).then_some("true")
            aria-description=move || disabled_because.get()
            on:click=press
        >
            {icon.map(|icon| view! { <Glyph icon=icon /> })}
            <span class="btn-label">{children()}</span>
            {shortcut.map(|keys| view! { <Kbd keys=keys /> })}
        </button>
    }
}
