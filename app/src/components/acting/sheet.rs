//! The sheet of all keys (L6).

use leptos::prelude::*;

use super::keys;
use crate::components::ui::Dialog;

/// The keys that work without this piece.
const ELSEWHERE: &[(&str, &str)] = &[
    ("↑ ↓", "Move in the list (also k and j)"),
    ("Enter", "Open the conversation"),
    ("/", "Search"),
    ("f", "Filters"),
    ("1 – 9", "Your saved views"),
    ("c", "New e-mail"),
    ("Ctrl Enter", "Send"),
];

/// All keys, in a dialog.
#[component]
pub(super) fn Sheet(
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let asked = Memo::new(move |before: Option<&bool>| before == Some(&true) || open.get());
    let line = |(key, what): &(&'static str, &'static str)| {
        view! {
            <div class="key-line">
                <dt>
                    <kbd>{*key}</kbd>
                </dt>
                <dd>{*what}</dd>
            </div>
        }
    };
    view! {
        <Show when=move || asked.get()>
            <Dialog title="Keyboard shortcuts" open=open>
                <dl class="key-list">{ELSEWHERE.iter().chain(keys::KEYS).map(line).collect_view()}</dl>
            </Dialog>
        </Show>
    }
}
