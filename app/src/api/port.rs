//! What the server functions ask of the server. A [`Port`] is bound to one signed-in member: rights are decided behind it.

use async_trait::async_trait;

use super::{
    account::{SessionInfo, SignedIn},
    conversation::NewMessage,
    email::{FoundMailbox, MailboxCheck, MailboxStatus, NewMailbox},
    settings::{ChannelEdit, InviteInfo, NewInvite, SystemStatus, WorkspaceEdit},
};
use model::{
    Act, ApiError, AuditPage, Bootstrap, Channel, ChannelId, Contact, ContactField, ContactId, ConversationId,
    ConversationRow, Cursor, Draft, Filter, InboxPage, InviteId, JobId, MailId, Member, MemberId, Message, MessageId,
    Role, Seen, SessionId, Team, TeamId, Thread, Visibility, Workspace,
};

type Answer<T> = Result<T, ApiError>;

/// What a member may ask.
#[async_trait]
#[expect(missing_docs, reason = "each is documented at its server function")]
pub trait Port: Send + Sync {
    async fn bootstrap(&self) -> Answer<Bootstrap>;
    async fn inbox_page(&self, filter: Filter, after: Option<Cursor>) -> Answer<InboxPage>;
    async fn thread(&self, id: ConversationId) -> Answer<Thread>;
    async fn older(&self, id: ConversationId, before: i64) -> Answer<(Vec<Message>, bool)>;
    async fn send_message(&self, new: NewMessage) -> Answer<Message>;
    async fn cancel_message(&self, id: MessageId) -> Answer<Message>;
    async fn send_now(&self, id: MessageId) -> Answer<Message>;
    async fn change_state(&self, conversation: ConversationId, seen: Seen, act: Act) -> Answer<ConversationRow>;
    async fn act_on_many(&self, conversations: Vec<ConversationId>, act: Act) -> Answer<usize>;
    async fn mark_read(&self, conversation: ConversationId, read_count: i64) -> Answer<()>;
    async fn save_draft(&self, conversation: ConversationId, draft: Draft, by: Option<MemberId>) -> Answer<()>;
    async fn edit_contact(&self, id: ContactId, field: ContactField, value: String, seen: i64) -> Answer<Contact>;
    async fn make_contact(
        &self,
        conversation: ConversationId,
        id: ContactId,
        field: ContactField,
        value: String,
    ) -> Answer<Contact>;
    async fn sign_out(&self) -> Answer<String>;
    async fn sessions(&self) -> Answer<Vec<SessionInfo>>;
    async fn end_session(&self, id: SessionId) -> Answer<()>;
    async fn change_password(&self, old: String, new: String) -> Answer<Vec<String>>;
    async fn set_chat(&self, on: bool) -> Answer<()>;
    async fn invite(&self, new: NewInvite) -> Answer<InviteInfo>;
    async fn invites(&self) -> Answer<Vec<InviteInfo>>;
    async fn revoke_invite(&self, id: InviteId) -> Answer<()>;
    async fn edit_member(&self, id: MemberId, role: Role, visibility: Visibility, disabled: bool) -> Answer<Member>;
    async fn add_team(&self, id: TeamId, name: String) -> Answer<Team>;
    async fn set_in_team(&self, member: MemberId, team: TeamId, inside: bool) -> Answer<()>;
    async fn set_team_channels(&self, team: TeamId, channels: Vec<ChannelId>) -> Answer<()>;
    async fn edit_channel(&self, edit: ChannelEdit) -> Answer<Channel>;
    async fn edit_workspace(&self, edit: WorkspaceEdit) -> Answer<Workspace>;
    async fn audit_log(&self, before: Option<i64>) -> Answer<AuditPage>;
    async fn system_status(&self) -> Answer<SystemStatus>;
    async fn revive_job(&self, id: JobId) -> Answer<()>;
    async fn find_mailbox(&self, address: String) -> Answer<FoundMailbox>;
    async fn check_mailbox(&self, mailbox: NewMailbox) -> Answer<MailboxCheck>;
    async fn connect_mailbox(&self, mailbox: NewMailbox) -> Answer<Channel>;
    async fn mailbox_status(&self, id: ChannelId) -> Answer<MailboxStatus>;
    async fn pause_channel(&self, id: ChannelId, paused: bool) -> Answer<()>;
    async fn backfill(&self, id: ChannelId, days: u32) -> Answer<()>;
    async fn read_mail_again(&self, id: MailId) -> Answer<()>;
}

/// What anybody may ask.
#[async_trait]
#[expect(missing_docs, reason = "each is documented at its server function")]
pub trait Door: Send + Sync {
    async fn sign_in(&self, email: String, password: String) -> Answer<SignedIn>;
    async fn set_up(&self, new: super::account::NewHouse) -> Answer<SignedIn>;
    async fn accept_invite(&self, token: String, name: String, email: String, password: String) -> Answer<SignedIn>;
    /// What was typed into the form that was refused just now.
    fn typed(&self) -> super::account::Typed;
    /// The `Set-Cookie` value that keeps it until the page shows it again; that drops it, without.
    fn keep_typed(&self, typed: Option<&super::account::Typed>) -> String;
}
