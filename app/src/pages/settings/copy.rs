//! Copies a text, also over plain HTTP, where the browser blocks the clipboard API.

use std::time::Duration;

use leptos::prelude::*;

use crate::components::ui::{Button, Icon};

/// A button that copies a text and confirms the copy.
#[component]
pub(super) fn CopyButton(
    /// The text to copy.
    #[prop(into)]
    text: Signal<String>,
    /// The button's label.
    #[prop(default = "Copy")]
    word: &'static str,
) -> impl IntoView {
    let said = RwSignal::new("");
    let press = move || {
        let done = text.with_untracked(|text| copy(text));
        said.set(if done { "Copied" } else { "Copying failed. Select the text and copy it." });
        set_timeout(
            move || {
                said.try_set("");
            },
            Duration::from_secs(3),
        );
    };
    view! {
        <Button small=true icon=Icon::Copy on_press=press>
            {move || match said.get() {
                "" => word,
                said => said,
            }}
        </Button>
        <span class="sr" role="status">{move || said.get()}</span>
    }
}

#[cfg(feature = "hydrate")]
fn copy(text: &str) -> bool {
    use js_sys::{Function, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    let navigator = window().navigator();
    if Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object()) {
        drop(navigator.clipboard().write_text(text));
        return true;
    }
    let document = document();
    let area =
        document.create_element("textarea").ok().and_then(|area| area.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
    let (Some(area), Some(body)) = (area, document.body()) else { return false };
    area.set_value(text);
    if body.append_child(&area).is_err() {
        return false;
    }
    area.select();
    let command = Reflect::get(&document, &"execCommand".into()).and_then(|command| command.dyn_into::<Function>());
    let done =
        command.and_then(|command| command.call1(&document, &"copy".into())).is_ok_and(|done| done == JsValue::TRUE);
    area.remove();
    done
}

#[cfg(not(feature = "hydrate"))]
fn copy(_: &str) -> bool {
    false
}
