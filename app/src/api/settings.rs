//! Settings: people, teams, channels, the workspace, the system.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::Refused;
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{
    AuditPage, Channel, ChannelId, InviteId, JobId, Member, MemberId, Role, Space, Storage, Team, TeamId, Timestamp,
    Visibility, Workspace,
};

/// My own chat bubble: green or grey (H6).
#[server(prefix = "/api/fn", endpoint = "set_chat", input = Json)]
pub async fn set_chat(on: bool) -> Result<(), Refused> {
    told(port()?.set_chat(on).await)
}

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

/// Makes an invitation link, good for a day and one person.
#[server(prefix = "/api/fn", endpoint = "invite", input = Json)]
pub async fn invite(new: NewInvite) -> Result<InviteInfo, Refused> {
    told(port()?.invite(new).await)
}

/// The invitations that nobody used yet.
#[server(prefix = "/api/fn", endpoint = "invites", input = Json)]
pub async fn invites() -> Result<Vec<InviteInfo>, Refused> {
    told(port()?.invites().await)
}

/// Revokes an invitation.
#[server(prefix = "/api/fn", endpoint = "revoke_invite", input = Json)]
pub async fn revoke_invite(id: InviteId) -> Result<(), Refused> {
    told(port()?.revoke_invite(id).await)
}

/// Changes what a member is or sees, or lets them in no more.
#[server(prefix = "/api/fn", endpoint = "edit_member", input = Json)]
pub async fn edit_member(id: MemberId, role: Role, visibility: Visibility, disabled: bool) -> Result<Member, Refused> {
    told(port()?.edit_member(id, role, visibility, disabled).await)
}

/// Makes a team.
#[server(prefix = "/api/fn", endpoint = "add_team", input = Json)]
pub async fn add_team(id: TeamId, name: String) -> Result<Team, Refused> {
    told(port()?.add_team(id, name).await)
}

/// Takes a member into a team or out of it.
#[server(prefix = "/api/fn", endpoint = "set_in_team", input = Json)]
pub async fn set_in_team(member: MemberId, team: TeamId, inside: bool) -> Result<(), Refused> {
    told(port()?.set_in_team(member, team, inside).await)
}

/// Says which channels a team looks after.
#[server(prefix = "/api/fn", endpoint = "set_team_channels", input = Json)]
pub async fn set_team_channels(team: TeamId, channels: Vec<ChannelId>) -> Result<(), Refused> {
    told(port()?.set_team_channels(team, channels).await)
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

/// Changes a channel's settings.
#[server(prefix = "/api/fn", endpoint = "edit_channel", input = Json)]
pub async fn edit_channel(edit: ChannelEdit) -> Result<Channel, Refused> {
    told(port()?.edit_channel(edit).await)
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

/// Changes the workspace's settings.
#[server(prefix = "/api/fn", endpoint = "edit_workspace", input = Json)]
pub async fn edit_workspace(edit: WorkspaceEdit) -> Result<Workspace, Refused> {
    told(port()?.edit_workspace(edit).await)
}

/// A page of the audit log: lines before number `before`, without it the newest.
#[server(prefix = "/api/fn", endpoint = "audit_log", input = Json)]
pub async fn audit_log(before: Option<i64>) -> Result<AuditPage, Refused> {
    told(port()?.audit_log(before).await)
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

/// How the system is.
#[server(prefix = "/api/fn", endpoint = "system_status", input = Json)]
pub async fn load_system_status() -> Result<SystemStatus, Refused> {
    told(port()?.system_status().await)
}

/// Tries a given-up job again.
#[server(prefix = "/api/fn", endpoint = "revive_job", input = Json)]
pub async fn revive_job(id: JobId) -> Result<(), Refused> {
    told(port()?.revive_job(id).await)
}
