//! What goes wrong with a mailbox, said so that an admin can put it right.

use model::CheckStep;
use store::error::Error;

use crate::network::ReachError;

/// Why a mailbox, or the way out, did not work.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A server was not reached.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// It offers no encryption where it has to be asked for.
    #[error("{0} does not offer STARTTLS on this port.")]
    NoStartTls(String),
    /// Something came in the clear behind its answer to STARTTLS, which somebody in between may have said.
    #[error("{0} said more in the clear than it was asked, before the encryption began.")]
    Tampered(String),
    /// It refuses the user or the password.
    #[error("{server} refuses the user or the password: {said}.")]
    Login {
        /// Which server.
        server: String,
        /// What it says.
        said: String,
    },
    /// The folder is not there.
    #[error("The folder {folder} cannot be opened: {said}.")]
    Folder {
        /// Which folder.
        folder: String,
        /// What the server says.
        said: String,
    },
    /// The connection ended, or the server says something that makes no sense.
    #[error("The connection to {server} ended: {said}.")]
    Lost {
        /// Which server.
        server: String,
        /// What is known.
        said: String,
    },
    /// The connection ended while mails were given.
    #[error("The connection to {server} ended: {said}.")]
    Cut {
        /// Which server.
        server: String,
        /// What is known.
        said: String,
        /// Which mails were asked for and had not come by then: one of them may be why.
        uids: Vec<i64>,
    },
    /// The server refuses a command about what lies in a folder.
    #[error("{server} refuses {what}: {said}.")]
    Withheld {
        /// Which server.
        server: String,
        /// The command.
        what: String,
        /// What it says.
        said: String,
    },
    /// The server gives far more of a mail than it said that there is. The connection is of no use behind that.
    #[error("{server} announced a mail with {said} bytes and gives more than {most}.")]
    TooMuch {
        /// Which server.
        server: String,
        /// Which mail, where that is known.
        uid: Option<i64>,
        /// How many bytes it was to have.
        said: u64,
        /// How many it may have.
        most: u64,
    },
    /// The server refuses what it was given.
    #[error("{server} refuses the mail: {said}.")]
    Refused {
        /// Which server.
        server: String,
        /// What it says.
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
    /// During which step of a test it happens.
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

    /// Whether trying again is of no use, and might lock the account.
    pub const fn wants_sign_in(&self) -> bool {
        matches!(self, Self::Login { .. } | Self::Vault(_))
    }

    /// Why a message does not go out for good, and what to do about that.
    pub fn for_good(&self) -> String {
        let where_it_is =
            if self.wants_sign_in() { " Change it in Settings → Channels, then try again." } else { "" };
        format!("{self} {}{where_it_is}", self.next_step())
    }

    /// What to do about it.
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

/// Whether a server is Microsoft's, which wants OAuth.
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
