//! The page where somebody accepts an invitation and becomes a member.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    door::{AuthCard, AuthField, refusal},
    form::{FormError, PasswordField, field_error, other_error},
};
use crate::{
    api::account::{AcceptInvite, Typed},
    components::ui::{Button, EmptyState, Icon, Variant},
};

/// The new member's name, e-mail and password. `?token=` is the secret of the invitation.
#[component]
pub fn InvitePage() -> impl IntoView {
    let query = use_query_map();
    let token = Memo::new(move |_| query.with(|query| query.get("token").unwrap_or_default()));
    let form = move || match token.with(String::is_empty) {
        true => view! {
            <EmptyState
                icon=Icon::Link
                title="This link is incomplete"
                text="Open the full link that you were sent, or ask for a new one."
            />
        }
        .into_any(),
        false => view! { <InviteForm token=token /> }.into_any(),
    };
    view! {
        <Title text="Join · Tandem" />
        <AuthCard
            title="Join your team"
            lead="Choose how you sign in. Your colleagues see your name."
            foot=|| view! { "Already a member? " <a class="link" href="/sign-in">"Sign in"</a> }
        >
            {form}
        </AuthCard>
    }
    .into_any()
}

#[component]
fn InviteForm(
    /// The secret of the invitation.
    token: Memo<String>,
) -> impl IntoView {
    let action = ServerAction::<AcceptInvite>::new();
    let typed = Typed::before();
    let error = refusal(action, typed.refusal);
    let busy = Signal::derive(move || action.pending().get() || matches!(action.value().get(), Some(Ok(()))));
    view! {
        <ActionForm action=action attr:class="form">
            <FormError error=other_error(error, &["name", "email", "password"]) />
            <input type="hidden" name="token" value=move || token.get() />
            <AuthField
                id="name"
                label="Your name"
                name="name"
                value=typed.name
                autocomplete="name"
                autofocus=true
                error=field_error(error, "name")
            />
            <AuthField
                id="email"
                label="E-mail"
                name="email"
                kind="email"
                value=typed.email
                autocomplete="username"
                error=field_error(error, "email")
            />
            <PasswordField
                id="password"
                label="Password"
                name="password"
                autocomplete="new-password"
                hint=Some("At least 8 characters. Several random words are strong and easy to remember.".to_owned())
                error=field_error(error, "password")
            />
            <Button variant=Variant::Primary submit=true wide=true busy=busy>
                "Join"
            </Button>
        </ActionForm>
    }
    .into_any()
}
