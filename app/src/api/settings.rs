//! Settings: people, teams, channels, the workspace, the system.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{
    AuditPage, Channel, ChannelId, InviteId, JobId, Member, MemberId, Role, Space, Storage, Team, TeamId, Timestamp,
    Visibility, Workspace,
};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

/// An invitation to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInvite {
    /// The role it gives.
    pub role: Role,
    /// What they will see.
    pub visibility: Visibility,
    /// For whom, as a reminder.
    pub note: String,
}

/// An invitation that nobody used yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteInfo {
    /// Which one.
    pub id: InviteId,
    /// The role it gives.
    pub role: Role,
    /// What they will see.
    pub visibility: Visibility,
    /// For whom, as a reminder.
    pub note: String,
    /// The link; told once, when it is made.
    pub link: Option<String>,
}

/// A channel's settings as edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelEdit {
    /// Which channel.
    pub id: ChannelId,
    /// As colleagues call it.
    pub name: String,
    /// What the widget says before the first message.
    pub greeting: String,
    /// What the auto-reply says; empty sends none.
    pub auto_reply: String,
    /// The sites that may embed the widget; empty lets any.
    pub origins: Vec<String>,
}

/// The workspace's settings as edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceEdit {
    /// Its name.
    pub name: String,
    /// Whether chat is on at all.
    pub chat_enabled: bool,
    /// Whether replying sets a conversation to pending.
    pub pending_after_reply: bool,
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJob {
    /// Which one.
    pub id: JobId,
    /// What sort of work.
    pub kind: String,
    /// How often it was tried.
    pub attempts: i64,
    /// Why the last try failed.
    pub error: String,
    /// When that was.
    pub at: Timestamp,
}

/// How the system is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemStatus {
    /// Tandem's version.
    pub version: String,
    /// SQLite or PostgreSQL.
    pub database: String,
    /// Whether what is written can be stored.
    pub storage: Storage,
    /// The room on the disks that are written to.
    pub spaces: Vec<Space>,
    /// Jobs that wait for their time.
    pub waiting: i64,
    /// Jobs that were given up, the newest first.
    pub dead: Vec<DeadJob>,
}

operations! {
    /// People, teams, channels, the workspace, the system.
    pub trait SettingsPort {
        /// My own chat bubble: green or grey (H6).
        "set_chat" needs Needs::May(Permission::Converse) => set_chat(on: bool) -> ();
        /// Makes an invitation link, good for a day and one person.
        "invite" needs Needs::May(Permission::Administer) => invite(new: NewInvite) -> InviteInfo;
        /// The invitations that nobody used yet.
        "invites" needs Needs::May(Permission::Administer) => invites() -> Vec<InviteInfo>;
        /// Revokes an invitation.
        "revoke_invite" needs Needs::May(Permission::Administer) => revoke_invite(id: InviteId) -> ();
        /// Changes what a member is or sees, or lets them in no more.
        "edit_member" needs Needs::May(Permission::Administer) => edit_member(id: MemberId, role: Role, visibility: Visibility, disabled: bool) -> Member;
        /// Makes a team.
        "add_team" needs Needs::May(Permission::Administer) => add_team(id: TeamId, name: String) -> Team;
        /// Takes a member into a team or out of it.
        "set_in_team" needs Needs::May(Permission::Administer) => set_in_team(member: MemberId, team: TeamId, inside: bool) -> ();
        /// Says which channels a team looks after.
        "set_team_channels" needs Needs::May(Permission::Administer) => set_team_channels(team: TeamId, channels: Vec<ChannelId>) -> ();
        /// Changes a channel's settings.
        "edit_channel" needs Needs::May(Permission::Administer) => edit_channel(edit: ChannelEdit) -> Channel;
        /// Changes the workspace's settings.
        "edit_workspace" needs Needs::May(Permission::Administer) => edit_workspace(edit: WorkspaceEdit) -> Workspace;
        /// A page of the audit log: lines before number `before`, without it the newest.
        "audit_log" needs Needs::May(Permission::Administer) => audit_log(before: Option<i64>) -> AuditPage;
        /// How the system is.
        "system_status" needs Needs::May(Permission::Administer) => load_system_status() -> SystemStatus;
        /// Tries a given-up job again.
        "revive_job" needs Needs::May(Permission::Administer) => revive_job(id: JobId) -> ();
    }
}
