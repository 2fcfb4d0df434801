//! A dialog: the browser's modal dialog, which keeps the focus inside and returns it on closing.

use leptos::{ev::MouseEvent, html, prelude::*};

use super::{Icon, IconButton};

/// A modal dialog, open while the signal is true. Esc, the ✕ and a click outside close it.
#[component]
pub fn Dialog(
    /// The title.
    #[prop(into)]
    title: String,
    /// Whether the dialog is open. Closing sets it to false.
    open: RwSignal<bool>,
    /// The buttons at the foot, the main button last.
    #[prop(optional, into)]
    foot: Option<ViewFn>,
    /// The content.
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let wanted = open.get();
        if let Some(dialog) = dialog.get() {
            match (wanted, dialog.open()) {
                // Fails only if the dialog is no longer in the page.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                _ => {}
            }
        }
    });
    // The content covers the dialog's own box, so a click on the box itself was outside the content.
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
