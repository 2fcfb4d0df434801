//! Reads a mailbox: what waits, oldest first; then what comes, as it comes; and now and then whether anything was missed (H1).

use std::{collections::BTreeSet, time::Duration};

use model::{ApiError, ChannelId, EmailSettings, Ledger, MailId, Timestamp};

use super::{
    error::MailError,
    fetch::{Fetched, Fetching, IN_MEMORY},
    imap::{Imap, Lying, Opened},
    reader::Reader,
};
use crate::{
    channels::Health,
    clock::new_id,
    domain::{
        files::Files,
        mail::{Arrived, BeginFolder, KeepLedger, NotGiven, TakeAgain, TakeMails, Tried, WithholdMails},
    },
    error::{Error, Result, StoreError},
    store::{
        Db, Scope,
        account::Account,
        mail::{self, Folder, Place, Step},
    },
};

/// How many mails are taken in one transaction at most. More would hold up the replies of people.
const TOGETHER: usize = 16;
/// How long the server is listened to before it is asked anyway: notices get lost, and routers forget silent connections.
const LISTEN: Duration = Duration::from_secs(4 * 60);
/// How long until a server is asked again for what it withholds, where nothing happens before; and for how many mails then.
const AGAIN: Duration = Duration::from_secs(60);
const SOME: usize = 20;
/// How far a mail server's clock may be behind ours, in milliseconds, where only the time tells whether a mail was there before us.
const SKEW: i64 = 600_000;
/// How often in a row reading must have failed before a mail that the server withholds is passed over.
const PATIENCE: i64 = 5;
/// How often it is looked whether a mail was missed.
const AUDIT: i64 = 900_000;

/// A mailbox being read.
pub struct Receiving<'a> {
    pub db: &'a Db,
    pub files: &'a Files,
    pub reader: Reader,
    pub account: &'a Account,
    pub settings: &'a EmailSettings,
    pub lesson: &'a Lesson,
}

/// What was learned on connections that a server's answers made unusable.
#[derive(Debug, Default)]
pub struct Lesson {
    /// One of several mails was too large, and which was not said: they are asked for one by one.
    pub one_by_one: bool,
    /// These are too large each time: they are not asked for by themselves any more.
    pub too_large: BTreeSet<i64>,
}

/// The folder in its present life, and how far it is read.
#[derive(Debug, Clone)]
struct Reading {
    place: Place,
    folder: Folder,
    /// Mails behind the cursor that were noted already: they were not given when others were.
    noted: BTreeSet<i64>,
}

