//! The state of a mailbox: its health and advice, its traffic, its quarantine, and the import of older mail (H9).

use leptos::{prelude::*, task::spawn_local};

use super::{mailbox_form::MailboxForm, parts::LoadFailed};
use crate::{
    api::mailbox::{MailboxStatus, QuarantinedMail, backfill, load_mailbox, pause_channel, read_mail_again},
    components::{
        ui::{
            Banner, BannerPlace, Button, CardSkeleton, Icon, InlineError, Pill, RelativeTime, TableCard, Tone,
            use_saving,
        },
        words::size,
    },
    state::use_now,
};
use model::{AccountState, ChannelHealth, ChannelId, MailId, Timestamp};

/// How long until the state is read again.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// A connected mailbox.
#[component]
pub(super) fn MailboxCards(
    /// The channel of the mailbox.
    id: ChannelId,
) -> impl IntoView {
    let shown = RwSignal::new(None::<Result<MailboxStatus, model::ApiError>>);
    let editing = RwSignal::new(false);
    let look = move || {
        // Do not refresh while the admin edits the settings.
        if editing.try_get_untracked() != Some(false) {
            return;
        }
        spawn_local(async move {
            let found = load_mailbox(id).await.map_err(model::ApiError::from);
            // Keep showing the last known state while the connection is down.
            let keeps = found.is_err() && shown.try_with_untracked(|shown| matches!(shown, Some(Ok(_)))) == Some(true);
            if !keeps {
                shown.try_update(|shown| {
                    if shown.as_ref() != Some(&found) {
                        *shown = Some(found);
                    }
                });
            }
        });
    };
    Effect::new(move |_| {
        look();
        let tick = set_interval_with_handle(look, LOOK);
        on_cleanup(move || {
            if let Ok(tick) = tick {
                tick.clear();
            }
        });
    });
    let done = move || {
        editing.set(false);
        look();
    };
    let cancel = move || editing.set(false);
    let status = Memo::new(move |_| shown.with(|shown| shown.as_ref().and_then(|found| found.as_ref().ok().cloned())));
    // The variant to render. Its values change inside it, so that the elements in use are not replaced.
    let found = Memo::new(move |_| {
        shown.with(|shown| shown.as_ref().map(|found| found.as_ref().err().cloned().map_or(Ok(()), Err)))
    });
    move || match (editing.get(), found.get()) {
        (_, None) => view! { <CardSkeleton /> }.into_any(),
        (_, Some(Err(error))) => view! { <LoadFailed error retry=look /> }.into_any(),
        (true, Some(Ok(()))) => {
            let known = status.get_untracked().map(|status| status.settings);
            view! { <MailboxForm id known on_done=done on_cancel=cancel /> }.into_any()
        }
        (false, Some(Ok(()))) => view! { <Status id status look edit=move || editing.set(true) /> }.into_any(),
    }
}

#[component]
fn Status(
    id: ChannelId,
    status: Memo<Option<MailboxStatus>>,
    #[prop(into)] look: Callback<()>,
    #[prop(into)] edit: Callback<()>,
) -> impl IntoView {
    let saving = use_saving();
    let health = Memo::new(move |_| status.with(|status| status.as_ref().map(|status| status.health.clone())));
    let address =
        move || status.with(|status| status.as_ref().map(|status| status.settings.address.clone()).unwrap_or_default());
    let state = Memo::new(move |_| health.with(|health| health.as_ref().map(|health| health.state)));
    let paused = Memo::new(move |_| state.get() == Some(AccountState::Paused));
    let pause = move || saving.run(pause_channel(id, !paused.get_untracked()), move |()| _ = look.try_run(()));
    let pill = move || {
        let state = state.get()?;
        let (tone, icon) = sign(state);
        Some(view! { <Pill text=state.label() tone=tone icon=icon /> })
    };
    let trouble = Memo::new(move |_| {
        let ChannelHealth { state, reason, next_step, .. } = health.get()?;
        (!reason.is_empty()).then_some((state, reason, next_step))
    });
    let trouble = move || {
        let (state, title, text) = trouble.get()?;
        Some(view! { <Banner icon=Icon::CircleAlert title text tone=sign(state).0 place=BannerPlace::Card /> })
    };
    let quarantine = Memo::new(move |_| {
        status.with(|status| status.as_ref().map(|status| status.quarantine.clone()).unwrap_or_default())
    });
    let is_empty = Memo::new(move |_| quarantine.with(Vec::is_empty));
    let aside = Memo::new(move |_| {
        status.with(|status| status.as_ref().map(|status| status.set_aside.clone()).unwrap_or_default())
    });
    let nothing_aside = Memo::new(move |_| aside.with(Vec::is_empty));
    view! {
        <section class="card">
            <div class="card-head">
                <div>
                    <h2>"Mailbox"</h2>
                    <p dir="auto">{address}</p>
                </div>
                {pill}
                <Button small=true on_press=edit>"Change"</Button>
                <Button small=true on_press=pause busy=saving.busy>
                    {move || if paused.get() { "Resume" } else { "Pause" }}
                </Button>
            </div>
            {trouble}
            <InlineError error=saving.failure() />
            {move || health.get().map(|health| view! { <Figures health /> })}
            <Before id look />
        </section>
        {move || (!is_empty.get()).then(|| view! { <Quarantine mails=quarantine of=address() look /> })}
        {move || (!nothing_aside.get()).then(|| view! { <SetAside mails=aside of=address() /> })}
    }
    .into_any()
}

