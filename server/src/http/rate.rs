//! A bound on how often one source may do something, per process. What guards accounts is kept in the database instead (S47).

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

/// How many sources are remembered; beyond that the expired ones are dropped first.
const SOURCES: usize = 50_000;

/// At most `most` times within a window.
pub struct Rate {
    most: u32,
    window: Duration,
    seen: Mutex<HashMap<String, (u32, Instant)>>,
}

impl Rate {
    /// At most `most` times within `seconds`.
    pub fn new(most: u32, seconds: u64) -> Self {
        Self { most, window: Duration::from_secs(seconds), seen: Mutex::default() }
    }

    /// Counts once more; how many seconds to wait, when that was too often.
    pub fn hit(&self, source: &str) -> Option<i64> {
        self.take(source, 1)
    }

    /// Counts `amount` more; how many seconds to wait, when that is too much.
    pub fn take(&self, source: &str, amount: u32) -> Option<i64> {
        let now = Instant::now();
        let Ok(mut seen) = self.seen.lock() else { return None };
        if seen.len() >= SOURCES {
            seen.retain(|_, (_, began)| now.duration_since(*began) < self.window);
        }
        let (count, began) = seen.entry(source.to_owned()).or_insert((0, now));
        if now.duration_since(*began) >= self.window {
            (*count, *began) = (0, now);
        }
        *count = count.saturating_add(amount);
        let left = self.window.saturating_sub(now.duration_since(*began));
        (*count > self.most).then(|| i64::try_from(left.as_secs()).unwrap_or(60).max(1))
    }
}
