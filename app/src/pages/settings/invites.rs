//! Invitations: create one, copy its link, revoke one.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    copy::CopyButton,
    members::{roles, visibilities},
    parts::loaded,
};
use crate::{
    api::settings::{InviteInfo, NewInvite, invite, invites, revoke_invite},
    components::ui::{
        Button, Choice, EmptyState, FieldFrame, FormError, Icon, InlineError, Pill, Removed, TextField, Tone, Variant,
        field_error, other_error, use_removed, use_saving,
    },
    json::fetched,
    state::use_workspace,
};
use model::{Role, Visibility};

/// The form, the new link and the open invitations.
#[component]
pub(super) fn Invites() -> impl IntoView {
    let workspace = use_workspace();
    // An invitation closes when somebody uses it to join.
    let members = Memo::new(move |_| workspace.boot.with(|boot| boot.members.len()));
    let open = fetched(move || members.get(), |_| invites());
    let revoked = use_removed();
    let made = RwSignal::new(None::<InviteInfo>);
    let on_made = move |invite: InviteInfo| {
        made.try_set(Some(invite));
        open.refetch();
    };
    view! {
        <InviteForm on_made=on_made />
        {move || made.get().map(|invite| view! { <NewLink invite=invite revoked=revoked /> })}
        {loaded(open, 1, move |invites| view! { <InviteList invites revoked /> }.into_any())}
    }
    .into_any()
}

#[component]
fn InviteForm(
    /// Called with the new invitation.
    #[prop(into)]
    on_made: Callback<(InviteInfo,)>,
) -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let note = RwSignal::new(String::new());
    let role = RwSignal::new(Role::Agent);
    let visibility = RwSignal::new(Visibility::All);
    let my_role = Memo::new(move |_| workspace.boot.with(|boot| boot.me.member.role));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let new = NewInvite {
            role: role.get_untracked(),
            visibility: visibility.get_untracked(),
            note: note.get_untracked(),
        };
        saving.run(invite(new), move |made| {
            note.try_set(String::new());
            on_made.try_run((made,));
        });
    };
    let error = Signal::from(saving.error);
    let set_role = move |word: String| {
        if let Ok(chosen) = word.parse() {
            role.set(chosen);
        }
    };
    let set_visibility = move |word: String| {
        if let Ok(chosen) = word.parse() {
            visibility.set(chosen);
        }
    };
    view! {
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-head">
                <div>
                    <h2>"Invite"</h2>
                    <p>"You get a link to share. It works once and expires after one day."</p>
                </div>
            </div>
            <div class="card-body form">
                <FormError error=other_error(error, &["note"]) />
                <TextField
                    id="invite-note"
                    label="Who is it for?"
                    value=note
                    on_input=move |text: String| note.set(text)
                    optional=true
                    hint="A note for you. They choose their own name and e-mail address."
                    error=field_error(error, "note")
                />
                <div class="form-grid">
                    <FieldFrame id="invite-role" label="Role">
                        {move || {
                            view! {
                                <Choice
                                    id="invite-role"
                                    options=roles(my_role.get())
                                    value=Signal::derive(move || role.get().as_str())
                                    on_choose=set_role
                                />
                            }
                        }}
                    </FieldFrame>
                    <div hidden=move || matches!(role.get(), Role::Owner | Role::Admin)>
                        <FieldFrame id="invite-sees" label="Sees">
                            <Choice
                                id="invite-sees"
                                options=visibilities()
                                value=Signal::derive(move || visibility.get().as_str())
                                on_choose=set_visibility
                            />
                        </FieldFrame>
                    </div>
                </div>
            </div>
            <div class="card-foot">
                <Button variant=Variant::Primary icon=Icon::UserRoundPlus submit=true busy=saving.busy>
                    "Create link"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

/// The new link. It is shown only once, because it is not stored.
#[component]
fn NewLink(
    /// The new invitation.
    invite: InviteInfo,
    /// The invitations revoked on this page.
    revoked: Removed,
) -> impl IntoView {
    let id = invite.id;
    let link = whole(invite.link.unwrap_or_default());
    let title = match invite.note.is_empty() {
        true => "The invitation is ready".to_owned(),
        false => format!("The invitation for {} is ready", invite.note),
    };
    view! {
        <section class="card" role="status" hidden=move || revoked.has(id.uuid())>
            <div class="card-head">
                <div>
                    <h2>
                        <bdi>{title}</bdi>
                    </h2>
                    <p>"Copy the link now. It is shown only once."</p>
                </div>
                <CopyButton text=link.clone() word="Copy link" />
            </div>
            <div class="card-body">
                <input class="input mono" type="text" readonly dir="ltr" aria-label="Invitation link" value=link />
            </div>
        </section>
    }
    .into_any()
}

/// Completes the link. A server without a configured public address returns only a path, and the browser knows its origin.
fn whole(link: String) -> String {
    match link.starts_with('/') {
        true => format!("{}{link}", window().location().origin().unwrap_or_default()),
        false => link,
    }
}

#[component]
fn InviteList(
    /// The invitations as they were read.
    invites: Vec<InviteInfo>,
    /// The invitations revoked since the read.
    revoked: Removed,
) -> impl IntoView {
    let ids: Vec<_> = invites.iter().map(|invite| invite.id).collect();
    let none = Memo::new(move |_| ids.iter().all(|id| revoked.has(id.uuid())));
    let lines = invites.into_iter().map(|invite| view! { <InviteLine invite=invite revoked=revoked /> }).collect_view();
    view! {
        <section class="card">
            <div class="card-head">
                <div>
                    <h2>"Pending invitations"</h2>
                </div>
            </div>
            <div hidden=move || !none.get()>
                <EmptyState icon=Icon::UserRoundCheck title="No pending invitations" />
            </div>
            {lines}
        </section>
    }
    .into_any()
}

#[component]
fn InviteLine(
    /// The invitation to show.
    invite: InviteInfo,
    /// The invitations revoked on this page.
    revoked: Removed,
) -> impl IntoView {
    let id = invite.id;
    let error = RwSignal::new(None::<String>);
    let revoke = move || revoked.remove(id.uuid(), error, revoke_invite(id));
    let whom = if invite.note.is_empty() { "Somebody".to_owned() } else { invite.note };
    let sees = match invite.role {
        Role::Owner | Role::Admin => Visibility::All,
        Role::Agent | Role::Viewer => invite.visibility,
    };
    let name = format!("Revoke the invitation for {whom}");
    view! {
        <div class="option" hidden=move || revoked.has(id.uuid())>
            <div>
                <b>
                    <bdi>{whom}</bdi>
                </b>
                <p>{format!("{} · {}", invite.role.label(), sees.label())}</p>
                <InlineError error=error />
            </div>
            <Pill text="Invited" tone=Tone::Wait icon=Icon::Clock />
            <Button small=true name=name on_press=revoke>
                "Revoke"
            </Button>
        </div>
    }
    .into_any()
}
