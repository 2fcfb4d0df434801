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
    #[error("{0} said more in the clear than it was asked, before the encryption began.")]
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
    #[error("The mail to {0} was taken and did not arrive within half a minute.")]
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
                "Nothing was sent. Somebody on the way may be changing what is said: choose TLS and its port (993 for IMAP, 465 for SMTP)."
            }
            Self::Login { server, .. } if is_microsoft(server) => {
                "Microsoft takes no passwords here any more; its own sign-in (OAuth) is not built yet, so this mailbox cannot be connected for now."
            }
            Self::Login { server, .. } if server.ends_with("gmail.com") => {
                "Google takes no ordinary password here: make an app password in the account's security settings, and enter that."
            }
            Self::Login { .. } => {
                "Check both. Many providers want an app password here, made in the account's security settings."
            }
            Self::Folder { .. } => "Check the folder's name; most mailboxes use INBOX.",
            Self::Lost { .. } | Self::Cut { .. } => "It is tried again by itself.",
            Self::Withheld { .. } => "It is tried again by itself; ask the provider if that does not help.",
            Self::TooMuch { .. } => "Ask the provider; the mail waits in the quarantine.",
            Self::Refused { .. } => "What the server says tells why; ask the provider if it does not.",
            Self::NotArrived(_) => "Look whether it lies in the spam folder, and whether the folder is the right one.",
            Self::Vault(_) => "Enter the password again.",
            Self::Ours(_) => "It is tried again by itself; the log says more.",
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
