//! Conversations that are fetched before the member opens them.

use std::{
    collections::HashMap,
    future::poll_fn,
    task::{Poll, Waker},
};

use leptos::prelude::*;

use super::{Inbox, RECENT};
use model::{ConversationId, Thread};

impl Inbox {
    /// Records that a conversation is being prefetched. False if that is already so, or if the conversation is already here.
    pub fn begin_prefetch(self, id: ConversationId) -> bool {
        let is_coming = self.coming.try_with_value(|coming| coming.contains_key(&id)).unwrap_or(true);
        if is_coming || self.is_prefetched(id) {
            return false;
        }
        self.coming.update_value(|coming| drop(coming.insert(id, Vec::new())));
        true
    }

    /// Records that a prefetch ended, with its result.
    pub fn end_prefetch(self, id: ConversationId, thread: Option<Thread>) {
        if let Some(thread) = thread {
            self.keep_prefetched(thread);
        }
        let waiting = self.coming.try_update_value(|coming| coming.remove(&id)).flatten();
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    /// Waits until the prefetch of a conversation ends. A second request would only take longer.
    pub async fn prefetch_over(self, id: ConversationId) {
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

    /// Keeps a conversation that the member will probably open next.
    fn keep_prefetched(self, thread: Thread) {
        self.prefetched.try_update_value(|known| {
            if known.len() >= 30 {
                known.clear();
            }
            known.insert(thread.row.id, thread);
        });
    }

    /// Takes a prefetched conversation, provided that all events since its read are known.
    pub fn take_prefetched(self, id: ConversationId) -> Option<Thread> {
        let thread = self.prefetched.try_update_value(|known| known.remove(&id)).flatten()?;
        let known_from = self
            .recent
            .try_with_value(|recent| recent.front().filter(|_| recent.len() >= RECENT).map(|event| event.seq))?;
        known_from.is_none_or(|from| thread.seq + 1 >= from).then_some(thread)
    }

    /// Drops all prefetched conversations, because they may be out of date after missed events.
    pub fn forget_prefetched(self) {
        self.list_renews.set_value(false);
        self.prefetched.try_update_value(HashMap::clear);
    }

    fn is_prefetched(self, id: ConversationId) -> bool {
        self.prefetched.try_with_value(|known| known.contains_key(&id)).unwrap_or(true)
    }
}
