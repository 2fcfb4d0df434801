//! Commands to the server, and where their refusals appear: beside the form that sent them, beside a change that is taken back, or in a toast.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use super::{Glyph, Icon, Toasts};
use crate::api::Refused;
use model::ApiError;

/// The state of a form that is saved. Copies share their state.
#[derive(Debug, Clone, Copy)]
pub struct Saving {
    /// Whether a command is being sent.
    pub busy: RwSignal<bool>,
    /// Why the last command was refused.
    pub error: RwSignal<Option<ApiError>>,
}

/// The state of a form that has not been sent.
pub fn use_saving() -> Saving {
    Saving { busy: RwSignal::new(false), error: RwSignal::new(None) }
}

impl Saving {
    /// Sends a command, unless another one is being sent. `done` may run after the page was closed.
    pub fn run<T: 'static>(
        self,
        command: impl Future<Output = Result<T, Refused>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        spawn_local(async move {
            match command.await {
                Ok(answer) => done(answer),
                Err(Refused(error)) => drop(self.error.try_set(Some(error))),
            }
            self.busy.try_set(false);
        });
    }

    /// Why the last command was refused, for forms whose fields show no errors of their own.
    pub fn failure(self) -> Signal<Option<String>> {
        Signal::derive(move || self.error.get().map(|error| error.to_string()))
    }
}

/// Shows a change at once and sends its command. A refusal takes the change back and is shown in `error`. Both may happen after the page was
/// closed.
pub fn change_at_once(
    error: RwSignal<Option<String>>,
    show: impl Fn(bool) + 'static,
    command: impl Future<Output = Result<(), Refused>> + 'static,
) {
    error.set(None);
    show(true);
    spawn_local(async move {
        if let Err(Refused(refused)) = command.await {
            show(false);
            error.try_set(Some(refused.to_string()));
        }
    });
}

/// Lines that were removed on this page but are still in the list that was read, by the ids of what they show.
#[derive(Debug, Clone, Copy)]
pub struct Removed(RwSignal<Vec<Uuid>>);

/// Nothing was removed yet.
pub fn use_removed() -> Removed {
    Removed(RwSignal::new(Vec::new()))
}

impl Removed {
    /// Whether a line was removed.
    pub fn has(self, id: Uuid) -> bool {
        self.0.with(|removed| removed.contains(&id))
    }

    /// Removes a line at once, and brings it back with the reason if the server refuses. What the server no longer has stays removed.
    pub fn remove(
        self,
        id: Uuid,
        error: RwSignal<Option<String>>,
        command: impl Future<Output = Result<(), Refused>> + 'static,
    ) {
        error.set(None);
        self.0.update(|removed| removed.push(id));
        spawn_local(async move {
            if let Err(Refused(refused)) = command.await {
                self.bring_back(id, error, refused);
            }
        });
    }

    fn bring_back(self, id: Uuid, error: RwSignal<Option<String>>, refused: ApiError) {
        if refused != ApiError::NotFound {
            self.0.try_update(|removed| removed.retain(|other| *other != id));
            error.try_set(Some(refused.to_string()));
        }
    }
}

impl Toasts {
    /// Sends a command from a control that has no place for a refusal, and shows the refusal in a toast. `done` may run after the page was
    /// closed.
    pub fn run<T: 'static>(
        self,
        command: impl Future<Output = Result<T, Refused>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        spawn_local(async move {
            match command.await {
                Ok(answer) => done(answer),
                Err(Refused(error)) => self.failed(error.to_string()),
            }
        });
    }
}

/// Shows next to a control why an action failed. The element always exists, so that screen readers announce its changes.
#[component]
pub fn InlineError(
    /// Why the action failed.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let shown = move || {
        error.get().map(|error| {
            view! {
                <p class="field-error">
                    <Glyph icon=Icon::CircleAlert />
                    <span>{error}</span>
                </p>
            }
        })
    };
    view! { <div class="inline-error" role="alert">{shown}</div> }
}
