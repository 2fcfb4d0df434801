//! Set-up, sign-in, invitations, sessions, passwords. Passwords are hashed before, outside the transaction.

use async_trait::async_trait;
use model::{
    ApiError, AuditEvent, Channel, ChannelId, ChannelKind, EventBody, InviteId, Member, MemberId, Needs, Permission,
    Role, SessionId, Timestamp, Visibility, Workspace, WorkspaceId,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    Command, Scope, Tx,
    clock::{new_id, random_hex},
    error::{Error, Result, StoreError},
    expiry,
    session::{self, Link, NewSession, Purpose},
    workspace,
};

use super::{
    audit_log::{note, note_of},
    check_line, check_name,
    work::make_workspace,
};

/// How long a set-up or invitation link is valid, in milliseconds (S42).
pub const LINK_MS: i64 = 24 * 3_600_000;
/// How long a session lasts, even if it is used, in milliseconds.
pub const SESSION_MS: i64 = 30 * 24 * 3_600_000;
/// How long an unused session lasts, in milliseconds.
pub const IDLE_MS: i64 = 12 * 3_600_000;

/// How many sessions one member may have. A further one ends the one unused for longest (S53).
pub const MOST_SESSIONS: i64 = 50;
/// The most buckets of attempts. Beyond that the oldest is deleted. To gain ten more guesses that way, an attacker must first use this many
/// addresses or accounts.
const MOST_BUCKETS: i64 = 20_000;
/// The most open invitations of a workspace.
pub const MOST_INVITATIONS: i64 = 200;

/// A browser to sign in.
#[derive(Debug, Clone)]
pub struct Browser {
    /// The hash of the session secret that it gets.
    pub token_hash: String,
    /// Its User-Agent.
    pub user_agent: String,
    /// The network address of the request, for the audit log.
    pub address: String,
}

impl Browser {
    /// The User-Agent for display and the log: one line, at most 200 characters.
    fn name(&self) -> String {
        self.user_agent.chars().filter(|c| !c.is_control()).take(200).collect()
    }

    async fn sign_in(&self, tx: &mut Tx<'_>, workspace: WorkspaceId, member: MemberId) -> Result<()> {
        let new = NewSession {
            token_hash: self.token_hash.clone(),
            workspace,
            member,
            id: SessionId::new(new_id()),
            user_agent: self.name(),
            expires_at: tx.now().plus(SESSION_MS),
        };
        session::add(tx, &new).await?;
        expiry::end_beyond(tx, workspace, member, MOST_SESSIONS).await?;
        let body = json!({ "browser": self.name() });
        note_of(tx, workspace, Some(member), &self.address, AuditEvent::SignedIn, body).await
    }
}

/// Stores a one-time link for set-up, in place of any former one. Does nothing if the instance is set up.
#[derive(Debug, Clone)]
pub struct OfferSetup {
    /// The hash of the link's secret.
    pub token_hash: String,
}

#[async_trait]
impl Command for OfferSetup {
    type Output = bool;
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<bool> {
        if !workspace::all(tx.conn()).await?.is_empty() {
            return Ok(false);
        }
        session::drop_setup_links(tx, Purpose::Setup).await?;
        let link = Link { workspace: None, id: new_id().to_string(), body: String::new() };
        let expires_at = tx.now().plus(LINK_MS);
        session::add_link(tx, &self.token_hash, Purpose::Setup, &link, None, expires_at).await?;
        Ok(true)
    }
}

/// Adds the workspace, its owner and a first web chat, and signs the owner in.
#[derive(Debug, Clone)]
pub struct SetUp {
    /// The hash of the one-time link's secret.
    pub link_hash: String,
    /// The workspace's name.
    pub workspace: String,
    /// The owner's name.
    pub name: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The hash of the owner's password.
    pub password_hash: String,
    /// The owner's browser.
    pub browser: Browser,
}

