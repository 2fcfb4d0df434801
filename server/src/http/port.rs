//! The [`Port`] of one signed-in member. It turns server functions into reads and commands in the member's scope.

use std::sync::Arc;

use app::api::{
    account::SessionInfo,
    conversation::{Beginning, NewMessage},
    email::{FoundMailbox, MailboxCheck, MailboxStatus, NewMailbox},
    port::Port,
    settings::{ChannelEdit, DeadJob, InviteInfo, NewInvite, SystemStatus, WorkspaceEdit},
};
use async_trait::async_trait;
use domain::{
    act::{ActOnMany, ChangeState},
    audit_log::{self, NoteRefusal},
    contacts::{EditContact, MakeContact},
    inbox::{self, MarkRead, SaveDraft},
    mail::{Backfill, BeginMail, PauseChannel},
    people::{AddTeam, EditChannel, EditMember, EditWorkspace, ReviveJob, SetChat, SetInTeam, SetTeamChannels},
    send::{CancelMessage, SendMessage, SendNow},
    sessions::{ChangePassword, EndSession, Invitation, Invite, RevokeInvite},
};
use model::{
    Act, ApiError, AuditEvent, AuditPage, Bootstrap, Channel, ChannelId, Contact, ContactField, ContactId,
    ConversationId, ConversationRow, Cursor, Draft, Filter, InboxPage, InviteId, JobId, MailId, Member, MemberId,
    Message, MessageId, Permission, Role, Seen, SessionId, Team, TeamId, Thread, Visibility, Workspace,
};
use store::{
    Command, Engine, Scope,
    clock::{new_id, new_secret, secret_hash},
    error::{Error, Result},
    job,
    session::{self, Purpose},
    workspace,
};

use super::{mailbox, session::Signed, state::Http};
use crate::auth::{Account, Known};

type Answer<T> = Result<T, ApiError>;

/// A member's port.
pub struct MemberPort {
    http: Http,
    signed: Signed,
    known: Known,
}

impl MemberPort {
    /// The port of a signed-in member, with the accounts that their browser is known for.
    pub fn of(http: Http, signed: Signed, known: Known) -> Arc<dyn Port> {
        Arc::new(Self { http, signed, known })
    }

    const fn scope(&self) -> &Scope {
        &self.signed.session.scope
    }

    async fn write<C: Command>(&self, command: C) -> Answer<C::Output> {
        self.http.db.write(&self.signed.session.scope, command).await.map_err(Error::into_api)
    }

    /// Refuses a text that another member wrote, in a tab that was left open when they signed out. For that text nobody is signed in.
    fn wrote(&self, by: Option<MemberId>) -> Answer<()> {
        let me = self.scope().person().for_client()?.member.id;
        if by.is_none_or(|by| by == me) { Ok(()) } else { Err(ApiError::Unauthenticated) }
    }

    /// Logs a refusal other than an invalid form. (Refusals by role are logged for every request elsewhere.)
    async fn note_refusal(&self, what: AuditEvent, asked: &str) {
        let asked = asked.to_owned();
        super::session::note_refusal(&self.http, &self.signed, NoteRefusal { what, asked }).await;
    }
}

/// Converts errors for the client.
trait ForClient<T> {
    fn for_client(self) -> Answer<T>;
}
impl<T> ForClient<T> for Result<T> {
    fn for_client(self) -> Answer<T> {
        self.map_err(Error::into_api)
    }
}

#[async_trait]
impl Port for MemberPort {
    async fn bootstrap(&self) -> Answer<Bootstrap> {
        inbox::bootstrap(&self.http.db, &self.signed.session.scope).await.for_client()
    }

    async fn inbox_page(&self, filter: Filter, after: Option<Cursor>) -> Answer<InboxPage> {
        // The first page paints at once; the following ones are fetched ahead of the scrolling.
        let limit = if after.is_some() { inbox::PAGE } else { inbox::PAGE / 4 };
        inbox::page(&self.http.db, &self.signed.session.scope, filter, after, limit).await.for_client()
    }

    async fn thread(&self, id: ConversationId) -> Answer<Thread> {
        inbox::thread(&self.http.db, &self.signed.session.scope, id).await.for_client()
    }

    async fn older(&self, id: ConversationId, before: i64) -> Answer<(Vec<Message>, bool)> {
        inbox::older(&self.http.db, &self.signed.session.scope, id, before).await.for_client()
    }

    async fn send_message(&self, new: NewMessage) -> Answer<Message> {
        let NewMessage { id, conversation, mode, text, attachments, mail, seen, by, begin } = new;
        self.wrote(by)?;
        let send = SendMessage { id, conversation, mode, text, attachments, mail, seen };
        match begin {
            None => self.write(send).await,
            Some(Beginning { channel, contact }) => self.write(BeginMail { channel, contact, send }).await,
        }
    }

    async fn cancel_message(&self, id: MessageId) -> Answer<Message> {
        self.write(CancelMessage(id)).await
    }

    async fn send_now(&self, id: MessageId) -> Answer<Message> {
        self.write(SendNow(id)).await
    }

    async fn change_state(&self, conversation: ConversationId, seen: Seen, act: Act) -> Answer<ConversationRow> {
        self.write(ChangeState { conversation, seen, act }).await
    }

