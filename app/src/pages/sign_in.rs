//! The sign-in page.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    api::account::{SignIn, Typed},
    components::ui::{AuthCard, AuthField, Button, FormError, PasswordField, Sent, Variant, field_error, other_error},
};

/// E-mail and password. `?next=` is the path to open after sign-in.
#[component]
pub fn SignInPage() -> impl IntoView {
    let action = ServerAction::<SignIn>::new();
    let typed = Typed::before();
    let again = !typed.email.is_empty();
    let query = use_query_map();
    let Sent { busy, error } = Sent::of(action, typed.refusal);
    view! {
        <Title text="Sign in · Tandem" />
        <AuthCard
            title="Sign in"
            lead="Welcome back."
            foot=|| "Forgot your password? The person who runs this server can set a new one."
        >
            <ActionForm action=action attr:class="form">
                <FormError error=other_error(error, &["email", "password"]) />
                <input type="hidden" name="next" value=move || query.with(|query| query.get("next").unwrap_or_default()) />
                <AuthField
                    id="email"
                    label="E-mail"
                    name="email"
                    kind="email"
                    value=typed.email
                    autocomplete="username"
                    autofocus=!again
                    error=field_error(error, "email")
                />
                <PasswordField
                    id="password"
                    label="Password"
                    name="password"
                    autocomplete="current-password"
                    autofocus=again
                    error=field_error(error, "password")
                />
                <Button variant=Variant::Primary submit=true wide=true busy=busy>
                    "Sign in"
                </Button>
            </ActionForm>
        </AuthCard>
    }
    .into_any()
}
