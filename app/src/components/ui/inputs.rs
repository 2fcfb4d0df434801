//! Inputs whose state the caller holds.

use leptos::prelude::*;

use super::{FieldFrame, Glyph, Icon};

/// A text input.
#[component]
pub fn TextField(
    /// An id that is unique in the page.
    #[prop(into)]
    id: String,
    /// The label.
    label: &'static str,
    /// The current text.
    #[prop(into)]
    value: Signal<String>,
    /// Called with the new text.
    #[prop(into)]
    on_input: Callback<(String,)>,
    /// The number of lines. 1 renders a single-line input.
    #[prop(default = 1)]
    rows: u32,
    /// The placeholder, an example.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// Whether to mark the input as optional.
    #[prop(optional)]
    optional: bool,
    /// Whether to turn spelling correction off, as for addresses.
    #[prop(optional)]
    literal: bool,
    /// A hint below the input.
    #[prop(optional)]
    hint: Option<&'static str>,
    /// What is wrong, and how to correct it.
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

/// A native select for one of a few options.
#[component]
pub fn Choice(
    /// An id that is unique in the page.
    #[prop(optional, into)]
    id: Option<String>,
    /// The accessible name, if the select has no visible label.
    #[prop(optional, into)]
    name: Option<Signal<String>>,
    /// The values and their labels.
    options: Vec<(&'static str, &'static str)>,
    /// The selected value.
    #[prop(into)]
    value: Signal<&'static str>,
    /// Called with the new value.
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

/// A setting on one line: its label, its effect and its switch.
#[component]
pub fn SwitchOption(
    /// An id that is unique in the page.
    #[prop(into)]
    id: String,
    /// The label.
    label: &'static str,
    /// The effect of the setting.
    text: &'static str,
    /// Whether the setting is on.
    #[prop(into)]
    on: Signal<bool>,
    /// Called with the new value.
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
