//! The page that sets up the instance, once, through the link that the server printed when it started.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{
    door::{AuthCard, AuthField, refusal},
    form::{FormError, PasswordField, field_error, other_error},
};
use crate::{
    api::account::{SetUp, Typed},
    components::ui::{Button, EmptyState, Icon, Variant},
};

/// The form for the workspace and its owner. `?token=` is the secret of the one-time link.
#[component]
pub fn SetupPage() -> impl IntoView {
    let query = use_query_map();
    let token = Memo::new(move |_| query.with(|query| query.get("token").unwrap_or_default()));
    let form = move || match token.with(String::is_empty) {
        true => view! {
            <EmptyState
                icon=Icon::Link
                title="This link is incomplete"
                text="Open the full link that Tandem printed when it started. To get a new link, restart Tandem."
            />
        }
        .into_any(),
        false => view! { <SetupForm token=token /> }.into_any(),
    };
    view! {
        <Title text="Set up · Tandem" />
        <AuthCard
            title="Set up Tandem"
            lead="You will be the first member. You can invite the others afterwards."
            foot=|| "Your data stays on this server."
        >
            {form}
        </AuthCard>
    }
    .into_any()
}

#[component]
fn SetupForm(
    /// The secret of the one-time link.
    token: Memo<String>,
) -> impl IntoView {
    let action = ServerAction::<SetUp>::new();
    let typed = Typed::before();
    let error = refusal(action, typed.refusal);
    let busy = Signal::derive(move || action.pending().get() || matches!(action.value().get(), Some(Ok(()))));
    view! {
        <ActionForm action=action attr:class="form">
            <FormError error=other_error(error, &["workspace", "name", "email", "password"]) />
            <input type="hidden" name="new[token]" value=move || token.get() />
            <AuthField
                id="workspace"
                label="Workspace name"
                name="new[workspace]"
                value=typed.workspace
                autocomplete="organization"
                autofocus=true
                hint=Some("Shown to your team and your visitors.".to_owned())
                error=field_error(error, "workspace")
            />
            <AuthField
                id="name"
                label="Your name"
                name="new[name]"
                value=typed.name
                autocomplete="name"
                error=field_error(error, "name")
            />
            <AuthField
                id="email"
                label="E-mail"
                name="new[email]"
                kind="email"
                value=typed.email
                autocomplete="username"
                error=field_error(error, "email")
            />
            <PasswordField
                id="password"
                label="Password"
                name="new[password]"
                autocomplete="new-password"
                hint=Some("At least 8 characters. Several random words are strong and easy to remember.".to_owned())
                error=field_error(error, "password")
            />
            <label class="check">
                <input type="checkbox" name="new[sample]" value="on" checked=!typed.bare />
                <span class="check-text">
                    "Add sample conversations"
                    <span class="field-hint">"Explore Tandem with the data of a small example company. None of it is sent to anybody."</span>
                </span>
            </label>
            <Button variant=Variant::Primary submit=true wide=true busy=busy>
                "Create workspace"
            </Button>
        </ActionForm>
    }
    .into_any()
}
