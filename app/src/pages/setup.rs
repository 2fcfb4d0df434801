//! The page that sets up the instance, once, through the link that the server printed when it started.

use leptos::{form::ActionForm, prelude::*};

use crate::{
    api::account::{SetUp, Typed},
    components::ui::{AccountForm, AuthField, LinkPage, Sent, field_error},
};

/// The form for the workspace and its owner. `?token=` is the secret of the one-time link.
#[component]
pub fn SetupPage() -> impl IntoView {
    view! {
        <LinkPage
            name="Set up"
            title="Set up Tandem"
            lead="You will be the first member. You can invite the others afterwards."
            incomplete="Open the full link that Tandem printed when it started. To get a new link, restart Tandem."
            foot=|| "Your data stays on this server."
            form
        />
    }
    .into_any()
}

fn form(token: Memo<String>) -> AnyView {
    let action = ServerAction::<SetUp>::new();
    let Typed { workspace, name, email, bare, refusal } = Typed::before();
    let sent = Sent::of(action, refusal);
    let above = view! {
        <AuthField
            id="workspace"
            label="Workspace name"
            name="new[workspace]"
            value=workspace
            autocomplete="organization"
            autofocus=true
            hint=Some("Shown to your team and your visitors.".to_owned())
            error=field_error(sent.error, "workspace")
        />
    };
    let below = view! {
        <label class="check">
            <input type="checkbox" name="new[sample]" value="on" checked=!bare />
            <span class="check-text">
                "Add sample conversations"
                <span class="field-hint">"Explore Tandem with the data of a small example company. None of it is sent to anybody."</span>
            </span>
        </label>
    };
    view! {
        <ActionForm action=action attr:class="form">
            <AccountForm
                field=|name| format!("new[{name}]")
                fields=&["workspace", "name", "email", "password"]
                token
                sent
                name
                email
                above=above.into_any()
                below=below.into_any()
                button="Create workspace"
            />
        </ActionForm>
    }
    .into_any()
}
