//! The state of the system: version, database, waiting jobs and jobs that were given up.

use leptos::prelude::*;

use super::parts::{AdminOnly, PageHead, loaded};
use crate::{
    api::settings::{DeadJob, SystemStatus, load_system_status, revive_job},
    components::{
        ui::{
            Banner, BannerPlace, Button, EmptyState, Icon, InlineError, Pill, RelativeTime, TableCard, Tone,
            change_at_once,
        },
        words::size,
    },
    json::fetched,
    state::use_now,
};
use model::{Space, Storage, lower};

/// The state of the system and its jobs.
#[component]
pub fn SettingsSystem() -> impl IntoView {
    view! {
        <PageHead title="Health and jobs" lead="The server's background work, and the jobs that failed." />
        <AdminOnly>
            <Status />
        </AdminOnly>
    }
    .into_any()
}

#[component]
fn Status() -> impl IntoView {
    let status = fetched(|| (), |()| load_system_status());
    view! {
        {loaded(status, 4, |status| view! { <Shown status /> }.into_any())}
        <p class="page-foot">
            <Button icon=Icon::RefreshCw small=true on_press=move || status.refetch()>
                "Refresh"
            </Button>
        </p>
    }
    .into_any()
}

#[component]
fn Shown(
    /// The state as it was read.
    status: SystemStatus,
) -> impl IntoView {
    let dead = status.dead.len();
    let jobs = match status.dead.is_empty() {
        true => view! {
            <section class="card">
                <EmptyState
                    icon=Icon::CircleCheck
                    title="No failed jobs"
                    text="Jobs that fail are retried automatically. Jobs that keep failing are listed here."
                />
            </section>
        }
        .into_any(),
        false => view! { <DeadJobs jobs=status.dead /> }.into_any(),
    };
    let storage = match status.storage {
        Storage::Fine => None,
        Storage::Low { .. } => Some((
            "A disk of the server is almost full.".to_owned(),
            "When it is full, nothing can be sent or received. Free up space or add a larger disk.",
            Tone::Wait,
        )),
        Storage::Failing(fault) => Some((
            format!("{} Nothing can be saved.", fault.sentence()),
            "Replies wait in the members' browsers and e-mails wait in their mailboxes. Tandem retries every few seconds. The \
             server's log has each failure.",
            Tone::Bad,
        )),
    };
    let storage = storage
        .map(|(title, text, tone)| view! { <Banner icon=Icon::CircleAlert title text tone place=BannerPlace::Card /> });
    let spaces = status.spaces.into_iter().map(room).collect_view();
    view! {
        {storage}
        <dl class="stats">
            <div class="stat">
                <dt>"Version"</dt>
                <dd>{status.version}</dd>
            </div>
            <div class="stat">
                <dt>"Database"</dt>
                <dd>{status.database}</dd>
            </div>
            {spaces}
            <div class="stat">
                <dt>"Waiting jobs"</dt>
                <dd>{status.waiting}</dd>
            </div>
            <div class="stat">
                <dt>"Failed jobs"</dt>
                <dd>{dead}</dd>
            </div>
        </dl>
        {jobs}
    }
    .into_any()
}

/// The free space of a disk.
fn room(space: Space) -> impl IntoView {
    let read = |bytes: u64| size(i64::try_from(bytes).unwrap_or(i64::MAX));
    view! {
        <div class="stat">
            <dt>{format!("Free for {}", lower(&space.what))}</dt>
            <dd>{read(space.free)} <span class="cell-note">{format!("of {}", read(space.total))}</span></dd>
        </div>
    }
}

#[component]
fn DeadJobs(
    /// Jobs that were given up, newest first.
    jobs: Vec<DeadJob>,
) -> impl IntoView {
    let rows = jobs.into_iter().map(|job| view! { <JobRow job=job /> }).collect_view();
    view! {
        <TableCard
            title="Failed jobs"
            about="Nothing is lost. You can run each job again."
            columns=&["Job", "What went wrong", "Last attempt"]
            actions=true
        >
            {rows}
        </TableCard>
    }
    .into_any()
}

#[component]
fn JobRow(
    /// The job to show.
    job: DeadJob,
) -> impl IntoView {
    let now = use_now();
    let id = job.id;
    let revived = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let revive = move || {
        let show = move |on| {
            revived.try_set(on);
        };
        change_at_once(error, show, revive_job(id));
    };
    let kind = in_words(&job.kind);
    let name = format!("Try again: {kind}");
    let tries = match job.attempts {
        1 => "1 try".to_owned(),
        tries => format!("{tries} tries"),
    };
    view! {
        <tr>
            <td>
                {kind}
                <span class="cell-note">{tries}</span>
            </td>
            <td>
                <span dir="auto">{job.error}</span>
                <InlineError error=error />
            </td>
            <td>
                <RelativeTime at=job.at.0 now=now />
            </td>
            <td class="cell-end">
                <span hidden=move || !revived.get()>
                    <Pill text="Waiting" tone=Tone::Wait icon=Icon::Clock />
                </span>
                <span hidden=move || revived.get()>
                    <Button small=true name=name on_press=revive>
                        "Try again"
                    </Button>
                </span>
            </td>
        </tr>
    }
    .into_any()
}

/// Turns "send_mail" into "Send mail".
fn in_words(kind: &str) -> String {
    let words = kind.replace(['_', '.'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_kind_reads_as_words() {
        assert_eq!(in_words("send_mail"), "Send mail");
        assert_eq!(in_words("work.send"), "Work send");
        assert_eq!(in_words(""), "");
    }
}
