//! On whose behalf data is read or written. Every store function for a workspace takes a scope, so an id alone never gives access.

use std::sync::Arc;

use model::{
    Access, AgentId, ChannelId, ConversationId, IdentityId, Me, MemberId, Needs, Permission, Placement, Visibility,
    WorkspaceId,
};
use sqlx::AssertSqlSafe;

use super::conn::Engine;
use crate::error::{Error, Result};

/// A workspace, who acts in it, and what they may see and do. A session makes one for a member ([`super::session`]); every other actor has
/// a constructor here.
#[derive(Debug, Clone)]
pub struct Scope {
    workspace: WorkspaceId,
    actor: Actor,
    /// The network address of the request, for the audit log. Empty for the system.
    address: Arc<str>,
}

/// Who acts. Each kind has its own permissions. Only [`Actor::System`], the server itself, may do everything.
#[derive(Debug, Clone)]
enum Actor {
    Member(Box<Me>),
    /// A program of a member, with some of their permissions.
    Token(Box<Me>, Vec<Permission>),
    /// An AI agent, limited to the conversation that it answers.
    Agent(AgentId, ConversationId),
    /// An automation rule of the workspace.
    Rule(&'static str),
    /// A person outside the workspace. Their identity is unknown until their first message.
    Visitor(ChannelId, Option<IdentityId>),
    /// The server itself, with the reason.
    System(&'static str),
}

/// Which conversations an actor sees, in the form that statements need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All of the workspace.
    All,
    /// Those of a member's teams, and those assigned to them.
    Teams,
    /// Those assigned to a member.
    Mine,
    /// A single one.
    One,
    /// Those with one person outside.
    Own,
}

impl Reach {
    /// Every variant.
    pub const ALL: [Self; 5] = [Self::All, Self::Teams, Self::Mine, Self::One, Self::Own];
    /// Those that lists and searches are made for.
    pub const LISTED: [Self; 3] = [Self::All, Self::Teams, Self::Mine];
}

impl From<Visibility> for Reach {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::All => Self::All,
            Visibility::Teams => Self::Teams,
            Visibility::Mine => Self::Mine,
        }
    }
}

impl Scope {
    /// For a member whose session was found. Only the session store calls this.
    pub(super) fn member(workspace: WorkspaceId, me: Me) -> Self {
        Self::of(workspace, Actor::Member(Box::new(me)))
    }

    /// For a program of a member, with some of their permissions. When the member loses a permission, the program loses it too.
    pub fn token(workspace: WorkspaceId, me: Me, granted: Vec<Permission>) -> Self {
        Self::of(workspace, Actor::Token(Box::new(me), granted))
    }

    /// For an AI agent that answers in one conversation. It sees no other conversation.
    pub fn agent(workspace: WorkspaceId, agent: AgentId, conversation: ConversationId) -> Self {
        Self::of(workspace, Actor::Agent(agent, conversation))
    }

    /// For an automation rule. `name` is for the log.
    pub fn rule(workspace: WorkspaceId, name: &'static str) -> Self {
        Self::of(workspace, Actor::Rule(name))
    }

    /// For a person outside who writes on a channel.
    pub fn visitor(workspace: WorkspaceId, channel: ChannelId) -> Self {
        Self::of(workspace, Actor::Visitor(channel, None))
    }

    /// For work that no member asked for, such as jobs. `reason` names the work in the log.
    pub fn system(workspace: WorkspaceId, reason: &'static str) -> Self {
        Self::of(workspace, Actor::System(reason))
    }

    fn of(workspace: WorkspaceId, actor: Actor) -> Self {
        Self { workspace, actor, address: "".into() }
    }

    /// For what follows from an actor's command, such as an automatic reply. The actor could not do it directly.
    pub fn consequence(&self, reason: &'static str) -> Self {
        Self::system(self.workspace, reason)
    }