#[async_trait]
impl Command for SetUp {
    type Output = WorkspaceId;
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<WorkspaceId> {
        if !session::use_link(tx, &self.link_hash, Purpose::Setup).await?
            || !workspace::all(tx.conn()).await?.is_empty()
        {
            return Err(stale_link("Restart Tandem to get a new one."));
        }
        let name = check_name("workspace", &self.workspace, "Give the workspace a name.")?;
        let workspace = Workspace {
            id: WorkspaceId::new(new_id()),
            name,
            chat_enabled: true,
            pending_after_reply: true,
            shows_typing: true,
        };
        make_workspace(tx, &workspace).await?;
        let owner = member(&self.name, &self.email, Role::Owner, Visibility::All)?;
        workspace::add_member(tx, workspace.id, &owner).await?;
        session::set_password(tx, workspace.id, owner.id, &self.password_hash).await?;
        workspace::add_channel(tx, workspace.id, &web_chat("Website chat")).await?;
        let body = json!({ "name": workspace.name });
        note_of(tx, workspace.id, Some(owner.id), &self.browser.address, AuditEvent::WorkspaceCreated, body).await?;
        self.browser.sign_in(tx, workspace.id, owner.id).await?;
        Ok(workspace.id)
    }
}

fn stale_link(next: &str) -> Error {
    ApiError::invalid("", format!("This link was already used or is older than one day. {next}")).into()
}

/// The refusal of an invitation that is no longer valid, for any reason.
pub fn stale_invitation() -> Error {
    let message = "This link is no longer valid. It was already used, is older than one day, or its creator can no longer invite members. Ask for a new one.";
    ApiError::invalid("", message).into()
}

fn member(name: &str, email: &str, role: Role, visibility: Visibility) -> Result<Member> {
    let name = check_name("name", name, "Enter your name.")?;
    let email = model::ContactField::Email.check(email).map_err(|e| ApiError::invalid("email", e.to_string()))?;
    if email.is_empty() {
        return Err(ApiError::invalid("email", "Enter the e-mail address that you will sign in with.").into());
    }
    let id = MemberId::new(new_id());
    // A member who may not answer has no bubble: otherwise chat would be on while nobody can answer (H6).
    let chat_on = role.may(Permission::Converse, &[]);
    Ok(Member { id, name, email, role, visibility, chat_on, disabled: false, teams: Vec::new() })
}

/// A new web chat. Any site may embed it until origins are listed.
pub fn web_chat(name: &str) -> Channel {
    Channel {
        id: ChannelId::new(new_id()),
        kind: ChannelKind::WebChat,
        name: name.to_owned(),
        key: random_hex(12),
        address: String::new(),
        undo_ms: 0,
        greeting: "Hello. How can we help?".to_owned(),
        auto_reply: "Thank you for writing. Nobody is here right now. We will reply as soon as we are back.".to_owned(),
        origins: Vec::new(),
        state: None,
    }
}

/// Counts attempts to sign in, per account and per client address.
#[derive(Debug, Clone)]
pub struct CountAttempt {
    /// The buckets and how many attempts each allows.
    pub buckets: Vec<(String, i64)>,
    /// The length of a bucket's window, in milliseconds.
    pub window_ms: i64,
}

#[async_trait]
impl Command for CountAttempt {
    /// How many seconds to wait. None if the attempt is allowed.
    type Output = Option<i64>;
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Option<i64>> {
        // Checks before it counts, so that a refused attempt adds no row, whatever was typed (S53).
        let (mut wait, since) = (None, tx.now().plus(-self.window_ms));
        for (bucket, most) in &self.buckets {
            let began = expiry::full(tx.conn(), bucket, *most, since).await?;
            let left = began.map(|began| (began.0 + self.window_ms - tx.now().0).max(1000) / 1000);
            wait = wait.max(left);
        }
        if wait.is_none() {
            for (bucket, most) in &self.buckets {
                let (count, began) = session::attempt(tx, bucket, self.window_ms).await?;
                if count == 1 {
                    expiry::trim_attempts(tx, MOST_BUCKETS).await?;
                }
                // Another process may have counted an attempt meanwhile.
                let left = (count > *most).then(|| (began.0 + self.window_ms - tx.now().0).max(1000) / 1000);
                wait = wait.max(left);
            }
        }
        Ok(wait)
    }
}

