//! E-mail: IMAP in, SMTP out (H1).

mod answered;
mod batch;
pub mod check;
pub mod discover;
pub mod error;
mod fetch;
mod imap;
mod large_files;
mod learned_limits;
mod memory_budget;
mod reader;
mod receive;
mod send;
pub mod show;
pub mod signed;
mod smtp;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    deliver::{Handed, Outgoing, SentMail},
    files::Files,
    mail::{Arrived, Letter, NameMail, RetryQuarantined, Tried},
    vault::Vault,
};
use mail::{
    MessageName, chain,
    compose::{Enclosed, Making, compose},
};
use model::{ApiError, ChannelId, EmailSettings, Entry, Host, MailHead, MailId, Message, Parties, WorkspaceId};
use store::{
    Db, Scope,
    account::{self, Account},
    error::{Error, Result, StoreError},
    mail::{self as mails, Folder, Place},
    message,
};

use self::{
    error::MailError,
    fetch::Fetching,
    imap::{Imap, MailOnServer},
    learned_limits::{LASTED, LearnedLimits, MOST_LESSONS},
    memory_budget::MemoryBudget,
    reader::{Reader, Source},
    receive::{Receiving, is_old},
    send::Smtp,
    signed::Signer,
};
use super::{Capabilities, Channel, ReceiveError, ReceiverHealth, SendError};
use crate::network::Network;

/// How much of an answered mail is read for its chain, in bytes. That covers every reasonable header.
const HEADER: u64 = 256 * 1024;

/// How long a person waits while a server is asked for a mail again.
const ASKING: Duration = Duration::from_secs(50);

/// How many mails back the search goes for one that says what it answers.
const MOST_SILENT: usize = 5;

/// The adapter for e-mail.
#[derive(Clone)]
pub struct Email {
    db: Db,
    files: Files,
    vault: Vault,
    network: Network,
    room: MemoryBudget,
}

/// The settings and password of a connected mailbox.
struct Connected {
    settings: EmailSettings,
    password: String,
}

impl Email {
    /// Makes the adapter.
    pub fn new(db: Db, files: Files, vault: Vault, network: Network) -> Self {
        Self { db, files, vault, network, room: MemoryBudget::new() }
    }

    /// The network that mailboxes are reached by.
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// Seals a mailbox's password.
    pub fn seal(&self, workspace: WorkspaceId, channel: ChannelId, password: &str) -> String {
        self.vault.seal(&owner(workspace, channel), password)
    }

    /// Refuses settings that would use a mailbox's stored password on another server or for another user: the member who edits a mailbox
    /// need not be the one who knows its password. Without a stored password, nothing is refused.
    ///
    /// # Errors
    /// When the password has to be entered again, or the database fails.
    pub async fn check_use(&self, scope: &Scope, channel: ChannelId, settings: &EmailSettings) -> Result<()> {
        let account = account::one(&mut self.db.reader().await?.conn(), scope, channel).await?;
        let Some(account) = account else { return Ok(()) };
        let former = settings_of(&account)?;
        // Another port of the same machine may belong to somebody else.
        let same = |one: &Host, other: &Host| {
            one.name.eq_ignore_ascii_case(&other.name) && (one.port, one.security) == (other.port, other.security)
        };
        if same(&former.imap, &settings.imap) && same(&former.smtp, &settings.smtp) && former.user == settings.user {
            return Ok(());
        }
        let message = "Enter the password again, because the server, port, security or user name changed.";
        Err(ApiError::invalid("password", message).into())
    }

    /// The stored password of a mailbox, for a test of these settings.
    ///
    /// # Errors
    /// When there is none, it cannot be opened, or it was entered for other settings.
    pub async fn stored_password(&self, scope: &Scope, channel: ChannelId, settings: &EmailSettings) -> Result<String> {
        self.check_use(scope, channel, settings).await?;
        match self.connected(scope, channel).await {
            Ok(connected) => Ok(connected.password),
            Err(MailError::Ours(error)) => Err(error),
            Err(error) => Err(ApiError::invalid("password", error.to_string()).into()),
        }
    }

