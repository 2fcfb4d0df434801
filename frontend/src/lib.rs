//! What wakes the page that the server rendered. One program for each part of the app: `bin/inbox.rs`, `bin/settings.rs`.

use leptos::prelude::IntoView;

/// Wakes the page as a part of the app.
pub fn wake<V: IntoView + 'static>(part: fn() -> V) {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // WebAssembly does not recover from a panic: the page would look alive and do nothing.
        tell_to_reload();
    }));
    leptos::mount::hydrate_body(part);
}

fn tell_to_reload() {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let (Some(body), Ok(notice)) = (document.body(), document.create_element("div")) else { return };
    notice.set_class_name("banner broken");
    let _ = notice.set_attribute("role", "alert");
    notice.set_text_content(Some("Something broke on this page. What you wrote is kept. Please reload."));
    let _ = body.append_child(&notice);
}
