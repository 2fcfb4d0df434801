//! One folder per kind of channel, behind [`Channel`]. Web chat needs no adapter, because the visitor reads from this database.

pub mod email;
pub mod network;
mod receivers;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use model::{ChannelKind, MailId};

pub use receivers::{ReceiveError, ReceiverHealth, Receivers};

use domain::{
    deliver::{Handed, Outgoing},
    mail::Letter,
};
use store::{Scope, account::Account, error::Result};

/// Why a channel did not accept a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may accept it later.
    #[error("{reason}")]
    Later {
        /// Why it did not accept it now.
        reason: String,
        /// When the provider said to retry, if it did.
        after: Option<Duration>,
    },
    /// It will never accept it.
    #[error("{0}")]
    Never(String),
    /// It may have accepted it. A person decides whether to send it again.
    #[error("{0}")]
    Unknown(String),
    /// It may have accepted it, but would not deliver it twice. The message is sent again automatically if the channel is
    /// [idempotent](Capabilities::idempotent).
    #[error("{0}")]
    Doubtful(String),
}

/// What a channel supports (Promise 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// A message that is sent twice reaches people once: the provider remembers our id, or the reader's program does, as mail programs do
    /// with a Message-ID.
    pub idempotent: bool,
}

/// An adapter for one kind of channel.
#[async_trait]
pub trait Channel: Send + Sync {
    /// What this kind supports.
    fn capabilities(&self) -> Capabilities;

    /// Sends a message. Its id is the idempotency key.
    async fn send(&self, scope: &Scope, outgoing: &Outgoing) -> Result<Handed, SendError>;

    /// Receives for an account until an error. It may be dropped at any time. Kinds whose providers call us receive nothing here.
    async fn receive(&self, account: &Account, health: &ReceiverHealth) -> ReceiveError {
        let _ = (account, health);
        std::future::pending().await
    }

    /// Puts a copy of a sent message where the account's owner looks for it, if there is such a place.
    ///
    /// # Errors
    /// [`SendError::Later`] when it may be retried.
    async fn file_copy(&self, scope: &Scope, mail: MailId) -> Result<(), SendError> {
        let _ = (scope, mail);
        Ok(())
    }

    /// Reads a mail again from its stored bytes. None if they cannot be read, or if the kind stores none.
    ///
    /// # Errors
    /// When the bytes are missing, or the disk fails.
    async fn read_again(&self, scope: &Scope, mail: MailId) -> Result<Option<Box<Letter>>> {
        let _ = (scope, mail);
        Ok(None)
    }
}

/// The adapters of the kinds that are connected.
#[derive(Clone, Default)]
pub struct Channels(HashMap<ChannelKind, Arc<dyn Channel>>);

impl Channels {
    /// Adds the adapter of a kind.
    #[must_use]
    pub fn with(mut self, kind: ChannelKind, channel: Arc<dyn Channel>) -> Self {
        self.0.insert(kind, channel);
        self
    }

    /// The adapter of a kind, if the kind is connected.
    pub fn of(&self, kind: ChannelKind) -> Option<&Arc<dyn Channel>> {
        self.0.get(&kind)
    }
}