    async fn act_on_many(&self, conversations: Vec<ConversationId>, act: Act) -> Answer<usize> {
        self.write(ActOnMany { conversations, act }).await
    }

    async fn mark_read(&self, conversation: ConversationId, read_count: i64) -> Answer<()> {
        self.write(MarkRead { conversation, read_count }).await
    }

    async fn save_draft(&self, conversation: ConversationId, draft: Draft, by: Option<MemberId>) -> Answer<()> {
        self.wrote(by)?;
        self.write(SaveDraft { conversation, draft }).await
    }

    async fn edit_contact(&self, id: ContactId, field: ContactField, value: String, seen: i64) -> Answer<Contact> {
        self.write(EditContact { id, field, value, seen }).await
    }

    async fn make_contact(
        &self,
        conversation: ConversationId,
        id: ContactId,
        field: ContactField,
        value: String,
    ) -> Answer<Contact> {
        self.write(MakeContact { conversation, id, field, value }).await
    }

    async fn sign_out(&self) -> Answer<String> {
        self.write(EndSession(self.signed.session.id)).await?;
        Ok(self.http.cookies().clear())
    }

    async fn sessions(&self) -> Answer<Vec<SessionInfo>> {
        let listed = async {
            let mut snapshot = self.http.db.snapshot().await?;
            Ok(session::list(&mut snapshot.conn(), &self.signed.session.scope, self.http.db.clock().now()).await?)
        };
        let this = self.signed.session.id;
        let sessions = listed.await.for_client()?.into_iter();
        Ok(sessions
            .map(|(id, user_agent, began, seen)| SessionInfo { id, user_agent, began, seen, this: id == this })
            .collect())
    }

    async fn end_session(&self, id: SessionId) -> Answer<()> {
        self.write(EndSession(id)).await
    }

    async fn change_password(&self, old: String, new: String) -> Answer<Vec<String>> {
        let scope = &self.signed.session.scope;
        let bucket = format!("password:{}", scope.who());
        super::door::allow(&self.http, vec![(bucket, 10)]).await.for_client()?;
        let known = async {
            let mut snapshot = self.http.db.snapshot().await?;
            let conn = &mut snapshot.conn();
            Ok((session::password(conn, scope).await?, workspace::load(conn, scope).await?.workspace.name))
        };
        let (hash, name_of_workspace) = known.await.for_client()?;
        if !self.http.passwords.verify(&old, hash).await.for_client()? {
            self.note_refusal(AuditEvent::PasswordRefused, "change_password").await;
            return Err(ApiError::invalid("old", "This is not your present password."));
        }
        let me = &scope.person().for_client()?.member;
        let hash =
            self.http.passwords.hash(&new, &[&name_of_workspace, &me.name, &me.email]).await.for_client().map_err(
                |error| match error {
                    ApiError::Invalid { message, .. } => ApiError::invalid("new", message),
                    other => other,
                },
            )?;
        let secret = new_secret();
        let token_hash = secret_hash(&secret);
        let (cookies, now) = (self.http.cookies(), self.http.db.clock().now());
        // A known browser is tied to the password. This one stays known with the new password (S54).
        let account = Account { key: &workspace::email_key(&me.email), password_hash: &hash };
        let known = self.known.renewed(&self.http.vault, cookies, account, now);
        self.write(ChangePassword { hash, keep: self.signed.session.id, token_hash }).await?;
        Ok(vec![cookies.set(&secret), known])
    }

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
        let WorkspaceEdit { name, chat_enabled, pending_after_reply } = edit;
        self.write(EditWorkspace { name, chat_enabled, pending_after_reply }).await
    }

    async fn system_status(&self) -> Answer<SystemStatus> {
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

    async fn audit_log(&self, before: Option<i64>) -> Answer<AuditPage> {
        audit_log::page(&self.http.db, self.scope(), before).await.for_client()
    }

    async fn revive_job(&self, id: JobId) -> Answer<()> {
        self.write(ReviveJob(id)).await
    }

    async fn find_mailbox(&self, address: String) -> Answer<FoundMailbox> {
        mailbox::find(&self.http, self.scope(), &address).await.for_client()
    }

    async fn check_mailbox(&self, new: NewMailbox) -> Answer<MailboxCheck> {
        mailbox::check(&self.http, self.scope(), &new).await.for_client()
    }

    async fn connect_mailbox(&self, new: NewMailbox) -> Answer<Channel> {
        mailbox::connect(&self.http, self.scope(), new).await.for_client()
    }

    async fn mailbox_status(&self, id: ChannelId) -> Answer<MailboxStatus> {
        mailbox::status(&self.http, self.scope(), id).await.for_client()
    }

    async fn pause_channel(&self, id: ChannelId, paused: bool) -> Answer<()> {
        self.write(PauseChannel { id, paused }).await
    }

    async fn backfill(&self, id: ChannelId, days: u32) -> Answer<()> {
        // Numbers that reach back beyond 1970 all mean the whole mailbox.
        let since = self.http.db.clock().now().plus(-i64::from(days) * 24 * 3_600_000).max(model::Timestamp(0));
        self.write(Backfill { id, since }).await
    }

    async fn read_mail_again(&self, id: MailId) -> Answer<()> {
        mailbox::read_again(&self.http, self.scope(), id).await.for_client()
    }
}
