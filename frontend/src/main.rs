//! The start of the program in the browser: it hydrates the page that the server rendered.

use leptos::prelude::window;

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // WebAssembly does not recover from a panic. The page would look usable but no longer react.
        tell_to_reload("Something broke on this page. What you wrote is kept. Please reload.");
    }));
    wasm_bindgen_futures::spawn_local(async {
        let path = window().location().pathname().unwrap_or_default();
        if app::piece::load_for(&path).await.is_ok() {
            leptos::mount::hydrate_body(app::app::App);
        } else if app::state::may_load_afresh() {
            // A new version was deployed between the request for the page and the request for its pieces.
            let _ = window().location().reload();
        } else {
            tell_to_reload("A part of this page could not be loaded. What you wrote is kept. Please reload.");
        }
    });
}

fn tell_to_reload(text: &str) {
    let Some(document) = web_sys::window().and_then(|window| window.document()) else { return };
    let (Some(body), Ok(notice)) = (document.body(), document.create_element("div")) else { return };
    notice.set_class_name("banner broken");
    let _ = notice.set_attribute("role", "alert");
    notice.set_text_content(Some(text));
    let _ = body.append_child(&notice);
}
