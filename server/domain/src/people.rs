//! Members, teams, channels and the chat bubble.

use async_trait::async_trait;
use model::{
    ApiError, AuditEvent, Channel, ChannelId, EventBody, JobId, Keys, Member, MemberId, Needs, Permission, Role, Team,
    TeamId, Visibility, Workspace,
};
use serde_json::json;
use store::{
    Command, Scope, Tx,
    error::{Error, Result},
    job, session, workspace,
};

use super::{audit_log::note, check_line, check_name, check_text};

/// Turns my own chat bubble on (green) or off (grey) (H6).
#[derive(Debug, Clone, Copy)]
pub struct SetChat(pub bool);

#[async_trait]
impl Command for SetChat {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let mut member = workspace::member(tx.conn(), &scope, scope.person()?.member.id).await?;
        if member.chat_on == self.0 {
            return Ok(());
        }
        member.chat_on = self.0;
        workspace::save_member(tx, &scope, &member).await?;
        tx.emit(scope.workspace(), EventBody::Member(Box::new(member)));
        keep_bubble(tx, &scope).await
    }
}

/// Sets whether others are told nothing of where I am (T12). It takes effect when I next say where that is, a few seconds later.
#[derive(Debug, Clone, Copy)]
pub struct HideMe(pub bool);

#[async_trait]
impl Command for HideMe {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.id;
        Ok(workspace::hide_member(tx, &scope, me, self.0).await?)
    }
}

/// Sets the keys that the member wants instead of the usual ones (L6).
#[derive(Debug, Clone)]
pub struct SetKeys(
    /// As [`Keys`] writes them; empty for the usual ones.
    pub String,
);

#[async_trait]
impl Command for SetKeys {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.id;
        Ok(workspace::set_keys(tx, &scope, me, &Keys::parse(&self.0)?).await?)
    }
}

