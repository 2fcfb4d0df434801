//! One folder per channel kind behind [`Channel`]. Web chat has no adapter: the visitor reads this very database.

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

/// Why a channel did not take a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may take it later.
    #[error("{reason}")]
    Later {
        /// Why not now.
        reason: String,
        /// When the provider said to come back, if it did.
        after: Option<Duration>,
    },
    /// It never will.
    #[error("{0}")]
    Never(String),
    /// It may have taken it: a person decides whether it is handed over again.
    #[error("{0}")]
    Unknown(String),
    /// It may have taken it, and takes it no second time: it is handed over again by itself, where the channel is
    /// [idempotent](Capabilities::idempotent).
    #[error("{0}")]
    Doubtful(String),
}

/// What a channel can and cannot do (Promise 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The same message handed over twice reaches people once: the provider keeps our id, or what they read by does, as mail programs do
    /// with a Message-ID.
    pub idempotent: bool,
}

/// What sends messages of one kind.
#[async_trait]
pub trait Channel: Send + Sync {
    /// What it can and cannot do.
    fn capabilities(&self) -> Capabilities;

    /// Hands a message over; its id is the idempotency key.
    async fn send(&self, scope: &Scope, outgoing: &Outgoing) -> Result<Handed, SendError>;

    /// Receives for an account until something goes wrong; it may be dropped at any moment. Kinds whose providers call us receive nothing here.
    async fn receive(&self, account: &Account, health: &ReceiverHealth) -> ReceiveError {
        let _ = (account, health);
        std::future::pending().await
    }

    /// Puts a copy of a message that was sent where the account's owner looks for it, if there is such a place.
    ///
    /// # Errors
    /// [`SendError::Later`] when it may be tried again.
    async fn file_copy(&self, scope: &Scope, mail: MailId) -> Result<(), SendError> {
        let _ = (scope, mail);
        Ok(())
    }

    /// Reads a mail once more from its kept bytes; none where that cannot be read, or where a kind keeps none.
    ///
    /// # Errors
    /// When the bytes are not there, or the disk fails.
    async fn read_again(&self, scope: &Scope, mail: MailId) -> Result<Option<Box<Letter>>> {
        let _ = (scope, mail);
        Ok(None)
    }
}

/// The connected kinds.
#[derive(Clone, Default)]
pub struct Channels(HashMap<ChannelKind, Arc<dyn Channel>>);

impl Channels {
    /// Connects a kind.
    #[must_use]
    pub fn with(mut self, kind: ChannelKind, channel: Arc<dyn Channel>) -> Self {
        self.0.insert(kind, channel);
        self
    }

    /// What sends messages of a kind, if it is connected.
    pub fn of(&self, kind: ChannelKind) -> Option<&Arc<dyn Channel>> {
        self.0.get(&kind)
    }
}
