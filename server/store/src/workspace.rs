//! The workspace: its settings, members and teams. Its channels are in channel.rs.

use std::collections::HashMap;

use model::{Bootstrap, ChannelId, Keys, Member, MemberId, Team, TeamId, Timestamp, Workspace, WorkspaceId};

pub use super::channel::{add_channel, channel, channel_by_key, channels, save_channel};
use super::{
    Scope, Tx, close_reason,
    codec::read,
    conn::{Conn, args},
    saved_view,
    table::{insert, set, sql, table},
    tag,
};
use crate::error::{Error, Result, StoreError};

pub(super) const STATEMENTS: &[&str] = &[
    WORKSPACE,
    ALL_WORKSPACES,
    ADD_WORKSPACE,
    SAVE_WORKSPACE,
    SET_OFF_SINCE,
    MEMBERS,
    IS_MEMBER,
    ADD_MEMBER,
    SAVE_MEMBER,
    HIDE_MEMBER,
    SET_KEYS,
    TEAMS,
    IS_TEAM,
    ADD_TEAM,
    TEAM_MEMBERS,
    TEAM_CHANNELS,
    DROP_TEAM_MEMBER,
    ADD_TEAM_MEMBER,
    DROP_TEAM_CHANNELS,
    ADD_TEAM_CHANNEL,
];

table! {
    /// What a person may set for a workspace.
    struct Rules {
        name: String,
        chat_enabled: bool,
        pending_after_reply: bool,
        shows_typing: bool,
    }
}

table! {
    struct RawWorkspace {
        id: String,
        chat_off_since: Option<i64>,
        event_seq: i64,
        ..rules: Rules,
    }
}

impl TryFrom<RawWorkspace> for WorkspaceRecord {
    type Error = StoreError;
    fn try_from(raw: RawWorkspace) -> Result<Self, StoreError> {
        Ok(Self {
            workspace: Workspace {
                id: read("workspace", raw.id)?,
                name: raw.rules.name,
                chat_enabled: raw.rules.chat_enabled,
                pending_after_reply: raw.rules.pending_after_reply,
                shows_typing: raw.rules.shows_typing,
            },
            chat_off_since: raw.chat_off_since.map(Timestamp),
            seq: raw.event_seq,
        })
    }
}

impl From<&Workspace> for Rules {
    fn from(workspace: &Workspace) -> Self {
        Self {
            name: workspace.name.clone(),
            chat_enabled: workspace.chat_enabled,
            pending_after_reply: workspace.pending_after_reply,
            shows_typing: workspace.shows_typing,
        }
    }
}

/// A workspace, with data that only the server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceRecord {
    /// The workspace as members see it.
    pub workspace: Workspace,
    /// When chat went off (a grey bubble). None while chat is on.
    pub chat_off_since: Option<Timestamp>,
    /// The number of the last event.
    pub seq: i64,
}

const WORKSPACE: &str = sql!("SELECT ", RawWorkspace::COLUMNS, " FROM workspace WHERE id = $1");

/// Loads the workspace of a scope.
///
/// # Errors
/// When the database fails, or the workspace does not exist.
pub async fn load(conn: &mut Conn<'_>, scope: &Scope) -> Result<WorkspaceRecord> {
    let raw: RawWorkspace = conn.opt(WORKSPACE, args![scope.workspace()]).await?.ok_or(Error::NOT_FOUND)?;
    Ok(raw.try_into()?)
}

const ALL_WORKSPACES: &str = "SELECT id FROM workspace ORDER BY id";

/// Every workspace of this database. Most instances have one.
///
/// # Errors
/// When the database fails.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<WorkspaceId>, StoreError> {
    conn.all::<(String,)>(ALL_WORKSPACES, args![]).await?.into_iter().map(|(id,)| read("workspace", id)).collect()
}

const ADD_WORKSPACE: &str = insert!("workspace", sql!(RawWorkspace::COLUMNS, ", created_at"));

/// Stores a new workspace.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx<'_>, workspace: &Workspace) -> Result<(), StoreError> {
    let raw =
        RawWorkspace { id: workspace.id.to_string(), chat_off_since: None, event_seq: 0, rules: workspace.into() };
    tx.exec(ADD_WORKSPACE, args![; raw.values(); tx.now()]).await?;
    Ok(())
}

const SAVE_WORKSPACE: &str = sql!("UPDATE workspace SET ", set!(2, Rules::COLUMNS), " WHERE id = $1");

/// Stores an edited workspace.
///
/// # Errors
/// When the database fails.
pub async fn save(tx: &mut Tx<'_>, workspace: &Workspace) -> Result<(), StoreError> {
    tx.exec(SAVE_WORKSPACE, args![workspace.id; Rules::from(workspace).values()]).await?;
    Ok(())
}

const SET_OFF_SINCE: &str = "UPDATE workspace SET chat_off_since = $2 WHERE id = $1";

/// Records when chat went off, or that it is on.
///
/// # Errors
/// When the database fails.
pub async fn set_chat_off_since(tx: &mut Tx<'_>, scope: &Scope, since: Option<Timestamp>) -> Result<(), StoreError> {
    tx.exec(SET_OFF_SINCE, args![scope.workspace(), since]).await?;
    Ok(())
}

