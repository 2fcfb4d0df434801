//! The page of the teams: their members and their channels.

use leptos::{ev::SubmitEvent, prelude::*};

use super::{
    parts::{AdminOnly, PageHead},
    team_card::TeamCard,
};
use crate::{
    api::settings::add_team,
    components::ui::{Button, EmptyState, FormError, Icon, TextField, Variant, field_error, other_error, use_saving},
    state::{WorkspaceState, new_uuid, use_workspace},
};
use model::{Team, TeamId};

/// All teams, and a form for a new one.
#[component]
pub fn SettingsTeams() -> impl IntoView {
    view! {
        <PageHead title="Teams" lead="Members who can see only their teams’ conversations see the conversations of their teams’ channels." />
        <AdminOnly>
            <TeamList />
            <NewTeam />
        </AdminOnly>
    }
    .into_any()
}

#[component]
fn TeamList() -> impl IntoView {
    let workspace = use_workspace();
    let ids = Memo::new(move |_| workspace.boot.with(|boot| boot.teams.iter().map(|team| team.id).collect::<Vec<_>>()));
    view! {
        <Show when=move || ids.with(Vec::is_empty)>
            <section class="card">
                <EmptyState icon=Icon::Users title="No teams yet" text="Create a team to let its members see the conversations of certain channels." />
            </section>
        </Show>
        <For each=move || ids.get() key=|id| *id let:id>
            <TeamCard id=id />
        </For>
    }
    .into_any()
}

#[component]
fn NewTeam() -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let name = RwSignal::new(String::new());
    // The id is kept until the request succeeds, so that a retry does not create a second team.
    let id = StoredValue::new(None::<TeamId>);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let this = id.get_value().unwrap_or_else(|| TeamId::new(new_uuid()));
        id.set_value(Some(this));
        saving.run(add_team(this, name.get_untracked()), move |team| {
            put(workspace, team);
            name.try_set(String::new());
            id.try_set_value(None);
        });
    };
    let error = Signal::from(saving.error);
    view! {
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-body form">
                <FormError error=other_error(error, &["name"]) />
                <TextField
                    id="team-name"
                    label="New team"
                    value=name
                    on_input=move |text: String| name.set(text)
                    placeholder="Support"
                    error=field_error(error, "name")
                />
            </div>
            <div class="card-foot">
                <Button variant=Variant::Primary icon=Icon::Plus submit=true busy=saving.busy>
                    "Add team"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

/// Shows the saved team at once, before the live event arrives. Teams are in the order of their ids, as everywhere.
fn put(workspace: WorkspaceState, team: Team) {
    workspace.boot.try_update(|boot| {
        if let Err(at) = boot.teams.binary_search_by_key(&team.id, |known| known.id) {
            boot.teams.insert(at, team);
        }
    });
}