impl Receiving<'_> {
    /// Receives until something goes wrong.
    pub async fn run(&self, mut imap: Imap, health: &Health) -> MailError {
        loop {
            match self.round(imap, health).await {
                Ok(again) => imap = again,
                Err(error) => return error,
            }
        }
    }

    /// Takes in what is there, then waits for more.
    async fn round(&self, mut imap: Imap, health: &Health) -> Result<Imap, MailError> {
        let opened = imap.examine(&self.settings.folder).await?;
        let mut reading = self.resume(opened).await?;
        self.catch_up(&mut imap, &mut reading).await?;
        self.audit_if_due(&mut imap, &mut reading).await?;
        health.is_well().await?;
        loop {
            let waiting = self.withheld(&reading).await?;
            imap = imap.wait(if waiting.is_empty() { LISTEN } else { AGAIN }).await?;
            self.catch_up(&mut imap, &mut reading).await?;
            self.ask_again(&mut imap, &reading, &waiting).await?;
            if self.audit_is_due(&reading).await? {
                // Opened anew: the folder may have begun another life.
                return Ok(imap);
            }
        }
    }

    const fn channel(&self) -> ChannelId {
        self.account.channel
    }

    fn scope(&self) -> Scope {
        Scope::system(self.account.workspace, "receiving mail")
    }

    /// Where reading stands. A folder that is new to us is read from now on; one whose numbers have lost their meaning is read again as far
    /// back as it was ours to read, and what came before is known by what it says.
    async fn resume(&self, opened: Opened) -> Result<Reading> {
        let (name, uid_validity) = (self.settings.folder.clone(), opened.uid_validity);
        let known = mail::folder(&mut self.db.glance().await?.conn(), &self.scope(), self.channel(), &name).await?;
        let place = Place { folder: name.clone(), uid_validity };
        let (last_uid, first_uid, since) = match known {
            Some(folder) if folder.uid_validity == uid_validity => {
                let mut glance = self.db.glance().await?;
                let conn = &mut glance.conn();
                let noted = mail::uids_behind(conn, &self.scope(), self.channel(), &place, folder.last_uid).await?;
                return Ok(Reading { place, folder, noted: noted.into_iter().collect() });
            }
            Some(folder) => {
                tracing::warn!(channel = %self.channel(), "the mailbox numbers its mails anew; it is read again");
                (0, i64::MAX, folder.since.plus(-SKEW))
            }
            None => (opened.uid_next - 1, opened.uid_next - 1, self.account.created),
        };
        let begin = BeginFolder { channel: self.channel(), name, uid_validity, last_uid, first_uid, since };
        let folder = self.db.write(&self.scope(), begin).await?;
        Ok(Reading { place, folder, noted: BTreeSet::new() })
    }

    /// Takes in everything behind the cursor, oldest first.
    async fn catch_up(&self, imap: &mut Imap, reading: &mut Reading) -> Result<(), MailError> {
        let mut grown = Grown::default();
        let patient = self.account.failures >= PATIENCE;
        loop {
            let waiting = waiting(imap, &reading.folder).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            // While some are stored, the next are fetched: the two wait for different machines.
            let mut fetched: Option<(Fetched, i64)> = None;
            for together in groups(&waiting, if self.lesson.one_by_one { 1 } else { TOGETHER }) {
                // What came before it was ours to read is passed over; a backfill may bring it.
                let wanted = |one: &&Lying| reading.folder.wants(one.uid, one.at) && !reading.noted.contains(&one.uid);
                let wanted: Vec<Lying> = together.iter().filter(wanted).copied().collect();
                let to = together.last().map_or(reading.folder.last_uid, |last| last.uid);
                let (next, stored) =
                    tokio::join!(self.fetch(imap, reading, &wanted, patient), self.take_to(reading, fetched.take()));
                if let Some(uid) = stored? {
                    reading.folder.last_uid = uid;
                }
                self.has_grown(&mut grown, together.len()).await;
                let next = match next {
                    Ok(next) => next,
                    Err(error) => {
                        self.note_too_large(reading, &error).await?;
                        return Err(error);
                    }
                };
                fetched = Some((next, to));
            }
            if let Some(uid) = self.take_to(reading, fetched).await? {
                reading.folder.last_uid = uid;
            }
        }
    }

    /// Lets the database know when much has come in. Without that it is slower and right all the same.
    async fn has_grown(&self, grown: &mut Grown, mails: usize) {
        if grown.by(mails)
            && let Err(error) = self.db.learn_sizes().await
        {
            tracing::warn!(%error, "the database could not learn how large its tables have become");
        }
    }

    /// Takes in what was fetched, and says up to where.
    async fn take_to(&self, reading: &Reading, fetched: Option<(Fetched, i64)>) -> Result<Option<i64>> {
        let Some((fetched, to)) = fetched else { return Ok(None) };
        self.note(reading, fetched.withheld).await?;
        self.take(reading, fetched.arrived, Some(to)).await?;
        Ok(Some(to))
    }

    /// Fetches mails. `patient`: what the server still refuses is put aside, and asked for again now and then.
    async fn fetch(
        &self,
        imap: &mut Imap,
        reading: &Reading,
        wanted: &[Lying],
        patient: bool,
    ) -> Result<Fetched, MailError> {
        let fetching = Fetching { files: self.files, reader: &self.reader };
        fetching.fetch(imap, wanted, patient, |one| is_old(&reading.folder, self.account.created, one)).await
    }

    /// Notes what is withheld: it waits in the quarantine, and what lies behind it goes on.
    async fn note(&self, reading: &Reading, mails: Vec<NotGiven>) -> Result<()> {
        if mails.is_empty() {
            return Ok(());
        }
        let withhold = WithholdMails { channel: self.channel(), place: reading.place.clone(), mails };
        self.db.write(&self.scope(), withhold).await
    }

    /// A mail that is far larger than it was said to be takes its connection with it: it is noted, so that the next one passes it over.
    async fn note_too_large(&self, reading: &Reading, error: &MailError) -> Result<()> {
        let MailError::TooMuch { uid: Some(uid), said, .. } = error else { return Ok(()) };
        let size = i64::try_from(*said).unwrap_or(i64::MAX);
        let not_given = NotGiven { id: MailId::new(new_id()), uid: *uid, size, reason: error.to_string() };
        self.note(reading, vec![not_given]).await
    }

    /// What the server has and does not give.
    async fn withheld(&self, reading: &Reading) -> Result<Vec<(MailId, i64)>> {
        let mut glance = self.db.glance().await?;
        let withheld = mail::withheld(&mut glance.conn(), &self.scope(), self.channel(), &reading.place).await?;
        Ok(withheld.into_iter().filter(|(_, uid)| !self.lesson.too_large.contains(uid)).take(SOME).collect())
    }

    /// Asks once more for what was withheld.
    async fn ask_again(&self, imap: &mut Imap, reading: &Reading, withheld: &[(MailId, i64)]) -> Result<(), MailError> {
        if withheld.is_empty() {
            return Ok(());
        }
        let uids: Vec<i64> = withheld.iter().map(|(_, uid)| *uid).collect();
        let lying = imap.among(&uids).await?;
        let is_there = |uid: &i64| lying.iter().any(|one| one.uid == *uid);
        let gone = imap.gone(uids.iter().copied().filter(|uid| !is_there(uid))).await?;
        for (id, _) in withheld.iter().filter(|(_, uid)| gone.contains(uid)) {
            let gone = TakeAgain { id: *id, tried: Tried::Gone, bytes: None, old: false };
            self.db.write(&self.scope(), gone).await.map_err(MailError::Ours)?;
        }
        for (id, uid) in withheld {
            // What one answer left out and still lies there waits for the next.
            let Some(one) = lying.iter().find(|one| one.uid == *uid) else { continue };
            let mut fetched = self.fetch(imap, reading, &[*one], true).await?;
            if let Some(Arrived { digest, size, old, letter, .. }) = fetched.arrived.pop() {
                self.take_again(*id, TakeAgain { id: *id, tried: letter.into(), bytes: Some((digest, size)), old })
                    .await?;
            }
        }
        Ok(())
    }

    /// Takes a mail in that was withheld; where it cannot be stored, it stays where it is, with its bytes.
    async fn take_again(&self, id: MailId, again: TakeAgain) -> Result<()> {
        let bytes = again.bytes.clone();
        match self.db.write(&self.scope(), again).await {
            Err(refused) if is_poison(&refused) => {
                let tried = Tried::Unread(format!("It could not be stored: {refused}"));
                self.db.write(&self.scope(), TakeAgain { id, tried, bytes, old: false }).await
            }
            taken => taken,
        }
    }

    /// Takes mails in together; where one of them is refused, each by itself, and that one goes to the quarantine: the stream goes on (R9).
    async fn take(&self, reading: &Reading, mails: Vec<Arrived>, to: Option<i64>) -> Result<()> {
        let step = |from: i64, to: i64| Some(Step { from, to });
        let from = reading.folder.last_uid;
        let together = self.taking(reading, to.and_then(|to| step(from, to)), mails.clone());
        let Err(refused) = self.db.write(&self.scope(), together).await else { return Ok(()) };
        if !is_poison(&refused) {
            return Err(refused);
        }
        let mut at = from;
        for one in mails {
            let uid = one.uid;
            let single = self.taking(reading, to.and_then(|_| step(at, uid)), vec![one.clone()]);
            match self.db.write(&self.scope(), single).await {
                Ok(_) => {}
                Err(refused) if is_poison(&refused) => {
                    tracing::warn!(channel = %self.channel(), uid, error = %refused, "a mail is put into quarantine");
                    let letter = Err(format!("It could not be stored: {refused}"));
                    let quarantined = vec![Arrived { letter, ..one }];
                    let single = self.taking(reading, to.and_then(|_| step(at, uid)), quarantined);
                    self.db.write(&self.scope(), single).await?;
                }
                Err(fault) => return Err(fault),
            }
            if to.is_some() {
                at = uid;
            }
        }
        if let Some(to) = to.filter(|to| *to > at) {
            self.db.write(&self.scope(), self.taking(reading, step(at, to), Vec::new())).await?;
        }
        Ok(())
    }

    fn taking(&self, reading: &Reading, step: Option<Step>, mails: Vec<Arrived>) -> TakeMails {
        TakeMails { channel: self.channel(), place: reading.place.clone(), step, mails }
    }

    async fn audit_is_due(&self, reading: &Reading) -> Result<bool> {
        let name = &reading.place.folder;
        let known = mail::folder(&mut self.db.glance().await?.conn(), &self.scope(), self.channel(), name).await?;
        let now = self.db.clock().now();
        // A backfill, or an admin's wish to count anew, takes away what was counted or moves the beginning.
        let moved = known.is_some_and(|folder| folder.since != reading.folder.since);
        Ok(moved || known.and_then(|folder| folder.ledger).is_none_or(|ledger| now.0 - ledger.at.0 >= AUDIT))
    }

    /// Compares what lies in the folder with what came in here, and takes in what was missed, or what a backfill asks for.
    async fn audit_if_due(&self, imap: &mut Imap, reading: &mut Reading) -> Result<(), MailError> {
        if !self.audit_is_due(reading).await? {
            return Ok(());
        }
        let known = self.known(reading).await?;
        let everything = imap.numbers(None).await?;
        let mut ours = imap.numbers(Some(reading.folder.since)).await?;
        ours.extend(everything.range(reading.folder.first_uid.saturating_add(1)..));
        let missing: Vec<i64> =
            ours.iter().filter(|uid| **uid <= reading.folder.last_uid && !known.contains(uid)).copied().collect();
        let mut missed = imap.among(&missing).await?;
        missed.retain(|one| reading.folder.wants(one.uid, one.at));
        let mut grown = Grown::default();
        for together in groups(&missed, if self.lesson.one_by_one { 1 } else { TOGETHER }) {
            let fetched = match self.fetch(imap, reading, together, true).await {
                Ok(fetched) => fetched,
                Err(error) => {
                    self.note_too_large(reading, &error).await?;
                    return Err(error);
                }
            };
            self.note(reading, fetched.withheld).await?;
            self.take(reading, fetched.arrived, None).await?;
            self.has_grown(&mut grown, together.len()).await;
        }
        let here = self.known(reading).await?.intersection(&everything).count();
        let here = here.saturating_sub(self.not_here(reading, &everything).await?);
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let ledger = Ledger {
            at: self.now(),
            on_server: count(everything.len()),
            here: count(here),
            before: count(everything.len().saturating_sub(here)),
        };
        self.db
            .write(&self.scope(), KeepLedger { channel: self.channel(), name: reading.place.folder.clone(), ledger })
            .await?;
        reading.folder.ledger = Some(ledger);
        Ok(())
    }

    /// How many of the mails on the server are known here and did not come.
    async fn not_here(&self, reading: &Reading, everything: &BTreeSet<i64>) -> Result<usize> {
        let mut glance = self.db.glance().await?;
        let withheld = mail::withheld(&mut glance.conn(), &self.scope(), self.channel(), &reading.place).await?;
        Ok(withheld.iter().filter(|(_, uid)| everything.contains(uid)).count())
    }

    /// The numbers of what came in here.
    async fn known(&self, reading: &Reading) -> Result<BTreeSet<i64>> {
        let conn = &mut self.db.glance().await?;
        let uids = mail::uids(&mut conn.conn(), &self.scope(), self.channel(), &reading.place).await?;
        Ok(uids.into_iter().collect())
    }

    fn now(&self) -> Timestamp {
        self.db.clock().now()
    }
}

