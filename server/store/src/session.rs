//! Signing in: passwords, sessions, one-time links, counted attempts. Secrets are stored only as hashes.

use model::{Access, ChannelId, Me, MemberId, Needs, Permission, Role, SessionId, TeamId, Timestamp, WorkspaceId};

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, args, row},
    table::{of, sql},
    workspace::RawMember,
};
use crate::error::{Result, StoreError};

pub(super) const STATEMENTS: &[&str] = &[
    FIND,
    MEMBER,
    MY_TEAMS,
    ADD,
    TOUCH,
    LIST,
    END,
    END_ALL,
    CREDENTIAL,
    PASSWORD,
    SET_PASSWORD,
    RENEW,
    ADD_LINK,
    LINK,
    MAKER,
    USE_LINK,
    LINKS,
    DROP_LINK,
    DROP_LINKS_OF,
    DROP_HOUSE_LINKS,
    ATTEMPT,
    FORGIVE,
];

row! {
    struct RawMe {
        workspace_id: String,
        granted: String,
        created_at: i64,
        hidden: bool,
        keys: String,
        ..member: RawMember,
    }
}

row! {
    struct Raw {
        session_id: String,
        seen_at: i64,
        expires_at: i64,
        ..me: RawMe,
    }
}

impl RawMe {
    /// What the member may see and do.
    async fn scope(self, conn: &mut Conn<'_>) -> Result<Scope, StoreError> {
        let workspace: WorkspaceId = read("workspace", self.workspace_id)?;
        let mut member = self.member.with(Vec::new())?;
        // Visibility restricts only agents and viewers.
        if matches!(member.role, Role::Owner | Role::Admin) {
            member.visibility = model::Visibility::All;
        }
        let (id, visibility) = (member.id, member.visibility);
        // Also for members who see everything: views are shared with teams.
        let (teams, channels) = my_teams(conn, workspace, id).await?;
        let granted: Vec<Permission> =
            serde_json::from_str(&self.granted).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        member.teams.clone_from(&teams);
        let access = Access { member: id, visibility, teams, channels };
        let (joined_at, hidden, keys) = (Timestamp(self.created_at), self.hidden, self.keys);
        Ok(Scope::member(workspace, Me { member, granted, access, joined_at, hidden, keys }))
    }
}

/// A valid session. Only a session gives a member's [`Scope`].
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, even if it is in use.
    pub expires_at: Timestamp,
    /// What its member may see and do.
    pub scope: Scope,
}

const FIND: &str = sql!(
    "SELECT s.id AS session_id, s.seen_at, s.expires_at, m.workspace_id, m.granted, m.created_at, m.hidden, m.keys, ",
    of!("m", RawMember::COLUMNS),
    " FROM session s JOIN member m ON m.workspace_id = s.workspace_id AND m.id = s.member_id \
     WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND m.disabled_at IS NULL"
);

/// Finds the session of a secret: it has not expired at `now`, was used after `idle_since`, and its member is not disabled.
///
/// # Errors
/// When the database fails.
pub async fn find(
    conn: &mut Conn<'_>,
    token_hash: &str,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let Some(raw) = conn.opt::<Raw>(FIND, args![token_hash, now, idle_since]).await? else { return Ok(None) };
    Ok(Some(Session {
        id: read("session", raw.session_id)?,
        seen_at: Timestamp(raw.seen_at),
        expires_at: Timestamp(raw.expires_at),
        scope: raw.me.scope(conn).await?,
    }))
}

const MEMBER: &str = sql!(
    "SELECT m.workspace_id, m.granted, m.created_at, m.hidden, m.keys, ",
    of!("m", RawMember::COLUMNS),
    " FROM member m WHERE m.workspace_id = $1 AND m.id = $2 AND m.disabled_at IS NULL"
);

/// The scope of a member for what they left to be done, with the rights that they have now. None if they are no longer here. Only the
/// system gets one.
///
/// # Errors
/// When the database fails, or somebody else asks.
pub async fn of_member(conn: &mut Conn<'_>, system: &Scope, member: MemberId) -> Result<Option<Scope>> {
    system.has(Needs::System)?;
    let raw = conn.opt::<RawMe>(MEMBER, args![system.workspace(), member]).await?;
    Ok(match raw {
        Some(raw) => Some(raw.scope(conn).await?),
        None => None,
    })
}

