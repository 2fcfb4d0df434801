//! Reads a mailbox: first the waiting mails, oldest first; then new ones as they come. Regularly checks whether one was missed (H1).

use std::{collections::BTreeSet, time::Duration};

use domain::{
    files::Files,
    mail::{Arrived, BeginFolder, KeepFolderCounts, NotGiven, ReceiveMails, RetryQuarantined, Tried, WithholdMails},
};
use model::{ApiError, ChannelId, EmailSettings, FolderCounts, MailId, Timestamp};
use store::{
    Db, Scope,
    account::Account,
    clock::new_id,
    error::{Error, Result},
    mail::{self, Folder, Place, Step},
};

use super::{
    batch::{GrowingBatch, groups},
    error::MailError,
    fetch::{Fetched, Fetching},
    imap::{Imap, MailOnServer, Opened},
    learned_limits::{Cut, LearnedLimits},
    reader::Reader,
};
use crate::ReceiverHealth;

/// How long to wait for a notice (IDLE) before asking anyway: notices get lost, and routers drop silent connections.
const LISTEN: Duration = Duration::from_secs(4 * 60);
/// After how long withheld mails are requested again at the latest, and how many of them at once.
const AGAIN: Duration = Duration::from_secs(60);
const SOME: usize = 20;
/// How far a mail server's clock may be behind ours, in milliseconds, where only the time tells whether a mail was there before us.
const SKEW: i64 = 600_000;
/// How often to check whether a mail was missed, in milliseconds.
const AUDIT: i64 = 900_000;

/// A mailbox that is being read.
pub struct Receiving<'a> {
    pub db: &'a Db,
    pub files: &'a Files,
    pub reader: Reader,
    pub account: &'a Account,
    pub settings: &'a EmailSettings,
    pub limits: &'a LearnedLimits,
}

/// The folder with its current UIDVALIDITY, and how far it was read.
#[derive(Debug, Clone)]
struct Reading {
    place: Place,
    folder: Folder,
    /// Mails above the cursor that were recorded already, because they were not delivered with the others.
    noted: BTreeSet<i64>,
}

