//! On whose behalf data is read or written. Every store function for a workspace takes a scope, so an id alone never gives access.

use std::sync::Arc;

use model::{Access, ApiError, Me, MemberId, Permission, Visibility, WorkspaceId};
use sqlx::AssertSqlSafe;

use super::conn::Engine;
use crate::error::{Error, Result};

/// A workspace, who acts in it, and what they may see and do. Only a session ([`super::session`]) or [`Scope::system`] makes one.
#[derive(Debug, Clone)]
pub struct Scope {
    workspace: WorkspaceId,
    actor: Actor,
    /// The network address of the request, for the audit log. Empty for the system.
    address: Arc<str>,
}

#[derive(Debug, Clone)]
enum Actor {
    Member(Box<Me>),
    System(&'static str),
}

impl Scope {
    /// For a member whose session was found. Only the session store calls this.
    pub(super) fn member(workspace: WorkspaceId, me: Me) -> Self {
        Self { workspace, actor: Actor::Member(Box::new(me)), address: "".into() }
    }

    /// For work that no member asked for, such as jobs and inbound messages. `reason` names the work in the log.
    pub fn system(workspace: WorkspaceId, reason: &'static str) -> Self {
        Self { workspace, actor: Actor::System(reason), address: "".into() }
    }

    /// The same scope, with the network address of the request.
    #[must_use]
    pub fn asking_from(self, address: &str) -> Self {
        Self { address: address.into(), ..self }
    }

    /// The network address of the request. Empty if unknown, and for the system.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The workspace, which is the tenant.
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The member who acts. None for the system.
    pub fn me(&self) -> Option<&Me> {
        match &self.actor {
            Actor::Member(me) => Some(me),
            Actor::System(_) => None,
        }
    }

    /// The member who acts, or a refusal.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`] for the system: this action needs a person.
    pub fn person(&self) -> Result<&Me> {
        self.me().ok_or(Error::FORBIDDEN)
    }

    /// The member's id as `$2` of scoped statements. The system's empty text matches no member.
    pub fn member_key(&self) -> String {
        self.me().map_or_else(String::new, |me| me.member.id.to_string())
    }

    /// Who acts, for the log: a member's id, or the reason of the system.
    pub fn who(&self) -> String {
        match &self.actor {
            Actor::Member(me) => me.member.id.to_string(),
            Actor::System(reason) => (*reason).to_owned(),
        }
    }

    /// Refuses a member without this permission. The system may do everything.
    pub fn require(&self, permission: Permission) -> Result<()> {
        match &self.actor {
            Actor::System(_) => Ok(()),
            Actor::Member(me) if me.may(permission) => Ok(()),
            Actor::Member(_) => Err(Error::Refused(ApiError::Forbidden)),
        }
    }

    /// Which conversations the actor sees.
    pub fn visibility(&self) -> Visibility {
        self.me().map_or(Visibility::All, |me| me.access.visibility)
    }

    /// The rule of [`Access::sees`], to decide about what is already in hand.
    pub fn sees(&self, of: &model::Placement) -> bool {
        self.me().is_none_or(|me| me.access.sees(of))
    }

    /// The member's access and id, which filter the live stream. None for the system, which sees everything.
    pub fn access(&self) -> Option<(&Access, MemberId)> {
        self.me().map(|me| (&me.access, me.member.id))
    }
}

/// The rule of [`Access::sees`] as SQL over the conversation alias `c`. `$1` is the workspace, `$2` the member.
/// The SQL contains only our own text, never a user's.
pub const fn visible(visibility: Visibility) -> &'static str {
    match visibility {
        // Names $2 so that every variant has the same values.
        Visibility::All => " AND CAST($2 AS TEXT) IS NOT NULL",
        Visibility::Mine => " AND c.assignee_id = $2",
        Visibility::Teams => {
            " AND (c.assignee_id = $2 \
             OR c.team_id IN (SELECT tm.team_id FROM team_member tm WHERE tm.workspace_id = $1 AND tm.member_id = $2) \
             OR c.channel_id IN (SELECT tc.channel_id FROM team_channel tc JOIN team_member tm \
             ON tm.workspace_id = tc.workspace_id AND tm.team_id = tc.team_id WHERE tm.workspace_id = $1 AND tm.member_id = $2))"
        }
    }
}

/// The condition that a column is one of a JSON array of words, bound as `value`.
pub(super) fn among(engine: Engine, value: &str) -> String {
    match engine {
        Engine::Sqlite => format!("IN (SELECT value FROM json_each({value}))"),
        Engine::Postgres => format!("= ANY (ARRAY(SELECT json_array_elements_text(CAST({value} AS JSON))))"),
    }
}

/// A statement put together from our own fragments. No value from outside ever reaches it: those are bound.
pub fn ours(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}
