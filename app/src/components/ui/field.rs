//! A labelled input with its hint and its error.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// The kind of text that a field accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InputKind {
    /// Any text.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// A password or another secret.
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

/// The ids of the elements that describe a field: its hint, and its error if there is one.
fn described(id: &str, hint: bool, error: bool) -> Option<String> {
    match (hint, error) {
        (false, false) => None,
        (true, false) => Some(format!("{id}-hint")),
        (false, true) => Some(format!("{id}-error")),
        (true, true) => Some(format!("{id}-hint {id}-error")),
    }
}

/// The frame of a field: label above, hint and error below. Used directly for inputs other than a line of text.
#[component]
pub fn FieldFrame(
    /// The id of the input inside. Unique in the page.
    #[prop(into)]
    id: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// Marks the field as optional.
    #[prop(optional)]
    optional: bool,
    /// A hint that helps to fill in the field.
    #[prop(default = None)]
    hint: Option<String>,
    /// The error, and how to correct it.
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
    /// The id of the input. Unique in the page.
    #[prop(into)]
    id: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// The name of the value in the submitted form.
    #[prop(into)]
    name: String,
    /// The text.
    value: RwSignal<String>,
    /// The kind of text.
    #[prop(optional)]
    kind: InputKind,
    /// The browser's `autocomplete` value ("email", "current-password").
    #[prop(optional, into)]
    autocomplete: Option<String>,
    /// An example, shown while the field is empty.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Makes the field required.
    #[prop(optional)]
    required: bool,
    /// Marks the field as optional.
    #[prop(optional)]
    optional: bool,
    /// Makes the field read-only.
    #[prop(optional)]
    readonly: bool,
    /// A hint that helps to fill in the field.
    #[prop(optional, into)]
    hint: Option<String>,
    /// The error, and how to correct it.
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
