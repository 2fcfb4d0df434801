//! What is learned from connections that a server's answers ended, so that the next one gets further than the last (R9, S55).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use model::Timestamp;

/// How often in a row reading must have failed before a mail that the server withholds is passed over.
const PATIENCE: i64 = 5;
/// For how long a mail that ends connections is not asked for by itself, in milliseconds: each time costs everybody a connection.
const REST: i64 = 3_600_000;
/// How many connections in a row a server may make unusable.
pub const MOST_LESSONS: usize = 100;
/// A connection that lasted so long was of use.
pub const LASTED: Duration = Duration::from_secs(600);
/// How many mails in a row are believed to be at fault where the server failed for long already: then others wait as after any failure.
const MOST_IN_A_ROW: usize = 3;

/// What was learned on connections that a server's answers made unusable.
#[derive(Debug, Default)]
pub struct LearnedLimits {
    /// Reading failed for so long that what the server refuses is believed.
    pub patient: bool,
    /// One of several mails was too large, and which was not said: they are asked for one by one.
    pub one_by_one: bool,
    /// These are too large each time: they are not asked for by themselves any more.
    pub too_large: BTreeSet<i64>,
    cuts: Mutex<Cuts>,
}

/// Mails at which connections ended.
#[derive(Debug, Default)]
struct Cuts {
    /// These are asked for one by one: a connection ended while they were asked for together.
    alone: BTreeSet<i64>,
    /// At these a connection ended once, when nothing else was asked for.
    once: BTreeSet<i64>,
    /// These are put aside, and since when.
    aside: BTreeMap<i64, Timestamp>,
    /// How many were put aside in a row, with no mail given between.
    row: usize,
}

/// What follows from a connection that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It is not known yet which mail it was: they are asked for by themselves.
    AskAgain,
    /// It is this mail: it waits, and the others go on.
    PutAside(i64),
    /// It is the server, or the way to it, and no mail.
    Server,
}

impl LearnedLimits {
    /// Before anything was learned, after so many failures in a row.
    pub fn after(failures: i64) -> Self {
        Self { patient: failures >= PATIENCE, ..Self::default() }
    }

    /// A mail was given: the server is well.
    pub fn gave(&self) {
        self.cuts().row = 0;
    }

    /// The connection ended while these were asked for.
    pub fn cut_off(&self, uids: &[i64], now: Timestamp) -> Cut {
        let mut cuts = self.cuts();
        let &[uid] = uids else {
            cuts.alone.extend(uids);
            return Cut::AskAgain;
        };
        cuts.alone.insert(uid);
        if cuts.once.insert(uid) {
            return Cut::AskAgain;
        }
        // A second mail of the kind, and none came between: they all would be.
        if cuts.row >= if self.patient { MOST_IN_A_ROW } else { 1 } {
            return Cut::Server;
        }
        cuts.row += 1;
        cuts.aside.insert(uid, now);
        Cut::PutAside(uid)
    }

    /// A mail that is put aside already ended one more connection.
    pub fn rest(&self, uid: i64, now: Timestamp) {
        self.cuts().aside.insert(uid, now);
    }

    /// Whether a mail is asked for by itself now, where it was put aside.
    pub fn may_ask(&self, uid: i64, now: Timestamp) -> bool {
        let is_resting = self.cuts().aside.get(&uid).is_some_and(|at| now.0 - at.0 < REST);
        !is_resting && !self.too_large.contains(&uid)
    }

    /// Which mails are asked for one by one.
    pub fn alone(&self) -> BTreeSet<i64> {
        self.cuts().alone.clone()
    }

    fn cuts(&self) -> MutexGuard<'_, Cuts> {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_793_610_000_000);

    #[test]
    fn r9_a_mail_that_ends_two_connections_by_itself_is_put_aside() {
        let limits = LearnedLimits::default();
        assert_eq!(limits.cut_off(&[3, 4, 5], NOW), Cut::AskAgain);
        assert_eq!(limits.alone(), BTreeSet::from([3, 4, 5]), "it may be each of them");
        assert_eq!(limits.cut_off(&[3], NOW), Cut::AskAgain, "once may be chance");
        assert!(limits.may_ask(3, NOW));
        assert_eq!(limits.cut_off(&[3], NOW), Cut::PutAside(3));
        assert!(!limits.may_ask(3, NOW.plus(REST - 1)) && limits.may_ask(3, NOW.plus(REST)));
        limits.rest(3, NOW.plus(REST));
        assert!(!limits.may_ask(3, NOW.plus(REST)));
    }

    #[test]
    fn r9_a_server_that_ends_every_connection_is_no_fault_of_its_mails() {
        for (gives, patient, last) in
            [(false, false, Cut::Server), (true, false, Cut::PutAside(4)), (false, true, Cut::PutAside(4))]
        {
            let limits = LearnedLimits { patient, ..LearnedLimits::default() };
            limits.cut_off(&[3], NOW);
            assert_eq!(limits.cut_off(&[3], NOW), Cut::PutAside(3));
            if gives {
                limits.gave();
            }
            assert_eq!(limits.cut_off(&[4], NOW), Cut::AskAgain);
            assert_eq!(limits.cut_off(&[4], NOW), last, "{gives} {patient}");
        }
        assert!(!LearnedLimits::after(PATIENCE - 1).patient && LearnedLimits::after(PATIENCE).patient);
    }
}
