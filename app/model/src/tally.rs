//! Counts of filters, kept true by events: how many conversations a list or a saved view shows.

use super::{Count, Facts, Filter, LiveBody, MemberId, SavedViewId};

/// What an event does to a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Nothing.
    Same,
    /// It is another number now.
    Changed,
    /// Nobody can tell from the event: it has to be asked again.
    Unknown,
}

/// Counts on from a change of one conversation. Who has read what before is not in an event, and what is only a lower bound cannot be counted
/// on from.
pub(crate) fn count_on(
    count: &mut Count,
    filter: &Filter,
    before: Option<&Facts>,
    after: Option<&Facts>,
    me: MemberId,
) -> Moved {
    let fits = |facts: Option<&Facts>| facts.is_some_and(|facts| filter.holds(facts, -1, me));
    match (*count, i64::from(fits(after)) - i64::from(fits(before))) {
        (Count::Exact(_), _) if filter.unread && (fits(before) || fits(after)) => Moved::Unknown,
        (_, 0) => Moved::Same,
        (Count::Exact(n), by) => {
            *count = Count::Exact(n + by);
            Moved::Changed
        }
        (Count::AtLeast(_), _) => Moved::Unknown,
    }
}

/// How many conversations a saved view shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The view.
    pub view: SavedViewId,
    /// Its filter, with its period as times.
    pub filter: Filter,
    /// How many.
    pub count: Count,
    /// The number of the last event that is included.
    pub seq: i64,
}

impl Tally {
    pub(crate) fn apply(&mut self, body: &LiveBody, me: MemberId) -> Moved {
        let mut count =
            |before: Option<&Facts>, after: Option<&Facts>| count_on(&mut self.count, &self.filter, before, after, me);
        match body {
            LiveBody::Conversation { before, after, row, .. } => {
                count(before.as_ref(), Some(&after.unwrap_or_else(|| row.facts())))
            }
            LiveBody::Counted { before, after } => count(before.as_ref(), after.as_ref()),
            LiveBody::Gone { before, .. } => count(Some(before), None),
            LiveBody::Set(changes) => {
                let moves = changes.iter().map(|one| count(one.before.as_ref(), one.after.as_ref()));
                moves.fold(Moved::Same, |all, one| match (all, one) {
                    (Moved::Unknown, _) | (_, Moved::Unknown) => Moved::Unknown,
                    (Moved::Changed, _) | (_, Moved::Changed) => Moved::Changed,
                    _ => Moved::Same,
                })
            }
            LiveBody::Marked(_) if self.filter.unread => Moved::Unknown,
            _ => Moved::Same,
        }
    }
}
