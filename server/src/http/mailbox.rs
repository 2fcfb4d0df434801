//! Mailboxes in the settings: administrators find, test, connect and inspect them.

use app::api::mailbox::{FoundMailbox, MailboxCheck, MailboxStatus, NewMailbox, QuarantinedMail};
use channels::{
    email::{check::Checked, discover::discover},
    network::{host_name, server_name},
};
use domain::{
    check_line, check_text,
    mail::{self, ConnectMailbox, Tried},
};
use model::{ApiError, Channel, ChannelId, ContactField, EmailSettings, Host, MailId, Permission};
use store::{
    Scope,
    error::{Error, Result},
    mail::Mail,
};

use super::state::Http;

/// Finds the servers of an address.
pub(super) async fn find(http: &Http, scope: &Scope, address: &str) -> Result<FoundMailbox> {
    scope.require(Permission::Administer)?;
    let address = check_address(address)?;
    let found = discover(http.email.network(), &address).await.ok_or_else(no_address)?;
    Ok(FoundMailbox { settings: found.settings, by: found.by, notice: found.notice })
}

pub(super) async fn check(http: &Http, scope: &Scope, new: &NewMailbox) -> Result<MailboxCheck> {
    scope.require(Permission::Administer)?;
    let settings = check_settings(&new.settings)?;
    let password = match &new.password {
        Some(password) => password.clone(),
        None => http.email.stored_password(scope, new.id, &settings).await?,
    };
    let Checked { steps, settings } = http.email.check(scope.workspace(), &settings, &password).await;
    Ok(MailboxCheck { steps, settings })
}

pub(super) async fn connect(http: &Http, scope: &Scope, new: NewMailbox) -> Result<Channel> {
    scope.require(Permission::Administer)?;
    let settings = check_settings(&new.settings)?;
    if new.password.as_ref().is_some_and(|password| password.is_empty() || password.len() > 1000) {
        return Err(ApiError::invalid("password", "Enter the mailbox's password.").into());
    }
    if new.password.is_none() {
        http.email.check_use(scope, new.id, &settings).await?;
    }
    let secret = new.password.map(|password| http.email.seal(scope.workspace(), new.id, &password));
    http.db.write(scope, ConnectMailbox { id: new.id, settings, secret }).await
}

/// The state of a mailbox.
pub(super) async fn status(http: &Http, scope: &Scope, id: ChannelId) -> Result<MailboxStatus> {
    let mut snapshot = http.db.snapshot().await?;
    let mailbox = mail::mailbox(&mut snapshot.conn(), scope, id).await?;
    let listed = |mails: Vec<Mail>| -> Vec<QuarantinedMail> {
        let listed = |mail: Mail| QuarantinedMail {
            id: mail.id,
            reason: mail.reason,
            size: mail.size,
            kept: !mail.digest.is_empty(),
            at: mail.at,
        };
        mails.into_iter().map(listed).collect()
    };
    Ok(MailboxStatus {
        settings: mailbox.settings,
        health: mailbox.health,
        quarantine: listed(mailbox.quarantine),
        set_aside: listed(mailbox.set_aside),
    })
}

/// Tries a quarantined mail again.
pub(super) async fn read_again(http: &Http, scope: &Scope, id: MailId) -> Result<()> {
    scope.require(Permission::Administer)?;
    let again = http.email.try_again(scope, id).await?;
    let still = match &again.tried {
        Tried::Letter(_) => None,
        Tried::Unread(reason) => Some(format!("It still cannot be read. {reason}")),
        Tried::Gone => Some("It is no longer in the mailbox. It was deleted before it could be fetched.".to_owned()),
    };
    http.db.write(scope, again).await?;
    still.map_or(Ok(()), |message| Err(ApiError::Conflict { message }.into()))
}

fn no_address() -> Error {
    ApiError::invalid("address", "Enter a valid e-mail address, like name@example.com.").into()
}

fn check_address(address: &str) -> Result<String> {
    let address =
        ContactField::Email.check(address).map_err(|error| ApiError::invalid("address", error.to_string()))?;
    let plain =
        !address.is_empty() && address.is_ascii() && !address.contains(['<', '>', ',', ';', '"', '\\', '(', ')']);
    // The part behind the @ is resolved as a host name: no port, no path, no number.
    let at_a_host = address.rsplit_once('@').is_some_and(|(_, domain)| host_name(domain).is_some());
    if plain && at_a_host { Ok(address) } else { Err(no_address()) }
}

fn check_settings(settings: &EmailSettings) -> Result<EmailSettings> {
    let checked = EmailSettings {
        address: check_address(&settings.address)?,
        name: check_line("sender", &settings.name)?,
        user: check_line("user", &settings.user)?,
        imap: check_host("imap", &settings.imap)?,
        smtp: check_host("smtp", &settings.smtp)?,
        folder: check_line("folder", &settings.folder)?,
        sent_folder: settings.sent_folder.as_deref().map(|folder| check_line("sent_folder", folder)).transpose()?,
        takes_plus: settings.takes_plus,
        signature: check_text("signature", &settings.signature)?,
    };
    match (checked.user.is_empty(), checked.folder.is_empty()) {
        (true, _) => Err(ApiError::invalid("user", "Enter the user name. It is usually the e-mail address.").into()),
        (_, true) => Err(ApiError::invalid("folder", "Enter the folder to read. It is usually INBOX.").into()),
        _ => Ok(checked),
    }
}

fn check_host(field: &str, host: &Host) -> Result<Host> {
    let name = server_name(host.name.trim());
    match (name, host.port) {
        (Some(name), 1..) => Ok(Host { name, ..host.clone() }),
        (Some(_), 0) => Err(ApiError::invalid(field, "Enter the port.").into()),
        (None, _) => Err(ApiError::invalid(field, "Enter the server name, like mail.example.com.").into()),
    }
}