/// Whether the numbers have lost the meaning that they had when we came.
const fn is_renumbered(folder: &Folder) -> bool {
    folder.first_uid == i64::MAX
}

/// What lies behind the cursor. In a renumbered folder that is everything at first, years of it, and what came before it was ours to read
/// never moves the cursor: only the rest is asked for.
async fn waiting(imap: &mut Imap, folder: &Folder) -> Result<Vec<Lying>, MailError> {
    if is_renumbered(folder) {
        imap.behind_since(folder.last_uid, folder.since).await
    } else {
        imap.behind(folder.last_uid).await
    }
}

/// Whether a mail lay there before the mailbox was connected: it comes in because somebody wants it here, and waits for nobody. Its number
/// tells, and where that means nothing any more, the time that it came.
pub(super) fn is_old(folder: &Folder, connected: Timestamp, one: &Lying) -> bool {
    if is_renumbered(folder) {
        one.at.is_some_and(|at| at < connected.plus(-SKEW))
    } else {
        one.uid <= folder.first_uid
    }
}

/// How many mails have come in a row.
struct Grown {
    mails: usize,
    look: usize,
}

impl Default for Grown {
    fn default() -> Self {
        Self { mails: 0, look: 256 }
    }
}

impl Grown {
    /// Counts further ones; true each time that there are twice as many as when it was true before.
    fn by(&mut self, mails: usize) -> bool {
        self.mails += mails;
        let twice = self.mails >= self.look;
        if twice {
            self.look = self.mails * 2;
        }
        twice
    }
}

