//! The rows of the list on the screen (L8): which are drawn, and how live changes leave the rows in use in place.

use std::{collections::HashSet, hash::Hash, ops::Range};

/// Which of `total` rows of equal height to draw, for a viewport of `height` pixels that is scrolled down by `scroll` pixels, with
/// `overscan` more rows on both sides.
pub fn window_of(scroll: f64, height: f64, row: f64, total: usize, overscan: usize) -> Range<usize> {
    if row <= 0.0 || total == 0 {
        return 0..0;
    }
    let first = (scroll.max(0.0) / row).floor() as usize;
    let shown = (height.max(0.0) / row).ceil() as usize + 1;
    let start = first.saturating_sub(overscan).min(total);
    let end = first.saturating_add(shown).saturating_add(overscan).min(total);
    start..end.max(start)
}

/// The order to show: `target`, but every pinned row (under the pointer, or selected) keeps its position in `shown`, even after it left the
/// list. The other rows fill the remaining positions.
pub fn arrange<T: Copy + Eq + Hash>(shown: &[T], target: &[T], pinned: &[T]) -> Vec<T> {
    let pinned: HashSet<T> = pinned.iter().copied().collect();
    let mut kept: Vec<(usize, T)> = shown.iter().copied().enumerate().filter(|(_, id)| pinned.contains(id)).collect();
    kept.dedup_by_key(|(_, id)| *id);
    let held: HashSet<T> = kept.iter().map(|(_, id)| *id).collect();
    let mut order: Vec<T> = target.iter().copied().filter(|id| !held.contains(id)).collect();
    for (place, id) in kept {
        order.insert(place.min(order.len()), id);
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn l8_window_is_bounded() {
        assert_eq!(window_of(0.0, 720.0, 72.0, 100_000, 5), 0..16);
        assert_eq!(window_of(7_200.0, 720.0, 72.0, 100_000, 5), 95..116);
        assert_eq!(window_of(1e12, 720.0, 72.0, 10, 5), 10..10);
        assert_eq!(window_of(0.0, 720.0, 72.0, 0, 5), 0..0);
    }

    fn ids() -> impl Strategy<Value = Vec<u8>> {
        Just((0u8..20).collect::<Vec<_>>())
            .prop_shuffle()
            .prop_flat_map(|all| (0..all.len()).prop_map(move |n| all[..n].to_vec()))
    }

    proptest! {
        /// L8: a live change never moves the row under the pointer or the selected row, and never loses or repeats a row.
        #[test]
        fn l8_pinned_rows_stay_where_they_are(shown in ids(), target in ids(), pins in proptest::collection::vec(0u8..20, 0..3)) {
            let order = arrange(&shown, &target, &pins);
            let flowing = target.iter().filter(|id| !(shown.contains(id) && pins.contains(id))).count();
            for (held, (place, id)) in shown.iter().enumerate().filter(|(_, id)| pins.contains(id)).enumerate() {
                let now = order.iter().position(|other| other == id);
                prop_assert!(now.is_some(), "a pinned row is never dropped");
                // A pinned row moves up only if too few rows are left above it.
                if flowing + held >= place { prop_assert_eq!(now, Some(place)); }
            }
            let mut seen = HashSet::new();
            prop_assert!(order.iter().all(|id| seen.insert(*id)), "no row twice");
            prop_assert!(target.iter().all(|id| seen.contains(id)), "no row lost");
            prop_assert_eq!(arrange(&shown, &target, &[]), target);
        }
    }
}
