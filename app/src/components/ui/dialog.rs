//! A dialog: the platform's modal, which keeps the focus inside and gives it back.

use leptos::{ev::MouseEvent, html, prelude::*};

use super::{Icon, IconButton};

/// A modal dialog, open while the signal is true. Esc, the ✕ and a click beside it close it.
#[component]
pub fn Dialog(
    /// What it is about.
    #[prop(into)]
    title: String,
    /// Whether it is open; set to false when it is closed.
    open: RwSignal<bool>,
    /// The buttons at its foot, the main one last.
    #[prop(optional, into)]
    foot: Option<ViewFn>,
    /// What it says and asks.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let wanted = open.get();
        if let Some(dialog) = dialog.get() {
            match (wanted, dialog.open()) {
                // Fails only if it is not in the page any more.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                _ => {}
            }
        }
    });
    // The dialog's own box is filled by its parts, so a click that hits the box itself was beside them.
    let beside = move |event: MouseEvent| {
        if event.target().is_some() && event.target() == event.current_target() {
            open.set(false);
        }
    };
    let name = title.clone();
    view! {
        <dialog
            class="dialog"
            node_ref=dialog
            aria-label=name
            on:close=move |_| open.set(false)
            on:click=beside
        >
            <header class="dialog-head">
                <h2>{title}</h2>
            </header>
            <div class="dialog-body">{children()}</div>
            {foot.map(|foot| view! { <footer class="dialog-foot">{foot.run()}</footer> })}
            <IconButton icon=Icon::X name="Close" at_end=true class="dialog-close" on_press=move || open.set(false) />
        </dialog>
    }
}
