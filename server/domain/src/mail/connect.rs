//! Connects, edits, pauses and backfills the mailboxes of a workspace (H9). Only administrators may do this.

use async_trait::async_trait;
use model::{
    AccountState, ApiError, AuditEvent, Channel, ChannelHealth, ChannelId, ChannelKind, EmailSettings, EventBody,
    MailId, MailOutcome, Needs, Permission, Timestamp,
};
use serde_json::json;
use store::{
    Command, Conn, Scope, Tx,
    account::{self, NewState},
    error::{Error, Result, StoreError},
    job,
    mail::{self, Mail},
    workspace,
};

use super::{
    Letter,
    author::own_addresses,
    receive::{Age, take, take_old},
};
use crate::{
    account::{begin_anew, not_a_sample, set_state},
    audit_log::note,
    check_name,
};

/// The undo time of an e-mail, in milliseconds (T6).
const UNDO_MS: i64 = 10_000;

/// Connects a mailbox, or changes its settings.
#[derive(Clone)]
pub struct ConnectMailbox {
    /// Made by the client.
    pub id: ChannelId,
    /// The servers and how to sign in, checked before.
    pub settings: EmailSettings,
    /// The sealed password. None keeps the current one.
    pub secret: Option<String>,
}

#[async_trait]
impl Command for ConnectMailbox {
    type Output = Channel;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Channel> {
        let scope = tx.scope()?;
        let json = serde_json::to_string(&self.settings).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let address = self.settings.address.clone();
        let known = workspace::channels(tx.conn(), &scope).await?;
        let twin = known.iter().find(|one| one.id != self.id && one.address.eq_ignore_ascii_case(&address));
        if let Some(twin) = twin {
            let message = format!("This mailbox is already connected as {}.", twin.name);
            return Err(ApiError::invalid("address", message).into());
        }
        let channel = match known.into_iter().find(|one| one.id == self.id) {
            Some(mut channel) => {
                let former = account::one(tx.conn(), &scope, self.id).await?.ok_or(Error::NOT_FOUND)?;
                not_a_sample(&former)?;
                channel.address = address;
                channel.state = Some(AccountState::Starting);
                workspace::save_channel(tx, &scope, &channel).await?;
                let secret = self.secret.clone().unwrap_or(former.secret);
                account::save(tx, &scope, self.id, &json, &secret).await?;
                channel
            }
            None => {
                let Some(secret) = &self.secret else {
                    return Err(ApiError::invalid("password", "Enter the mailbox's password.").into());
                };
                let name = check_name("name", &address, "Enter the mailbox's address.")?;
                let channel = new_channel(self.id, name, address);
                workspace::add_channel(tx, scope.workspace(), &channel).await?;
                account::insert(tx, &scope, self.id, &json, secret).await?;
                channel
            }
        };
        let EmailSettings { imap, smtp, user, .. } = &self.settings;
        let body = json!({
            "channel": channel.id, "address": channel.address, "user": user, "imap": imap.name, "smtp": smtp.name,
            "new password": self.secret.is_some(),
        });
        note(tx, &scope, AuditEvent::ChannelConnected, body).await?;
        tx.emit(scope.workspace(), EventBody::Channel(Box::new(channel.clone())));
        Ok(channel)
    }
}

const fn new_channel(id: ChannelId, name: String, address: String) -> Channel {
    Channel {
        id,
        kind: ChannelKind::Email,
        name,
        key: String::new(),
        address,
        undo_ms: UNDO_MS,
        greeting: String::new(),
        auto_reply: String::new(),
        origins: Vec::new(),
        state: Some(AccountState::Starting),
    }
}

/// Pauses or resumes receiving for a channel.
#[derive(Debug, Clone, Copy)]
pub struct PauseChannel {
    /// The channel.
    pub id: ChannelId,
    /// True pauses, false resumes.
    pub paused: bool,
}

#[async_trait]
impl Command for PauseChannel {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let account = account::one(tx.conn(), &scope, self.id).await?.ok_or(Error::NOT_FOUND)?;
        not_a_sample(&account)?;
        let name = workspace::channel(tx.conn(), &scope, self.id).await?.name;
        let body = json!({ "channel": self.id, "name": name, "paused": self.paused });
        note(tx, &scope, AuditEvent::ChannelPaused, body).await?;
        if self.paused {
            let new = NewState {
                state: AccountState::Paused,
                reason: "An admin paused it.".to_owned(),
                next_step: "No new e-mails arrive until it is resumed. They stay in the mailbox.".to_owned(),
                failures: 0,
            };
            // The process that receives holds the former revision, so it can no longer set the state to connected.
            account::save(tx, &scope, self.id, &account.settings, &account.secret).await?;
            set_state(tx, &scope, self.id, account.revision + 1, &new).await
        } else {
            begin_anew(tx, &scope, &account).await
        }
    }
}

/// Takes in mails from before the mailbox was connected.
#[derive(Debug, Clone, Copy)]
pub struct Backfill {
    /// The channel.
    pub id: ChannelId,
    /// How far back to go.
    pub since: Timestamp,
}