    /// Reads a stored mail again.
    ///
    /// # Errors
    /// When the mail does not exist, or the disk fails.
    pub async fn read_again(&self, scope: &Scope, id: MailId) -> Result<Result<Box<Letter>, String>> {
        let kept = mails::one(&mut self.db.reader().await?.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
        let size = kept.size.unsigned_abs();
        let source = Source::Disk(self.files.place(&kept.digest), size);
        self.reader(scope.clone()).read(id, source).await
    }

    /// Reads a mail from its bytes, as if it had come in.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub async fn read(&self, scope: &Scope, id: MailId, bytes: Bytes) -> Result<Result<Box<Letter>, String>> {
        self.reader(scope.clone()).read(id, Source::Bytes(bytes)).await
    }

    fn reader(&self, scope: Scope) -> Reader {
        let signer = self.signer(scope.workspace());
        Reader::new(self.db.clone(), self.files.clone(), signer, scope, self.room.clone())
    }

    /// Tries a quarantined mail again: reads its stored bytes. If there are none, or they cannot be read, the server is asked for the mail
    /// again.
    ///
    /// # Errors
    /// When the mail does not exist, or our own disk or database fails.
    pub async fn try_again(&self, scope: &Scope, id: MailId) -> Result<RetryQuarantined> {
        let kept = mails::one(&mut self.db.reader().await?.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
        let is_kept = !kept.digest.is_empty();
        let again = |tried| RetryQuarantined { id, tried, bytes: None, old: false };
        let unread = match is_kept {
            true => match self.read_again(scope, id).await? {
                Ok(letter) => {
                    let old = self.was_old(scope, id, kept.channel).await?;
                    return Ok(RetryQuarantined { old, ..again(Tried::Letter(letter)) });
                }
                Err(reason) => reason,
            },
            false => kept.reason,
        };
        let asked = tokio::time::timeout(ASKING, self.asked_again(scope, id, kept.channel)).await;
        match asked {
            Ok(Ok(Some(found))) => Ok(found),
            Ok(Ok(None)) if is_kept => Ok(again(Tried::Unread(unread))),
            Ok(Ok(None)) => Ok(again(Tried::Gone)),
            Ok(Err(MailError::Ours(error))) => Err(error),
            Ok(Err(_)) if is_kept => Ok(again(Tried::Unread(unread))),
            Ok(Err(error)) => Ok(again(Tried::Unread(error.to_string()))),
            Err(_) => Ok(again(Tried::Unread("Its server took too long.".to_owned()))),
        }
    }

    /// The folder that a mail came from, and how that is read. None if it is in no folder that is read.
    async fn origin(&self, scope: &Scope, id: MailId, channel: ChannelId) -> Result<Option<Origin>, StoreError> {
        let mut reader = self.db.reader().await?;
        let conn = &mut reader.conn();
        let Some((place, uid)) = mails::place(conn, scope, id).await? else { return Ok(None) };
        let folder = mails::folder(conn, scope, channel, &place.folder).await?;
        let account = account::one(conn, scope, channel).await?;
        Ok(folder.zip(account).map(|(folder, account)| Origin { place, uid, folder, account }))
    }

    /// Whether a stored mail came before its mailbox was connected. Its arrival time was not stored. If only that would tell, the mail
    /// counts as new.
    async fn was_old(&self, scope: &Scope, id: MailId, channel: ChannelId) -> Result<bool> {
        let Some(Origin { place, uid, folder, account }) = self.origin(scope, id, channel).await? else {
            return Ok(false);
        };
        let lying = MailOnServer { uid, size: 0, at: None };
        Ok(place.uid_validity == folder.uid_validity && is_old(&folder, account.created, &lying))
    }

    /// The mail as its server delivers it now. None if it is no longer there.
    async fn asked_again(
        &self,
        scope: &Scope,
        id: MailId,
        channel: ChannelId,
    ) -> Result<Option<RetryQuarantined>, MailError> {
        // The database connection is returned before the mailbox is asked.
        let Some(origin) = self.origin(scope, id, channel).await? else { return Ok(None) };
        let Origin { place, uid, folder, account } = origin;
        let connected = self.opened(&account)?;
        let mut imap = self.imap(&connected).await?;
        if imap.examine(&place.folder).await?.uid_validity != place.uid_validity {
            return Ok(None);
        }
        let lying = imap.among(&[uid]).await?;
        let reader = self.reader(scope.clone());
        let fetching = Fetching { files: &self.files, reader: &reader };
        let mut fetched = fetching.fetch(&mut imap, &lying, true, |one| is_old(&folder, account.created, one)).await?;
        if let Some(cut) = fetched.cut {
            return Err(cut);
        }
        let is_missing = fetched.arrived.is_empty() && fetched.withheld.is_empty();
        let is_gone = is_missing && !imap.gone([uid]).await?.is_empty();
        imap.close().await;
        Ok(match (fetched.arrived.pop(), fetched.withheld.pop()) {
            (Some(Arrived { digest, size, old, letter, .. }), _) => {
                Some(RetryQuarantined { id, tried: letter.into(), bytes: Some((digest, size)), old })
            }
            (None, Some(less)) => {
                Some(RetryQuarantined { id, tried: Tried::Unread(less.reason), bytes: None, old: false })
            }
            (None, None) if is_gone => None,
            (None, None) => {
                let reason = "The mail server lists this e-mail but gives no details about it.".to_owned();
                Some(RetryQuarantined { id, tried: Tried::Unread(reason), bytes: None, old: false })
            }
        })
    }

    fn signer(&self, workspace: WorkspaceId) -> Signer {
        Signer::new(self.vault.clone(), workspace)
    }

    fn opened(&self, account: &Account) -> Result<Connected, MailError> {
        let settings = settings_of(account)?;
        let password = self.vault.unseal(&owner(account.workspace, account.channel), &account.secret)?;
        Ok(Connected { settings, password })
    }

    async fn connected(&self, scope: &Scope, channel: ChannelId) -> Result<Connected, MailError> {
        let account = account::one(&mut self.db.reader().await.map_err(Error::from)?.conn(), scope, channel).await;
        let account = account.map_err(Error::from)?.ok_or(MailError::Ours(Error::NOT_FOUND))?;
        self.opened(&account)
    }

    async fn imap(&self, connected: &Connected) -> Result<Imap, MailError> {
        let Connected { settings, password } = connected;
        Imap::open(&self.network, &settings.imap, &settings.user, password).await
    }

    /// Makes the mail of a message.
    async fn made(&self, scope: &Scope, outgoing: &Outgoing, settings: &EmailSettings) -> Result<Made, SendError> {
        let Some(head) = outgoing.message.mail() else {
            return Err(SendError::Never(
                "This was written before the mailbox was connected. Write it again.".to_owned(),
            ));
        };
        let id = outgoing.message.id;
        let signer = self.signer(scope.workspace());
        let name = signer.name(id, domain(settings));
        let reply_to = if settings.takes_plus { signer.address(&settings.address, id) } else { None };
        // Stored before the mail leaves, because a reply may come before the result is stored (T3).
        let named = NameMail {
            message: id,
            channel: outgoing.channel,
            conversation: outgoing.message.conversation,
            name: name.clone(),
        };
        self.db.write(scope, named).await.map_err(later)?;
        let chain = self.chain(scope, &outgoing.message).await.map_err(later)?;
        let mut files = Vec::new();
        for file in &outgoing.message.attachments {
            files.push(self.enclosed(scope, file.id).await.map_err(later)?);
        }
        let making =
            Making { name: &name, reply_to: reply_to.as_deref(), chain: &chain, files, at: sent_at(&outgoing.message) };
        let bytes = compose(&outgoing.message, head, making).map_err(|error| SendError::Never(error.to_string()))?;
        let to = everybody(head);
        Ok(Made {
            name,
            from: reply_to.unwrap_or_else(|| settings.address.clone()),
            to,
            bytes,
            domain: domain(settings).to_owned(),
        })
    }

    /// The Message-IDs before a message: those in the answered mail, and its own. Some programs do not say what they answer. Without the
    /// earlier ids, our reply would begin a new thread elsewhere.
    async fn chain(&self, scope: &Scope, message: &Message) -> Result<Vec<MessageName>> {
        let (mut chain, mut n) = (Vec::new(), message.n);
        for _ in 0..MOST_SILENT {
            let answered = mails::before(&mut self.db.reader().await?.conn(), scope, message.conversation, n).await?;
            let Some((at, digest)) = answered else { break };
            let Some(answered) = self.header(&digest).await? else { break };
            chain = chain::joined(chain::references(&answered), chain);
            if !answered.answers.is_empty() {
                break;
            }
            n = at;
        }
        Ok(chain)
    }

    /// Reads the header of a stored mail.
    async fn header(&self, digest: &str) -> Result<Option<mail::Mail>> {
        let mut bytes = Vec::new();
        let file = self.files.read(digest).await?;
        tokio::io::AsyncReadExt::read_to_end(&mut tokio::io::AsyncReadExt::take(file, HEADER), &mut bytes).await?;
        Ok(mail::read(&bytes).ok())
    }

    async fn enclosed(&self, scope: &Scope, id: model::AttachmentId) -> Result<Enclosed> {
        let file = message::file(&mut self.db.reader().await?.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
        let bytes = tokio::fs::read(self.files.place(&file.digest)).await?;
        Ok(Enclosed { name: file.attachment.name, media_type: file.attachment.media_type, bytes })
    }
}

fn settings_of(account: &Account) -> Result<EmailSettings> {
    Ok(serde_json::from_str(&account.settings).map_err(|error| StoreError::Corrupt(error.to_string()))?)
}

/// The place a mail came from, and how it is read.
struct Origin {
    place: Place,
    uid: i64,
    folder: Folder,
    account: Account,
}

/// A mail that is ready to be sent.
struct Made {
    name: String,
    from: String,
    to: Vec<String>,
    bytes: Vec<u8>,
    domain: String,
}

/// The owner for which an account's password is sealed.
pub fn owner(workspace: WorkspaceId, channel: ChannelId) -> String {
    format!("{workspace}/{channel}")
}

/// The domain of a mailbox's address, in which our Message-IDs end.
fn domain(settings: &EmailSettings) -> &str {
    settings.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
}

fn later(error: Error) -> SendError {
    // A full disk is described in words.
    let reason = error.storage_fault().map_or_else(|| error.to_string(), |fault| fault.sentence().to_owned());
    SendError::Later { reason, after: None }
}

/// The date of a mail: when it was due to be sent, the same at every try.
fn sent_at(message: &Message) -> model::Timestamp {
    match &message.entry {
        Entry::Outgoing { delivery, .. } => delivery.send_at,
        _ => message.at,
    }
}

/// The recipients in the envelope, each once, however it is written.
fn everybody(head: &MailHead) -> Vec<String> {
    let Parties { to, cc, .. } = &head.parties;
    let mut seen = std::collections::HashSet::new();
    let all = to.iter().chain(cc).chain(&head.bcc);
    all.filter(|one| seen.insert(one.key())).map(|one| one.address.clone()).collect()
}

impl From<MailError> for ReceiveError {
    fn from(error: MailError) -> Self {
        Self { reason: error.to_string(), next_step: error.next_step(), sign_in: error.wants_sign_in() }
    }
}

#[async_trait]
impl Channel for Email {
    fn capabilities(&self) -> Capabilities {
        Capabilities { idempotent: true }
    }

    async fn send(&self, scope: &Scope, outgoing: &Outgoing) -> Result<Handed, SendError> {
        let connected = match self.connected(scope, outgoing.channel).await {
            Ok(connected) => connected,
            Err(MailError::Ours(Error::Refused(_))) => {
                let reason = "This mailbox is not connected. Connect it in Settings → Channels, then send this again.";
                return Err(SendError::Never(reason.to_owned()));
            }
            Err(error) if error.wants_sign_in() => return Err(SendError::Never(error.for_good())),
            Err(error) => return Err(SendError::Later { reason: error.to_string(), after: None }),
        };
        let Connected { settings, password } = &connected;
        let made = self.made(scope, outgoing, settings).await?;
        let (network, host) = (&self.network, &settings.smtp);
        let smtp = Smtp { network, host, user: &settings.user, password, domain: &made.domain };
        // Stored before it is sent, so that a delivery report can be matched.
        let (digest, size, _) = self.files.keep(made.bytes.clone().into()).await.map_err(later)?;
        let refused = smtp.send(&made.from, &made.to, &made.bytes).await?;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let sent = SentMail { digest, size, file: settings.sent_folder.is_some(), refused };
        Ok(Handed { provider_id: made.name, mail: Some(sent) })
    }

    async fn receive(&self, account: &Account, health: &ReceiverHealth) -> ReceiveError {
        let connected = match self.opened(account) {
            Ok(connected) => connected,
            Err(error) => return error.into(),
        };
        let mut limits = LearnedLimits::after(account.failures);
        let mut left = MOST_LESSONS;
        while left > 0 {
            let begun = tokio::time::Instant::now();
            let imap = match self.imap(&connected).await {
                Ok(imap) => imap,
                Err(error) => return error.into(),
            };
            let reader = self.reader(Scope::system(account.workspace, "receiving mail"));
            let (db, files, settings) = (&self.db, &self.files, &connected.settings);
            let receiving = Receiving { db, files, reader, account, settings, limits: &limits };
            match receiving.run(imap, health).await {
                // The mail is in the quarantine now, so the other mails need not wait for the next attempt.
                MailError::TooMuch { uid: Some(uid), .. } => _ = limits.too_large.insert(uid),
                error @ MailError::TooMuch { uid: None, .. } if limits.one_by_one => return error.into(),
                MailError::TooMuch { uid: None, .. } => limits.one_by_one = true,
                // The mails that came are stored, and the ones to request alone are known.
                MailError::Cut { .. } => {}
                error => return error.into(),
            }
            // Counts broken connections in a row. A long one is not counted.
            left = if begun.elapsed() >= LASTED { MOST_LESSONS } else { left - 1 };
        }
        let said = "too many of its mails end the connection".to_owned();
        MailError::Lost { server: connected.settings.imap.name, said }.into()
    }

    async fn file_copy(&self, scope: &Scope, id: MailId) -> Result<(), SendError> {
        // A refused password is not retried, because that would lock the account.
        let not_now = |error: MailError| match error.wants_sign_in() {
            true => SendError::Never(error.to_string()),
            false => SendError::Later { reason: error.to_string(), after: None },
        };
        // The database connection is returned before the mailbox is asked.
        let sent = async { mails::one(&mut self.db.reader().await?.conn(), scope, id).await }.await;
        let Some(sent) = sent.map_err(|error| later(error.into()))? else { return Ok(()) };
        let connected = match self.connected(scope, sent.channel).await {
            Ok(connected) => connected,
            Err(error) => return Err(SendError::Never(error.to_string())),
        };
        let (Some(folder), Some(message)) = (&connected.settings.sent_folder, sent.message) else { return Ok(()) };
        let name = self.signer(scope.workspace()).name(message, domain(&connected.settings));
        let bytes = tokio::fs::read(self.files.place(&sent.digest)).await.map_err(|error| later(error.into()))?;
        let mut imap = self.imap(&connected).await.map_err(not_now)?;
        let put = imap.put(folder, &name, &bytes).await;
        imap.close().await;
        match put {
            Ok(()) => Ok(()),
            Err(error @ MailError::Folder { .. }) => Err(SendError::Never(error.to_string())),
            Err(error) => Err(not_now(error)),
        }
    }

    async fn read_again(&self, scope: &Scope, mail: MailId) -> Result<Option<Box<Letter>>> {
        let kept = mails::one(&mut self.db.reader().await?.conn(), scope, mail).await?.ok_or(Error::NOT_FOUND)?;
        // A lack of memory is not this mail's fault.
        drop(self.room.for_a_look(kept.size.unsigned_abs()).await?);
        Ok(Self::read_again(self, scope, mail).await?.ok())
    }
}
