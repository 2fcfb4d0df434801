//! A button with words.

use leptos::prelude::*;

use super::{Glyph, Icon, Kbd};

/// What a button is for. One primary in a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// The one thing to do here.
    Primary,
    /// Everything else.
    #[default]
    Plain,
    /// Beside others, without a frame.
    Quiet,
    /// Takes something away.
    Danger,
    /// Hands something to AI or takes it back.
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

/// A button. While busy or disabled it stays in the tab order, does nothing, and says why.
#[component]
pub fn Button(
    /// What it is for.
    #[prop(optional)]
    variant: Variant,
    /// An icon before the words.
    #[prop(optional)]
    icon: Option<Icon>,
    /// Something is on its way: the width stays, a ring turns.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Why it cannot be used now.
    #[prop(optional, into)]
    disabled_because: Signal<Option<String>>,
    /// Submits the form around it.
    #[prop(optional)]
    submit: bool,
    /// Lower, for use in lines.
    #[prop(optional)]
    small: bool,
    /// As wide as what is around it.
    #[prop(optional)]
    wide: bool,
    /// Filled red: the last step of something that cannot be undone.
    #[prop(optional)]
    final_step: bool,
    /// The key that does the same, shown after the words.
    #[prop(optional, into)]
    shortcut: Option<String>,
    /// The name, where the words are hidden in narrow places or do not say enough.
    #[prop(optional, into)]
    name: Option<String>,
    /// What a press does.
    #[prop(optional, into)]
    on_press: Option<Callback<()>>,
    /// The words.
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
