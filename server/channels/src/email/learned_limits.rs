//! What broken connections teach, so that the next connection gets further than the last (R9, S55).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use model::Timestamp;

/// After this many failures in a row, a mail that the server withholds is skipped.
const PATIENCE: i64 = 5;
/// How long a mail that breaks connections is not requested again, in milliseconds. Each request costs everybody a connection.
const REST: i64 = 3_600_000;
/// How many connections in a row a server may break.
pub const MOST_LESSONS: usize = 100;
/// A connection that lasted this long was useful.
pub const LASTED: Duration = Duration::from_secs(600);
/// How many mails in a row can be the cause, on a server that has failed for long. Beyond that, the back-off of any other failure applies.
const MOST_IN_A_ROW: usize = 3;

/// What the connections that a server broke have taught.
#[derive(Debug, Default)]
pub struct LearnedLimits {
    /// Reading failed for so long that the server's refusals are believed.
    pub patient: bool,
    /// One of several mails was too large, and it is unknown which. Mails are now requested one by one.
    pub one_by_one: bool,
    /// These mails are always too large. They are not requested again automatically.
    pub too_large: BTreeSet<i64>,
    cuts: Mutex<Cuts>,
}

/// The mails at which connections ended.
#[derive(Debug, Default)]
struct Cuts {
    /// Mails to request one by one, because a connection ended when they were requested together.
    alone: BTreeSet<i64>,
    /// Mails at which a connection ended once, when nothing else was requested.
    once: BTreeSet<i64>,
    /// Mails that were put aside, and when.
    aside: BTreeMap<i64, Timestamp>,
    /// How many mails were put aside in a row, without a mail delivered in between.
    row: usize,
}

/// The conclusion from a connection that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The mail is not known yet. Request each one alone.
    AskAgain,
    /// This mail is the cause. It waits, and the others go on.
    PutAside(i64),
    /// The server or the network is the cause, not a mail.
    Server,
}

impl LearnedLimits {
    /// The state before anything was learned, after this many failures in a row.
    pub fn after(failures: i64) -> Self {
        Self { patient: failures >= PATIENCE, ..Self::default() }
    }

    /// A mail was delivered, so the server works.
    pub fn gave(&self) {
        self.cuts().row = 0;
    }

    /// Learns from a connection that ended while these mails were requested.
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
        // Another mail ended the connection, and none came in between. If mails were the cause, all of them would be.
        if cuts.row >= if self.patient { MOST_IN_A_ROW } else { 1 } {
            return Cut::Server;
        }
        cuts.row += 1;
        cuts.aside.insert(uid, now);
        Cut::PutAside(uid)
    }

    /// A mail that was put aside ended another connection.
    pub fn rest(&self, uid: i64, now: Timestamp) {
        self.cuts().aside.insert(uid, now);
    }

    /// Whether a mail that was put aside may be requested now.
    pub fn may_ask(&self, uid: i64, now: Timestamp) -> bool {
        let is_resting = self.cuts().aside.get(&uid).is_some_and(|at| now.0 - at.0 < REST);
        !is_resting && !self.too_large.contains(&uid)
    }

    /// The mails that are requested one by one.
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
