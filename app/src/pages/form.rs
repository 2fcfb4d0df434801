//! What forms share: the password field, and where an error is shown.

use leptos::prelude::*;

use crate::components::ui::{FieldFrame, Glyph, Icon, IconButton};
use model::ApiError;

/// What to show beside a field: the message of an error that names it.
pub(crate) fn field_error(error: Signal<Option<ApiError>>, name: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || match error.get() {
        Some(ApiError::Invalid { field, message }) if field == name => Some(message),
        _ => None,
    })
}

/// What to show on top: an error that names none of the fields in sight.
pub(crate) fn other_error(error: Signal<Option<ApiError>>, fields: &'static [&'static str]) -> Signal<Option<String>> {
    Signal::derive(move || match error.get() {
        Some(ApiError::Invalid { field, .. }) if fields.contains(&field.as_str()) => None,
        other => other.map(|error| error.to_string()),
    })
}

/// An error that belongs to no field.
#[component]
pub(crate) fn FormError(
    /// What went wrong and what to do.
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

/// The ids that describe an input; the error's is empty while there is none.
pub(super) fn described(id: &str, hint: bool) -> String {
    if hint { format!("{id}-hint {id}-error") } else { format!("{id}-error") }
}

/// A password, and a button that shows it.
#[component]
pub(crate) fn PasswordField(
    /// An id that is unique in the page.
    #[prop(into)]
    id: String,
    /// What it asks for.
    label: &'static str,
    /// The name under which a form sends it; none where a script sends it.
    #[prop(optional, into)]
    name: Option<String>,
    /// It may be left empty.
    #[prop(optional)]
    optional: bool,
    /// "current-password" or "new-password".
    autocomplete: &'static str,
    /// Has the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// What helps to fill it in.
    #[prop(default = None)]
    hint: Option<String>,
    /// What is wrong, and how to make it right.
    error: Signal<Option<String>>,
    /// The input, for a script that reads it.
    #[prop(default = NodeRef::new())]
    node_ref: NodeRef<leptos::html::Input>,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let awake = RwSignal::new(false);
    // Without scripts the button could do nothing: it comes with them.
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
