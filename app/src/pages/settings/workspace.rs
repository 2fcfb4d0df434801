//! The page of the workspace's settings.

use leptos::{ev::SubmitEvent, prelude::*};

use super::parts::{AdminOnly, PageHead};
use crate::{
    api::settings::{WorkspaceEdit, edit_workspace},
    components::ui::{
        Button, FormError, InlineError, LastWish, SwitchOption, TextField, Variant, field_error, other_error,
        use_saving,
    },
    state::use_workspace,
};
use model::Workspace;

/// The name, the chat switch and the effect of a reply.
#[component]
pub fn SettingsWorkspace() -> impl IntoView {
    view! {
        <PageHead title="Workspace" lead="Settings that apply to everybody." />
        <AdminOnly>
            <NameForm />
            <Switches />
        </AdminOnly>
    }
    .into_any()
}

fn edit_of(workspace: &Workspace) -> WorkspaceEdit {
    WorkspaceEdit {
        name: workspace.name.clone(),
        chat_enabled: workspace.chat_enabled,
        pending_after_reply: workspace.pending_after_reply,
        shows_typing: workspace.shows_typing,
    }
}

#[component]
fn NameForm() -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    // The unsaved name. None while it equals the saved name.
    let typed = RwSignal::new(None::<String>);
    let value =
        Signal::derive(move || typed.get().unwrap_or_else(|| workspace.boot.with(|boot| boot.workspace.name.clone())));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let mut edit = workspace.boot.with_untracked(|boot| edit_of(&boot.workspace));
        edit.name = value.get_untracked();
        saving.run(edit_workspace(edit), move |saved| {
            workspace.boot.try_update(|boot| boot.workspace = saved);
            typed.try_set(None);
        });
    };
    let error = Signal::from(saving.error);
    let unchanged = Signal::derive(move || typed.with(Option::is_none).then(|| "No changes to save".to_owned()));
    view! {
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-body form">
                <FormError error=other_error(error, &["name"]) />
                <TextField
                    id="workspace-name"
                    label="Name"
                    value=value
                    on_input=move |text: String| typed.set(Some(text))
                    hint="Shown to your team and your visitors."
                    error=field_error(error, "name")
                />
            </div>
            <div class="card-foot">
                <Button variant=Variant::Primary submit=true busy=saving.busy disabled_because=unchanged>
                    "Save name"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Switches() -> impl IntoView {
    let workspace = use_workspace();
    let wish = StoredValue::new(LastWish::new());
    let error = RwSignal::new(None::<String>);
    let turn = move |change: fn(&mut WorkspaceEdit, bool), on: bool| {
        let before = workspace.boot.with_untracked(|boot| edit_of(&boot.workspace));
        let mut after = before.clone();
        change(&mut after, on);
        let show = move |edit: WorkspaceEdit| {
            workspace.boot.try_update(|boot| set_switches(&mut boot.workspace, &edit));
        };
        wish.get_value().show(error, before, after, show, edit_workspace);
    };
    view! {
        <section class="card">
            <SwitchOption
                id="chat-enabled"
                label="Chat"
                text="On: visitors reach members whose own chat is on. Off: messages go to Missed and visitors get the auto-reply."
                on=Signal::derive(move || workspace.boot.with(|boot| boot.workspace.chat_enabled))
                on_turn=move |on: bool| turn(|edit, on| edit.chat_enabled = on, on)
            />
            <SwitchOption
                id="pending-after-reply"
                label="Pending after a reply"
                text="After a reply, the conversation is pending until the customer answers."
                on=Signal::derive(move || workspace.boot.with(|boot| boot.workspace.pending_after_reply))
                on_turn=move |on: bool| turn(|edit, on| edit.pending_after_reply = on, on)
            />
            <SwitchOption
                id="shows-typing"
                label="Typing in the web chat"
                text="Visitors see that somebody writes to them, but not who. Notes are never shown."
                on=Signal::derive(move || workspace.boot.with(|boot| boot.workspace.shows_typing))
                on_turn=move |on: bool| turn(|edit, on| edit.shows_typing = on, on)
            />
            <InlineError error=error />
        </section>
    }
    .into_any()
}

/// Sets the switches. The name is saved separately.
fn set_switches(workspace: &mut Workspace, edit: &WorkspaceEdit) {
    workspace.chat_enabled = edit.chat_enabled;
    workspace.pending_after_reply = edit.pending_after_reply;
    workspace.shows_typing = edit.shows_typing;
}
