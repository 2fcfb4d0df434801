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

/// The data of a new invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInvite {
    /// The role of the new member.
    pub role: Role,
    /// Which conversations the new member may see.
    pub visibility: Visibility,
    /// A reminder of whom the invitation is for.
    pub note: String,
}

/// An open invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteInfo {
    /// The id of the invitation.
    pub id: InviteId,
    /// The role of the new member.
    pub role: Role,
    /// Which conversations the new member may see.
    pub visibility: Visibility,
    /// A reminder of whom the invitation is for.
    pub note: String,
    /// The link. Returned only when the invitation is created.
    pub link: Option<String>,
}

/// Edited settings of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelEdit {
    /// The id of the channel.
    pub id: ChannelId,
    /// The name that colleagues see.
    pub name: String,
    /// The text of the widget before the first message.
    pub greeting: String,
    /// The text of the auto-reply. Empty for no auto-reply.
    pub auto_reply: String,
    /// The sites that may embed the widget. Empty for any site.
    pub origins: Vec<String>,
}

/// Edited settings of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceEdit {
    /// The name of the workspace.
    pub name: String,
    /// Whether chat is on for the whole workspace.
    pub chat_enabled: bool,
    /// Whether a reply sets the conversation to pending.
    pub pending_after_reply: bool,
    /// Whether visitors of the web chat are told that a member writes to them.
    #[serde(default)]
    pub shows_typing: bool,
}

/// A job that was given up after its last attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJob {
    /// The id of the job.
    pub id: JobId,
    /// The kind of job.
    pub kind: String,
    /// The number of attempts.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub error: String,
    /// When the last attempt failed.
    pub at: Timestamp,
}

/// The state of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemStatus {
    /// Tandem's version.
    pub version: String,
    /// SQLite or PostgreSQL.
    pub database: String,
    /// Whether the server can store data.
    pub storage: Storage,
    /// The free space on the disks that the server writes to.
    pub spaces: Vec<Space>,
    /// The number of jobs that wait for their time.
    pub waiting: i64,
    /// Jobs that were given up, newest first.
    pub dead: Vec<DeadJob>,
}

operations! {
    /// Operations on people, teams, channels, the workspace and the system.
    pub trait SettingsPort {
        /// Turns the member's own chat bubble on (green) or off (grey) (H6).
        "set_chat" needs Needs::May(Permission::Converse) => set_chat(on: bool) -> ();
        /// Creates an invitation link, valid for one day and one person.
        "invite" needs Needs::May(Permission::Administer) => invite(new: NewInvite) -> InviteInfo;
        /// The open invitations.
        "invites" needs Needs::May(Permission::Administer) => invites() -> Vec<InviteInfo>;
        /// Revokes an invitation.
        "revoke_invite" needs Needs::May(Permission::Administer) => revoke_invite(id: InviteId) -> ();
        /// Changes a member's role or visibility, or blocks or unblocks their access.
        "edit_member" needs Needs::May(Permission::Administer) => edit_member(id: MemberId, role: Role, visibility: Visibility, disabled: bool) -> Member;
        /// Creates a team.
        "add_team" needs Needs::May(Permission::Administer) => add_team(id: TeamId, name: String) -> Team;
        /// Adds a member to a team or removes them.
        "set_in_team" needs Needs::May(Permission::Administer) => set_in_team(member: MemberId, team: TeamId, inside: bool) -> ();
        /// Sets the channels of a team.
        "set_team_channels" needs Needs::May(Permission::Administer) => set_team_channels(team: TeamId, channels: Vec<ChannelId>) -> ();
        /// Changes a channel's settings.
        "edit_channel" needs Needs::May(Permission::Administer) => edit_channel(edit: ChannelEdit) -> Channel;
        /// Changes the workspace's settings.
        "edit_workspace" needs Needs::May(Permission::Administer) => edit_workspace(edit: WorkspaceEdit) -> Workspace;
        /// A page of the audit log: the lines before number `before`, or the newest lines without it.
        "audit_log" needs Needs::May(Permission::Administer) => audit_log(before: Option<i64>) -> AuditPage;
        /// The state of the system.
        "system_status" needs Needs::May(Permission::Administer) => load_system_status() -> SystemStatus;
        /// Where members ask for help: an e-mail address or the https address of a page. None if whoever runs Tandem has set nothing.
        "support_address" needs Needs::May(Permission::Read) => support_address() -> Option<String>;
        /// Retries a job that was given up.
        "revive_job" needs Needs::May(Permission::Administer) => revive_job(id: JobId) -> ();
    }
}
