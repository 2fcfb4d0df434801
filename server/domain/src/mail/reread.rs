//! Reads mails again that older rules read. Text, preview, search words and names become what the current rules make of the stored bytes.
//! Who sees a mail and which conversation it is in do not change.

use std::collections::HashMap;

use async_trait::async_trait;
use model::{
    Attachment, AttachmentId, ChannelId, Contact, Content, Entry, JobId, MailHead, MailId, Mailbox, Message, Needs,
    Parties, Timestamp,
};
use sha2::Digest;
use store::{
    Command, Db, Scope, Tx, contact, conversation,
    error::{Error, Result},
    mail,
    message::{self, ProviderId},
    search,
};
use uuid::Uuid;

use super::{
    Letter,
    author::{author, own_addresses},
};
use crate::{
    change::{Change, preview, tell_of_contact},
    deliver::Lease,
    work::Work,
};

/// How many mails one job reads. Other jobs can run between two of these.
const BATCH: i64 = 20;
/// The pause between two jobs, in milliseconds. This work uses idle time.
const PAUSE_MS: i64 = 200;

/// A mail to read again.
#[derive(Debug, Clone)]
pub struct Stale {
    /// The mail.
    pub mail: MailId,
}

/// The next mails that older rules read, at most 20.
///
/// # Errors
/// When the database fails.
pub async fn stale(db: &Db, scope: &Scope) -> Result<Vec<Stale>> {
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let mails = mail::read_before(conn, scope, mail::READER, BATCH).await?;
    Ok(mails.into_iter().map(|mail| Stale { mail }).collect())
}

/// Enqueues the reading of outdated mails. Does nothing if there are none.
#[derive(Debug, Clone, Copy)]
pub struct ScheduleReading;

#[async_trait]
impl Command for ScheduleReading {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        leave(tx, &scope).await
    }
}

/// Finishes a batch, and enqueues the next one if mails are left.
#[derive(Debug, Clone)]
pub struct EndReading {
    /// The lease of the job.
    pub lease: Lease,
}

#[async_trait]
impl Command for EndReading {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        self.lease.done(tx).await?;
        leave(tx, &scope).await
    }
}

async fn leave(tx: &mut Tx<'_>, scope: &Scope) -> Result<()> {
    let Some(next) = mail::read_before(tx.conn(), scope, mail::READER, 1).await?.pop() else { return Ok(()) };
    // Enqueued twice, it is one job.
    let hash = sha2::Sha256::digest(format!("read again {} {next} {}", scope.workspace(), mail::READER));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    let at: Timestamp = tx.now().plus(PAUSE_MS);
    Work::ReadMailsAgain.enqueue(tx, scope.workspace(), JobId::new(Uuid::from_bytes(bytes)), None, at).await
}

/// Updates one mail.
#[derive(Debug, Clone)]
pub struct PutRight {
    /// The mail.
    pub stale: Stale,
    /// Its content by the current rules. None if they cannot read it: then it stays as it is.
    pub letter: Option<Box<Letter>>,
}

