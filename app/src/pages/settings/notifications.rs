//! The page of what the member is told of, and by which ways (N2). Every member can open it.

use leptos::prelude::*;

use super::parts::{PageHead, loaded};
use crate::{
    api::notices::{load_notices, switch_notices},
    components::{
        browser_notice::{Allowed, allowed, ask},
        ui::{Banner, BannerPlace, Button, Icon, TableCard, Tone, change_at_once},
    },
    json::fetched,
    state::use_notices,
};
use model::{NoticeKind, NoticeKinds, NoticeSwitches};

/// The two ways, and what a screen reader calls their switches.
const WAYS: [&str; 2] = ["under the bell", "by the browser"];

/// The member's switches.
#[component]
pub fn SettingsNotifications() -> impl IntoView {
    let page = fetched(|| (), |()| load_notices());
    view! {
        <PageHead
            title="Notifications"
            lead="What you are told of, and how. You are never told of what you did yourself, or of the conversation in front of you."
        />
        {loaded(page, 5, move |page| view! { <Switches switches=page.switches /> }.into_any())}
    }
    .into_any()
}

#[component]
fn Switches(
    /// As they were read.
    switches: NoticeSwitches,
) -> impl IntoView {
    let notices = use_notices();
    let switches = RwSignal::new(switches);
    let error = RwSignal::new(None::<String>);
    // What this browser allows is known after hydration.
    let may = RwSignal::new(Allowed::NotAsked);
    let look = move || {
        may.try_set(allowed());
    };
    Effect::new(move |_| look());
    let turn = move |kind: NoticeKind, by_browser: bool, on: bool| {
        let before = switches.get_untracked();
        let mut after = before;
        let way = if by_browser { &mut after.browser } else { &mut after.listed };
        *way = way.with(kind, on);
        if by_browser && on && allowed() == Allowed::NotAsked {
            ask(look);
        }
        let command = async move {
            let done = switch_notices(after).await;
            notices.ask();
            done
        };
        let show = move |done| {
            switches.try_set(if done { after } else { before });
        };
        change_at_once(error, show, command);
    };
    let row = move |&kind: &NoticeKind| {
        let cell = move |by_browser: bool| {
            let on = move || switches.with(|all| if by_browser { all.browser.has(kind) } else { all.listed.has(kind) });
            view! {
                <td>
                    <input
                        class="switch"
                        type="checkbox"
                        role="switch"
                        aria-label=format!("{}, {}", kind.label(), WAYS[usize::from(by_browser)])
                        checked=untrack(on)
                        prop:checked=on
                        on:change=move |event| turn(kind, by_browser, event_target_checked(&event))
                    />
                </td>
            }
        };
        view! {
            <tr>
                <th scope="row">{kind.label()}</th>
                {cell(false)}
                {cell(true)}
            </tr>
        }
    };
    let wanted = move || switches.with(|all| all.browser != NoticeKinds::default());
    let state = move || {
        match may.get() {
        Allowed::No if wanted() => Some(
            view! {
                <Banner
                    icon=Icon::TriangleAlert
                    tone=Tone::Wait
                    title="This browser does not show notices of Tandem."
                    text="Allow notifications for this site in the browser's settings, next to the address. Then reload this page."
                    place=BannerPlace::Card
                />
            }
            .into_any(),
        ),
        Allowed::Never if wanted() => Some(
            view! {
                <Banner
                    icon=Icon::TriangleAlert
                    tone=Tone::Wait
                    title="This browser cannot show notices."
                    text="They are shown in your other browsers."
                    place=BannerPlace::Card
                />
            }
            .into_any(),
        ),
        Allowed::NotAsked if wanted() => Some(
            view! {
                <Banner
                    icon=Icon::Notifier
                    title="This browser has not been asked yet."
                    text="It shows notices once you allow it."
                    place=BannerPlace::Card
                >
                    <Button small=true on_press=move |()| ask(look)>
                        "Allow notices here"
                    </Button>
                </Banner>
            }
            .into_any(),
        ),
        _ => None,
    }
    };
    view! {
        {state}
        <TableCard columns=&["Tell me when", "Under the bell", "By the browser"] error=Signal::derive(move || error.get())>
            {NoticeKind::ALL.iter().map(row).collect_view()}
        </TableCard>
    }
    .into_any()
}