/// Signs in a member whose password was checked, and deletes the account's failed attempts.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The member.
    pub member: MemberId,
    /// The member's browser.
    pub browser: Browser,
    /// The account's bucket.
    pub forgive: String,
    /// A stronger hash of the password, if the hash settings were raised since the last one.
    pub rehashed: Option<String>,
}

#[async_trait]
impl Command for SignIn {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        session::forgive(tx, &self.forgive).await?;
        if let Some(hash) = &self.rehashed {
            session::set_password(tx, self.workspace, self.member, hash).await?;
        }
        self.browser.sign_in(tx, self.workspace, self.member).await
    }
}

/// Records that a session was used. Called at most once a minute.
#[derive(Debug, Clone)]
pub struct Touch {
    /// The hash of its secret.
    pub token_hash: String,
}

#[async_trait]
impl Command for Touch {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        Ok(session::touch(tx, &self.token_hash).await?)
    }
}

/// Ends one of my sessions.
#[derive(Debug, Clone, Copy)]
pub struct EndSession(pub SessionId);

#[async_trait]
impl Command for EndSession {
    type Output = ();
    const NEEDS: Needs = Needs::SignedIn;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.id;
        tx.emit(scope.workspace(), EventBody::Access { member: me });
        if !session::end(tx, &scope, me, self.0).await? {
            return Err(Error::NOT_FOUND);
        }
        note(tx, &scope, AuditEvent::SessionEnded, json!({ "session": self.0 })).await
    }
}

/// Changes my password; the old one was checked before. My session gets a new secret. My other sessions and my links are deleted, because
/// whoever knew the old password may have made them (S42, S44).
#[derive(Debug, Clone)]
pub struct ChangePassword {
    /// The hash of the new password.
    pub hash: String,
    /// The session that stays.
    pub keep: SessionId,
    /// The hash of its new secret.
    pub token_hash: String,
}

#[async_trait]
impl Command for ChangePassword {
    type Output = ();
    const NEEDS: Needs = Needs::SignedIn;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let me = scope.person()?.member.id;
        session::set_password(tx, scope.workspace(), me, &self.hash).await?;
        session::end_all(tx, &scope, me, Some(self.keep)).await?;
        if !session::renew(tx, &scope, me, self.keep, &self.token_hash).await? {
            return Err(Error::NOT_FOUND);
        }
        session::drop_links_of(tx, &scope, me).await?;
        tx.emit(scope.workspace(), EventBody::Access { member: me });
        note(tx, &scope, AuditEvent::PasswordChanged, json!({})).await
    }
}

/// What an invitation grants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// The role.
    pub role: Role,
    /// Which conversations they will see.
    pub visibility: Visibility,
    /// A note about whom it is for. They may use another address.
    pub note: String,
}

/// Adds an invitation link.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// The hash of its secret.
    pub token_hash: String,
    /// What it grants.
    pub invitation: Invitation,
}

#[async_trait]
impl Command for Invite {
    type Output = Timestamp;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Timestamp> {
        let scope = tx.scope()?;
        let me = scope.person()?;
        if !me.member.role.may_grant(self.invitation.role) {
            return Err(Error::FORBIDDEN);
        }
        let now = tx.now();
        if expiry::count_links(tx.conn(), &scope, Purpose::Invite, now).await? >= MOST_INVITATIONS {
            let message = format!(
                "There are already {MOST_INVITATIONS} pending invitations. Revoke some of them, then create a new one."
            );
            return Err(ApiError::invalid("", message).into());
        }
        let text = check_line("note", &self.invitation.note)?;
        let invitation = Invitation { note: text, ..self.invitation.clone() };
        let body = serde_json::to_string(&invitation).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        let link = Link { workspace: Some(scope.workspace()), id: self.id.to_string(), body };
        let expires_at = tx.now().plus(LINK_MS);
        session::add_link(tx, &self.token_hash, Purpose::Invite, &link, Some(me.member.id), expires_at).await?;
        note(tx, &scope, AuditEvent::MemberInvited, json!(invitation)).await?;
        Ok(expires_at)
    }
}

