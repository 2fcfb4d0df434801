//! Shared parts of forms: the password field, and where errors are shown.

use leptos::prelude::*;

use super::{FieldFrame, Glyph, Icon, IconButton};
use model::ApiError;

/// The error message to show next to a field, if the error names that field.
pub fn field_error(error: Signal<Option<ApiError>>, name: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || match error.get() {
        Some(ApiError::Invalid { field, message }) if field == name => Some(message),
        _ => None,
    })
}

/// The error message to show at the top, if the error names no visible field.
pub fn other_error(error: Signal<Option<ApiError>>, fields: &'static [&'static str]) -> Signal<Option<String>> {
    Signal::derive(move || match error.get() {
        Some(ApiError::Invalid { field, .. }) if fields.contains(&field.as_str()) => None,
        other => other.map(|error| error.to_string()),
    })
}

/// An error that belongs to no field.
#[component]
pub fn FormError(
    /// What went wrong, and what to do.
    error: Signal<Option<String>>,
) -> impl IntoView {
    move || {
        error.get().map(|error| {
            view! {
                <p class="form-error" role="alert">
                    <Glyph icon=Icon::CircleAlert />
                    <span>{error}</span>
                </p>
            }
        })
    }
}

/// The ids of the elements that describe an input. The error's element exists even while there is no error, but then it is empty.
pub(super) fn described(id: &str, hint: bool) -> String {
    if hint { format!("{id}-hint {id}-error") } else { format!("{id}-error") }
}

/// A password input, and a button that shows the password.
#[component]
pub fn PasswordField(
    /// An id that is unique in the page.
    #[prop(into)]
    id: String,
    /// The label.
    label: &'static str,
    /// The name under which a form sends the value. None if a script sends it.
    #[prop(optional, into)]
    name: Option<String>,
    /// Whether the password may be left empty.
    #[prop(optional)]
    optional: bool,
    /// "current-password" or "new-password".
    autocomplete: &'static str,
    /// Whether the input has the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// A hint below the input.
    #[prop(default = None)]
    hint: Option<String>,
    /// What is wrong, and how to correct it.
    error: Signal<Option<String>>,
    /// The input, for a script that reads it.
    #[prop(default = NodeRef::new())]
    node_ref: NodeRef<leptos::html::Input>,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let awake = RwSignal::new(false);
    // The button needs scripts, so it appears only after hydration.
    Effect::new(move |_| awake.set(true));
    let describedby = described(&id, hint.is_some());
    let word = Signal::derive(move || if shown.get() { "Hide password" } else { "Show password" }.to_owned());
    view! {
        <FieldFrame id=id.clone() label=label hint=hint error=error>
            <div class="input-group">
                <input
                    class="input"
                    id=id
                    node_ref=node_ref
                    name=name
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    autofocus=autofocus
                    autocapitalize="none"
                    spellcheck="false"
                    required=!optional
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=describedby
                />
                <span hidden=move || !awake.get()>
                    {move || {
                        let icon = if shown.get() { Icon::EyeOff } else { Icon::Eye };
                        view! { <IconButton icon=icon name=word at_end=true on_press=move || shown.update(|shown| *shown = !*shown) /> }
                    }}
                </span>
            </div>
        </FieldFrame>
    }
}
