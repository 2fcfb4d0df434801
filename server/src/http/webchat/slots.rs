//! Limits the streams that visitors may have open (S57). Each one uses a connection and some memory while it is open. Tokens cost nothing,
//! so the limits count per client address as well.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::ApiError;

use crate::http::{client::Client, connections::Limits};

/// The most streams (tabs) of one visitor.
const PER_VISITOR: usize = 12;
/// When to retry, in seconds.
const AGAIN: i64 = 30;

/// The slots for the streams of all visitors of this process.
pub struct StreamSlots {
    most: usize,
    per_client: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_client: HashMap<Client, usize>,
    by_visitor: HashMap<String, usize>,
}

impl StreamSlots {
    /// Half of the allowed connections, in total and per client.
    pub fn of(limits: &Limits) -> Arc<Self> {
        Arc::new(Self { most: limits.most / 2, per_client: limits.per_client / 2, taken: Mutex::default() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot for a stream.
    ///
    /// # Errors
    /// [`ApiError::TooMany`]
    pub fn take(self: &Arc<Self>, client: Client, visitor: &str) -> Result<StreamSlot, ApiError> {
        let mut taken = self.taken();
        let full = taken.all >= self.most
            || taken.by_client.get(&client).is_some_and(|count| *count >= self.per_client)
            || taken.by_visitor.get(visitor).is_some_and(|count| *count >= PER_VISITOR);
        if full {
            return Err(ApiError::TooMany { seconds: AGAIN });
        }
        taken.all += 1;
        *taken.by_client.entry(client).or_default() += 1;
        *taken.by_visitor.entry(visitor.to_owned()).or_default() += 1;
        Ok(StreamSlot { places: Arc::clone(self), client, visitor: visitor.to_owned() })
    }
}

/// One slot. Dropping it frees the slot.
pub struct StreamSlot {
    places: Arc<StreamSlots>,
    client: Client,
    visitor: String,
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        one_less(&mut taken.by_client, &self.client);
        one_less(&mut taken.by_visitor, &self.visitor);
    }
}

fn one_less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u8) -> Client {
        Client::at([192, 0, 2, n].into())
    }

    #[test]
    fn s57_streams_are_bounded_by_visitor_by_client_and_in_all() {
        let places = StreamSlots::of(&Limits { most: 100, per_client: 40, ..Limits::of_files(1000) });
        let one: Vec<_> = (0..PER_VISITOR).map(|_| places.take(client(1), "anna").unwrap()).collect();
        assert!(matches!(places.take(client(2), "anna"), Err(ApiError::TooMany { .. })), "from wherever");
        let rest: Vec<_> = (0..8).map(|n| places.take(client(1), &format!("token {n}")).unwrap()).collect();
        assert!(places.take(client(1), "a new token").is_err(), "20 of one client, whatever tokens it makes");
        let others: Vec<_> = (0..30_u8).map(|n| places.take(client(10 + n), &format!("other {n}")).unwrap()).collect();
        assert!(places.take(client(99), "the last").is_err(), "50 in all");
        drop(one);
        assert!(places.take(client(1), "anna").is_ok());
        drop((rest, others));
        let taken = places.taken();
        assert_eq!((taken.all, taken.by_client.len(), taken.by_visitor.len()), (0, 0, 0), "nothing is left behind");
    }
}
