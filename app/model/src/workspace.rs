//! The workspace as its members see it: members, teams and channels.

use serde::{Deserialize, Serialize};

use super::{
    Access, AccountState, ChannelId, ChannelKind, MemberId, Permission, Reason, Role, SavedView, SavedViewId, Tag,
    TeamId, Timestamp, Visibility, WorkspaceId,
};

/// A person with a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// The name that colleagues see.
    pub name: String,
    /// The e-mail address for signing in.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// Which conversations they see.
    pub visibility: Visibility,
    /// Whether their chat bubble is green (H6).
    pub chat_on: bool,
    /// They can no longer sign in. Their name stays on their messages.
    pub disabled: bool,
    /// The teams they are in.
    pub teams: Vec<TeamId>,
}

/// A group of members, and the channels it looks after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name.
    pub name: String,
    /// The channels whose conversations it sees.
    pub channels: Vec<ChannelId>,
}

/// A connected account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Its kind.
    pub kind: ChannelKind,
    /// The name that colleagues see.
    pub name: String,
    /// The public key of a web chat, as in `/chat/<key>`. Empty for other kinds.
    pub key: String,
    /// Our own address on it, such as `support@acme.example`. Empty for kinds that have none.
    pub address: String,
    /// How long a reply can be cancelled, in milliseconds (T6).
    pub undo_ms: i64,
    /// The widget's text before the first message.
    pub greeting: String,
    /// The text of the automatic reply while chat is off. Empty sends none.
    pub auto_reply: String,
    /// The origins of sites that may embed the widget. Empty allows all.
    pub origins: Vec<String>,
    /// The state of its account, as all members see it (H9). None for kinds without account. Failures of a few seconds are not shown.
    pub state: Option<AccountState>,
}

impl Channel {
    /// The account's state if nothing comes in because of it.
    pub fn down(&self) -> Option<AccountState> {
        self.state.filter(|state| state.is_down())
    }

    /// Whether it belongs to the sample. Nothing that is written there is sent.
    pub fn is_sample(&self) -> bool {
        self.state == Some(AccountState::Sample)
    }
}

/// A workspace, which is a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Whether chat can be on at all (H6).
    pub chat_enabled: bool,
    /// Whether a reply sets a conversation to pending.
    pub pending_after_reply: bool,
    /// Whether visitors of the web chat are told that a member writes to them (T12).
    #[serde(default)]
    pub shows_typing: bool,
}

/// The member who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The member.
    pub member: Member,
    /// The permissions that an admin granted beyond the role.
    pub granted: Vec<Permission>,
    /// Their access.
    pub access: Access,
    /// When they joined. Messages from before count as read.
    pub joined_at: Timestamp,
    /// Whether colleagues and visitors are told nothing of where they are (T12).
    #[serde(default)]
    pub hidden: bool,
    /// The keys that they chose instead of the usual ones, as [`Keys`](crate::Keys) writes them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keys: String,
}

impl Me {
    /// Whether this member has a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.member.role.may(permission, &self.granted)
    }
}

/// The data that every page needs, read at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// The member who asks.
    pub me: Me,
    /// The workspace.
    pub workspace: Workspace,
    /// All members, including disabled ones.
    pub members: Vec<Member>,
    /// All teams.
    pub teams: Vec<Team>,
    /// All channels.
    pub channels: Vec<Channel>,
    /// All tags, including archived ones.
    pub tags: Vec<Tag>,
    /// The reasons for closing in order, including archived ones.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// The saved views that the member has, in the order of their ids.
    pub views: Vec<SavedView>,
    /// The order in which the member wants them. Views that are not in it come last.
    pub view_order: Vec<SavedViewId>,
    /// The number of the last event that is included.
    pub seq: i64,
    /// The server's time of the snapshot.
    pub now: Timestamp,
}

impl Bootstrap {
    /// Whether chat is on: the workspace's switch is on, and so is the bubble of at least one member (H6).
    pub fn chat_open(&self) -> bool {
        self.workspace.chat_enabled && self.members.iter().any(|m| m.chat_on && !m.disabled)
    }

    /// Whether a channel belongs to the sample.
    pub fn is_sample(&self, channel: ChannelId) -> bool {
        self.channels.iter().any(|one| one.id == channel && one.is_sample())
    }
}
