//! Conversations that are fetched before the member opens them.

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::Pin,
    task::{Poll, Waker},
};

use leptos::prelude::*;

use super::{core::Core, thread::Opened};
use crate::api::{inbox::load_thread, search::load_thread_around};
use model::{ApiError, Around, ConversationId, LiveBody, LiveEvent, Thread};

/// How many prefetched conversations are kept.
const MOST: usize = 30;

/// The prefetched conversations. Copies share their state.
#[derive(Clone, Copy)]
pub struct Prefetch {
    core: Core,
    /// The open conversation, which needs no prefetch.
    selected: RwSignal<Option<ConversationId>>,
    threads: StoredValue<HashMap<ConversationId, Thread>>,
    /// The conversations that are being prefetched, and the tasks that wait for each.
    coming: StoredValue<HashMap<ConversationId, Vec<Waker>>>,
}

impl Prefetch {
    pub(super) fn new(core: Core, selected: RwSignal<Option<ConversationId>>) -> Self {
        Self { core, selected, threads: StoredValue::default(), coming: StoredValue::default() }
    }

    /// Fetches a conversation that the member will probably open next.
    pub fn fetch(self, id: ConversationId) {
        if self.selected.try_get_untracked().flatten() == Some(id) || !self.begin(id) {
            return;
        }
        leptos::task::spawn_local(async move {
            self.end(id, load_thread(id).await.ok());
        });
    }

    /// A conversation: the prefetched one if there is one, or else a fresh read.
    ///
    /// # Errors
    /// When it cannot be read, or the member may not see it.
    pub async fn thread(self, id: ConversationId) -> Result<Thread, ApiError> {
        self.over(id).await;
        match self.take(id) {
            Some(thread) => Ok(thread),
            None => load_thread(id).await.map_err(ApiError::from),
        }
    }

    /// A conversation to show at its end, or at one of its entries.
    ///
    /// # Errors
    /// The same.
    pub fn open(
        self,
        id: ConversationId,
        at: Option<i64>,
    ) -> Pin<Box<dyn Future<Output = Result<Opened, ApiError>> + Send>> {
        // Boxed, so that it is compiled once and not with every place that waits for it.
        Box::pin(async move {
            let Around { thread, newer } = match at {
                None => Around { thread: self.thread(id).await?, newer: false },
                Some(n) => load_thread_around(id, n).await?,
            };
            Ok(Opened { thread, newer, at })
        })
    }

    /// Drops all conversations, because they may be out of date after missed events.
    pub(super) fn forget_all(self) {
        self.threads.try_update_value(HashMap::clear);
    }

    /// Drops the conversations that an event changes.
    pub(super) fn forget_changed(self, event: &LiveEvent) {
        self.threads.try_update_value(|known| match &event.body {
            LiveBody::Conversation { row, .. } => _ = known.remove(&row.id),
            LiveBody::Gone { id, .. } => _ = known.remove(id),
            LiveBody::Set(set) => set.iter().for_each(|one| _ = known.remove(&one.id)),
            _ => {}
        });
    }

    /// Records that a conversation is being prefetched. False if that is already so, or if the conversation is already here.
    fn begin(self, id: ConversationId) -> bool {
        let is_coming = self.coming.try_with_value(|coming| coming.contains_key(&id)).unwrap_or(true);
        if is_coming || self.threads.try_with_value(|known| known.contains_key(&id)).unwrap_or(true) {
            return false;
        }
        self.coming.update_value(|coming| drop(coming.insert(id, Vec::new())));
        true
    }

    /// Records that a prefetch ended, with its result.
    fn end(self, id: ConversationId, thread: Option<Thread>) {
        if let Some(thread) = thread {
            self.threads.try_update_value(|known| {
                if known.len() >= MOST {
                    known.clear();
                }
                known.insert(thread.row.id, thread);
            });
        }
        let waiting = self.coming.try_update_value(|coming| coming.remove(&id)).flatten();
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    /// Waits until the prefetch of a conversation ends. A second request would only take longer.
    async fn over(self, id: ConversationId) {
        poll_fn(|context| {
            let waits = self.coming.try_update_value(|coming| match coming.get_mut(&id) {
                Some(waiting) => {
                    waiting.push(context.waker().clone());
                    true
                }
                None => false,
            });
            if waits == Some(true) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
    }

    /// Takes a prefetched conversation, provided that all events since its read are known.
    fn take(self, id: ConversationId) -> Option<Thread> {
        let thread = self.threads.try_update_value(|known| known.remove(&id)).flatten()?;
        self.core.keeps_all_after(thread.seq).then_some(thread)
    }
}
