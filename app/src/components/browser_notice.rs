//! Notices by the browser, outside of the page, and the number on the app's icon (N2). A browser may have none of this, so all of it is looked
//! up by name.

use leptos::prelude::*;

use crate::state::Notices;

/// What the member allowed in this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Notices may be shown.
    Yes,
    /// The member refused them, or their browser does it for them.
    No,
    /// Nobody has asked yet.
    NotAsked,
    /// This browser has no notices.
    Never,
}

/// What is allowed now. On the server nothing is known.
pub fn allowed() -> Allowed {
    #[cfg(feature = "hydrate")]
    {
        let permission = of_window("Notification").and_then(|class| get(&class, "permission"));
        match permission.and_then(|permission| permission.as_string()).as_deref() {
            Some("granted") => Allowed::Yes,
            Some("denied") => Allowed::No,
            Some(_) => Allowed::NotAsked,
            None => Allowed::Never,
        }
    }
    #[cfg(not(feature = "hydrate"))]
    Allowed::NotAsked
}

/// Whether notices may be shown.
pub fn is_allowed() -> bool {
    allowed() == Allowed::Yes
}

/// Asks the member. `done` runs when they have answered.
pub fn ask(done: impl Fn() + 'static) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::{JsCast, JsValue, closure::Closure};
        let Some(class) = of_window("Notification") else { return };
        let Some(ask) = get(&class, "requestPermission").and_then(|ask| ask.dyn_into::<js_sys::Function>().ok()) else {
            return;
        };
        let done = Closure::once_into_js(move |_: JsValue| done());
        if let Ok(answer) = ask.call0(&class)
            && let Ok(answer) = answer.dyn_into::<js_sys::Promise>()
            && let Some(then) = get(&answer, "then").and_then(|then| then.dyn_into::<js_sys::Function>().ok())
        {
            let _ = then.call1(&answer, &done);
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = done;
}

/// Whether the member looks at this page.
pub fn in_front() -> bool {
    #[cfg(feature = "hydrate")]
    {
        document().has_focus().unwrap_or(true)
    }
    #[cfg(not(feature = "hydrate"))]
    true
}

/// Shows a notice in place of the one before. Whoever clicks it gets to `href`.
pub fn show(title: &str, text: &str, href: String, open: Callback<String>) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::{JsCast, JsValue, closure::Closure};
        let Some(class) = of_window("Notification").and_then(|class| class.dyn_into::<js_sys::Function>().ok()) else {
            return;
        };
        let options = js_sys::Object::new();
        for (key, value) in [("body", text), ("tag", "tandem"), ("icon", "/icon-192.png")] {
            let _ = js_sys::Reflect::set(&options, &key.into(), &value.into());
        }
        let arguments = js_sys::Array::of2(&title.into(), &options);
        // Some browsers on phones have the class but refuse to make one of a page.
        let Ok(notice) = js_sys::Reflect::construct(&class, &arguments) else { return };
        let shown = notice.clone();
        let clicked = Closure::once_into_js(move |_: JsValue| {
            let _ = window().focus();
            open.try_run(href);
            if let Some(close) = get(&shown, "close").and_then(|close| close.dyn_into::<js_sys::Function>().ok()) {
                let _ = close.call0(&shown);
            }
        });
        let _ = js_sys::Reflect::set(&notice, &"onclick".into(), &clicked);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (title, text, href, open);
}

/// Shows a number on the app's icon.
pub fn set_badge(count: i64) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let navigator = window().navigator();
        let set = get(&navigator, "setAppBadge").and_then(|set| set.dyn_into::<js_sys::Function>().ok());
        if let Some(set) = set
            && let Ok(promise) = set.call1(&navigator, &(count as f64).into())
        {
            quiet(promise);
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = count;
}

/// Lets one tab of the browser show notices: the one that gets the lock, until it is closed. In a browser without locks each tab does, and the
/// tag makes one of what they show.
pub fn lead(notices: Notices) {
    if notices.leads.get_value().is_some() {
        return;
    }
    notices.leads.set_value(Some(false));
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::{JsCast, JsValue, closure::Closure};
        let locks = get(&window().navigator(), "locks");
        let request = locks.as_ref().and_then(|locks| get(locks, "request")?.dyn_into::<js_sys::Function>().ok());
        let (Some(locks), Some(request)) = (locks, request) else {
            notices.leads.set_value(Some(true));
            return;
        };
        let granted = Closure::once_into_js(move |_: JsValue| -> js_sys::Promise {
            notices.leads.try_set_value(Some(true));
            // This promise never settles, so the lock is held until the tab closes.
            js_sys::Promise::new(&mut |_, _| {})
        });
        if let Ok(promise) = request.call2(&locks, &"tandem-notices".into(), &granted) {
            quiet(promise);
        }
    }
}

#[cfg(feature = "hydrate")]
fn of_window(name: &str) -> Option<wasm_bindgen::JsValue> {
    get(&window(), name)
}

#[cfg(feature = "hydrate")]
fn get(of: &wasm_bindgen::JsValue, name: &str) -> Option<wasm_bindgen::JsValue> {
    js_sys::Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

/// A refusal of what this promise stands for is no error of the page's.
#[cfg(feature = "hydrate")]
fn quiet(promise: wasm_bindgen::JsValue) {
    use wasm_bindgen::{JsCast, JsValue, closure::Closure};
    if let Some(catch) = get(&promise, "catch").and_then(|catch| catch.dyn_into::<js_sys::Function>().ok()) {
        let _ = catch.call1(&promise, &Closure::once_into_js(|_: JsValue| ()));
    }
}
