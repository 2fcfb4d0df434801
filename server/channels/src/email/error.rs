//! Errors of mailboxes, in words that help an administrator to correct them.

use model::CheckStep;
use store::error::Error;

use crate::network::ReachError;

/// Why receiving or sending did not work.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server was not reached.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The server does not offer STARTTLS on a port that needs it.
    #[error("{0} does not offer STARTTLS on this port.")]
    NoStartTls(String),
    /// Unencrypted data came after the answer to STARTTLS. An attacker in between may have sent it.
    #[error("{0} sent unexpected data before the encryption began.")]
    Tampered(String),
    /// The server refuses the user or the password.
    #[error("{server} refuses the user or the password: {said}.")]
    Login {
        /// The server.
        server: String,
        /// Its answer.
        said: String,
    },
    /// The folder does not exist.
    #[error("The folder {folder} cannot be opened: {said}.")]
    Folder {
        /// The folder.
        folder: String,
        /// The server's answer.
        said: String,
    },
    /// The connection ended, or the server's answer makes no sense.
    #[error("The connection to {server} ended: {said}.")]
    Lost {
        /// The server.
        server: String,
        /// What is known about the cause.
        said: String,
    },
    /// The connection ended during the transfer of mails.
    #[error("The connection to {server} ended: {said}.")]
    Cut {
        /// The server.
        server: String,
        /// What is known about the cause.
        said: String,
        /// The mails that were requested and had not arrived. One of them may be the cause.
        uids: Vec<i64>,
    },
    /// The server refuses a command about mails in a folder.
    #[error("{server} refuses {what}: {said}.")]
    Withheld {
        /// The server.
        server: String,
        /// The command.
        what: String,
        /// Its answer.
        said: String,
    },
    /// The server sends far more bytes of a mail than it announced. The connection cannot be used any more.
    #[error("{server} announced a mail with {said} bytes and gives more than {most}.")]
    TooMuch {
        /// The server.
        server: String,
        /// The UID of the mail, if known.
        uid: Option<i64>,
        /// The announced size in bytes.
        said: u64,
        /// The largest accepted size in bytes.
        most: u64,
    },
    /// The server refuses the mail.
    #[error("{server} refuses the mail: {said}.")]
    Refused {
        /// The server.
        server: String,
        /// Its answer.
        said: String,
    },
    /// A test mail did not come back.
    #[error("The test e-mail to {0} was accepted but did not arrive within 30 seconds.")]
    NotArrived(String),
    /// The stored password cannot be opened.
    #[error("{0}.")]
    Vault(#[from] domain::vault::VaultError),
    /// Our own database or disk failed.
    #[error("{0}")]
    Ours(#[from] Error),
}

impl From<store::error::StoreError> for MailError {
    fn from(error: store::error::StoreError) -> Self {
        Self::Ours(error.into())
    }
}

impl MailError {
    /// The step of a test in which this error happens.
    pub const fn step(&self) -> CheckStep {
        match self {
            Self::Reach(ReachError::NoAddress(_) | ReachError::NotPublic { .. }) => CheckStep::Name,
            Self::Reach(ReachError::NoAnswer { .. }) | Self::Lost { .. } | Self::Cut { .. } | Self::Ours(_) => {
                CheckStep::Connect
            }
            Self::Reach(ReachError::NotTrusted { .. }) | Self::NoStartTls(_) | Self::Tampered(_) => CheckStep::Tls,
            Self::Login { .. } | Self::Vault(_) => CheckStep::Login,
            Self::Folder { .. } | Self::Withheld { .. } | Self::TooMuch { .. } => CheckStep::Folder,
            Self::Refused { .. } => CheckStep::Send,
            Self::NotArrived(_) => CheckStep::Receive,
        }
    }

    /// Whether a retry is useless, and might lock the account.
    pub const fn wants_sign_in(&self) -> bool {
        matches!(self, Self::Login { .. } | Self::Vault(_))
    }

    /// Why a message can never be sent, and what to do about it.
    pub fn for_good(&self) -> String {
        let where_it_is =
            if self.wants_sign_in() { " Change it in Settings → Channels, then try again." } else { "" };
        format!("{self} {}{where_it_is}", self.next_step())
    }

    /// What to do about this error.
    pub fn next_step(&self) -> String {
        let text = match self {
            Self::Reach(error) => error.next_step(),
            Self::NoStartTls(_) => "Choose TLS and its port (993 for IMAP, 465 for SMTP), or ask the provider.",
            Self::Tampered(_) => {
                "Nothing was sent. Somebody may be tampering with the connection. Choose TLS and its port (993 for IMAP, 465 for SMTP)."
            }
            Self::Login { server, .. } if is_microsoft(server) => {
                "Microsoft no longer accepts passwords from other programs, only its own sign-in (OAuth). Tandem does not support that yet, so this mailbox cannot be connected."
            }
            Self::Login { server, .. } if server.ends_with("gmail.com") => {
                "Google requires an app password. Create one in the account's security settings and enter it here."
            }
            Self::Login { .. } => {
                "Check both. Many providers require an app password, which you create in the account's security settings."
            }
            Self::Folder { .. } => "Check the name of the folder. Most mailboxes use INBOX.",
            Self::Lost { .. } | Self::Cut { .. } => "Tandem tries again automatically.",
            Self::Withheld { .. } => "Tandem tries again automatically. If that does not help, ask the provider.",
            Self::TooMuch { .. } => "Ask the provider. The e-mail stays in the quarantine.",
            Self::Refused { .. } => "The server's message gives the reason. If it does not, ask the provider.",
            Self::NotArrived(_) => "Check the spam folder, and check that the folder to read is the right one.",
            Self::Vault(_) => "Enter the password again.",
            Self::Ours(_) => "Tandem tries again automatically. The log has the details.",
        };
        text.to_owned()
    }
}

/// Whether a server is Microsoft's, which requires OAuth.
pub fn is_microsoft(server: &str) -> bool {
    let server = server.to_ascii_lowercase();
    ["office365.com", "outlook.com", "hotmail.com", "live.com"]
        .iter()
        .any(|domain| server == *domain || server.strip_suffix(domain).is_some_and(|front| front.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::is_microsoft;

    #[test]
    fn s38_whole_labels_only() {
        assert!(
            is_microsoft("outlook.office365.com") && is_microsoft("SMTP.office365.com") && is_microsoft("outlook.com")
        );
        assert!(!is_microsoft("notoutlook.com") && !is_microsoft("outlook.com.example"));
    }
}