const MY_TEAMS: &str = "SELECT tm.team_id, tc.channel_id FROM team_member tm \
     LEFT JOIN team_channel tc ON tc.workspace_id = tm.workspace_id AND tc.team_id = tm.team_id \
     WHERE tm.workspace_id = $1 AND tm.member_id = $2 ORDER BY tm.team_id, tc.channel_id";

async fn my_teams(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
    member: MemberId,
) -> Result<(Vec<TeamId>, Vec<ChannelId>), StoreError> {
    let rows: Vec<(String, Option<String>)> = conn.all(MY_TEAMS, args![workspace, member]).await?;
    let (mut teams, mut channels) = (Vec::new(), Vec::new());
    for (team, channel) in rows {
        teams.push(read("team", team)?);
        channels.extend(read_opt::<ChannelId>("channel", channel)?);
    }
    teams.dedup();
    channels.sort_unstable();
    channels.dedup();
    Ok((teams, channels))
}

/// A session to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The hash of its secret.
    pub token_hash: String,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The member who signs in.
    pub member: MemberId,
    /// Its id.
    pub id: SessionId,
    /// The browser's User-Agent, shown in the list of sessions.
    pub user_agent: String,
    /// When it ends, even if it is in use.
    pub expires_at: Timestamp,
}

const ADD: &str = "INSERT INTO session (token_hash, workspace_id, member_id, id, user_agent, created_at, seen_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";

/// Adds a session.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx<'_>, new: &NewSession) -> Result<(), StoreError> {
    let values = args![
        new.token_hash.clone(),
        new.workspace,
        new.member,
        new.id,
        new.user_agent.clone(),
        tx.now(),
        new.expires_at
    ];
    tx.exec(ADD, values).await?;
    Ok(())
}

const TOUCH: &str = "UPDATE session SET seen_at = $2 WHERE token_hash = $1";

/// Records that a session was used now.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx<'_>, token_hash: &str) -> Result<(), StoreError> {
    tx.exec(TOUCH, args![token_hash, tx.now()]).await?;
    Ok(())
}

/// A session in its member's list: id, User-Agent, when it began, when it was last used.
pub type Listed = (SessionId, String, Timestamp, Timestamp);

const LIST: &str = "SELECT id, user_agent, created_at, seen_at FROM session WHERE workspace_id = $1 AND member_id = $2 AND expires_at > $3 ORDER BY seen_at DESC";

/// My valid sessions, most recently used first.
///
/// # Errors
/// When the database fails.
pub async fn list(conn: &mut Conn<'_>, scope: &Scope, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<(String, String, i64, i64)> =
        conn.all(LIST, args![scope.workspace(), scope.member_key(), now]).await?;
    rows.into_iter()
        .map(|(id, agent, began, seen)| Ok((read("session", id)?, agent, Timestamp(began), Timestamp(seen))))
        .collect()
}

const END: &str = "DELETE FROM session WHERE workspace_id = $1 AND member_id = $2 AND id = $3";

/// Ends one of a member's sessions. False when there is no such session.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx<'_>, scope: &Scope, member: MemberId, id: SessionId) -> Result<bool, StoreError> {
    Ok(tx.exec(END, args![scope.workspace(), member, id]).await? == 1)
}

const END_ALL: &str = "DELETE FROM session WHERE workspace_id = $1 AND member_id = $2 AND id <> $3";

/// Ends all of a member's sessions except `but`.
///
/// # Errors
/// When the database fails.
pub async fn end_all(
    tx: &mut Tx<'_>,
    scope: &Scope,
    member: MemberId,
    but: Option<SessionId>,
) -> Result<(), StoreError> {
    let but = but.map(|id| id.to_string()).unwrap_or_default();
    tx.exec(END_ALL, args![scope.workspace(), member, but]).await?;
    Ok(())
}

const RENEW: &str = "UPDATE session SET token_hash = $4 WHERE workspace_id = $1 AND member_id = $2 AND id = $3";

/// Gives a session a new secret. The old secret stops working. False when the session has ended meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn renew(
    tx: &mut Tx<'_>,
    scope: &Scope,
    member: MemberId,
    id: SessionId,
    token_hash: &str,
) -> Result<bool, StoreError> {
    Ok(tx.exec(RENEW, args![scope.workspace(), member, id, token_hash]).await? == 1)
}