#[async_trait]
impl Command for Backfill {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let account = account::one(tx.conn(), &scope, self.id).await?.ok_or(Error::NOT_FOUND)?;
        not_a_sample(&account)?;
        let settings: EmailSettings = read(&account.settings)?;
        let folder = mail::folder(tx.conn(), &scope, self.id, &settings.folder).await?;
        let Some(mut folder) = folder else {
            let message = "The mailbox has not been read yet. Wait until it is connected.".to_owned();
            return Err(ApiError::Conflict { message }.into());
        };
        let body = json!({ "channel": self.id, "name": settings.address, "since": self.since.0 });
        note(tx, &scope, AuditEvent::ChannelBackfilled, body).await?;
        // Mail servers do not accept dates before 1970, and no mail is older.
        let since = self.since.max(Timestamp(0));
        if since < folder.since {
            folder.since = since;
            mail::set_folder(tx, &scope, self.id, &settings.folder, &folder).await?;
            // The process that reads the mailbox starts again and finds the older mails.
            begin_anew(tx, &scope, &account).await?;
        }
        Ok(())
    }
}

fn read(settings: &str) -> Result<EmailSettings> {
    Ok(serde_json::from_str(settings).map_err(|e| StoreError::Corrupt(e.to_string()))?)
}

/// The result of reading a quarantined mail again.
#[derive(Debug, Clone)]
pub enum Tried {
    /// It could be read.
    Letter(Box<Letter>),
    /// It still cannot be read, for this reason.
    Unread(String),
    /// Its bytes were never delivered, and it is no longer in the mailbox.
    Gone,
}

impl From<Result<Box<Letter>, String>> for Tried {
    fn from(read: Result<Box<Letter>, String>) -> Self {
        read.map_or_else(Self::Unread, Self::Letter)
    }
}

/// Takes in a quarantined mail after it was read again.
#[derive(Debug, Clone)]
pub struct RetryQuarantined {
    /// The mail.
    pub id: MailId,
    /// The result of reading it.
    pub tried: Tried,
    /// The SHA-256 and the size of its bytes, if the server delivered other bytes than before.
    pub bytes: Option<(String, i64)>,
    /// It came before the mailbox was connected, so nobody waits for an answer.
    pub old: bool,
}

#[async_trait]
impl Command for RetryQuarantined {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let kept = mail::one(tx.conn(), &scope, self.id).await?.ok_or(Error::NOT_FOUND)?;
        if kept.outcome != MailOutcome::Quarantined {
            return Ok(());
        }
        let twin = match &self.bytes {
            Some((digest, _)) => mail::by_bytes(tx.conn(), &scope, kept.channel, digest).await?,
            None => None,
        };
        if let Some((digest, size)) = &self.bytes {
            mail::set_bytes(tx, &scope, self.id, digest, *size).await?;
        }
        let (outcome, reason, message) = match (&self.tried, twin) {
            (_, Some(twin)) if twin.id != self.id => (MailOutcome::Again, "Already received.".to_owned(), twin.message),
            (Tried::Letter(letter), _) => {
                let channel = workspace::channel(tx.conn(), &scope, kept.channel).await?;
                let own = own_addresses(tx, &scope).await?;
                let scope = Scope::system(scope.workspace(), "trying a mail again");
                match self.old {
                    true => take_old(tx, &scope, &channel, &own, letter).await?,
                    false => take(tx, &scope, &channel, &own, letter, Age::New).await?,
                }
            }
            (Tried::Unread(reason), _) => (MailOutcome::Quarantined, reason.clone(), None),
            (Tried::Gone, _) => (MailOutcome::Aside, "It was deleted before it could be fetched.".to_owned(), None),
        };
        Ok(mail::set_outcome(tx, &scope, self.id, outcome, &reason, message).await?)
    }
}

/// A mailbox in the settings.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// The servers and how to sign in.
    pub settings: EmailSettings,
    /// Its state.
    pub health: ChannelHealth,
    /// The mails that could not be read.
    pub quarantine: Vec<Mail>,
    /// The mails that were read and make no message: automatic notes, and reports about other people's mails.
    pub set_aside: Vec<Mail>,
}

/// Loads a mailbox for the settings.
///
/// # Errors
/// When the database fails, or the member may not administer.
pub async fn mailbox(conn: &mut Conn<'_>, scope: &Scope, id: ChannelId) -> Result<Mailbox> {
    scope.require(Permission::Administer)?;
    let account = account::one(conn, scope, id).await?.ok_or(Error::NOT_FOUND)?;
    let settings = read(&account.settings)?;
    let folder = mail::folder(conn, scope, id, &settings.folder).await?;
    let health = ChannelHealth {
        state: account.state,
        reason: account.reason,
        next_step: account.next_step,
        since: account.since,
        last_in: account.last_in,
        last_out: account.last_out,
        backlog: job::waiting_to_go(conn, scope, id).await?,
        quarantined: mail::quarantined(conn, scope, id).await?,
        cursor: folder.map_or(0, |folder| folder.last_uid),
        ledger: folder.and_then(|folder| folder.ledger),
    };
    let (quarantine, set_aside) = (mail::quarantine(conn, scope, id).await?, mail::set_aside(conn, scope, id).await?);
    Ok(Mailbox { settings, health, quarantine, set_aside })
}
