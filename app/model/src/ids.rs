//! Ids and time. An id is a UUIDv7 made where the thing is born (also in the browser), so that a repeated request names the same thing.

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
    /// One tenant.
    WorkspaceId,
    /// A person with a login.
    MemberId,
    /// A group of members.
    TeamId,
    /// One connected account.
    ChannelId,
    /// A person outside.
    ContactId,
    /// One address of a contact on a channel kind.
    IdentityId,
    /// One thread on one channel.
    ConversationId,
    /// A message, a note or an event line.
    MessageId,
    /// A file that belongs to a message.
    AttachmentId,
    /// An e-mail as it came in or went out.
    MailId,
    /// A configured AI agent.
    AgentId,
    /// One signed-in browser.
    SessionId,
    /// An invitation to become a member.
    InviteId,
    /// A piece of durable work.
    JobId,
}

/// Milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The same moment, `ms` milliseconds later.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}
