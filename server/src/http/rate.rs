//! A rate limit per source and process. Limits that protect accounts are in the database instead (S47).

use std::{
    collections::HashMap,
    hash::Hash,
    sync::Mutex,
    time::{Duration, Instant},
};

/// How many sources each half of the table holds.
const SOURCES: usize = 50_000;

/// At most `most` hits within a window, which begins with the first hit.
pub struct Rate<Source> {
    most: u32,
    window: Duration,
    table: Mutex<Table<Source>>,
}

/// Expired entries are never searched for. When the newer half is one window old, or full, it becomes the older half, and the former older
/// half is dropped. A source that comes back moves to the newer half.
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
    /// At most `most` hits within `seconds`.
    pub fn new(most: u32, seconds: u64) -> Self {
        let table = Table { newer: HashMap::new(), older: HashMap::new(), since: Instant::now() };
        Self { most, window: Duration::from_secs(seconds), table: Mutex::new(table) }
    }

    /// Counts a hit. Returns how many seconds to wait, if there were too many.
    pub fn hit(&self, source: Source) -> Option<i64> {
        self.take(source, 1)
    }

    /// Counts `amount` hits. Returns how many seconds to wait, if there were too many.
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
        // The halves are swapped meanwhile, but the source is not forgotten.
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
        // Searching 50,000 sources for each further one took minutes.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}
