//! Ids and time. An id is a UUIDv7, made where the thing is created (also in the browser), so that a repeated request names the same thing.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that was made elsewhere.
            pub const fn new(id: Uuid) -> Self { Self(id) }
            /// The bare UUID.
            pub const fn uuid(self) -> Uuid { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { Uuid::parse_str(text).map(Self) }
        }

        impl TryFrom<String> for $name {
            type Error = uuid::Error;
            fn try_from(text: String) -> Result<Self, Self::Error> { text.parse() }
        }
    )+};
}

ids! {
    /// A workspace, which is a tenant.
    WorkspaceId,
    /// A person with a login.
    MemberId,
    /// A group of members.
    TeamId,
    /// A connected account.
    ChannelId,
    /// A person outside.
    ContactId,
    /// An address of a person on a kind of channel.
    IdentityId,
    /// A thread on a channel.
    ConversationId,
    /// A message, a note or an event line.
    MessageId,
    /// A file that belongs to a message.
    AttachmentId,
    /// An e-mail that came in or was sent.
    MailId,
    /// A saved view.
    SavedViewId,
    /// A blocked sender.
    BlockId,
    /// An act that can be undone.
    UndoId,
    /// A configured AI agent.
    AgentId,
    /// A browser that is signed in.
    SessionId,
    /// An invitation to become a member.
    InviteId,
    /// A durable job.
    JobId,
    /// An open tab of a browser.
    TabId,
}

/// Milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The time `ms` milliseconds later.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}
