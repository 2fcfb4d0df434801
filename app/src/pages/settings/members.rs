//! The page of everybody who can open this workspace.

use leptos::prelude::*;

use super::{
    invites::Invites,
    member_row::MemberRow,
    parts::{AdminOnly, PageHead},
};
use crate::{components::ui::TableCard, state::use_workspace};
use model::{Role, Visibility};

/// The roles that a member may give to others. Nobody can give a role above their own (S26).
pub(super) fn roles(mine: Role) -> Vec<(&'static str, &'static str)> {
    Role::ALL.iter().filter(|role| mine.may_grant(**role)).map(|role| (role.as_str(), role.label())).collect()
}

/// The options for visibility.
pub(super) fn visibilities() -> Vec<(&'static str, &'static str)> {
    Visibility::ALL.iter().map(|one| (one.as_str(), one.label())).collect()
}

/// The members and the invitations.
#[component]
pub fn SettingsMembers() -> impl IntoView {
    view! {
        <PageHead title="Members" lead="Everybody in this workspace, their role and what they can see." />
        <AdminOnly>
            <MemberTable />
            <Invites />
        </AdminOnly>
    }
    .into_any()
}

#[component]
fn MemberTable() -> impl IntoView {
    let workspace = use_workspace();
    let ids = Memo::new(move |_| workspace.boot.with(|boot| boot.members.iter().map(|m| m.id).collect::<Vec<_>>()));
    view! {
        <TableCard columns=&["Name", "Role", "Sees"] actions=true>
            <For each=move || ids.get() key=|id| *id let:id>
                <MemberRow id=id />
            </For>
        </TableCard>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_owners_make_owners() {
        assert_eq!(roles(Role::Owner).len(), 4);
        assert!(roles(Role::Admin).iter().all(|(word, _)| *word != "owner"));
    }
}
