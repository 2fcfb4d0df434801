//! People, teams, channels, the workspace, the system.

use app::api::settings::{ChannelEdit, DeadJob, InviteInfo, NewInvite, SettingsPort, SystemStatus, WorkspaceEdit};
use async_trait::async_trait;
use domain::{
    audit_log,
    people::{AddTeam, EditChannel, EditMember, EditWorkspace, ReviveJob, SetChat, SetInTeam, SetTeamChannels},
    sessions::{Invitation, Invite, RevokeInvite},
};
use model::{
    ApiError, AuditEvent, AuditPage, Channel, ChannelId, InviteId, JobId, Member, MemberId, Permission, Role, Team,
    TeamId, Visibility, Workspace,
};
use store::{
    Engine,
    clock::{new_id, new_secret, secret_hash},
    job,
    session::{self, Purpose},
};

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl SettingsPort for MemberPort {
    async fn set_chat(&self, on: bool) -> Answer<()> {
        self.write(SetChat(on)).await
    }

    async fn invite(&self, new: NewInvite) -> Answer<InviteInfo> {
        let (id, secret) = (InviteId::new(new_id()), new_secret());
        let NewInvite { role, visibility, note } = new;
        let invitation = Invitation { role, visibility, note: note.clone() };
        self.write(Invite { id, token_hash: secret_hash(&secret), invitation }).await?;
        let origin = self.http.public_url().unwrap_or_default();
        Ok(InviteInfo { id, role, visibility, note, link: Some(format!("{origin}/invite?token={secret}")) })
    }

    async fn invites(&self) -> Answer<Vec<InviteInfo>> {
        let scope = &self.signed.session.scope;
        scope.require(Permission::Administer).for_client()?;
        let listed = async {
            let mut snapshot = self.http.db.snapshot().await?;
            Ok(session::links(&mut snapshot.conn(), scope, Purpose::Invite, self.http.db.clock().now()).await?)
        };
        let links = listed.await.for_client()?.into_iter();
        Ok(links
            .filter_map(|link| {
                let invitation: Invitation = serde_json::from_str(&link.body).ok()?;
                let Invitation { role, visibility, note } = invitation;
                Some(InviteInfo { id: link.id.parse().ok()?, role, visibility, note, link: None })
            })
            .collect())
    }

    async fn revoke_invite(&self, id: InviteId) -> Answer<()> {
        self.write(RevokeInvite(id)).await
    }

    async fn edit_member(&self, id: MemberId, role: Role, visibility: Visibility, disabled: bool) -> Answer<Member> {
        let edited = self.write(EditMember { id, role, visibility, disabled }).await;
        if matches!(edited, Err(ApiError::Invalid { .. })) {
            self.note_refusal(AuditEvent::Refused, "edit_member").await;
        }
        edited
    }

    async fn add_team(&self, id: TeamId, name: String) -> Answer<Team> {
        self.write(AddTeam { id, name }).await
    }

    async fn set_in_team(&self, member: MemberId, team: TeamId, inside: bool) -> Answer<()> {
        self.write(SetInTeam { member, team, inside }).await
    }

    async fn set_team_channels(&self, team: TeamId, channels: Vec<ChannelId>) -> Answer<()> {
        self.write(SetTeamChannels { team, channels }).await
    }

    async fn edit_channel(&self, edit: ChannelEdit) -> Answer<Channel> {
        let ChannelEdit { id, name, greeting, auto_reply, origins } = edit;
        self.write(EditChannel { id, name, greeting, auto_reply, origins }).await
    }

    async fn edit_workspace(&self, edit: WorkspaceEdit) -> Answer<Workspace> {
        let WorkspaceEdit { name, chat_enabled, pending_after_reply, shows_typing } = edit;
        self.write(EditWorkspace { name, chat_enabled, pending_after_reply, shows_typing }).await
    }

    async fn audit_log(&self, before: Option<i64>) -> Answer<AuditPage> {
        audit_log::page(&self.http.db, self.scope(), before).await.for_client()
    }

    async fn support_address(&self) -> Answer<Option<String>> {
        self.signed.session.scope.require(Permission::Read).for_client()?;
        Ok(self.http.support().map(str::to_owned))
    }

    async fn load_system_status(&self) -> Answer<SystemStatus> {
        let scope = &self.signed.session.scope;
        scope.require(Permission::Administer).for_client()?;
        let read = async {
            let mut snapshot = self.http.db.snapshot().await?;
            let conn = &mut snapshot.conn();
            Ok((job::backlog(conn, scope.workspace(), "waiting").await?, job::dead(conn, scope.workspace()).await?))
        };
        let (waiting, dead) = read.await.for_client()?;
        let dead = dead.into_iter();
        let database = match self.http.db.engine() {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        };
        Ok(SystemStatus {
            storage: self.http.storage.now(),
            spaces: self.http.storage.spaces(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            database: database.to_owned(),
            waiting,
            dead: dead
                .map(|job| DeadJob {
                    id: job.id,
                    kind: job.kind,
                    attempts: job.attempts,
                    error: job.last_error,
                    at: job.run_at,
                })
                .collect(),
        })
    }

    async fn revive_job(&self, id: JobId) -> Answer<()> {
        self.write(ReviveJob(id)).await
    }
}