table! {
    /// What may be changed of a member.
    struct Profile {
        name: String,
        role: String,
        visibility: String,
        chat_on: bool,
        disabled_at: Option<i64>,
    }
}

table! {
    pub(super) struct RawMember {
        id: String,
        email: String,
        ..profile: Profile,
    }
}

impl RawMember {
    /// The member, whose teams are in another table.
    pub(super) fn with(self, teams: Vec<TeamId>) -> Result<Member, StoreError> {
        let Self { id, email, profile } = self;
        Ok(Member {
            teams,
            id: read("member", id)?,
            email,
            name: profile.name,
            role: read("role", profile.role)?,
            visibility: read("visibility", profile.visibility)?,
            chat_on: profile.chat_on,
            disabled: profile.disabled_at.is_some(),
        })
    }
}

impl Profile {
    fn of(member: &Member, disabled_at: Option<Timestamp>) -> Self {
        Self {
            name: member.name.clone(),
            role: member.role.as_str().to_owned(),
            visibility: member.visibility.as_str().to_owned(),
            chat_on: member.chat_on,
            disabled_at: disabled_at.map(|at| at.0),
        }
    }
}

const MEMBERS: &str = sql!("SELECT ", RawMember::COLUMNS, " FROM member WHERE workspace_id = $1 ORDER BY id");
const TEAM_MEMBERS: &str =
    "SELECT team_id, member_id FROM team_member WHERE workspace_id = $1 ORDER BY team_id, member_id";

/// All members with their teams, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn members(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<Member>, StoreError> {
    let raw: Vec<RawMember> = conn.all(MEMBERS, args![scope.workspace()]).await?;
    let pairs: Vec<(String, String)> = conn.all(TEAM_MEMBERS, args![scope.workspace()]).await?;
    let mut teams: HashMap<String, Vec<TeamId>> = HashMap::new();
    for (team, member) in pairs {
        teams.entry(member).or_default().push(read("team", team)?);
    }
    raw.into_iter()
        .map(|raw| {
            let teams = teams.remove(&raw.id).unwrap_or_default();
            raw.with(teams)
        })
        .collect()
}

/// Loads a member.
///
/// # Errors
/// When the database fails, or the workspace has no such member.
pub async fn member(conn: &mut Conn<'_>, scope: &Scope, id: MemberId) -> Result<Member> {
    members(conn, scope).await?.into_iter().find(|m| m.id == id).ok_or(Error::NOT_FOUND)
}

const IS_MEMBER: &str = "SELECT id FROM member WHERE workspace_id = $1 AND id = $2 AND disabled_at IS NULL";

/// Whether this id is a member of the workspace who is not disabled.
///
/// # Errors
/// When the database fails.
pub async fn is_member(conn: &mut Conn<'_>, scope: &Scope, id: MemberId) -> Result<bool, StoreError> {
    Ok(conn.opt::<(String,)>(IS_MEMBER, args![scope.workspace(), id]).await?.is_some())
}

/// The form in which addresses are compared, without regard to case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

const ADD_MEMBER: &str =
    insert!("member", sql!("workspace_id, ", RawMember::COLUMNS, ", email_key, granted, created_at"));

/// Adds a member.
///
/// # Errors
/// When the database fails, also when the e-mail address is taken.
pub async fn add_member(tx: &mut Tx<'_>, workspace: WorkspaceId, member: &Member) -> Result<(), StoreError> {
    let (id, email, key) = (member.id.to_string(), member.email.clone(), email_key(&member.email));
    let raw = RawMember { id, email, profile: Profile::of(member, None) };
    tx.exec(ADD_MEMBER, args![workspace; raw.values(); key, "[]", tx.now()]).await?;
    Ok(())
}

const SAVE_MEMBER: &str = sql!("UPDATE member SET ", set!(3, Profile::COLUMNS), " WHERE workspace_id = $1 AND id = $2");

/// Stores an edited member, without the teams.
///
/// # Errors
/// When the database fails.
pub async fn save_member(tx: &mut Tx<'_>, scope: &Scope, member: &Member) -> Result<(), StoreError> {
    let disabled_at = member.disabled.then(|| tx.now());
    let profile = Profile::of(member, disabled_at);
    tx.exec(SAVE_MEMBER, args![scope.workspace(), member.id; profile.values()]).await?;
    Ok(())
}

const SET_KEYS: &str = "UPDATE member SET keys = $3 WHERE workspace_id = $1 AND id = $2";

/// Stores the keys that a member chose.
///
/// # Errors
/// When the database fails.
pub async fn set_keys(tx: &mut Tx<'_>, scope: &Scope, member: MemberId, keys: &Keys) -> Result<(), StoreError> {
    tx.exec(SET_KEYS, args![scope.workspace(), member, keys.to_string()]).await?;
    Ok(())
}

const HIDE_MEMBER: &str = "UPDATE member SET hidden = $3 WHERE workspace_id = $1 AND id = $2";

