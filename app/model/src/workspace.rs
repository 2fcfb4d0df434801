//! The workspace as its members see it: who is here, which channels are connected.

use serde::{Deserialize, Serialize};

use super::{
    Access, AccountState, ChannelId, MemberId, Permission, Role, TeamId, Timestamp, Visibility, WorkspaceId,
    text_enum::text_enum,
};

text_enum! {
    /// What a channel speaks.
    pub enum ChannelKind {
        /// E-mail.
        Email = "email",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// SMS and MMS.
        Sms = "sms",
        /// LinkedIn.
        Linkedin = "linkedin",
        /// The chat widget on a site.
        WebChat = "web_chat",
        /// Paper.
        Letter = "letter",
        /// Anything connected through the API.
        Api = "api",
    }
}

impl ChannelKind {
    /// As it is written on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::Whatsapp => "WhatsApp",
            Self::Sms => "SMS",
            Self::Linkedin => "LinkedIn",
            Self::WebChat => "Web chat",
            Self::Letter => "Letter",
            Self::Api => "API",
        }
    }

    /// As it is written inside a sentence: "by web chat", "by WhatsApp".
    pub const fn in_sentence(self) -> &'static str {
        match self {
            Self::Email => "e-mail",
            Self::WebChat => "web chat",
            Self::Letter => "letter",
            Self::Whatsapp | Self::Sms | Self::Linkedin | Self::Api => self.label(),
        }
    }
}

/// A person with a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Which one.
    pub id: MemberId,
    /// As colleagues see it.
    pub name: String,
    /// For signing in.
    pub email: String,
    /// What they are here.
    pub role: Role,
    /// What they see.
    pub visibility: Visibility,
    /// Green or grey chat bubble (H6).
    pub chat_on: bool,
    /// No longer lets them sign in; their name stays on what they wrote.
    pub disabled: bool,
    /// The teams they are in.
    pub teams: Vec<TeamId>,
}

/// A group of members, and the channels it looks after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Which one.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// The channels whose conversations it sees.
    pub channels: Vec<ChannelId>,
}

/// One connected account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Which one.
    pub id: ChannelId,
    /// What it speaks.
    pub kind: ChannelKind,
    /// As colleagues call it.
    pub name: String,
    /// The public key of a web chat, as in `/chat/<key>`; empty for other kinds.
    pub key: String,
    /// Our own address on it, as `support@acme.example`; empty for kinds that have none.
    pub address: String,
    /// How long a reply can be taken back, in milliseconds (T6).
    pub undo_ms: i64,
    /// What the widget says before the first message.
    pub greeting: String,
    /// What the auto-reply says while chat is off; empty sends none.
    pub auto_reply: String,
    /// The sites that may embed the widget, as origins; empty lets any.
    pub origins: Vec<String>,
    /// How its account is, as told to everybody (H9); none for kinds that need no account. What is over within seconds is not told.
    pub state: Option<AccountState>,
}

impl Channel {
    /// Why nothing comes in, if nothing does.
    pub fn down(&self) -> Option<AccountState> {
        self.state.filter(|state| state.is_down())
    }

    /// Whether it is only there to be looked at: nobody gets what is written there.
    pub fn is_sample(&self) -> bool {
        self.state == Some(AccountState::Sample)
    }
}

/// The tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Which one.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Whether the workspace's own bubble allows chat at all (H6).
    pub chat_enabled: bool,
    /// Whether replying sets a conversation to pending.
    pub pending_after_reply: bool,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The member.
    pub member: Member,
    /// What an admin granted beyond the role.
    pub granted: Vec<Permission>,
    /// What they see.
    pub access: Access,
    /// When they joined: what came before counts as read.
    pub joined_at: Timestamp,
}

impl Me {
    /// Whether this person may do it.
    pub fn may(&self, permission: Permission) -> bool {
        self.member.role.may(permission, &self.granted)
    }
}

/// All that every page needs, read once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Who is asking.
    pub me: Me,
    /// The tenant.
    pub workspace: Workspace,
    /// Everybody, also those who left.
    pub members: Vec<Member>,
    /// All teams.
    pub teams: Vec<Team>,
    /// All channels.
    pub channels: Vec<Channel>,
    /// The number of the last event this includes.
    pub seq: i64,
    /// The server's clock when it was read.
    pub now: Timestamp,
}

impl Bootstrap {
    /// Whether the workspace's bubble is green: its own switch, and at least one member's (H6).
    pub fn chat_open(&self) -> bool {
        self.workspace.chat_enabled && self.members.iter().any(|m| m.chat_on && !m.disabled)
    }

    /// Whether a channel is only a sample.
    pub fn is_sample(&self, channel: ChannelId) -> bool {
        self.channels.iter().any(|one| one.id == channel && one.is_sample())
    }
}