/// Deletes an invitation.
#[derive(Debug, Clone, Copy)]
pub struct RevokeInvite(pub InviteId);

#[async_trait]
impl Command for RevokeInvite {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        if !session::drop_link(tx, &scope, Purpose::Invite, &self.0.to_string()).await? {
            return Err(Error::NOT_FOUND);
        }
        note(tx, &scope, AuditEvent::InviteRevoked, json!({ "invite": self.0 })).await
    }
}

/// Makes a member from an invitation, and signs them in. The maker of the invitation must still have the right to invite (S58).
#[derive(Debug, Clone)]
pub struct AcceptInvite {
    /// The hash of the link's secret.
    pub link_hash: String,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The hash of their password.
    pub password_hash: String,
    /// Their browser.
    pub browser: Browser,
}

#[async_trait]
impl Command for AcceptInvite {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let now = tx.now();
        let link =
            session::link(tx.conn(), &self.link_hash, Purpose::Invite, now).await?.ok_or_else(stale_invitation)?;
        let workspace = link.workspace.ok_or_else(stale_invitation)?;
        let invitation: Invitation =
            serde_json::from_str(&link.body).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        if !session::use_link(tx, &self.link_hash, Purpose::Invite).await? {
            return Err(stale_invitation());
        }
        // Checked after the link is taken: a command that changes the maker's rights deletes their links, so the two commands run one after
        // the other.
        let (role, granted) = session::maker(tx.conn(), &self.link_hash).await?.ok_or_else(stale_invitation)?;
        if !role.may(Permission::Administer, &granted) || !role.may_grant(invitation.role) {
            return Err(stale_invitation());
        }
        let new = member(&self.name, &self.email, invitation.role, invitation.visibility)?;
        workspace::add_member(tx, workspace, &new).await.map_err(|error| match error.is_unique_violation() {
            // A holder of an invitation may learn this. Nobody else gets this far.
            true => ApiError::invalid("email", "Somebody already signs in with this e-mail address. Use another one.")
                .into(),
            false => Error::from(error),
        })?;
        session::set_password(tx, workspace, new.id, &self.password_hash).await?;
        let body = json!({ "name": new.name, "role": new.role, "invite": link.id });
        note_of(tx, workspace, Some(new.id), &self.browser.address, AuditEvent::MemberJoined, body).await?;
        self.browser.sign_in(tx, workspace, new.id).await?;
        tx.emit(workspace, EventBody::Member(Box::new(new)));
        let scope = Scope::system(workspace, "a member joined");
        super::people::keep_bubble(tx, &scope).await
    }
}

/// Sets a member's password from the command line. Also ends all their sessions and deletes their links.
#[derive(Debug, Clone)]
pub struct ResetPassword {
    /// The member.
    pub member: MemberId,
    /// The hash of the new password.
    pub hash: String,
}

#[async_trait]
impl Command for ResetPassword {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        // No member sets another's password, whatever their role.
        if scope.me().is_some() {
            return Err(Error::FORBIDDEN);
        }
        session::set_password(tx, scope.workspace(), self.member, &self.hash).await?;
        session::end_all(tx, &scope, self.member, None).await?;
        session::drop_links_of(tx, &scope, self.member).await?;
        tx.emit(scope.workspace(), EventBody::Access { member: self.member });
        let name = workspace::member(tx.conn(), &scope, self.member).await?.name;
        note(tx, &scope, AuditEvent::PasswordReset, json!({ "member": self.member, "name": name })).await
    }
}
