//! One member: role and visibility, which are saved when they are selected, and the buttons that block and unblock access.

use leptos::prelude::*;

use super::members::{roles, visibilities};
use crate::{
    api::settings::edit_member,
    components::ui::{Avatar, AvatarSize, Button, Choice, Icon, InlineError, LastWish, Pill, Tone},
    state::{WorkspaceState, use_workspace},
};
use model::{Member, MemberId, Role, Visibility};

/// The fields of a member that an admin can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rights {
    role: Role,
    visibility: Visibility,
    disabled: bool,
}

impl Rights {
    const fn of(member: &Member) -> Self {
        Self { role: member.role, visibility: member.visibility, disabled: member.disabled }
    }
}

/// Shows a member's new rights before the server confirms them, or the old rights after a refusal.
fn show(workspace: WorkspaceState, id: MemberId, rights: Rights) {
    workspace.boot.try_update(|boot| {
        let mine = (boot.me.member.id == id).then_some(&mut boot.me.member);
        for member in boot.members.iter_mut().filter(|member| member.id == id).chain(mine) {
            (member.role, member.visibility, member.disabled) = (rights.role, rights.visibility, rights.disabled);
        }
    });
}

/// A row of the table.
#[component]
pub(super) fn MemberRow(
    /// The member to show.
    id: MemberId,
) -> impl IntoView {
    let workspace = use_workspace();
    let wish = StoredValue::new(LastWish::new());
    let error = RwSignal::new(None::<String>);
    let name = Memo::new(move |_| of(workspace, id, |member| member.name.clone()).unwrap_or_default());
    let email = Memo::new(move |_| of(workspace, id, |member| member.email.clone()).unwrap_or_default());
    let rights = Memo::new(move |_| of(workspace, id, Rights::of));
    let me = workspace.boot.with_untracked(|boot| boot.me.member.id == id);
    let my_role = Memo::new(move |_| workspace.boot.with(|boot| boot.me.member.role));
    // Only an owner can change an owner.
    let locked =
        Memo::new(move |_| rights.get().is_some_and(|r| r.role == Role::Owner) && my_role.get() != Role::Owner);

    let change = move |change: &dyn Fn(&mut Rights)| {
        let Some(before) = rights.get_untracked() else { return };
        let mut after = before;
        change(&mut after);
        let show = move |rights| show(workspace, id, rights);
        let send = move |rights: Rights| edit_member(id, rights.role, rights.visibility, rights.disabled);
        wish.get_value().show(error, before, after, show, send);
    };
    let set_role = move |word: String| {
        if let Ok(role) = word.parse::<Role>() {
            change(&|rights| rights.role = role);
        }
    };
    let set_visibility = move |word: String| {
        if let Ok(visibility) = word.parse::<Visibility>() {
            change(&|rights| rights.visibility = visibility);
        }
    };
    let role = Signal::derive(move || rights.get().map_or(Role::Viewer, |rights| rights.role));
    let visibility = Signal::derive(move || rights.get().map_or(Visibility::Mine, |rights| rights.visibility));
    let disabled = Memo::new(move |_| rights.get().is_some_and(|rights| rights.disabled));

    let role_cell = move || match me || locked.get() {
        true => view! { <span>{move || role.get().label()}</span> }.into_any(),
        false => view! {
            <Choice
                name=Signal::derive(move || format!("Role of {}", name.get()))
                options=roles(my_role.get())
                value=Signal::derive(move || role.get().as_str())
                on_choose=set_role
            />
        }
        .into_any(),
    };
    let sees_all = Memo::new(move |_| matches!(role.get(), Role::Owner | Role::Admin));
    let visibility_cell = move || match sees_all.get() {
        true => view! { <span>{Visibility::All.label()}</span> }.into_any(),
        false => view! {
            <Choice
                name=Signal::derive(move || format!("What {} sees", name.get()))
                options=visibilities()
                value=Signal::derive(move || visibility.get().as_str())
                on_choose=set_visibility
            />
        }
        .into_any(),
    };
    let action = move || {
        match (me || locked.get(), disabled.get()) {
        (true, _) => ().into_any(),
        (false, true) => view! {
            <Button small=true name=format!("Enable {}", name.get_untracked()) on_press=move || change(&|rights| rights.disabled = false)>
                "Enable"
            </Button>
        }
        .into_any(),
        (false, false) => view! {
            <Button small=true name=format!("Disable {}", name.get_untracked()) on_press=move || change(&|rights| rights.disabled = true)>
                "Disable"
            </Button>
        }
        .into_any(),
    }
    };
    view! {
        <tr>
            <td>
                <div class="cell-person">
                    {move || view! { <Avatar name=name.get() seed=id.to_string() size=AvatarSize::Small /> }}
                    <div>
                        <span class="cut">
                            <bdi>{move || name.get()}</bdi>
                            {me.then_some(" (you)")}
                        </span>
                        <span class="cell-note">{move || email.get()}</span>
                        <span hidden=move || !disabled.get()>
                            <Pill text="Disabled" tone=Tone::Bad icon=Icon::Ban />
                        </span>
                        <InlineError error=error />
                    </div>
                </div>
            </td>
            <td>{role_cell}</td>
            <td>{visibility_cell}</td>
            <td class="cell-end">{action}</td>
        </tr>
    }
    .into_any()
}

fn of<T>(workspace: WorkspaceState, id: MemberId, part: impl Fn(&Member) -> T) -> Option<T> {
    workspace.boot.with(|boot| boot.members.iter().find(|member| member.id == id).map(part))
}