impl Receiving<'_> {
    /// Receives until an error.
    pub async fn run(&self, mut imap: Imap, health: &ReceiverHealth) -> MailError {
        loop {
            match self.round(imap, health).await {
                Ok(again) => imap = again,
                Err(error) => return error,
            }
        }
    }

    /// Takes in what is there, then waits for more.
    async fn round(&self, mut imap: Imap, health: &ReceiverHealth) -> Result<Imap, MailError> {
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
                // The folder is opened again, because its UIDVALIDITY may have changed.
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

    /// Where reading continues. A new folder is read from now on. After a change of UIDVALIDITY the folder is read again, as far back as we
    /// took mails in. Mails that came before are recognised by their content.
    async fn resume(&self, opened: Opened) -> Result<Reading> {
        let (name, uid_validity) = (self.settings.folder.clone(), opened.uid_validity);
        let known = mail::folder(&mut self.db.reader().await?.conn(), &self.scope(), self.channel(), &name).await?;
        let place = Place { folder: name.clone(), uid_validity };
        let (last_uid, first_uid, since) = match known {
            Some(folder) if folder.uid_validity == uid_validity => {
                let mut reader = self.db.reader().await?;
                let conn = &mut reader.conn();
                let noted = mail::uids_behind(conn, &self.scope(), self.channel(), &place, folder.last_uid).await?;
                return Ok(Reading { place, folder, noted: noted.into_iter().collect() });
            }
            Some(folder) => {
                tracing::warn!(channel = %self.channel(), "the mailbox changed its UIDVALIDITY; its mails are read again");
                (0, i64::MAX, folder.since.plus(-SKEW))
            }
            None => (opened.uid_next - 1, opened.uid_next - 1, self.account.created),
        };
        let begin = BeginFolder { channel: self.channel(), name, uid_validity, last_uid, first_uid, since };
        let folder = self.db.write(&self.scope(), begin).await?;
        Ok(Reading { place, folder, noted: BTreeSet::new() })
    }

    /// Takes in everything above the cursor, oldest first.
    async fn catch_up(&self, imap: &mut Imap, reading: &mut Reading) -> Result<(), MailError> {
        let mut grown = GrowingBatch::default();
        let patient = self.limits.patient;
        loop {
            let waiting = waiting(imap, &reading.folder).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            // Some mails are stored while the next are fetched: the two wait for different machines.
            let mut fetched: Option<(Fetched, i64)> = None;
            for together in groups(&waiting, self.limits) {
                // Mails from before the start are skipped. A backfill may take them in.
                let wanted =
                    |one: &&MailOnServer| reading.folder.wants(one.uid, one.at) && !reading.noted.contains(&one.uid);
                let wanted: Vec<MailOnServer> = together.iter().filter(wanted).copied().collect();
                let to = together.last().map_or(reading.folder.last_uid, |last| last.uid);
                let (next, stored) =
                    tokio::join!(self.fetch(imap, reading, &wanted, patient), self.take_to(reading, fetched.take()));
                if let Some(uid) = stored? {
                    reading.folder.last_uid = uid;
                }
                self.has_grown(&mut grown, together.len()).await;
                fetched = Some((self.to_the_end(reading, next).await?, to));
            }
            if let Some(uid) = self.take_to(reading, fetched).await? {
                reading.folder.last_uid = uid;
            }
        }
    }

    /// Updates the database's statistics after many mails. Without that, queries are only slower.
    async fn has_grown(&self, grown: &mut GrowingBatch, mails: usize) {
        if grown.by(mails)
            && let Err(error) = self.db.learn_sizes().await
        {
            tracing::warn!(%error, "could not update the statistics of the database");
        }
    }

    /// Stores fetched mails, and returns the new position of the cursor.
    async fn take_to(&self, reading: &Reading, fetched: Option<(Fetched, i64)>) -> Result<Option<i64>> {
        let Some((fetched, to)) = fetched else { return Ok(None) };
        self.note(reading, fetched.withheld).await?;
        self.take(reading, fetched.arrived, Some(to)).await?;
        Ok(Some(to))
    }

    /// Fetches mails. With `patient`, mails that the server still refuses are put aside and requested again from time to time.
    async fn fetch(
        &self,
        imap: &mut Imap,
        reading: &Reading,
        wanted: &[MailOnServer],
        patient: bool,
    ) -> Result<Fetched, MailError> {
        let fetching = Fetching { files: self.files, reader: &self.reader };
        fetching.fetch(imap, wanted, patient, |one| is_old(&reading.folder, self.account.created, one)).await
    }

    /// Records withheld mails in the quarantine, so that later mails go on.
    async fn note(&self, reading: &Reading, mails: Vec<NotGiven>) -> Result<()> {
        if mails.is_empty() {
            return Ok(());
        }
        let withhold = WithholdMails { channel: self.channel(), place: reading.place.clone(), mails };
        self.db.write(&self.scope(), withhold).await
    }

    /// The fetched mails, if the fetch was complete. If the connection ended, the mails that came are stored without moving the cursor, and
    /// the next connection requests the rest.
    async fn to_the_end(&self, reading: &Reading, fetched: Result<Fetched, MailError>) -> Result<Fetched, MailError> {
        let error = match fetched {
            Err(error) => error,
            Ok(mut fetched) => {
                if !fetched.arrived.is_empty() {
                    self.limits.gave();
                }
                let Some(cut) = fetched.cut.take() else { return Ok(fetched) };
                self.note(reading, fetched.withheld).await?;
                self.take(reading, fetched.arrived, None).await?;
                cut
            }
        };
        self.blamed(reading, error).await
    }

    /// Records a mail that breaks its connection, so that the next connection skips it: one that is far larger than announced, or at which
    /// the server hangs up or goes silent each time.
    async fn blamed(&self, reading: &Reading, error: MailError) -> Result<Fetched, MailError> {
        let (uid, size, reason) = match &error {
            MailError::TooMuch { uid: Some(uid), said, .. } => (*uid, *said, error.to_string()),
            MailError::Cut { server, said, uids } => match self.limits.cut_off(uids, self.now()) {
                Cut::AskAgain => return Err(error),
                Cut::Server => return Err(MailError::Lost { server: server.clone(), said: said.clone() }),
                Cut::PutAside(uid) => {
                    let reason = format!("The mail server ends the connection when it is asked for it: {said}.");
                    (uid, 0, format!("{reason} Tandem asks for it again automatically."))
                }
            },
            _ => return Err(error),
        };
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        tracing::warn!(uid, reason, "a mail breaks the connection to its server");
        self.note(reading, vec![NotGiven { id: MailId::new(new_id()), uid, size, reason }]).await?;
        Err(error)
    }

    /// The mails that the server has but does not deliver.
    async fn withheld(&self, reading: &Reading) -> Result<Vec<(MailId, i64)>> {
        let mut reader = self.db.reader().await?;
        let withheld = mail::withheld(&mut reader.conn(), &self.scope(), self.channel(), &reading.place).await?;
        let now = self.now();
        Ok(withheld.into_iter().filter(|(_, uid)| self.limits.may_ask(*uid, now)).take(SOME).collect())
    }

    /// Requests withheld mails again.
    async fn ask_again(&self, imap: &mut Imap, reading: &Reading, withheld: &[(MailId, i64)]) -> Result<(), MailError> {
        if withheld.is_empty() {
            return Ok(());
        }
        let uids: Vec<i64> = withheld.iter().map(|(_, uid)| *uid).collect();
        let lying = imap.among(&uids).await?;
        let is_there = |uid: &i64| lying.iter().any(|one| one.uid == *uid);
        for (id, _) in withheld.iter().filter(|(_, uid)| !is_there(uid)) {
            let gone = RetryQuarantined { id: *id, tried: Tried::Gone, bytes: None, old: false };
            self.db.write(&self.scope(), gone).await.map_err(MailError::Ours)?;
        }
        for (id, uid) in withheld {
            let Some(one) = lying.iter().find(|one| one.uid == *uid) else { continue };
            let mut fetched = self.fetch(imap, reading, &[*one], true).await?;
            if let Some(cut) = fetched.cut {
                self.limits.rest(*uid, self.now());
                return Err(cut);
            }
            if let Some(Arrived { digest, size, old, letter, .. }) = fetched.arrived.pop() {
                self.take_again(
                    *id,
                    RetryQuarantined { id: *id, tried: letter.into(), bytes: Some((digest, size)), old },
                )
                .await?;
            }
        }
        Ok(())
    }

    /// Takes in a mail that was withheld before. If it cannot be stored, it stays in the quarantine, with its bytes.
    async fn take_again(&self, id: MailId, again: RetryQuarantined) -> Result<()> {
        let bytes = again.bytes.clone();
        match self.db.write(&self.scope(), again).await {
            Err(refused) if is_poison(&refused) => {
                let tried = Tried::Unread(format!("It could not be stored: {refused}"));
                self.db.write(&self.scope(), RetryQuarantined { id, tried, bytes, old: false }).await
            }
            taken => taken,
        }
    }

    /// Takes mails in together. If one of them is refused, each is taken in alone, and that one goes to the quarantine, so that the stream
    /// goes on (R9).
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

    fn taking(&self, reading: &Reading, step: Option<Step>, mails: Vec<Arrived>) -> ReceiveMails {
        ReceiveMails { channel: self.channel(), place: reading.place.clone(), step, mails }
    }

    async fn audit_is_due(&self, reading: &Reading) -> Result<bool> {
        let name = &reading.place.folder;
        let known = mail::folder(&mut self.db.reader().await?.conn(), &self.scope(), self.channel(), name).await?;
        let now = self.db.clock().now();
        // A backfill, or an administrator who asks for a new count, deletes the counts or moves the start.
        let moved = known.is_some_and(|folder| folder.since != reading.folder.since);
        Ok(moved || known.and_then(|folder| folder.ledger).is_none_or(|ledger| now.0 - ledger.at.0 >= AUDIT))
    }

    /// Compares the folder with the stored mails, and takes in those that were missed or that a backfill asks for.
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
        let mut grown = GrowingBatch::default();
        for together in groups(&missed, self.limits) {
            let fetched = self.fetch(imap, reading, together, true).await;
            let fetched = self.to_the_end(reading, fetched).await?;
            self.note(reading, fetched.withheld).await?;
            self.take(reading, fetched.arrived, None).await?;
            self.has_grown(&mut grown, together.len()).await;
        }
        let known = self.known(reading).await?;
        let here = known.intersection(&everything).count();
        let here = here.saturating_sub(self.not_here(reading, &everything).await?);
        // Counts only mails from before the start: not withheld, not missed again, and not just arrived.
        let wanted: BTreeSet<i64> = missed.iter().map(|one| one.uid).collect();
        let is_ours = |uid: &i64| wanted.contains(uid) || (ours.contains(uid) && *uid > reading.folder.last_uid);
        let before = everything.iter().filter(|uid| !known.contains(uid) && !is_ours(uid)).count();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let ledger = FolderCounts {
            at: self.now(),
            on_server: count(everything.len()),
            here: count(here),
            before: count(before),
        };
        self.db
            .write(
                &self.scope(),
                KeepFolderCounts { channel: self.channel(), name: reading.place.folder.clone(), ledger },
            )
            .await?;
        reading.folder.ledger = Some(ledger);
        Ok(())
    }

    /// How many mails on the server are known here but did not come in.
    async fn not_here(&self, reading: &Reading, everything: &BTreeSet<i64>) -> Result<usize> {
        let mut reader = self.db.reader().await?;
        let withheld = mail::withheld(&mut reader.conn(), &self.scope(), self.channel(), &reading.place).await?;
        Ok(withheld.iter().filter(|(_, uid)| everything.contains(uid)).count())
    }

    /// The UIDs of the mails that came in.
    async fn known(&self, reading: &Reading) -> Result<BTreeSet<i64>> {
        let conn = &mut self.db.reader().await?;
        let uids = mail::uids(&mut conn.conn(), &self.scope(), self.channel(), &reading.place).await?;
        Ok(uids.into_iter().collect())
    }

    fn now(&self) -> Timestamp {
        self.db.clock().now()
    }
}

