//! Optimistic updates: a change shows at once, and can change again before the server has answered.

use std::future::Future;

use leptos::{prelude::*, reactive::owner::ArcStoredValue, task::spawn_local};

use crate::api::Refused;
use model::ApiError;

/// Sends one request at a time, always with the latest value. So quick clicks cannot overtake each other.
#[derive(Debug)]
pub struct LastWish<T> {
    next: ArcStoredValue<Option<T>>,
    busy: ArcStoredValue<bool>,
}

impl<T> Clone for LastWish<T> {
    fn clone(&self) -> Self {
        Self { next: self.next.clone(), busy: self.busy.clone() }
    }
}

impl<T: Clone + Send + Sync + 'static> Default for LastWish<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone + Send + Sync + 'static> LastWish<T> {
    /// Nothing to send yet.
    pub fn new() -> Self {
        Self { next: ArcStoredValue::new(None), busy: ArcStoredValue::new(false) }
    }

    /// Sends a value that is already shown. If the server refuses the latest value, `undo` gets the previous value and the reason. `undo`
    /// may run after the page is gone.
    pub fn send<R, F>(
        &self,
        before: T,
        wish: T,
        command: impl Fn(T) -> F + 'static,
        undo: impl Fn(T, ApiError) + 'static,
    ) where
        F: Future<Output = Result<R, Refused>> + 'static,
    {
        self.next.set_value(Some(wish));
        if self.busy.get_value() {
            return;
        }
        self.busy.set_value(true);
        let LastWish { next, busy } = self.clone();
        spawn_local(async move {
            let mut before = before;
            while let Some(wish) = next.try_update_value(Option::take).flatten() {
                match command(wish.clone()).await {
                    Ok(_) => before = wish,
                    Err(Refused(error)) => {
                        if next.with_value(Option::is_none) {
                            undo(before.clone(), error);
                        }
                    }
                }
            }
            busy.set_value(false);
        });
    }

    /// Shows a value at once and sends it. If the server refuses the latest value, the previous one is shown again, with the reason in `error`.
    pub fn show<R, F>(
        &self,
        error: RwSignal<Option<String>>,
        before: T,
        wish: T,
        show: impl Fn(T) + 'static,
        command: impl Fn(T) -> F + 'static,
    ) where
        F: Future<Output = Result<R, Refused>> + 'static,
    {
        error.set(None);
        show(wish.clone());
        self.send(before, wish, command, move |before, refused| {
            show(before);
            error.try_set(Some(refused.to_string()));
        });
    }
}