#[async_trait]
impl Command for PutRight {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        mail::set_reader(tx, &scope, self.stale.mail).await?;
        let Some(letter) = &self.letter else { return Ok(()) };
        let kept = mail::one(tx.conn(), &scope, self.stale.mail).await?.ok_or(Error::NOT_FOUND)?;
        let Some(id) = kept.message else { return Ok(()) };
        let Some(old) = message::one(tx.conn(), &scope, id).await? else { return Ok(()) };
        let mut change = Change::load(tx, &scope, old.conversation).await?;
        let mut new = Message { text: letter.text.clone(), ..old.clone() };
        if let (Entry::Incoming, Some(head)) = (&old.entry, old.mail()) {
            let inside = self.files(tx, &scope, letter, &mut new).await?;
            let claimed = author(letter, &own_addresses(tx, &scope).await?).claimed(letter);
            let parties = Parties { claimed, ..letter.head.parties.clone() };
            new.content =
                Content::Mail(Box::new(MailHead { also: head.also.clone(), inside, parties, ..letter.head.clone() }));
        }
        if matches!(old.entry, Entry::Incoming) {
            self.name_anew(tx, &scope, kept.channel, &old, letter).await?;
        }
        let renamed = rename(tx, &scope, &mut change, &old, &new).await?;
        if new == old && renamed.is_none() {
            return Ok(());
        }
        store(tx, &scope, &old, &new).await?;
        // Its text, subject, files or names are other ones.
        let findable = search::findable(&scope, &new, &(&change.now).into());
        search::set(tx, &scope, new.id, findable).await?;
        let shown = preview(&old).filter(|shown| *shown == change.now.row.preview && change.now.row.last_at == old.at);
        if let (Some(_), Some(preview)) = (shown, preview(&new)) {
            change.now.row.preview = preview;
        }
        change.changed(new);
        let changed = change.finish(tx).await?;
        match renamed {
            Some(Renamed::Contact(contact)) => tell_of_contact(tx, &scope, *contact, &changed).await,
            Some(Renamed::Address) => {
                for other in conversation::of_identity(tx.conn(), &scope, changed.identity).await? {
                    if other != changed.row.id {
                        Change::load(tx, &scope, other).await?.finish(tx).await?;
                    }
                }
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl PutRight {
    /// Adds files that older rules did not find, and marks the files that the text shows inline.
    async fn files(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        letter: &Letter,
        new: &mut Message,
    ) -> Result<Vec<AttachmentId>> {
        let mut known: HashMap<String, Vec<AttachmentId>> = HashMap::new();
        for Attachment { id, .. } in &new.attachments {
            if let Some(file) = message::file(tx.conn(), scope, *id).await? {
                known.entry(file.digest).or_default().push(*id);
            }
        }
        let mut inside = Vec::new();
        for file in &letter.files {
            let same = known.get_mut(&file.digest).and_then(Vec::pop);
            let id = match same {
                Some(id) => id,
                None => {
                    let id = file.attachment.id;
                    message::add_file(tx, scope, file).await?;
                    message::claim_file(tx, scope, id, &file.uploader, new.conversation, new.n).await?;
                    new.attachments.push(file.attachment.clone());
                    id
                }
            };
            if letter.head.inside.contains(&file.attachment.id) {
                inside.push(id);
            }
        }
        Ok(inside)
    }

    /// Updates the provider id, which contains the content hash. Otherwise the mail would come twice when its server changes UIDVALIDITY.
    async fn name_anew(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        channel: ChannelId,
        old: &Message,
        letter: &Letter,
    ) -> Result<()> {
        let id = letter.provider_id();
        if message::by_provider(tx.conn(), scope, channel, &id).await?.is_none() {
            message::set_provider(tx, scope, old.id, &ProviderId { channel, id }).await?;
        }
        Ok(())
    }
}

async fn store(tx: &mut Tx<'_>, scope: &Scope, old: &Message, new: &Message) -> Result<()> {
    if let (Some(head), true) = (new.mail(), new.content != old.content) {
        message::set_mail(tx, scope, new.id, head).await?;
    }
    if new.text != old.text {
        message::set_text(tx, scope, new.id, &new.text).await?;
    }
    Ok(())
}

/// What was renamed.
enum Renamed {
    Contact(Box<Contact>),
    Address,
}

/// Corrects a name that came from the old head and that nobody has edited since. The address must be the same, or the old rules found none:
/// otherwise it would rename another person.
async fn rename(
    tx: &mut Tx<'_>,
    scope: &Scope,
    change: &mut Change,
    old: &Message,
    new: &Message,
) -> Result<Option<Renamed>> {
    let from = |message: &Message| message.mail().and_then(|head| head.parties.from.clone());
    let (Some(before), Some(after)) = (from(old), from(new)) else { return Ok(None) };
    let is_theirs = before.key() == after.key() || !before.address.contains('@');
    let (before, after) = (shown(&before), shown(&after));
    if !is_theirs || before == after || after.is_empty() {
        return Ok(None);
    }
    let mut renamed = None;
    if change.now.row.label == before {
        contact::set_label(tx, scope, change.now.identity, &after).await?;
        change.now.row.label.clone_from(&after);
        renamed = Some(Renamed::Address);
    }
    if let Some(id) = change.now.row.contact
        && let Some(mut contact) = contact::one(tx.conn(), scope, id).await?
        && contact.name == before
    {
        contact.name.clone_from(&after);
        if !contact::save(tx, scope, &contact).await? {
            return Err(store::error::StoreError::Stale.into());
        }
        contact.version += 1;
        search::set_contact(tx, scope, &contact).await?;
        contact.shown_name().clone_into(&mut change.now.row.name);
        renamed = Some(Renamed::Contact(Box::new(contact)));
    }
    Ok(renamed)
}

/// The label of a mailbox's owner.
fn shown(mailbox: &Mailbox) -> String {
    if mailbox.name.is_empty() { mailbox.address.clone() } else { mailbox.name.clone() }
}
