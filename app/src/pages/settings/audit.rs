//! The page of the audit log: sign-ins, refusals and changes. The log is read-only.

use leptos::prelude::*;

use super::parts::{AdminOnly, PageHead, loaded};
use crate::{
    api::settings::audit_log,
    components::ui::{Button, RelativeTime, TableCard, use_saving},
    json::fetched,
    state::{WorkspaceState, use_now, use_workspace},
};
use model::{AuditLine, AuditPage};

/// The audit log.
#[component]
pub fn SettingsAudit() -> impl IntoView {
    view! {
        <PageHead title="Audit log" lead="Sign-ins, refused attempts and changes that affect others. Nobody can change these entries." />
        <AdminOnly>
            <Newest />
        </AdminOnly>
    }
    .into_any()
}

#[component]
fn Newest() -> impl IntoView {
    let newest = fetched(|| (), |()| audit_log(None));
    loaded(newest, 6, |page| view! { <Lines page /> }.into_any()).into_any()
}

#[component]
fn Lines(
    /// The newest page of the log.
    page: AuditPage,
) -> impl IntoView {
    let (lines, more) = (RwSignal::new(page.lines), RwSignal::new(page.more));
    let reading = use_saving();
    let older = move || {
        let Some(last) = lines.with_untracked(|lines| lines.last().map(|line| line.n)) else { return };
        reading.run(audit_log(Some(last)), move |page| {
            lines.try_update(|lines| lines.extend(page.lines));
            more.try_set(page.more);
        });
    };
    view! {
        <TableCard columns=&["What", "Who", "From", "When"] error=reading.failure()>
            <For each=move || lines.get() key=|line| line.n let:line>
                <Line line=line />
            </For>
        </TableCard>
        <p class="page-foot" hidden=move || !more.get()>
            <Button small=true busy=reading.busy on_press=older>
                "Show older entries"
            </Button>
        </p>
    }
    .into_any()
}

#[component]
fn Line(
    /// The line to show.
    line: AuditLine,
) -> impl IntoView {
    let (workspace, now) = (use_workspace(), use_now());
    let who = line.who.map_or_else(|| "Command line".to_owned(), |id| name_of(workspace, id));
    let AuditLine { at, what, address, detail, .. } = line;
    view! {
        <tr>
            <td>
                {what.label()}
                <span class="cell-note" dir="auto">{detail}</span>
            </td>
            <td dir="auto">{who}</td>
            <td>{address}</td>
            <td>
                <RelativeTime at=at.0 now=now />
            </td>
        </tr>
    }
    .into_any()
}

fn name_of(workspace: WorkspaceState, id: model::MemberId) -> String {
    workspace.boot.with_untracked(|boot| {
        let member = boot.members.iter().find(|member| member.id == id);
        member.map_or_else(|| "Somebody".to_owned(), |member| member.name.clone())
    })
}