/// The tone and icon of a state.
const fn sign(state: AccountState) -> (Tone, Icon) {
    match state {
        AccountState::Connected => (Tone::Good, Icon::Check),
        AccountState::Starting | AccountState::Paused | AccountState::Sample => (Tone::Wait, Icon::Clock),
        AccountState::Waiting => (Tone::Wait, Icon::CircleAlert),
        AccountState::SignIn => (Tone::Bad, Icon::CircleAlert),
    }
}

#[component]
fn Figures(health: ChannelHealth) -> impl IntoView {
    let now = use_now();
    let when = move |at: Option<Timestamp>| match at {
        Some(at) => view! { <RelativeTime at=at.0 now=now /> }.into_any(),
        None => "never".into_any(),
    };
    let ledger = health.ledger.map(|ledger| {
        let before = (ledger.before > 0).then(|| format!(", {} older", ledger.before));
        view! {
            <div class="stat">
                <dt>"In the mail folder"</dt>
                <dd>
                    {ledger.on_server}
                    <span class="cell-note">
                        {ledger.here} " in Tandem" {before} ", counted " <RelativeTime at=ledger.at.0 now=now />
                    </span>
                </dd>
            </div>
        }
    });
    view! {
        <dl class="stats">
            <div class="stat">
                <dt>"Last received"</dt>
                <dd>{when(health.last_in)}</dd>
            </div>
            <div class="stat">
                <dt>"Last sent"</dt>
                <dd>{when(health.last_out)}</dd>
            </div>
            <div class="stat">
                <dt>"Waiting to be sent"</dt>
                <dd>{health.backlog}</dd>
            </div>
            <div class="stat">
                <dt>"Last e-mail read (UID)"</dt>
                <dd>{health.cursor}</dd>
            </div>
            {ledger}
        </dl>
    }
    .into_any()
}

/// Imports mail from before the mailbox was connected.
#[component]
fn Before(id: ChannelId, look: Callback<()>) -> impl IntoView {
    let saving = use_saving();
    let asked = RwSignal::new(false);
    let fetch = move |days: u32| {
        move || {
            saving.run(backfill(id, days), move |()| {
                asked.try_set(true);
                _ = look.try_run(());
            })
        }
    };
    view! {
        <div class="card-foot mailbox-before">
            <p>
                {move || match asked.get() {
                    true => "Older e-mails are being imported as closed conversations.",
                    false => "Import older e-mails as closed conversations:",
                }}
            </p>
            <Button small=true on_press=fetch(30) busy=saving.busy>"30 days"</Button>
            <Button small=true on_press=fetch(365) busy=saving.busy>"A year"</Button>
            <Button small=true on_press=fetch(36_500) busy=saving.busy>"All"</Button>
            <InlineError error=saving.failure() />
        </div>
    }
    .into_any()
}

/// Mails that could not be read.
#[component]
fn Quarantine(mails: Memo<Vec<QuarantinedMail>>, of: String, look: Callback<()>) -> impl IntoView {
    let again = move |id: MailId| view! { <TryAgain id look /> }.into_any();
    let about = "E-mails that could not be read. None of them is lost, and other e-mails still arrive.";
    view! { <Mails title="Quarantine" about of mails actions=again /> }
}

/// Mails that were read but belong to no conversation.
#[component]
fn SetAside(mails: Memo<Vec<QuarantinedMail>>, of: String) -> impl IntoView {
    let about = "E-mails that start no conversation: automatic messages that do not reply to any of your e-mails, and delivery reports \
                 about e-mails that were not sent from here.";
    view! { <Mails title="Set aside" about of mails actions=|_| ().into_any() /> }
}

/// Mails of the mailbox that did not become messages, with the reasons.
#[component]
fn Mails(
    title: &'static str,
    about: &'static str,
    /// The address of the mailbox.
    of: String,
    mails: Memo<Vec<QuarantinedMail>>,
    /// The buttons for one mail.
    actions: impl Fn(MailId) -> AnyView + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let now = use_now();
    let row = move |mail: QuarantinedMail| {
        // A mail that the mail server never delivered has no source to show.
        let source = mail.kept.then(|| {
            let source = format!("/api/quarantine/{}/source", mail.id);
            view! {
                <a class="btn btn-plain btn-small" href=source target="_blank" rel="noopener">
                    "Source"
                </a>
            }
        });
        view! {
            <tr>
                <td>
                    <RelativeTime at=mail.at.0 now=now />
                </td>
                <td>
                    <span dir="auto">{mail.reason}</span>
                </td>
                <td>{size(mail.size)}</td>
                <td class="cell-end">
                    {source}
                    {actions(mail.id)}
                </td>
            </tr>
        }
    };
    view! {
        <TableCard title about is_region=true of columns=&["Received", "Reason", "Size"] actions=true>
            <For each=move || mails.get() key=|mail| mail.id children=row />
        </TableCard>
    }
    .into_any()
}

#[component]
fn TryAgain(id: MailId, look: Callback<()>) -> impl IntoView {
    let saving = use_saving();
    let again = move || saving.run(read_mail_again(id), move |()| _ = look.try_run(()));
    view! {
        <Button small=true on_press=again busy=saving.busy>
            "Try again"
        </Button>
        <InlineError error=saving.failure() />
    }
    .into_any()
}
