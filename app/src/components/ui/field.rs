//! A labelled input with its hint and its error beside it.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// What is typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputKind {
    /// Any text.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// A secret.
    Password,
    /// A phone number.
    Phone,
    /// A web address.
    Url,
    /// A number.
    Number,
}

impl InputKind {
    fn attr(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Password => "password",
            Self::Phone => "tel",
            Self::Url => "url",
            Self::Number => "number",
        }
    }
}

/// The ids that describe a field: its hint, and its error while there is one.
fn described(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-error")),
        (true, true) => Some(format!("{id}-hint {id}-error")),
    }
}

/// The frame of a field: label above, hint and error below. For inputs other than a line of text.
#[component]
pub fn FieldFrame(
    /// The id of the input inside; unique in the page.
    #[prop(into)]
    id: String,
    /// What it asks for.
    #[prop(into)]
    label: String,
    /// Says that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What helps to fill it in.
    #[prop(default = None)]
    hint: Option<String>,
    /// What is wrong, and how to make it right.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The input.
    children: Children,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    view! {
        <div class="field">
            <label class="field-label" for=id>
                {label}
                {optional.then(|| view! { <span class="field-optional">" (optional)"</span> })}
            </label>
            {children()}
            {hint.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
            <div id=error_id role="alert">
                {move || {
                    error
                        .get()
                        .map(|error| {
                            view! { <p class="field-error"><Glyph icon=Icon::CircleAlert /><span>{error}</span></p> }
                        })
                }}
            </div>
        </div>
    }
}

/// A line of text with its label.
#[component]
pub fn Field(
    /// An id that is unique in the page.
    #[prop(into)]
    id: String,
    /// What it asks for.
    #[prop(into)]
    label: String,
    /// The name under which a form sends it.
    #[prop(into)]
    name: String,
    /// The text.
    value: RwSignal<String>,
    /// What is typed.
    #[prop(optional)]
    kind: InputKind,
    /// What the browser may fill in ("email", "current-password").
    #[prop(optional, into)]
    autocomplete: Option<String>,
    /// An example, shown while it is empty.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Must be filled in.
    #[prop(optional)]
    required: bool,
    /// Says that it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Can be read and copied, not changed.
    #[prop(optional)]
    readonly: bool,
    /// What helps to fill it in.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What is wrong, and how to make it right.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let has_hint = hint.is_some();
    let described_by = {
        let id = id.clone();
        move || described(&id, has_hint, error.with(Option::is_some))
    };
    let input = view! {
        <input
            class="input"
            id=id.clone()
            name=name
            type=kind.attr()
            autocomplete=autocomplete
            placeholder=placeholder
            required=required
            readonly=readonly
            value=value.get_untracked()
            prop:value=move || value.get()
            aria-invalid=move || error.with(Option::is_some).then_some("true")
            aria-describedby=described_by
            on:input=move |event| value.set(event_target_value(&event))
        />
    };
    view! {
        <FieldFrame id=id label=label optional=optional hint=hint error=error>
            {input}
        </FieldFrame>
    }
}

#[cfg(test)]
mod tests {
    use super::described;

    #[test]
    fn an_input_names_what_describes_it() {
        assert_eq!(described("mail", false, false), None);
        assert_eq!(described("mail", true, true).as_deref(), Some("mail-hint mail-error"));
    }
}
