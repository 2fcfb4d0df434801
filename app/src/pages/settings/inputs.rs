//! The inputs of the settings pages. Their state is kept elsewhere.

use leptos::prelude::*;

use crate::components::ui::{FieldFrame, Glyph, Icon};

/// A text in a form.
#[component]
pub(super) fn TextField(
    /// An id that is unique in the page.
    #[prop(into)]
    id: String,
    /// What it asks for.
    label: &'static str,
    /// The text.
    #[prop(into)]
    value: Signal<String>,
    /// Told what it becomes.
    #[prop(into)]
    on_input: Callback<(String,)>,
    /// How many lines; one makes a line of text.
    #[prop(default = 1)]
    rows: u32,
    /// An example, shown while it is empty.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// Says that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Addresses and the like: not to be corrected.
    #[prop(optional)]
    literal: bool,
    /// What helps to fill it in.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// What is wrong, and how to make it right.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let describedby = format!("{id}-hint {id}-error");
    let invalid = move || error.with(Option::is_some).then_some("true");
    let input_id = id.clone();
    let spellcheck = literal.then_some("false");
    let input = if rows > 1 {
        view! {
            <textarea
                class="input"
                id=input_id
                rows=rows
                dir="auto"
                placeholder=placeholder
                spellcheck=spellcheck
                aria-invalid=invalid
                aria-describedby=describedby
                prop:value=move || value.get()
                on:input=move |event| on_input.run((event_target_value(&event),))
            >
                {value.get_untracked()}
            </textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                class="input"
                id=input_id
                type="text"
                dir="auto"
                autocomplete="off"
                placeholder=placeholder
                spellcheck=spellcheck
                value=value.get_untracked()
                aria-invalid=invalid
                aria-describedby=describedby
                prop:value=move || value.get()
                on:input=move |event| on_input.run((event_target_value(&event),))
            />
        }
        .into_any()
    };
    view! {
        <FieldFrame id=id label=label optional=optional hint=hint.map(str::to_owned) error=error>
            {input}
        </FieldFrame>
    }
}

/// One of a few words, as the platform's own list.
#[component]
pub(super) fn Choice(
    /// An id that is unique in the page.
    #[prop(optional, into)]
    id: Option<String>,
    /// Its name, where no label stands beside it.
    #[prop(optional, into)]
    name: Option<Signal<String>>,
    /// The values and their words.
    options: Vec<(&'static str, &'static str)>,
    /// The chosen value.
    #[prop(into)]
    value: Signal<&'static str>,
    /// Told what is chosen.
    #[prop(into)]
    on_choose: Callback<(String,)>,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(word, label)| {
            let chosen = move || value.get() == word;
            view! { <option value=word selected=value.get_untracked() == word prop:selected=chosen>{label}</option> }
        })
        .collect_view();
    view! {
        <span class="select">
            <select
                class="input"
                id=id
                aria-label=move || name.map(|name| name.get())
                on:change=move |event| on_choose.run((event_target_value(&event),))
            >
                {options}
            </select>
            <Glyph icon=Icon::ChevronDown />
        </span>
    }
}

/// A setting in one line: what it does, and its switch.
#[component]
pub(super) fn SwitchOption(
    /// An id that is unique in the page.
    #[prop(into)]
    id: String,
    /// What it does.
    label: &'static str,
    /// What follows from it.
    text: &'static str,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// Told what it becomes.
    #[prop(into)]
    on_turn: Callback<(bool,)>,
) -> impl IntoView {
    let text_id = format!("{id}-text");
    view! {
        <div class="option">
            <div>
                <label for=id.clone()>
                    <b>{label}</b>
                </label>
                <p id=text_id.clone()>{text}</p>
            </div>
            <input
                class="switch"
                type="checkbox"
                role="switch"
                id=id
                aria-describedby=text_id
                checked=on.get_untracked()
                prop:checked=move || on.get()
                on:change=move |event| on_turn.run((event_target_checked(&event),))
            />
        </div>
    }
}
