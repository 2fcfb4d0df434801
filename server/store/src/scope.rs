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

/// Who acts. Each has permissions of its own; none of them may everything but [`Actor::System`], which is the server.
#[derive(Debug, Clone)]
enum Actor {
    Member(Box<Me>),
    /// A program of a member's, with some of their permissions.
    Token(Box<Me>, Vec<Permission>),
    /// An AI agent, in the one conversation that it answers.
    Agent(AgentId, ConversationId),
    /// A rule of the workspace's.
    Rule(&'static str),
    /// A person outside. The identity is unknown until their first message.
    Visitor(ChannelId, Option<IdentityId>),
    /// The server itself, and why.
    System(&'static str),
}

/// Which conversations an actor sees, as statements need it.
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

    /// For a program that a member lets in with some of their permissions. A permission that they lose, their programs lose.
    pub fn token(workspace: WorkspaceId, me: Me, granted: Vec<Permission>) -> Self {
        Self::of(workspace, Actor::Token(Box::new(me), granted))
    }

    /// For an AI agent that answers in a conversation. It sees no other.
    pub fn agent(workspace: WorkspaceId, agent: AgentId, conversation: ConversationId) -> Self {
        Self::of(workspace, Actor::Agent(agent, conversation))
    }

    /// For a rule of the workspace's; `name` is for the log.
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

    /// For what follows from a command whoever gave it, such as an automatic reply: they could not do it themselves.
    pub fn consequence(&self, reason: &'static str) -> Self {
        Self::system(self.workspace, reason)
    }

    /// The same for a person outside once it is known which one. Other actors stay as they are.
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

    /// The member's id as `$2` of statements about what is a member's own. Other actors' empty text matches no member.
    pub fn member_key(&self) -> String {
        self.me().map_or_else(String::new, |me| me.member.id.to_string())
    }

    /// `$2` of statements with [`visible`]: the id of whoever or whatever the reach is about.
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

    /// Refuses an actor that does not have what a command needs. The writer asks this before each command.
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

    /// Refuses an actor that has no list: it sees a single conversation, or those of one person outside, and is told which.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`](model::ApiError::Forbidden)
    pub fn may_list(&self) -> Result<()> {
        self.require(Permission::Read)?;
        if Reach::LISTED.contains(&self.reach()) { Ok(()) } else { Err(Error::FORBIDDEN) }
    }

    /// The rule of [`Access::sees`], to decide about what is already in hand. What a placement cannot decide is not seen.
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
