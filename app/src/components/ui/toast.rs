//! Toasts: results of actions outside the current view, with a last chance to undo.

use leptos::prelude::*;

use super::{Button, Glyph, Icon, IconButton, TipSide, Tone, Variant};

/// The content of a toast.
#[derive(Debug, Clone)]
pub struct Toast {
    /// What happened.
    pub text: String,
    /// The meaning of its colour and icon.
    pub tone: Tone,
    /// A label and its action: "Undo".
    pub action: Option<(String, Callback<()>)>,
}

impl Toast {
    /// A neutral toast without an action.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Neutral, action: None }
    }

    /// Sets the tone.
    #[must_use]
    pub fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// Sets the action.
    #[must_use]
    pub fn action(self, word: impl Into<String>, run: impl Into<Callback<()>>) -> Self {
        Self { action: Some((word.into(), run.into())), ..self }
    }

    fn icon(&self) -> Icon {
        match self.tone {
            Tone::Good => Icon::CircleCheck,
            Tone::Bad => Icon::CircleAlert,
            Tone::Wait => Icon::Clock,
            Tone::Ai => Icon::Sparkles,
            Tone::Neutral | Tone::Accent => Icon::Info,
        }
    }

    /// How long the toast stays. With an action it stays longer. A bad toast stays until closed.
    fn stays(&self) -> Option<std::time::Duration> {
        match (&self.action, self.tone) {
            (_, Tone::Bad) => None,
            (Some(_), _) => Some(std::time::Duration::from_secs(10)),
            (None, _) => Some(std::time::Duration::from_secs(5)),
        }
    }
}

/// The toasts on screen. Available from the context below the owner of `ToastHost`.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<(u32, Toast)>>,
    next: StoredValue<u32>,
}

impl Toasts {
    /// Provides the toasts to everything below. Called once, at the root.
    pub fn provide() -> Self {
        let toasts = Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
        provide_context(toasts);
        toasts
    }

    /// Shows why something failed. The toast stays until it is closed.
    pub fn failed(self, why: impl Into<String>) {
        self.push(Toast::new(why).tone(Tone::Bad));
    }

    /// Shows a toast. With more than three, the oldest disappears.
    pub fn push(self, toast: Toast) {
        let id = self.next.get_value();
        self.next.set_value(id.wrapping_add(1));
        let stays = toast.stays();
        self.shown.update(|shown| {
            shown.push((id, toast));
            let surplus = shown.len().saturating_sub(3);
            shown.drain(..surplus);
        });
        if let Some(time) = stays {
            set_timeout(move || self.close(id), time);
        }
    }

    fn close(self, id: u32) {
        // This runs later, and the page may be gone by then.
        self.shown.try_update(|shown| shown.retain(|(other, _)| *other != id));
    }
}

/// Returns the toasts. Works only below their `ToastHost`.
pub fn use_toasts() -> Toasts {
    expect_context::<Toasts>()
}

/// The place where toasts appear. Used once, at the root, after `Toasts::provide`.
#[component]
pub fn ToastHost(
    /// The toasts.
    toasts: Toasts,
) -> impl IntoView {
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|(id, _)| *id let((id, toast))>
                <ToastView toast=toast on_close=move || toasts.close(id) />
            </For>
        </div>
    }
}

/// One toast.
#[component]
pub fn ToastView(
    /// The content.
    toast: Toast,
    /// Called when the toast is closed or its action is pressed.
    #[prop(into)]
    on_close: Callback<()>,
) -> impl IntoView {
    let icon = toast.icon();
    let action = toast.action.map(|(word, run)| {
        let press = move || {
            run.run(());
            on_close.run(());
        };
        view! { <Button variant=Variant::Quiet small=true on_press=press>{word}</Button> }
    });
    view! {
        <div class="toast" data-tone=toast.tone.attr()>
            <Glyph icon=icon />
            <span class="toast-text">{toast.text}</span>
            {action}
            <IconButton icon=Icon::X name="Dismiss" small=true at_end=true tip=TipSide::Above on_press=move || on_close.run(()) />
        </div>
    }
}
