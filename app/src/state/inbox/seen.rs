//! Works out which entries a writing member has had time to see.

/// How long another member's reply must be on screen before it counts as seen, in milliseconds.
const NOTICE_MS: i64 = 2_000;

/// Recent replies by others: the position of the first one, and the time of the last one by the browser's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct JustCame(Option<(i64, i64)>);

impl JustCame {
    /// Adds a reply.
    pub const fn and(self, n: i64, now: i64) -> Self {
        match self.0 {
            Some((first, at)) if now - at < NOTICE_MS => Self(Some((first, now))),
            _ => Self(Some((n, now))),
        }
    }

    /// The position up to which a thread that ends at `last` was seen.
    pub const fn seen(self, last: i64, now: i64) -> i64 {
        match self.0 {
            Some((first, at)) if now - at < NOTICE_MS => first - 1,
            _ => last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::JustCame;

    #[test]
    fn p4_an_answer_that_came_this_very_moment_was_not_seen() {
        let nothing = JustCame::default();
        assert_eq!(nothing.seen(7, 1000), 7);
        let one = nothing.and(8, 1000);
        assert_eq!((one.seen(8, 1500), one.seen(8, 3000)), (7, 8));
        let two = one.and(9, 2500);
        assert_eq!((two.seen(9, 3000), two.seen(9, 4500)), (7, 9), "neither of two that came one after the other");
        assert_eq!(one.and(9, 9000).seen(9, 9100), 8);
    }
}