/// Records when chat goes off or on for the workspace (H6).
pub(super) async fn keep_bubble(tx: &mut Tx<'_>, scope: &Scope) -> Result<()> {
    let record = workspace::load(tx.conn(), scope).await?;
    let members = workspace::members(tx.conn(), scope).await?;
    let open = record.workspace.chat_enabled && members.iter().any(|m| m.chat_on && !m.disabled);
    match (open, record.chat_off_since) {
        (true, Some(_)) => workspace::set_chat_off_since(tx, scope, None).await?,
        (false, None) => {
            let now = tx.now();
            workspace::set_chat_off_since(tx, scope, Some(now)).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Adds a member with a password. Only an owner, or the command line, makes an owner (S26).
#[derive(Debug, Clone)]
pub struct AddMember {
    /// The member.
    pub member: Member,
    /// The hash of their password.
    pub password_hash: String,
}

#[async_trait]
impl Command for AddMember {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let member = &self.member;
        if scope.me().is_some_and(|me| !me.member.role.may_grant(member.role)) {
            return Err(Error::FORBIDDEN);
        }
        check_name("name", &member.name, "Enter their name.")?;
        workspace::add_member(tx, scope.workspace(), member).await.map_err(|error| {
            match error.is_unique_violation() {
                true => ApiError::invalid("email", "Somebody already signs in with this e-mail address.").into(),
                false => Error::from(error),
            }
        })?;
        session::set_password(tx, scope.workspace(), member.id, &self.password_hash).await?;
        let body = json!({ "member": member.id, "name": member.name, "role": member.role });
        note(tx, &scope, AuditEvent::MemberAdded, body).await?;
        tx.emit(scope.workspace(), EventBody::Member(Box::new(member.clone())));
        keep_bubble(tx, &scope).await
    }
}

/// Changes a member's role and visibility, or disables them.
#[derive(Debug, Clone, Copy)]
pub struct EditMember {
    /// The member.
    pub id: MemberId,
    /// Their role.
    pub role: Role,
    /// Which conversations they see.
    pub visibility: Visibility,
    /// Whether they are disabled and cannot sign in.
    pub disabled: bool,
}

#[async_trait]
impl Command for EditMember {
    type Output = Member;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Member> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.clone();
        let members = workspace::members(tx.conn(), &scope).await?;
        let mut member = members.iter().find(|m| m.id == self.id).cloned().ok_or(Error::NOT_FOUND)?;
        // Only an owner makes, changes or removes an owner; nobody changes their own role (S26).
        if !me.role.may_grant(member.role) || !me.role.may_grant(self.role) {
            return Err(Error::FORBIDDEN);
        }
        if member.id == me.id && (member.role != self.role || self.disabled) {
            return Err(ApiError::invalid("role", "Ask another admin to change your own role.").into());
        }
        let stays_owner = self.role == Role::Owner && !self.disabled;
        let others = members.iter().any(|m| m.id != self.id && m.role == Role::Owner && !m.disabled);
        if member.role == Role::Owner && !stays_owner && !others {
            return Err(ApiError::invalid("role", "A workspace needs an owner. Make somebody else owner first.").into());
        }
        let rights_change = (member.role, member.disabled) != (self.role, self.disabled);
        (member.role, member.visibility, member.disabled) = (self.role, self.visibility, self.disabled);
        // A member who may not answer has no bubble (H6).
        member.chat_on &= member.role.may(Permission::Converse, &[]);
        workspace::save_member(tx, &scope, &member).await?;
        if self.disabled {
            session::end_all(tx, &scope, member.id, None).await?;
        }
        // A link depends on the rights of the member who made it (S58).
        if rights_change {
            session::drop_links_of(tx, &scope, member.id).await?;
        }
        let Member { id, name, role, visibility, disabled, .. } = &member;
        let body = json!({ "member": id, "name": name, "role": role, "visibility": visibility, "disabled": disabled });
        note(tx, &scope, AuditEvent::MemberChanged, body).await?;
        tx.emit(scope.workspace(), EventBody::Member(Box::new(member.clone())));
        tx.emit(scope.workspace(), EventBody::Access { member: member.id });
        keep_bubble(tx, &scope).await?;
        Ok(member)
    }
}

/// Adds a team.
#[derive(Debug, Clone)]
pub struct AddTeam {
    /// Made by the client.
    pub id: TeamId,
    /// Its name.
    pub name: String,
}

#[async_trait]
impl Command for AddTeam {
    type Output = Team;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Team> {
        let scope = tx.scope()?;
        let name = check_name("name", &self.name, "Give the team a name.")?;
        let team = Team { id: self.id, name, channels: Vec::new() };
        if let Some(known) = workspace::teams(tx.conn(), &scope).await?.into_iter().find(|t| t.id == self.id) {
            return Ok(known);
        }
        workspace::add_team(tx, &scope, &team).await?;
        note(tx, &scope, AuditEvent::TeamAdded, json!({ "team": team.id, "name": team.name })).await?;
        tx.emit(scope.workspace(), EventBody::Team(team.clone()));
        Ok(team)
    }
}

/// Adds a member to a team, or removes them.
#[derive(Debug, Clone, Copy)]
pub struct SetInTeam {
    /// The member.
    pub member: MemberId,
    /// The team.
    pub team: TeamId,
    /// True adds, false removes.
    pub inside: bool,
}

#[async_trait]
impl Command for SetInTeam {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let teams = workspace::teams(tx.conn(), &scope).await?;
        let team = teams.iter().find(|t| t.id == self.team).ok_or(Error::NOT_FOUND)?;
        workspace::member(tx.conn(), &scope, self.member).await?;
        workspace::set_in_team(tx, &scope, self.member, self.team, self.inside).await?;
        let member = workspace::member(tx.conn(), &scope, self.member).await?;
        let body = json!({ "member": member.id, "name": member.name, "team": team.name, "inside": self.inside });
        note(tx, &scope, AuditEvent::TeamMember, body).await?;
        tx.emit(scope.workspace(), EventBody::Member(Box::new(member)));
        tx.emit(scope.workspace(), EventBody::Access { member: self.member });
        Ok(())
    }
}

/// Sets the channels that a team looks after.
#[derive(Debug, Clone)]
pub struct SetTeamChannels {
    /// The team.
    pub team: TeamId,
    /// The channels.
    pub channels: Vec<ChannelId>,
}

#[async_trait]
impl Command for SetTeamChannels {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let mut team = workspace::teams(tx.conn(), &scope)
            .await?
            .into_iter()
            .find(|t| t.id == self.team)
            .ok_or(Error::NOT_FOUND)?;
        let known = workspace::channels(tx.conn(), &scope).await?;
        if !self.channels.iter().all(|id| known.iter().any(|c| c.id == *id)) {
            return Err(Error::NOT_FOUND);
        }
        workspace::set_team_channels(tx, &scope, self.team, &self.channels).await?;
        team.channels.clone_from(&self.channels);
        team.channels.sort_unstable();
        team.channels.dedup();
        let names: Vec<&str> =
            known.iter().filter(|c| team.channels.contains(&c.id)).map(|c| c.name.as_str()).collect();
        let body = json!({ "team": team.name, "channels": names, "ids": team.channels });
        note(tx, &scope, AuditEvent::TeamChannels, body).await?;
        tx.emit(scope.workspace(), EventBody::Team(team));
        // Its members now see other conversations, so their streams start again.
        for member in workspace::members(tx.conn(), &scope).await? {
            if member.teams.contains(&self.team) {
                tx.emit(scope.workspace(), EventBody::Access { member: member.id });
            }
        }
        Ok(())
    }
}

