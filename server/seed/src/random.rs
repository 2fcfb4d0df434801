//! Reproducible random numbers: a small generator with integers only, so that every machine gets the same.

use model::Timestamp;
use uuid::Uuid;

/// SplitMix64: one word of state, passes the usual tests, and each conversation gets its own stream.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// A separate stream for each `salt`.
    pub(super) fn split(seed: u64, salt: u64) -> Self {
        let mut random = Self(seed ^ salt.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        random.next();
        random
    }

    /// 64 bits.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 up to but not including `n`. 0 if `n` is 0.
    pub(super) const fn below(&mut self, n: u64) -> u64 {
        ((self.next() as u128 * n as u128) >> 64) as u64
    }

    /// [`Self::below`] for times in milliseconds.
    pub(super) fn ms(&mut self, below: i64) -> i64 {
        i64::try_from(self.below(u64::try_from(below).unwrap_or(0))).unwrap_or(0)
    }

    /// True in `percent` of 100 cases.
    pub(super) const fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// True in `n` of 1,000 cases.
    pub(super) const fn per_mille(&mut self, n: u64) -> bool {
        self.below(1000) < n
    }

    /// One item, each with the same probability. None if there are none.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0))
    }

    /// One phrase, or an empty one if there are none.
    pub(super) fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.pick(of).copied().unwrap_or_default()
    }

    /// A rank below `n`. Low ranks are far more likely: each doubling of the rank is as likely as the one before (Zipf).
    pub(super) const fn rank(&mut self, n: u64) -> u64 {
        let doublings = 64 - n.leading_zeros() as u64;
        let from = (1u64 << self.below(if doublings == 0 { 1 } else { doublings })) - 1;
        let rank = from + self.below(from + 1);
        if rank < n { rank } else { self.below(n) }
    }

    /// A weight with a heavy tail: half of them are small, a few are hundreds of times larger.
    pub(super) const fn heavy(&mut self) -> u64 {
        let doublings = self.next().trailing_zeros();
        (64 + self.below(64)) << if doublings < 9 { doublings } else { 9 }
    }

    /// A UUIDv7, which sorts by its time.
    pub(super) fn id(&mut self, at: Timestamp) -> Uuid {
        let mut bytes = [0; 10];
        for (to, from) in bytes.iter_mut().zip(self.next().to_le_bytes().into_iter().chain(self.next().to_le_bytes())) {
            *to = from;
        }
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.0).unwrap_or(0), &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_version_7_and_sort_by_time() {
        let mut random = Random::split(1, 0);
        let (early, late) = (random.id(Timestamp(1_000)), random.id(Timestamp(1_001)));
        assert_eq!((early.get_version_num(), early.get_variant()), (7, uuid::Variant::RFC4122));
        assert!(early < late);
    }

    #[test]
    fn ranks_fall_off_and_stay_inside() {
        let mut random = Random::split(2, 0);
        let mut counts = [0; 100];
        for _ in 0..10_000 {
            counts[usize::try_from(random.rank(100)).expect("small")] += 1;
        }
        assert!(counts[0] > 1_000 && counts[99] < 60, "{counts:?}");
        assert_eq!((random.rank(1), random.below(0), random.below(1)), (0, 0, 0));
    }
}
