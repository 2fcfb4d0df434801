//! The page of the member's sessions and password. Every member can open it.

use leptos::prelude::*;

use super::{
    browser::describe,
    parts::{PageHead, loaded},
    password::PasswordCard,
};
use crate::{
    api::{
        account::{SessionInfo, end_session, sessions},
        presence::hide_me,
    },
    components::ui::{
        Button, Glyph, Icon, InlineError, LastWish, Pill, RelativeTime, Removed, SwitchOption, Tone, use_removed,
    },
    json::fetched,
    state::{use_now, use_workspace},
};

/// The member's sessions and password.
#[component]
pub fn SettingsSessions() -> impl IntoView {
    let all = fetched(|| (), |()| sessions());
    let ended = use_removed();
    view! {
        <PageHead title="Sessions and password" lead="Where you are signed in. End every session that you do not know." />
        {loaded(all, 3, move |sessions| view! { <SessionList sessions ended /> }.into_any())}
        <PasswordCard on_changed=move || all.refetch() />
        <ShowMe />
    }
    .into_any()
}

/// Whether others are told where the member is (T12).
#[component]
fn ShowMe() -> impl IntoView {
    let workspace = use_workspace();
    let wish = StoredValue::new(LastWish::new());
    let error = RwSignal::new(None::<String>);
    let turn = move |on: bool| {
        let show = move |hidden: bool| {
            workspace.boot.try_update(|boot| boot.me.hidden = hidden);
        };
        wish.get_value().show(error, on, !on, show, hide_me);
    };
    view! {
        <section class="card">
            <SwitchOption
                id="show-me"
                label="Show where I am"
                text="Colleagues see which conversation you look at or write in, and visitors that somebody writes to them. You see your colleagues either way."
                on=Signal::derive(move || workspace.boot.with(|boot| !boot.me.hidden))
                on_turn=move |on: bool| turn(on)
            />
            <InlineError error=error />
        </section>
    }
    .into_any()
}

#[component]
fn SessionList(
    /// The sessions as they were read.
    sessions: Vec<SessionInfo>,
    /// The sessions ended since the read.
    ended: Removed,
) -> impl IntoView {
    let lines =
        sessions.into_iter().map(|session| view! { <SessionLine session=session ended=ended /> }).collect_view();
    view! { <section class="card">{lines}</section> }.into_any()
}

#[component]
fn SessionLine(
    /// The session to show.
    session: SessionInfo,
    /// The sessions ended on this page.
    ended: Removed,
) -> impl IntoView {
    let now = use_now();
    let id = session.id.uuid();
    let error = RwSignal::new(None::<String>);
    let (words, icon) = describe(&session.user_agent);
    let name = format!("End {words}");
    let end = move || ended.remove(id, error, end_session(session.id));
    let control = match session.this {
        true => view! { <Pill text="This session" tone=Tone::Good icon=Icon::Check /> }.into_any(),
        false => view! { <Button small=true name=name on_press=end>"End"</Button> }.into_any(),
    };
    view! {
        <div class="option" hidden=move || ended.has(id)>
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
