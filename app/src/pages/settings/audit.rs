//! The page of the audit log: sign-ins, refusals and changes. The log is read-only.

use leptos::{prelude::*, task::spawn_local};

use super::parts::{AdminOnly, CardSkeleton, InlineError, LoadFailed, PageHead};
use crate::{
    api::settings::audit_log,
    components::ui::{Button, RelativeTime},
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
    let shown = move || {
        Suspend::new(async move {
            match newest.await {
                Ok(page) => view! { <Lines page=page /> }.into_any(),
                Err(error) => view! { <LoadFailed error=error.into() retry=move || newest.refetch() /> }.into_any(),
            }
        })
    };
    view! { <Transition fallback=|| view! { <CardSkeleton lines=6 /> }>{shown}</Transition> }.into_any()
}

#[component]
fn Lines(
    /// The newest page of the log.
    page: AuditPage,
) -> impl IntoView {
    let (lines, more) = (RwSignal::new(page.lines), RwSignal::new(page.more));
    let (busy, error) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let older = move || {
        let Some(last) = lines.with_untracked(|lines| lines.last().map(|line| line.n)) else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            match audit_log(Some(last)).await {
                Ok(page) => {
                    lines.try_update(|lines| lines.extend(page.lines));
                    more.try_set(page.more);
                }
                Err(refused) => drop(error.try_set(Some(refused.to_string()))),
            }
            busy.try_set(false);
        });
    };
    view! {
        <section class="card">
            <div class="table-frame">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"What"</th>
                            <th scope="col">"Who"</th>
                            <th scope="col">"From"</th>
                            <th scope="col">"When"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || lines.get() key=|line| line.n let:line>
                            <Line line=line />
                        </For>
                    </tbody>
                </table>
            </div>
            <InlineError error=error />
        </section>
        <p class="page-foot" hidden=move || !more.get()>
            <Button small=true busy=busy on_press=older>
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
