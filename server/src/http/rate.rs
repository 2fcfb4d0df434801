//! A bound on how often one source may do something, per process. What guards accounts is kept in the database instead (S47).

use std::{
    collections::HashMap,
    hash::Hash,
    sync::Mutex,
    time::{Duration, Instant},
};

/// How many sources are remembered by one half of the table.
const SOURCES: usize = 50_000;

/// At most `most` times within a window that begins with the first time.
pub struct Rate<Source> {
    most: u32,
    window: Duration,
    table: Mutex<Table<Source>>,
}

/// Nothing is ever searched for what has expired: a half that is a window old, or full, becomes the older one, and what was the older
/// one is dropped whole. A source that comes back moves into the newer.
struct Table<Source> {
    newer: HashMap<Source, Count>,
    older: HashMap<Source, Count>,
    since: Instant,
}

#[derive(Clone, Copy)]
struct Count {
    times: u32,
    began: Instant,
}

impl<Source: Eq + Hash> Rate<Source> {
    /// At most `most` times within `seconds`.
    pub fn new(most: u32, seconds: u64) -> Self {
        let table = Table { newer: HashMap::new(), older: HashMap::new(), since: Instant::now() };
        Self { most, window: Duration::from_secs(seconds), table: Mutex::new(table) }
    }

    /// Counts once more; how many seconds to wait, when that was too often.
    pub fn hit(&self, source: Source) -> Option<i64> {
        self.take(source, 1)
    }

    /// Counts so many more; how many seconds to wait, when that is too many.
    pub fn take(&self, source: Source, amount: u32) -> Option<i64> {
        self.take_at(source, amount, Instant::now())
    }

    fn take_at(&self, source: Source, amount: u32, now: Instant) -> Option<i64> {
        let Ok(mut table) = self.table.lock() else { return None };
        let age = now.duration_since(table.since);
        if age >= self.window || table.newer.len() >= SOURCES {
            let newer = std::mem::take(&mut table.newer);
            table.older = if age >= self.window * 2 { HashMap::new() } else { newer };
            table.since = now;
        }
        let before = table.older.remove(&source);
        let count = table.newer.entry(source).or_insert(before.unwrap_or(Count { times: 0, began: now }));
        if now.duration_since(count.began) >= self.window {
            *count = Count { times: 0, began: now };
        }
        count.times = count.times.saturating_add(amount);
        let left = self.window.saturating_sub(now.duration_since(count.began));
        (count.times > self.most).then(|| i64::try_from(left.as_secs()).unwrap_or(60).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s47_a_window_counts_and_ends() {
        let rate = Rate::new(2, 60);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let hit = |source, now| rate.take_at(source, 1, now);
        assert_eq!((hit("a", at(50)), hit("a", at(59))), (None, None));
        // The halves change places meanwhile: it is not forgotten.
        assert_eq!(hit("a", at(70)), Some(40));
        assert_eq!(hit("b", at(70)), None, "another source");
        assert_eq!(hit("a", at(109)), Some(1), "trying on does not make it longer");
        assert_eq!(hit("a", at(110)), None, "a new window");
        assert_eq!(hit("a", at(500)), None);
    }

    #[test]
    fn s47_a_million_sources_cost_neither_memory_nor_a_search() {
        let rate = Rate::new(40, 60);
        let now = Instant::now();
        let began = Instant::now();
        for source in 0..1_000_000_u32 {
            assert_eq!(rate.take_at(source, 1, now), None);
        }
        let table = rate.table.lock().unwrap();
        assert!(table.newer.len() + table.older.len() <= 2 * SOURCES);
        // Searching 50,000 sources for each of those beyond them took minutes.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
