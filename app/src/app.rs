//! The roots of the app's parts with their routes, and what every signed-in page stands on.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{Outlet, ParentRoute, Route, Router, Routes},
    path,
};

use crate::{
    api::inbox::load_bootstrap,
    components::ui::{EmptyState, Icon, ToastHost, Toasts, Tone},
    document::Part,
    pages::{
        inbox::InboxPage,
        settings::{
            SettingsAudit, SettingsChannels, SettingsIndex, SettingsMembers, SettingsPage, SettingsSessions,
            SettingsSystem, SettingsTeams, SettingsWorkspace,
        },
    },
    state::{Inbox, Live, Outbox, WorkspaceState, Zone},
};
use model::{Bootstrap, Timestamp};

/// The inbox's part of the app.
#[component]
pub fn InboxApp() -> impl IntoView {
    begin(Part::Inbox);
    view! {
        <Title text="Tandem" />
        <Router>
            <Routes fallback=|| view! { <Elsewhere /> }>
                <ParentRoute path=path!("") view=SignedIn>
                    <Route path=path!("/inbox/:id?") view=InboxPage />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The settings' part of the app.
#[component]
pub fn SettingsApp() -> impl IntoView {
    begin(Part::Settings);
    view! {
        <Title text="Tandem" />
        <Router>
            <Routes fallback=|| view! { <Elsewhere /> }>
                <ParentRoute path=path!("") view=SignedIn>
                    <ParentRoute path=path!("/settings") view=SettingsPage>
                        <Route path=path!("") view=SettingsIndex />
                        <Route path=path!("/channels") view=SettingsChannels />
                        <Route path=path!("/members") view=SettingsMembers />
                        <Route path=path!("/teams") view=SettingsTeams />
                        <Route path=path!("/sessions") view=SettingsSessions />
                        <Route path=path!("/system") view=SettingsSystem />
                        <Route path=path!("/audit") view=SettingsAudit />
                        <Route path=path!("/workspace") view=SettingsWorkspace />
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// What both parts begin with.
fn begin(part: Part) {
    provide_meta_context();
    provide_context(part);
    // Tests, and nobody else, wait for this mark: before it a button is only a picture of one.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "true");
        }
    });
}

/// The ways in: plain forms, drawn by the server alone.
#[cfg(feature = "ssr")]
#[component]
pub fn Doors() -> impl IntoView {
    use crate::pages::{invite::InvitePage, setup::SetupPage, sign_in::SignInPage};
    provide_meta_context();
    view! {
        <Title text="Tandem" />
        <Router>
            <Routes fallback=|| view! { <NotFound /> }>
                <Route path=path!("/sign-in") view=SignInPage />
                <Route path=path!("/setup") view=SetupPage />
                <Route path=path!("/invite") view=InvitePage />
                <Route path=path!("/styleguide") view=StyleguidePage />
            </Routes>
        </Router>
    }
}

/// Every part of the interface in every state: in a development build alone.
#[cfg(feature = "ssr")]
#[component]
fn StyleguidePage() -> impl IntoView {
    #[cfg(debug_assertions)]
    {
        crate::pages::styleguide::Styleguide().into_any()
    }
    #[cfg(not(debug_assertions))]
    {
        NotFound().into_any()
    }
}

/// A path of another part: the browser asks the server for it. What does not exist is drawn by the server as a door.
#[component]
fn Elsewhere() -> impl IntoView {
    #[cfg(feature = "ssr")]
    {
        view! { <NotFound /> }.into_any()
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _ = window().location().reload();
    }
}

#[cfg(feature = "ssr")]
#[component]
fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found · Tandem" />
        <main class="auth">
            <h1 class="sr">"Not found"</h1>
            <EmptyState icon=Icon::Search title="There is nothing here" text="The address may be old or mistyped.">
                <a class="btn btn-plain" href="/inbox">
                    "Open the inbox"
                </a>
            </EmptyState>
        </main>
    }
}

/// Who I am came with the page; everything below stands on it.
#[component]
fn SignedIn() -> impl IntoView {
    match crate::document::workspace_of_page() {
        Some(boot) => view! { <Inside boot /> }.into_any(),
        None => view! {
            <main class="auth">
                <EmptyState
                    icon=Icon::TriangleAlert
                    tone=Tone::Bad
                    title="Tandem could not be loaded"
                    text="The server has a problem that should pass. Nothing is lost."
                >
                    <a class="btn btn-plain" href="" rel="external">
                        "Try again"
                    </a>
                </EmptyState>
            </main>
        }
        .into_any(),
    }
}

/// The signed-in layout: the store, the stream, the outbox, the clock.
#[component]
fn Inside(boot: Bootstrap) -> impl IntoView {
    let workspace =
        WorkspaceState { boot: RwSignal::new(boot.clone()), now: RwSignal::new(boot.now), zone: Zone::unknown() };
    let live = Live { connection: RwSignal::default(), resets: RwSignal::new(0), storage: RwSignal::default() };
    let outbox = Outbox::new(boot.me.member.id);
    let inbox = Inbox::new(workspace, boot);
    let toasts = Toasts::provide();
    provide_context(workspace);
    provide_context(live);
    provide_context(inbox);
    provide_context(outbox);
    keep_time(workspace);
    Effect::new(move |_| {
        workspace.zone.learn();
        inbox.part_days();
    });
    Effect::new(move |_| outbox.restore());
    // Back after a break: what waited goes out.
    Effect::new(move |_| {
        if live.connection.get() == crate::state::Connection::Live {
            outbox.wake();
        }
    });
    // The stream could not go on from where it stood: people, teams and channels are read again too.
    Effect::new(move |before: Option<u32>| {
        let now = live.resets.get();
        if before.is_some_and(|before| before != now) {
            leptos::task::spawn_local(async move {
                if let Ok(boot) = load_bootstrap().await {
                    inbox.set_house(boot);
                }
            });
        }
        now
    });
    #[cfg(feature = "hydrate")]
    {
        let started = StoredValue::new(false);
        Effect::new(move |_| {
            if !started.get_value() {
                started.set_value(true);
                crate::state::start_live(live, inbox);
            }
        });
    }
    view! {
        <Outlet />
        <ToastHost toasts />
    }
    .into_any()
}

/// Moves the clock that relative times are told by, as the server's clock goes.
fn keep_time(workspace: WorkspaceState) {
    Effect::new(move |_| {
        let (began, at) = (crate::state::now_ms(), workspace.now.get_untracked());
        let tick = set_interval_with_handle(
            move || {
                workspace.now.try_set(Timestamp(at.0 + crate::state::now_ms() - began));
            },
            std::time::Duration::from_secs(10),
        );
        on_cleanup(move || {
            if let Ok(tick) = tick {
                tick.clear();
            }
        });
    });
}