/// Whether UIDVALIDITY has changed since the start.
const fn is_renumbered(folder: &Folder) -> bool {
    folder.first_uid == i64::MAX
}

/// The mails above the cursor. After a change of UIDVALIDITY that is the whole folder at first, perhaps years of mails. Mails from before
/// the start never move the cursor, so only the others are requested.
async fn waiting(imap: &mut Imap, folder: &Folder) -> Result<Vec<MailOnServer>, MailError> {
    if is_renumbered(folder) {
        imap.behind_since(folder.last_uid, folder.since).await
    } else {
        imap.behind(folder.last_uid).await
    }
}

/// Whether a mail was in the folder before the mailbox was connected. It comes in because of a backfill, and nobody waits for an answer.
/// Its UID tells, or its time after a change of UIDVALIDITY.
pub(super) fn is_old(folder: &Folder, connected: Timestamp, one: &MailOnServer) -> bool {
    if is_renumbered(folder) {
        one.at.is_some_and(|at| at < connected.plus(-SKEW))
    } else {
        one.uid <= folder.first_uid
    }
}

/// Whether this mail cannot be stored, as opposed to a database that cannot store anything.
fn is_poison(error: &Error) -> bool {
    match error {
        Error::Refused(ApiError::Conflict { .. }) => false,
        Error::Refused(_) => true,
        Error::Store(error) => error.is_about_values(),
        Error::File(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_in_a_renumbered_mailbox_the_time_tells_what_is_old() {
        let folder = |first_uid| Folder { uid_validity: 1, last_uid: 0, first_uid, since: Timestamp(0), ledger: None };
        let connected = Timestamp(1_793_610_000_000);
        let old = |first_uid, uid, at| is_old(&folder(first_uid), connected, &MailOnServer { uid, size: 1, at });
        let year = 365 * 86_400_000;
        assert!(old(i64::MAX, 7, Some(connected.plus(-year))), "a backfill brings it, and it waits for nobody");
        assert!(!old(i64::MAX, 7, Some(connected.plus(1))));
        assert!(!old(i64::MAX, 7, Some(connected.plus(-SKEW))), "the server's clock may be behind ours");
        assert!(!old(i64::MAX, 7, None));
        // If UIDs are valid, no clock is used.
        assert!(old(7, 7, Some(connected.plus(1))) && !old(7, 8, Some(connected.plus(-year))));
    }
}