const CREDENTIAL: &str = "SELECT m.workspace_id, m.id, c.password_hash FROM member m JOIN credential c ON c.workspace_id = m.workspace_id AND c.member_id = m.id \
     WHERE m.email_key = $1 AND m.disabled_at IS NULL";

/// The workspace and member that sign in with an address, and the hash of their password.
///
/// # Errors
/// When the database fails.
pub async fn credential(
    conn: &mut Conn<'_>,
    email_key: &str,
) -> Result<Option<(WorkspaceId, MemberId, String)>, StoreError> {
    let row: Option<(String, String, String)> = conn.opt(CREDENTIAL, args![email_key]).await?;
    row.map(|(workspace, member, hash)| Ok((read("workspace", workspace)?, read("member", member)?, hash))).transpose()
}

const PASSWORD: &str = "SELECT password_hash FROM credential WHERE workspace_id = $1 AND member_id = $2";

/// The hash of the acting member's password.
///
/// # Errors
/// When the database fails.
pub async fn password(conn: &mut Conn<'_>, scope: &Scope) -> Result<Option<String>, StoreError> {
    Ok(conn.opt::<(String,)>(PASSWORD, args![scope.workspace(), scope.member_key()]).await?.map(|(hash,)| hash))
}

const SET_PASSWORD: &str = "INSERT INTO credential (member_id, workspace_id, password_hash, changed_at) VALUES ($2, $1, $3, $4) \
     ON CONFLICT (workspace_id, member_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at";

/// Stores the hash of a member's password.
///
/// # Errors
/// When the database fails.
pub async fn set_password(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    member: MemberId,
    hash: &str,
) -> Result<(), StoreError> {
    tx.exec(SET_PASSWORD, args![workspace, member, hash, tx.now()]).await?;
    Ok(())
}

/// The purpose of a one-time link. A link does not work for another purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Setting up the instance.
    Setup,
    /// Accepting an invitation.
    Invite,
}

impl Purpose {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invite => "invite",
        }
    }
}

/// A one-time link that is unused and has not expired.
#[derive(Debug, Clone)]
pub struct Link {
    /// The workspace of the invitation. None for set-up.
    pub workspace: Option<WorkspaceId>,
    /// Its id.
    pub id: String,
    /// The details of the invitation, as JSON.
    pub body: String,
}

const ADD_LINK: &str = "INSERT INTO one_time_link (token_hash, purpose, workspace_id, id, body, created_at, expires_at, used_at, maker_id, maker_key) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, (SELECT m.email_key FROM member m WHERE m.workspace_id = $3 AND m.id = $8))";

/// Stores a one-time link and the member who made it. Links of the instance itself have no maker.
///
/// # Errors
/// When the database fails.
pub async fn add_link(
    tx: &mut Tx<'_>,
    token_hash: &str,
    purpose: Purpose,
    link: &Link,
    maker: Option<MemberId>,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let Link { workspace, id, body } = link.clone();
    let values = args![token_hash, purpose.as_str(), workspace, id, body, tx.now(), expires_at, maker];
    tx.exec(ADD_LINK, values).await?;
    Ok(())
}

fn link_of((workspace, id, body): (Option<String>, String, String)) -> Result<Link, StoreError> {
    Ok(Link { workspace: read_opt("workspace", workspace)?, id, body })
}

const LINK: &str = "SELECT workspace_id, id, body FROM one_time_link WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";

/// Finds a one-time link that is unused and has not expired.
///
/// # Errors
/// When the database fails.
pub async fn link(
    conn: &mut Conn<'_>,
    token_hash: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    conn.opt::<(Option<String>, String, String)>(LINK, args![token_hash, purpose.as_str(), now])
        .await?
        .map(link_of)
        .transpose()
}

const USE_LINK: &str = "UPDATE one_time_link SET used_at = $3 WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";

/// Uses up a one-time link. False when it was no longer valid. Call it before doing what the link allows.
///
/// # Errors
/// When the database fails.
pub async fn use_link(tx: &mut Tx<'_>, token_hash: &str, purpose: Purpose) -> Result<bool, StoreError> {
    Ok(tx.exec(USE_LINK, args![token_hash, purpose.as_str(), tx.now()]).await? == 1)
}

const MAKER: &str = "SELECT m.role, m.granted FROM one_time_link l JOIN member m ON m.workspace_id = l.workspace_id AND m.id = l.maker_id \
     AND m.email_key = l.maker_key WHERE l.token_hash = $1 AND m.disabled_at IS NULL";