    /// The same scope with the identity of the person outside, once it is known. Other actors are unchanged.
    #[must_use]
    pub fn known_as(&self, identity: IdentityId) -> Self {
        match self.actor {
            Actor::Visitor(channel, _) => Self { actor: Actor::Visitor(channel, Some(identity)), ..self.clone() },
            _ => self.clone(),
        }
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

    /// The member who acts, or whose program acts.
    pub fn me(&self) -> Option<&Me> {
        match &self.actor {
            Actor::Member(me) | Actor::Token(me, _) => Some(me),
            Actor::Agent(..) | Actor::Rule(_) | Actor::Visitor(..) | Actor::System(_) => None,
        }
    }

    /// The member who acts, or a refusal.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`](model::ApiError::Forbidden) for the system: this action needs a person.
    pub fn person(&self) -> Result<&Me> {
        self.me().ok_or(Error::FORBIDDEN)
    }

    /// `$2` of statements about a member's own data (read markers, drafts). For other actors it is empty, which matches no member.
    pub fn member_key(&self) -> String {
        self.me().map_or_else(String::new, |me| me.member.id.to_string())
    }

    /// `$2` of statements with `visible`: the id of the member, conversation or identity that the reach refers to.
    pub fn reach_key(&self) -> String {
        match &self.actor {
            Actor::Agent(_, conversation) => conversation.to_string(),
            Actor::Visitor(_, identity) => identity.map(|id| id.to_string()).unwrap_or_default(),
            _ => self.member_key(),
        }
    }

    /// Who acts, for the log: an id, or the reason of the system.
    pub fn who(&self) -> String {
        match &self.actor {
            Actor::Member(me) | Actor::Token(me, _) => me.member.id.to_string(),
            Actor::Agent(agent, _) => agent.to_string(),
            Actor::Visitor(..) => "visitor".to_owned(),
            Actor::Rule(reason) | Actor::System(reason) => (*reason).to_owned(),
        }
    }

    /// Whether the actor has a permission.
    pub fn may(&self, permission: Permission) -> bool {
        match &self.actor {
            Actor::Member(me) => me.may(permission),
            Actor::Token(me, granted) => granted.contains(&permission) && me.may(permission),
            Actor::Agent(..) | Actor::Rule(_) => matches!(permission, Permission::Read | Permission::Converse),
            Actor::Visitor(..) => false,
            Actor::System(_) => true,
        }
    }

    /// Refuses an actor without this permission.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`](model::ApiError::Forbidden)
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(Error::FORBIDDEN) }
    }

    /// Refuses an actor that lacks what a command needs. The writer checks this before each command.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`](model::ApiError::Forbidden)
    pub fn has(&self, needs: Needs) -> Result<()> {
        let is_system = matches!(self.actor, Actor::System(_));
        let has = match needs {
            Needs::Nothing => true,
            Needs::SignedIn => matches!(self.actor, Actor::Member(_)),
            Needs::May(permission) => self.may(permission),
            Needs::Outside => is_system || matches!(self.actor, Actor::Visitor(..)),
            Needs::System => is_system,
        };
        if has { Ok(()) } else { Err(Error::FORBIDDEN) }
    }

    /// Which conversations the actor sees.
    pub fn reach(&self) -> Reach {
        match &self.actor {
            Actor::Member(me) | Actor::Token(me, _) => me.access.visibility.into(),
            Actor::Agent(..) => Reach::One,
            Actor::Visitor(..) => Reach::Own,
            Actor::Rule(_) | Actor::System(_) => Reach::All,
        }
    }

    /// Refuses an actor without lists: agents see one conversation, and people outside only their own.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`](model::ApiError::Forbidden)
    pub fn may_list(&self) -> Result<()> {
        self.require(Permission::Read)?;
        if Reach::LISTED.contains(&self.reach()) { Ok(()) } else { Err(Error::FORBIDDEN) }
    }

    /// The rule of [`Access::sees`] for data that is already loaded. If a placement cannot decide it, the answer is no.
    pub fn sees(&self, of: &Placement) -> bool {
        match (self.me(), self.reach()) {
            (Some(me), _) => me.access.sees(of),
            (None, reach) => reach == Reach::All,
        }
    }

    /// The member's access and id, which filter the live stream.
    pub fn access(&self) -> Option<(&Access, MemberId)> {
        self.me().map(|me| (&me.access, me.member.id))
    }
}

/// The rule of [`Access::sees`] as SQL over the conversation alias `c`. `$1` is the workspace, `$2` is [`Scope::reach_key`].
/// The SQL contains only our own text, never a user's.
pub const fn visible(reach: Reach) -> &'static str {
    match reach {
        // Names $2 so that every variant has the same values.
        Reach::All => " AND CAST($2 AS TEXT) IS NOT NULL",
        Reach::Mine => " AND c.assignee_id = $2",
        Reach::Teams => {
            " AND (c.assignee_id = $2 \
             OR c.team_id IN (SELECT tm.team_id FROM team_member tm WHERE tm.workspace_id = $1 AND tm.member_id = $2) \
             OR c.channel_id IN (SELECT tc.channel_id FROM team_channel tc JOIN team_member tm \
             ON tm.workspace_id = tc.workspace_id AND tm.team_id = tc.team_id WHERE tm.workspace_id = $1 AND tm.member_id = $2))"
        }
        Reach::One => " AND c.id = $2",
        Reach::Own => " AND c.identity_id = $2",
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
