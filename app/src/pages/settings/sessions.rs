//! The page of the member's sessions and password. Every member can open it.

use leptos::{prelude::*, task::spawn_local};

use super::{
    browser::describe,
    parts::{CardSkeleton, InlineError, LoadFailed, PageHead},
    password::PasswordCard,
};
use crate::{
    api::{
        Refused,
        account::{SessionInfo, end_session, sessions},
    },
    components::ui::{Button, Glyph, Icon, Pill, RelativeTime, Tone},
    json::fetched,
    state::use_now,
};
use model::{ApiError, SessionId};

/// The member's sessions and password.
#[component]
pub fn SettingsSessions() -> impl IntoView {
    let all = fetched(|| (), |()| sessions());
    // Sessions that were ended here but are still in the list that was read.
    let ended = RwSignal::new(Vec::<SessionId>::new());
    let list = move || {
        Suspend::new(async move {
            match all.await {
                Ok(sessions) => view! { <SessionList sessions=sessions ended=ended /> }.into_any(),
                Err(error) => view! { <LoadFailed error=error.into() retry=move || all.refetch() /> }.into_any(),
            }
        })
    };
    view! {
        <PageHead title="Sessions and password" lead="Where you are signed in. End every session that you do not know." />
        <Transition fallback=|| view! { <CardSkeleton /> }>{list}</Transition>
        <PasswordCard on_changed=move || all.refetch() />
    }
    .into_any()
}

#[component]
fn SessionList(
    /// The sessions as they were read.
    sessions: Vec<SessionInfo>,
    /// The ids of sessions ended since the read.
    ended: RwSignal<Vec<SessionId>>,
) -> impl IntoView {
    let lines =
        sessions.into_iter().map(|session| view! { <SessionLine session=session ended=ended /> }).collect_view();
    view! { <section class="card">{lines}</section> }.into_any()
}

#[component]
fn SessionLine(
    /// The session to show.
    session: SessionInfo,
    /// The ids of sessions ended on this page.
    ended: RwSignal<Vec<SessionId>>,
) -> impl IntoView {
    let now = use_now();
    let id = session.id;
    let error = RwSignal::new(None::<String>);
    let (words, icon) = describe(&session.user_agent);
    let name = format!("End {words}");
    let end = move || {
        error.set(None);
        ended.update(|ended| ended.push(id));
        spawn_local(async move {
            // "Not found" means that the session has already ended.
            if let Err(Refused(refused)) = end_session(id).await
                && refused != ApiError::NotFound
            {
                ended.try_update(|ended| ended.retain(|other| *other != id));
                error.try_set(Some(refused.to_string()));
            }
        });
    };
    let control = match session.this {
        true => view! { <Pill text="This session" tone=Tone::Good icon=Icon::Check /> }.into_any(),
        false => view! { <Button small=true name=name on_press=end>"End"</Button> }.into_any(),
    };
    view! {
        <div class="option" hidden=move || ended.with(|ended| ended.contains(&id))>
            <Glyph icon=icon />
            <div>
                <b title=session.user_agent>{words}</b>
                <p>
                    "Last active: " <RelativeTime at=session.seen.0 now=now /> " · Signed in: "
                    <RelativeTime at=session.began.0 now=now />
                </p>
                <InlineError error=error />
            </div>
            {control}
        </div>
    }
    .into_any()
}
