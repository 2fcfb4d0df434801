//! The root components with their routes, and the state that every signed-in page needs.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{Outlet, ParentRoute, Route, Router, Routes},
    hooks::use_location,
    path,
};

use crate::{
    api::inbox::load_bootstrap,
    components::ui::{EmptyState, Icon, ToastHost, Toasts, Tone},
    pages::{
        inbox::InboxPage,
        settings::{SettingsPart, settings},
    },
    state::{Acting, Inbox, Live, Outbox, Search, WorkspaceState, Zone, give_focus},
};
use model::{Bootstrap, Timestamp};

/// The root of the signed-in app.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // Tests wait for this mark. Before it is set, buttons do not work yet.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "true");
        }
        crate::state::set_awake();
        crate::piece::fetch_when_idle();
    });
    view! {
        <Title text="Tandem" />
        <Router>
            <Routes fallback=|| view! { <Elsewhere /> }>
                <ParentRoute path=path!("") view=SignedIn>
                    <Route path=path!("/inbox/:id?") view=InboxPage />
                    <ParentRoute path=path!("/settings") view=|| settings(SettingsPart::Frame)>
                        <Route path=path!("") view=|| settings(SettingsPart::Index) />
                        <Route path=path!("/channels") view=|| settings(SettingsPart::Channels) />
                        <Route path=path!("/members") view=|| settings(SettingsPart::Members) />
                        <Route path=path!("/teams") view=|| settings(SettingsPart::Teams) />
                        <Route path=path!("/tags") view=|| settings(SettingsPart::Tags) />
                        <Route path=path!("/closing") view=|| settings(SettingsPart::Closing) />
                        <Route path=path!("/notifications") view=|| settings(SettingsPart::Notifications) />
                        <Route path=path!("/sessions") view=|| settings(SettingsPart::Sessions) />
                        <Route path=path!("/help") view=|| settings(SettingsPart::Help) />
                        <Route path=path!("/system") view=|| settings(SettingsPart::System) />
                        <Route path=path!("/audit") view=|| settings(SettingsPart::Audit) />
                        <Route path=path!("/workspace") view=|| settings(SettingsPart::Workspace) />
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The root of the public pages: plain forms that only the server renders.
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

/// The root of the style guide. Only in development builds.
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

/// A path outside the app. The browser requests it from the server, and the server answers unknown paths with a "not found" page.
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
            <EmptyState icon=Icon::Search title="Page not found" text="The link may be outdated or mistyped.">
                <a class="btn btn-plain" href="/inbox">
                    "Open the inbox"
                </a>
            </EmptyState>
        </main>
    }
}

/// Provides the workspace that came with the page, and renders the signed-in layout.
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
                    text="The server has a temporary problem. Nothing is lost. Try again in a moment."
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

/// The signed-in layout: the store, the stream, the outbox and the clock.
#[component]
fn Inside(boot: Bootstrap) -> impl IntoView {
    let workspace =
        WorkspaceState { boot: RwSignal::new(boot.clone()), now: RwSignal::new(boot.now), zone: Zone::unknown() };
    let live = Live { connection: RwSignal::default(), resets: RwSignal::new(0), storage: RwSignal::default() };
    let acting = Acting::provide(live.connection);
    let outbox = Outbox::new(boot.me.member.id, acting.acts);
    let inbox = Inbox::new(workspace, boot);
    let toasts = Toasts::provide();
    provide_context(workspace);
    provide_context(live);
    provide_context(inbox);
    provide_context(outbox);
    Search::provide();
    keep_time(workspace);
    focus_new_area();
    Effect::new(move |_| {
        workspace.zone.learn();
        inbox.part_days();
    });
    Effect::new(move |_| outbox.restore());
    // The connection is back, so the outbox sends its messages.
    Effect::new(move |_| {
        if live.connection.get() == crate::state::Connection::Live {
            outbox.wake();
        }
    });
    // The stream could not continue from its event number, so people, teams and channels are read again too.
    Effect::new(move |before: Option<u32>| {
        let now = live.resets.get();
        if before.is_some_and(|before| before != now) {
            leptos::task::spawn_local(async move {
                if let Ok(boot) = load_bootstrap().await {
                    inbox.set_workspace(boot);
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

/// Moves the focus to the content after a change of area. The page does not reload, so the focus would otherwise stay in a removed element.
fn focus_new_area() {
    let path = use_location().pathname;
    let area = Memo::new(move |_| path.with(|path| path.split('/').nth(1).unwrap_or_default().to_owned()));
    Effect::new(move |before: Option<String>| {
        let now = area.get();
        if before.is_some_and(|before| before != now) {
            request_animation_frame(|| give_focus("#main"));
        }
        now
    });
}

/// Advances the clock for relative times, in step with the server's clock.
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
