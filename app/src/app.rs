//! The document, the routes, and what every signed-in page stands on.

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    components::{Outlet, ParentRoute, Redirect, Route, Router, Routes},
    path,
};

use crate::{
    api::inbox::load_bootstrap,
    components::{
        frame::Panels,
        ui::{Button, EmptyState, Icon, ToastHost, Toasts, Tone},
    },
    model::{ApiError, Bootstrap, Timestamp},
    pages::{
        inbox::InboxPage,
        settings::{
            SettingsChannels, SettingsIndex, SettingsMembers, SettingsPage, SettingsSessions, SettingsSystem,
            SettingsTeams, SettingsWorkspace,
        },
    },
    state::{House, Inbox, Live, Outbox},
};

/// The names of the assets, and what the request says of its browser.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The app's loader.
    pub js: String,
    /// The app.
    pub wasm: String,
    /// The style sheet.
    pub css: String,
    /// The text font.
    pub font: String,
    /// The icons.
    pub icons: String,
    /// `light`, `dark` or `auto`.
    pub theme: &'static str,
    /// How the room is divided.
    pub panels: Panels,
}

/// The document around the app. Server only: the browser wakes what stands in its body.
#[cfg(feature = "ssr")]
pub fn shell<V: IntoView + 'static>(site: Site, app: impl FnOnce() -> V) -> impl IntoView {
    use leptos::nonce::use_nonce;
    use leptos_meta::MetaTags;

    use crate::components::frame::PANELS_SCRIPT;

    let nonce = use_nonce();
    let Site { js, wasm, css, font, icons, theme, panels } = site;
    let start =
        format!("import({js:?}).then(async app=>{{await app.default({{module_or_path:{wasm:?}}});app.hydrate()}})");
    // The ways in and the style guide are drawn once and need no app to wake them.
    let path = use_context::<axum::http::request::Parts>().map(|parts| parts.uri.path().to_owned()).unwrap_or_default();
    let is_plain = matches!(path.as_str(), "/sign-in" | "/setup" | "/invite" | "/styleguide");
    let has_app = !js.is_empty() && !is_plain;
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme data-panels=panels.word() style=panels.style()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/mark.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=css />
                <link rel="preload" href=font r#as="font" r#type="font/woff2" crossorigin="anonymous" />
                {has_app
                    .then(|| {
                        view! {
                            <script nonce=nonce.clone() inner_html=PANELS_SCRIPT></script>
                            <link rel="modulepreload" href=js.clone() nonce=nonce.clone() />
                            <link rel="preload" href=wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
                            <script type="module" nonce=nonce.clone() inner_html=start></script>
                        }
                    })}
                <MetaTags />
            </head>
            <body>{app()} <div hidden inner_html=icons></div></body>
        </html>
    }
}

/// The app.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // Tests, and nobody else, wait for this mark: before it a button is only a picture of one.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-hydrated", "true");
        }
    });
    view! {
        <Title text="Tandem" />
        <Router>
            <Routes fallback=|| view! { <NotFound /> }>
                <Route path=path!("/sign-in") view=DoorPage />
                <Route path=path!("/setup") view=DoorPage />
                <Route path=path!("/invite") view=DoorPage />
                <Route path=path!("/styleguide") view=StyleguidePage />
                <ParentRoute path=path!("") view=SignedIn>
                    <Route path=path!("/") view=|| view! { <Redirect path="/inbox" /> } />
                    <Route path=path!("/inbox/:id?") view=InboxPage />
                    <ParentRoute path=path!("/settings") view=SettingsPage>
                        <Route path=path!("") view=SettingsIndex />
                        <Route path=path!("/channels") view=SettingsChannels />
                        <Route path=path!("/members") view=SettingsMembers />
                        <Route path=path!("/teams") view=SettingsTeams />
                        <Route path=path!("/sessions") view=SettingsSessions />
                        <Route path=path!("/system") view=SettingsSystem />
                        <Route path=path!("/workspace") view=SettingsWorkspace />
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// The ways in: plain forms, drawn by the server alone. A page that comes here from the inside is loaded afresh.
#[component]
fn DoorPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    {
        use crate::pages::{invite::InvitePage, setup::SetupPage, sign_in::SignInPage};
        let path = leptos_router::hooks::use_location().pathname.get_untracked();
        // A form that was refused comes back with the reason in its address.
        let query = leptos_router::hooks::use_query_map().get_untracked();
        if let (Some(path), Some(error)) = (query.get("__path"), query.get("__err")) {
            provide_context(ServerActionError::new(&path, &error));
        }
        match path.as_str() {
            "/setup" => view! { <SetupPage /> }.into_any(),
            "/invite" => view! { <InvitePage /> }.into_any(),
            _ => view! { <SignInPage /> }.into_any(),
        }
    }
    #[cfg(not(feature = "ssr"))]
    {
        if let Some(location) = web_sys::window().map(|window| window.location()) {
            let _ = location.reload();
        }
    }
}

/// Every part of the interface in every state: drawn by the server of a development build alone, so that it weighs nothing elsewhere.
#[component]
fn StyleguidePage() -> impl IntoView {
    #[cfg(all(feature = "ssr", debug_assertions))]
    {
        crate::pages::styleguide::Styleguide().into_any()
    }
    #[cfg(not(all(feature = "ssr", debug_assertions)))]
    {
        NotFound().into_any()
    }
}

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

/// Loads who I am once; everything below stands on it.
#[component]
fn SignedIn() -> impl IntoView {
    let boot = Resource::new(|| (), |()| load_bootstrap());
    view! {
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                match boot.await {
                    Ok(boot) => view! { <Inside boot /> }.into_any(),
                    Err(ApiError::Unauthenticated) => view! { <Redirect path="/sign-in" /> }.into_any(),
                    Err(error) => {
                        view! {
                            <main class="auth">
                                <EmptyState icon=Icon::TriangleAlert tone=Tone::Bad title="Tandem could not be loaded" text=error.to_string()>
                                    <Button icon=Icon::RefreshCw on_press=Callback::new(move |()| boot.refetch())>
                                        "Try again"
                                    </Button>
                                </EmptyState>
                            </main>
                        }
                            .into_any()
                    }
                }
            })}
        </Transition>
    }
}

/// The signed-in layout: the store, the stream, the outbox, the clock.
#[component]
fn Inside(boot: Bootstrap) -> impl IntoView {
    let house = House { boot: RwSignal::new(boot.clone()), now: RwSignal::new(boot.now) };
    let live = Live { connection: RwSignal::default(), resets: RwSignal::new(0) };
    let (inbox, outbox) = (Inbox::new(house, boot), Outbox::new());
    let toasts = Toasts::provide();
    provide_context(house);
    provide_context(live);
    provide_context(inbox);
    provide_context(outbox);
    keep_time(house);
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
fn keep_time(house: House) {
    Effect::new(move |_| {
        let (began, at) = (crate::state::now_ms(), house.now.get_untracked());
        let tick = set_interval_with_handle(
            move || {
                house.now.try_set(Timestamp(at.0 + crate::state::now_ms() - began));
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
