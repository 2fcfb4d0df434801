//! The only place in the interface that reads the browser's clock, makes ids, moves the focus by name and touches its storage. On the server they are inert.

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

/// The browser's clock, in milliseconds since 1970; 0 on the server.
pub fn now_ms() -> i64 {
    #[cfg(feature = "hydrate")]
    {
        js_sys::Date::now() as i64
    }
    #[cfg(not(feature = "hydrate"))]
    0
}

/// How far the reader's clocks are ahead of UTC at a time, both in milliseconds; 0 on the server, which does not know.
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
    // Storage may be blocked; then nothing is kept, and nothing breaks.
    web_sys::window()?.local_storage().ok()?
}

/// Whether the page is alive: what is drawn now stands in no page of the server's.
static AWAKE: AtomicBool = AtomicBool::new(false);

/// Says that the page is alive.
pub fn set_awake() {
    AWAKE.store(true, Ordering::Relaxed);
}

/// Runs it once what is drawn now has been painted. False, and it does not run, where nothing may wait: on the server, and while the page
/// is being woken, when both sides have to draw the same.
pub fn after_paint(run: impl FnOnce() + 'static) -> bool {
    let awake = AWAKE.load(Ordering::Relaxed);
    if awake {
        // The frame is painted after these callbacks; a timer comes after it.
        request_animation_frame(move || set_timeout(run, Duration::ZERO));
    }
    awake
}

/// Gives the focus to the first element that a selector finds; nothing happens where there is none.
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

/// The name under which the browser keeps what a member wrote and the server does not have yet. It outlives signing out
/// (components/frame/sign_out.js), and only its member is shown it again.
pub fn unsent(member: MemberId, what: &str) -> String {
    format!("tandem:unsent:{member}:{what}")
}

/// What the browser keeps under a name.
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

/// Lets the browser keep a text under a name.
pub fn keep(name: &str, text: &str) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = storage() {
        let _ = storage.set_item(name, text);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (name, text);
}

/// Lets the browser forget what it keeps under a name.
pub fn forget(name: &str) {
    #[cfg(feature = "hydrate")]
    if let Some(storage) = storage() {
        let _ = storage.remove_item(name);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = name;
}

/// What the browser keeps under names that begin so: name and text.
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

/// Whether the page may load itself afresh: not again within a minute, or a server without a file would keep it loading for ever.
pub fn may_load_afresh() -> bool {
    #[cfg(feature = "hydrate")]
    {
        const NAME: &str = "tandem:afresh";
        const PAUSE_MS: i64 = 60_000;
        // Where nothing can be kept nobody could count: then it asks and does not load by itself.
        let Some(storage) = web_sys::window().and_then(|window| window.session_storage().ok().flatten()) else {
            return false;
        };
        let last = storage.get_item(NAME).ok().flatten().and_then(|at| at.parse::<i64>().ok());
        last.is_none_or(|at| now_ms() - at > PAUSE_MS) && storage.set_item(NAME, &now_ms().to_string()).is_ok()
    }
    #[cfg(not(feature = "hydrate"))]
    false
}