/// Changes a channel's settings.
#[derive(Debug, Clone)]
pub struct EditChannel {
    /// The channel.
    pub id: ChannelId,
    /// Its name for members.
    pub name: String,
    /// The widget's text before the first message.
    pub greeting: String,
    /// The text of the automatic reply. Empty sends none.
    pub auto_reply: String,
    /// The sites that may embed the widget. Empty allows all.
    pub origins: Vec<String>,
}

#[async_trait]
impl Command for EditChannel {
    type Output = Channel;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Channel> {
        let scope = tx.scope()?;
        let mut channel = workspace::channel(tx.conn(), &scope, self.id).await?;
        let before = channel.clone();
        channel.name = check_name("name", &self.name, "Give the channel a name.")?;
        channel.greeting = check_line("greeting", &self.greeting)?;
        channel.auto_reply = check_text("auto_reply", &self.auto_reply)?;
        channel.origins = self.origins.iter().map(|origin| check_origin(origin)).collect::<Result<_>>()?;
        workspace::save_channel(tx, &scope, &channel).await?;
        let changed = |name, same: bool| (!same).then_some(name);
        let changed = [
            changed("name", channel.name == before.name),
            changed("greeting", channel.greeting == before.greeting),
            changed("auto-reply", channel.auto_reply == before.auto_reply),
            changed("sites", channel.origins == before.origins),
        ];
        let changed: Vec<&str> = changed.into_iter().flatten().collect();
        let Channel { id, name, origins, .. } = &channel;
        let body = json!({ "channel": id, "name": name, "before": before.name, "sites": origins, "changed": changed });
        note(tx, &scope, AuditEvent::ChannelEdited, body).await?;
        tx.emit(scope.workspace(), EventBody::Channel(Box::new(channel.clone())));
        Ok(channel)
    }
}

/// Checks an origin for a Content-Security-Policy: scheme, host, optional port, and no character that would end the directive.
fn check_origin(origin: &str) -> Result<String> {
    let origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).unwrap_or_default();
    let fits =
        !host.is_empty() && host.len() <= 253 && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    if fits {
        Ok(origin)
    } else {
        Err(ApiError::invalid("origins", "Write sites like https://www.example.com, one per line.").into())
    }
}

/// Changes the workspace's settings.
#[derive(Debug, Clone)]
pub struct EditWorkspace {
    /// Its name.
    pub name: String,
    /// Whether chat can be on at all.
    pub chat_enabled: bool,
    /// Whether replying sets a conversation to pending.
    pub pending_after_reply: bool,
    /// Whether visitors of the web chat are told that a member writes to them.
    pub shows_typing: bool,
}

#[async_trait]
impl Command for EditWorkspace {
    type Output = Workspace;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Workspace> {
        let scope = tx.scope()?;
        let mut workspace = workspace::load(tx.conn(), &scope).await?.workspace;
        let before = std::mem::take(&mut workspace.name);
        workspace.name = check_name("name", &self.name, "Give the workspace a name.")?;
        (workspace.chat_enabled, workspace.pending_after_reply) = (self.chat_enabled, self.pending_after_reply);
        workspace.shows_typing = self.shows_typing;
        workspace::save(tx, &workspace).await?;
        let Workspace { name, chat_enabled, pending_after_reply, shows_typing, .. } = &workspace;
        let body = json!({
            "name": name, "before": before, "chat": chat_enabled, "pending after reply": pending_after_reply,
            "shows typing": shows_typing,
        });
        note(tx, &scope, AuditEvent::WorkspaceEdited, body).await?;
        tx.emit(scope.workspace(), EventBody::Workspace(workspace.clone()));
        keep_bubble(tx, &scope).await?;
        Ok(workspace)
    }
}

/// Retries a job that was given up (Settings → Health and jobs).
#[derive(Debug, Clone, Copy)]
pub struct ReviveJob(pub JobId);

#[async_trait]
impl Command for ReviveJob {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        if !job::revive(tx, scope.workspace(), self.0).await? {
            return Err(Error::NOT_FOUND);
        }
        note(tx, &scope, AuditEvent::JobRevived, json!({ "job": self.0 })).await
    }
}
