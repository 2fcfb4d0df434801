//! One team with its members and channels. Each has a check box that is saved at once.

use leptos::prelude::*;

use crate::{
    api::settings::{set_in_team, set_team_channels},
    components::ui::{Avatar, AvatarSize, InlineError, LastWish},
    state::{WorkspaceState, use_workspace},
};
use model::{ChannelId, MemberId, TeamId};

/// A team.
#[component]
pub(super) fn TeamCard(
    /// The team to show.
    id: TeamId,
) -> impl IntoView {
    let workspace = use_workspace();
    let error = RwSignal::new(None::<String>);
    let name = Memo::new(move |_| {
        workspace
            .boot
            .with(|boot| boot.teams.iter().find(|team| team.id == id).map(|team| team.name.clone()).unwrap_or_default())
    });
    // Members without access are hidden, unless they are still in the team.
    let members = Memo::new(move |_| {
        workspace.boot.with(|boot| {
            let shown = boot.members.iter().filter(|m| !m.disabled || m.teams.contains(&id));
            shown.map(|member| member.id).collect::<Vec<_>>()
        })
    });
    let channels =
        Memo::new(move |_| workspace.boot.with(|boot| boot.channels.iter().map(|c| c.id).collect::<Vec<_>>()));
    let count =
        Memo::new(move |_| workspace.boot.with(|boot| boot.members.iter().filter(|m| m.teams.contains(&id)).count()));
    let in_words = move || match count.get() {
        0 => "No members yet.".to_owned(),
        1 => "1 member".to_owned(),
        count => format!("{count} members"),
    };
    let wish = StoredValue::new(LastWish::new());
    view! {
        <section class="card">
            <div class="card-head">
                <div>
                    <h2 dir="auto">{move || name.get()}</h2>
                    <p>{in_words}</p>
                </div>
            </div>
            <div class="card-body form">
                <fieldset class="checks">
                    <legend class="field-label">"Members"</legend>
                    <For each=move || members.get() key=|member| *member let:member>
                        <MemberCheck team=id member=member error=error />
                    </For>
                </fieldset>
                <fieldset class="checks">
                    <legend class="field-label">"Channels"</legend>
                    <For each=move || channels.get() key=|channel| *channel let:channel>
                        <ChannelCheck team=id channel=channel error=error wish=wish />
                    </For>
                </fieldset>
                <InlineError error=error />
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn MemberCheck(
    /// The team.
    team: TeamId,
    /// The member.
    member: MemberId,
    /// Where to show a refusal.
    error: RwSignal<Option<String>>,
) -> impl IntoView {
    let workspace = use_workspace();
    let wish = StoredValue::new(LastWish::new());
    let name = Memo::new(move |_| {
        workspace
            .boot
            .with(|boot| boot.members.iter().find(|m| m.id == member).map(|m| m.name.clone()).unwrap_or_default())
    });
    let inside = Memo::new(move |_| {
        workspace.boot.with(|boot| boot.members.iter().any(|m| m.id == member && m.teams.contains(&team)))
    });
    let turn = move |on: bool| {
        let show = move |on| show_in_team(workspace, member, team, on);
        wish.get_value().show(error, !on, on, show, move |on| set_in_team(member, team, on));
    };
    view! {
        <label class="check">
            <input
                type="checkbox"
                checked=inside.get_untracked()
                prop:checked=move || inside.get()
                on:change=move |event| turn(event_target_checked(&event))
            />
            {move || view! { <Avatar name=name.get() seed=member.to_string() size=AvatarSize::Tiny /> }}
            <bdi class="check-text">{move || name.get()}</bdi>
        </label>
    }
    .into_any()
}

#[component]
fn ChannelCheck(
    /// The team.
    team: TeamId,
    /// The channel.
    channel: ChannelId,
    /// Where to show a refusal.
    error: RwSignal<Option<String>>,
    /// The last selection of the team's channels, which are saved together.
    wish: StoredValue<LastWish<Vec<ChannelId>>>,
) -> impl IntoView {
    let workspace = use_workspace();
    let name = Memo::new(move |_| {
        workspace
            .boot
            .with(|boot| boot.channels.iter().find(|c| c.id == channel).map(|c| c.name.clone()).unwrap_or_default())
    });
    let inside = Memo::new(move |_| channels_of(workspace, team).contains(&channel));
    let turn = move |on: bool| {
        let before = untrack(|| channels_of(workspace, team));
        let mut after = before.clone();
        after.retain(|other| *other != channel);
        if on {
            after.push(channel);
        }
        let show = move |channels| show_channels(workspace, team, channels);
        wish.get_value().show(error, before, after, show, move |channels| set_team_channels(team, channels));
    };
    view! {
        <label class="check">
            <input
                type="checkbox"
                checked=inside.get_untracked()
                prop:checked=move || inside.get()
                on:change=move |event| turn(event_target_checked(&event))
            />
            <bdi class="check-text">{move || name.get()}</bdi>
        </label>
    }
    .into_any()
}

fn channels_of(workspace: WorkspaceState, team: TeamId) -> Vec<ChannelId> {
    workspace.boot.with(|boot| boot.teams.iter().find(|t| t.id == team).map(|t| t.channels.clone()).unwrap_or_default())
}

fn show_channels(workspace: WorkspaceState, team: TeamId, channels: Vec<ChannelId>) {
    workspace.boot.try_update(|boot| {
        if let Some(team) = boot.teams.iter_mut().find(|known| known.id == team) {
            team.channels = channels;
        }
    });
}

fn show_in_team(workspace: WorkspaceState, id: MemberId, team: TeamId, inside: bool) {
    workspace.boot.try_update(|boot| {
        let mine = (boot.me.member.id == id).then_some(&mut boot.me.member);
        for member in boot.members.iter_mut().filter(|member| member.id == id).chain(mine) {
            member.teams.retain(|other| *other != team);
            if inside {
                member.teams.push(team);
            }
        }
    });
}
