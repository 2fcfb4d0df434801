//! The page where somebody accepts an invitation and becomes a member.

use leptos::{form::ActionForm, prelude::*};

use crate::{
    api::account::{AcceptInvite, Typed},
    components::ui::{AccountForm, LinkPage, Sent},
};

/// The new member's name, e-mail and password. `?token=` is the secret of the invitation.
#[component]
pub fn InvitePage() -> impl IntoView {
    view! {
        <LinkPage
            name="Join"
            title="Join your team"
            lead="Choose how you sign in. Your colleagues see your name."
            incomplete="Open the full link that you were sent, or ask for a new one."
            foot=|| view! { "Already a member? " <a class="link" href="/sign-in">"Sign in"</a> }
            form
        />
    }
    .into_any()
}

fn form(token: Memo<String>) -> AnyView {
    let action = ServerAction::<AcceptInvite>::new();
    let Typed { name, email, refusal, .. } = Typed::before();
    let sent = Sent::of(action, refusal);
    view! {
        <ActionForm action=action attr:class="form">
            <AccountForm fields=&["name", "email", "password"] token sent name email button="Join" />
        </ActionForm>
    }
    .into_any()
}