/// Sets whether others are told nothing of where a member is.
///
/// # Errors
/// When the database fails.
pub async fn hide_member(tx: &mut Tx<'_>, scope: &Scope, member: MemberId, hidden: bool) -> Result<(), StoreError> {
    tx.exec(HIDE_MEMBER, args![scope.workspace(), member, hidden]).await?;
    Ok(())
}

const TEAMS: &str = "SELECT id, name FROM team WHERE workspace_id = $1 ORDER BY id";
const TEAM_CHANNELS: &str =
    "SELECT team_id, channel_id FROM team_channel WHERE workspace_id = $1 ORDER BY team_id, channel_id";

/// All teams with their channels, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn teams(conn: &mut Conn<'_>, scope: &Scope) -> Result<Vec<Team>, StoreError> {
    let raw: Vec<(String, String)> = conn.all(TEAMS, args![scope.workspace()]).await?;
    let pairs: Vec<(String, String)> = conn.all(TEAM_CHANNELS, args![scope.workspace()]).await?;
    let mut channels: HashMap<String, Vec<ChannelId>> = HashMap::new();
    for (team, channel) in pairs {
        channels.entry(team).or_default().push(read("channel", channel)?);
    }
    raw.into_iter()
        .map(|(id, name)| Ok(Team { channels: channels.remove(&id).unwrap_or_default(), id: read("team", id)?, name }))
        .collect()
}

const IS_TEAM: &str = "SELECT id FROM team WHERE workspace_id = $1 AND id = $2";

/// Whether this id is a team of the workspace.
///
/// # Errors
/// When the database fails.
pub async fn is_team(conn: &mut Conn<'_>, scope: &Scope, id: TeamId) -> Result<bool, StoreError> {
    Ok(conn.opt::<(String,)>(IS_TEAM, args![scope.workspace(), id]).await?.is_some())
}

const ADD_TEAM: &str = "INSERT INTO team (workspace_id, id, name) VALUES ($1, $2, $3)";

/// Adds a team with its channels.
///
/// # Errors
/// When the database fails.
pub async fn add_team(tx: &mut Tx<'_>, scope: &Scope, team: &Team) -> Result<(), StoreError> {
    tx.exec(ADD_TEAM, args![scope.workspace(), team.id, team.name.clone()]).await?;
    set_team_channels(tx, scope, team.id, &team.channels).await
}

const DROP_TEAM_CHANNELS: &str = "DELETE FROM team_channel WHERE workspace_id = $1 AND team_id = $2";
const ADD_TEAM_CHANNEL: &str =
    "INSERT INTO team_channel (workspace_id, team_id, channel_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// Sets the channels that a team looks after.
///
/// # Errors
/// When the database fails, also when a channel belongs to another workspace.
pub async fn set_team_channels(
    tx: &mut Tx<'_>,
    scope: &Scope,
    team: TeamId,
    channels: &[ChannelId],
) -> Result<(), StoreError> {
    tx.exec(DROP_TEAM_CHANNELS, args![scope.workspace(), team]).await?;
    for channel in channels {
        tx.exec(ADD_TEAM_CHANNEL, args![scope.workspace(), team, *channel]).await?;
    }
    Ok(())
}

const DROP_TEAM_MEMBER: &str = "DELETE FROM team_member WHERE workspace_id = $1 AND member_id = $2 AND team_id = $3";
const ADD_TEAM_MEMBER: &str =
    "INSERT INTO team_member (workspace_id, member_id, team_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// Adds a member to a team, or removes them from it.
///
/// # Errors
/// When the database fails, also when the member or the team belongs to another workspace.
pub async fn set_in_team(
    tx: &mut Tx<'_>,
    scope: &Scope,
    member: MemberId,
    team: TeamId,
    inside: bool,
) -> Result<(), StoreError> {
    let sql = if inside { ADD_TEAM_MEMBER } else { DROP_TEAM_MEMBER };
    tx.exec(sql, args![scope.workspace(), member, team]).await?;
    Ok(())
}

/// The data that every page needs, for the member who asks.
///
/// # Errors
/// When the database fails, or the scope is the system's.
pub async fn bootstrap(conn: &mut Conn<'_>, scope: &Scope, now: Timestamp) -> Result<Bootstrap> {
    let record = load(conn, scope).await?;
    let members = members(conn, scope).await?;
    let mut me = scope.person()?.clone();
    // The member as everybody else and the events see them (R14). What this member sees is in `access`.
    if let Some(member) = members.iter().find(|member| member.id == me.member.id) {
        me.member.clone_from(member);
    }
    let mut views = saved_view::all(conn, scope).await?;
    views.retain(|view| view.is_for(&me.access));
    let view_order = saved_view::order(conn, scope, me.member.id).await?;
    Ok(Bootstrap {
        me,
        workspace: record.workspace,
        members,
        teams: teams(conn, scope).await?,
        channels: channels(conn, scope).await?,
        tags: tag::all(conn, scope).await?,
        reasons: close_reason::all(conn, scope).await?,
        views,
        view_order,
        seq: record.seq,
        now,
    })
}