/// Mails in groups that are fetched and taken together: at most so many, and not too large. Their order stays.
fn groups(waiting: &[Lying], most: usize) -> Vec<&[Lying]> {
    let mut groups = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    for (at, one) in waiting.iter().enumerate() {
        let full = at - begin >= most || bytes + one.size > IN_MEMORY;
        if at > begin && full {
            groups.push(&waiting[begin..at]);
            (begin, bytes) = (at, 0);
        }
        bytes += one.size;
    }
    if begin < waiting.len() {
        groups.push(&waiting[begin..]);
    }
    groups
}

/// Whether it is the mail that cannot be stored, and not the database that cannot store.
fn is_poison(error: &Error) -> bool {
    match error {
        Error::Refused(ApiError::Conflict { .. }) => false,
        Error::Refused(_) => true,
        Error::Store(StoreError::Corrupt(_)) => true,
        Error::Store(StoreError::Database(sqlx::Error::Database(error))) => {
            // Values that a statement cannot take (SQLSTATE class 22; SQLite's TOOBIG and MISMATCH), or a rule of the table broken.
            let code = error.code().unwrap_or_default().into_owned();
            code.starts_with("22") || matches!(code.as_str(), "18" | "20") || error.is_unique_violation()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h1_growth_is_told_each_time_it_doubles() {
        let mut grown = Grown::default();
        let told: Vec<usize> = (1..=300).filter(|_| grown.by(16)).map(|n| n * 16).collect();
        assert_eq!(told, [256, 512, 1024, 2048, 4096]);
    }

    #[test]
    fn r8_in_a_renumbered_mailbox_the_time_tells_what_is_old() {
        let folder = |first_uid| Folder { uid_validity: 1, last_uid: 0, first_uid, since: Timestamp(0), ledger: None };
        let connected = Timestamp(1_793_610_000_000);
        let old = |first_uid, uid, at| is_old(&folder(first_uid), connected, &Lying { uid, size: 1, at });
        let year = 365 * 86_400_000;
        assert!(old(i64::MAX, 7, Some(connected.plus(-year))), "a backfill brings it, and it waits for nobody");
        assert!(!old(i64::MAX, 7, Some(connected.plus(1))));
        assert!(!old(i64::MAX, 7, Some(connected.plus(-SKEW))), "the server's clock may be behind ours");
        assert!(!old(i64::MAX, 7, None));
        // Where the numbers mean something, nobody's clock is asked.
        assert!(old(7, 7, Some(connected.plus(1))) && !old(7, 8, Some(connected.plus(-year))));
    }

    #[test]
    fn h1_groups_keep_the_order_and_stay_small() {
        let lying = |uid: i64, size: u64| Lying { uid, size, at: None };
        let waiting: Vec<Lying> = (1..=40).map(|uid| lying(uid, if uid == 20 { 30_000_000 } else { 1000 })).collect();
        let groups = groups(&waiting, TOGETHER);
        let flat: Vec<i64> = groups.iter().flat_map(|group| group.iter().map(|one| one.uid)).collect();
        assert_eq!(flat, (1..=40).collect::<Vec<_>>());
        assert!(groups.iter().all(|group| group.len() <= TOGETHER));
        assert!(groups.iter().any(|group| group.len() == 1 && group[0].uid == 20), "a large one comes alone");
        assert!(super::groups(&[], TOGETHER).is_empty());
        assert_eq!(super::groups(&waiting, 1).len(), 40);
    }
}
