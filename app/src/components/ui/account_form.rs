//! The forms that make a member: set-up and invitation. A secret in their link opens them.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    AuthCard, AuthField, Button, EmptyState, FormError, Icon, PasswordField, Sent, Variant, field_error, other_error,
};

/// A page that its link opens: `?token=` is the secret. A link without one was not copied whole.
#[component]
pub fn LinkPage(
    /// The title of the page.
    name: &'static str,
    /// The heading: what the visitor should do.
    title: &'static str,
    /// One more sentence below the heading.
    lead: &'static str,
    /// What to do about an incomplete link.
    incomplete: &'static str,
    /// Help for visitors who cannot continue.
    #[prop(into)]
    foot: ViewFn,
    /// The form, from the secret.
    form: fn(Memo<String>) -> AnyView,
) -> impl IntoView {
    let query = use_query_map();
    let token = Memo::new(move |_| query.with(|query| query.get("token").unwrap_or_default()));
    let form = move || match token.with(String::is_empty) {
        true => view! { <EmptyState icon=Icon::Link title="This link is incomplete" text=incomplete /> }.into_any(),
        false => form(token),
    };
    view! {
        <Title text=format!("{name} · Tandem") />
        <AuthCard title lead foot>
            {form}
        </AuthCard>
    }
    .into_any()
}

/// What is inside such a form: the new member's name, e-mail and password. The caller wraps it in its `ActionForm`.
#[component]
pub fn AccountForm(
    /// Makes the name under which the form sends a field.
    #[prop(default = str::to_owned)]
    field: fn(&str) -> String,
    /// All fields that can show an error.
    fields: &'static [&'static str],
    /// The secret of the link.
    token: Memo<String>,
    /// What became of the form.
    sent: Sent,
    /// The initial name.
    name: String,
    /// The initial e-mail address.
    email: String,
    /// Fields above the name, of which the first has the focus.
    #[prop(optional)]
    above: Option<AnyView>,
    /// Fields below the password.
    #[prop(optional)]
    below: Option<AnyView>,
    /// The label of the button.
    button: &'static str,
) -> impl IntoView {
    let error = sent.error;
    let is_first = above.is_none();
    view! {
        <FormError error=other_error(error, fields) />
        <input type="hidden" name=field("token") value=move || token.get() />
        {above}
        <AuthField
            id="name"
            label="Your name"
            name=field("name")
            value=name
            autocomplete="name"
            autofocus=is_first
            error=field_error(error, "name")
        />
        <AuthField
            id="email"
            label="E-mail"
            name=field("email")
            kind="email"
            value=email
            autocomplete="username"
            error=field_error(error, "email")
        />
        <PasswordField
            id="password"
            label="Password"
            name=field("password")
            autocomplete="new-password"
            hint=Some("At least 8 characters. Several random words are strong and easy to remember.".to_owned())
            error=field_error(error, "password")
        />
        {below}
        <Button variant=Variant::Primary submit=true wide=true busy=sent.busy>
            {button}
        </Button>
    }
    .into_any()
}