/// The role and the extra permissions that the maker of a link has now. None when the maker was disabled, or signs in with another address
/// than when they made the link.
///
/// # Errors
/// When the database fails.
pub async fn maker(conn: &mut Conn<'_>, token_hash: &str) -> Result<Option<(Role, Vec<Permission>)>, StoreError> {
    let Some((role, granted)) = conn.opt::<(String, String)>(MAKER, args![token_hash]).await? else { return Ok(None) };
    let granted = serde_json::from_str(&granted).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Some((read("role", role)?, granted)))
}

const DROP_LINKS_OF: &str = "DELETE FROM one_time_link WHERE workspace_id = $1 AND maker_id = $2";

/// Deletes all links that a member made, because the links depended on the member's rights.
///
/// # Errors
/// When the database fails.
pub async fn drop_links_of(tx: &mut Tx<'_>, scope: &Scope, maker: MemberId) -> Result<(), StoreError> {
    tx.exec(DROP_LINKS_OF, args![scope.workspace(), maker]).await?;
    Ok(())
}

const LINKS: &str = "SELECT l.workspace_id, l.id, l.body FROM one_time_link l JOIN member m ON m.workspace_id = l.workspace_id AND m.id = l.maker_id \
     AND m.email_key = l.maker_key WHERE l.workspace_id = $1 AND l.purpose = $2 AND l.used_at IS NULL AND l.expires_at > $3 AND m.disabled_at IS NULL \
     ORDER BY l.created_at DESC";

/// The workspace's unused links whose makers are not disabled.
///
/// # Errors
/// When the database fails.
pub async fn links(
    conn: &mut Conn<'_>,
    scope: &Scope,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Vec<Link>, StoreError> {
    let rows: Vec<(Option<String>, String, String)> =
        conn.all(LINKS, args![scope.workspace(), purpose.as_str(), now]).await?;
    rows.into_iter().map(link_of).collect()
}

const DROP_LINK: &str = "DELETE FROM one_time_link WHERE workspace_id = $1 AND purpose = $2 AND id = $3";

/// Deletes a link. False when there is no such link.
///
/// # Errors
/// When the database fails.
pub async fn drop_link(tx: &mut Tx<'_>, scope: &Scope, purpose: Purpose, id: &str) -> Result<bool, StoreError> {
    Ok(tx.exec(DROP_LINK, args![scope.workspace(), purpose.as_str(), id]).await? == 1)
}

const DROP_HOUSE_LINKS: &str = "DELETE FROM one_time_link WHERE workspace_id IS NULL AND purpose = $1";

/// Deletes the links of the instance itself: a new set-up link replaces the old one.
///
/// # Errors
/// When the database fails.
pub async fn drop_setup_links(tx: &mut Tx<'_>, purpose: Purpose) -> Result<(), StoreError> {
    tx.exec(DROP_HOUSE_LINKS, args![purpose.as_str()]).await?;
    Ok(())
}

const ATTEMPT: &str = "INSERT INTO attempt (bucket, count, window_start) VALUES ($1, 1, $2) ON CONFLICT (bucket) DO UPDATE SET \
     count = CASE WHEN attempt.window_start <= $3 THEN 1 ELSE attempt.count + 1 END, \
     window_start = CASE WHEN attempt.window_start <= $3 THEN $2 ELSE attempt.window_start END RETURNING count, window_start";

/// Counts an attempt in its bucket. Returns the number of attempts in the current window, and when that window began. All processes share
/// the buckets (S47).
///
/// # Errors
/// When the database fails.
pub async fn attempt(tx: &mut Tx<'_>, bucket: &str, window_ms: i64) -> Result<(i64, Timestamp), StoreError> {
    let now = tx.now();
    let row: (i64, i64) = tx.conn().one(ATTEMPT, args![bucket, now, now.plus(-window_ms)]).await?;
    Ok((row.0, Timestamp(row.1)))
}

const FORGIVE: &str = "DELETE FROM attempt WHERE bucket = $1";

/// Deletes a bucket's attempts after a success.
///
/// # Errors
/// When the database fails.
pub async fn forgive(tx: &mut Tx<'_>, bucket: &str) -> Result<(), StoreError> {
    tx.exec(FORGIVE, args![bucket]).await?;
    Ok(())
}
