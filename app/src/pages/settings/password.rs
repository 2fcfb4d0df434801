//! The form that changes the member's password.

use leptos::{ev::SubmitEvent, html::Input, prelude::*};

use crate::{
    api::account::change_password,
    components::ui::{
        Button, FormError, PasswordField, Toast, Tone, Variant, field_error, other_error, use_saving, use_toasts,
    },
    state::use_workspace,
};

/// A form for a new password. The change ends the member's other sessions.
#[component]
pub(super) fn PasswordCard(
    /// Called when the password was changed.
    #[prop(into)]
    on_changed: Callback<()>,
) -> impl IntoView {
    let workspace = use_workspace();
    let toasts = use_toasts();
    let saving = use_saving();
    let (old, new) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(old), Some(new)) = (old.get_untracked(), new.get_untracked()) else { return };
        saving.run(change_password(old.value(), new.value()), move |()| {
            old.set_value("");
            new.set_value("");
            toasts.push(Toast::new("Password changed. Your other sessions have ended.").tone(Tone::Good));
            on_changed.try_run(());
        });
    };
    let error = Signal::from(saving.error);
    view! {
        // Outside a dialog this method sends nothing. So a submit before hydration does not put the password into the URL.
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-head">
                <div>
                    <h2>"Password"</h2>
                    <p>"Changing it ends your other sessions."</p>
                </div>
            </div>
            <div class="card-body form">
                <FormError error=other_error(error, &["old", "new", "password"]) />
                // Tells password managers which account the password belongs to.
                <input type="email" autocomplete="username" hidden readonly value=move || workspace.boot.with(|boot| boot.me.member.email.clone()) />
                <div class="form-grid">
                    <PasswordField
                        id="old-password"
                        label="Current password"
                        autocomplete="current-password"
                        error=field_error(error, "old")
                        node_ref=old
                    />
                    <PasswordField
                        id="new-password"
                        label="New password"
                        autocomplete="new-password"
                        hint=Some("At least 8 characters.".to_owned())
                        error=Signal::derive(move || {
                            field_error(error, "new").get().or_else(|| field_error(error, "password").get())
                        })
                        node_ref=new
                    />
                </div>
            </div>
            <div class="card-foot">
                <Button variant=Variant::Primary submit=true busy=saving.busy>
                    "Change password"
                </Button>
            </div>
        </form>
    }
    .into_any()
}
