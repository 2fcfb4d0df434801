//! The only place in the interface that reads the browser's clock, makes ids, moves the focus by selector and uses the browser's storage.
//! On the server these functions do nothing.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use leptos::prelude::{request_animation_frame, set_timeout};
use uuid::Uuid;

use model::MemberId;

/// A new UUIDv7.
#[expect(clippy::disallowed_methods, reason = "this is the source that everything else is given")]
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// The browser's clock, in milliseconds since 1970. 0 on the server.
pub fn now_ms() -> i64 {
    #[cfg(feature = "hydrate")]
    {
        js_sys::Date::now() as i64
    }
    #[cfg(not(feature = "hydrate"))]
    0
}

/// The reader's offset from UTC at a time, both in milliseconds. 0 on the server, which does not know the time zone.
pub(super) fn ahead_of_utc(at: i64) -> i64 {
    #[cfg(feature = "hydrate")]
    {
        let minutes = js_sys::Date::new(&(at as f64).into()).get_timezone_offset();
        -(minutes * 60_000.0) as i64
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = at;
        0
    }
}

#[cfg(feature = "hydrate")]
fn storage() -> Option<web_sys::Storage> {
    // Storage may be blocked. Then nothing is stored, and everything else still works.
    web_sys::window()?.local_storage().ok()?
}

#[cfg(feature = "hydrate")]
fn storage_of_tab() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// Keeps a text for as long as the tab is open.
pub fn keep_in_tab(name: &str, text: &str) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = storage_of_tab() {
        let _ = storage.set_item(name, text);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (name, text);
}

/// Reads what was kept in this tab.
pub fn recall_in_tab(name: &str) -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        storage_of_tab()?.get_item(name).ok()?
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = name;
        None
    }
}

/// Whether hydration is over. What is rendered after that was not part of the server's page.
static AWAKE: AtomicBool = AtomicBool::new(false);

/// Records that hydration is over.
pub fn set_awake() {
    AWAKE.store(true, Ordering::Relaxed);
}

/// Runs `run` after the current render has been painted. Returns false and does not run it where nothing may wait: on the server, and
/// during hydration, when both sides must render the same.
pub fn after_paint(run: impl FnOnce() + 'static) -> bool {
    let awake = AWAKE.load(Ordering::Relaxed);
    if awake {
        // The browser paints after animation frame callbacks. The timer fires after the paint.
        request_animation_frame(move || set_timeout(run, Duration::ZERO));
    }
    awake
}

/// Focuses the first element that matches a selector. Does nothing if there is none.
pub fn give_focus(selector: &str) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let found =
            web_sys::window().and_then(|w| w.document()).and_then(|d| d.query_selector(selector).ok().flatten());
        if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = element.focus();
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = selector;
}

/// The storage key of text that a member wrote and the server does not have yet. The text survives a sign-out
/// (components/frame/sign_out.js) and is shown only to that member.
pub fn unsent(member: MemberId, what: &str) -> String {
    format!("tandem:unsent:{member}:{what}")
}

/// Reads the value of a storage key.
pub fn recall(name: &str) -> Option<String> {
    #[cfg(feature = "hydrate")]
    {
        storage()?.get_item(name).ok()?
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = name;
        None
    }
}

/// Stores a text under a key.
pub fn keep(name: &str, text: &str) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = storage() {
        let _ = storage.set_item(name, text);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (name, text);
}

/// Removes a key from storage.
pub fn forget(name: &str) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = storage() {
        let _ = storage.remove_item(name);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = name;
}

/// All stored keys with this prefix, with their values.
pub fn recall_all(prefix: &str) -> Vec<(String, String)> {
    #[cfg(feature = "hydrate")]
    {
        let Some(storage) = storage() else { return Vec::new() };
        let names = (0..storage.length().unwrap_or(0)).filter_map(|n| storage.key(n).ok().flatten());
        let ours: Vec<String> = names.filter(|name| name.starts_with(prefix)).collect();
        ours.into_iter().filter_map(|name| Some((name.clone(), storage.get_item(&name).ok()??))).collect()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = prefix;
        Vec::new()
    }
}

/// Whether the page may reload itself: at most once a minute. Otherwise a server that lacks a file would make the page reload forever.
pub fn may_load_afresh() -> bool {
    #[cfg(feature = "hydrate")]
    {
        const NAME: &str = "tandem:afresh";
        const PAUSE_MS: i64 = 60_000;
        // Without storage the reloads cannot be counted. Then the page asks the user to reload.
        let Some(storage) = web_sys::window().and_then(|window| window.session_storage().ok().flatten()) else {
            return false;
        };
        let last = storage.get_item(NAME).ok().flatten().and_then(|at| at.parse::<i64>().ok());
        last.is_none_or(|at| now_ms() - at > PAUSE_MS) && storage.set_item(NAME, &now_ms().to_string()).is_ok()
    }
    #[cfg(not(feature = "hydrate"))]
    false
}
