//! Commands for tests only: plain SQL, a channel of any kind, a second workspace, a job of any kind.

use async_trait::async_trait;
use domain::{
    sessions::{SESSION_MS, web_chat},
    work::make_workspace,
};
use model::{Channel, JobId, Member, MemberId, Needs, Role, SessionId, Timestamp, Visibility, Workspace, WorkspaceId};
use store::{Command, Slots, Tx, Val, clock::new_id, error::Result, job, session, workspace};

/// Statements, one after another; how many rows the last one touched.
pub struct Sql(pub Vec<(String, Vec<Val>)>);

impl Sql {
    pub fn one(sql: &str, values: Vec<Val>) -> Self {
        Self(vec![(sql.to_owned(), values)])
    }
}

#[async_trait]
impl Command for Sql {
    type Output = u64;
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64> {
        let mut touched = 0;
        for (sql, values) in &self.0 {
            touched = tx.conn().exec(sqlx::AssertSqlSafe(sql.clone()), values.clone()).await?;
        }
        Ok(touched)
    }
}

/// Connects an account of any kind.
pub struct AddChannel(pub Channel);

#[async_trait]
impl Command for AddChannel {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let workspace = tx.scope()?.workspace();
        Ok(workspace::add_channel(tx, workspace, &self.0).await?)
    }
}

/// Another tenant in the same database, with an owner who is signed in and a web chat.
pub struct AddTenant {
    pub name: String,
    pub token_hash: String,
}

#[async_trait]
impl Command for AddTenant {
    type Output = (WorkspaceId, MemberId, Channel);
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Self::Output> {
        let id = WorkspaceId::new(new_id());
        let workspace = Workspace {
            id,
            name: self.name.clone(),
            chat_enabled: true,
            pending_after_reply: true,
            shows_typing: true,
        };
        make_workspace(tx, &workspace).await?;
        let owner = Member {
            id: MemberId::new(new_id()),
            name: format!("Owner of {}", self.name),
            email: format!("owner@{}.example", self.name),
            role: Role::Owner,
            visibility: Visibility::All,
            chat_on: true,
            disabled: false,
            teams: Vec::new(),
        };
        workspace::add_member(tx, id, &owner).await?;
        let chat = web_chat("Website chat");
        workspace::add_channel(tx, id, &chat).await?;
        let new = session::NewSession {
            token_hash: self.token_hash.clone(),
            workspace: id,
            member: owner.id,
            id: SessionId::new(new_id()),
            user_agent: "test".to_owned(),
            expires_at: tx.now().plus(SESSION_MS),
        };
        session::add(tx, &new).await?;
        Ok((id, owner.id, chat))
    }
}

/// Leaves work of any sort.
pub struct LeaveJob {
    pub id: JobId,
    pub kind: &'static str,
    pub body: String,
    pub at: Timestamp,
}

#[async_trait]
impl Command for LeaveJob {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let workspace = tx.scope()?.workspace();
        Ok(job::insert(tx, self.id, workspace, self.kind, self.body.clone(), None, self.at).await?)
    }
}

/// Takes the one job that is due for somebody, as a worker does before it is killed.
pub struct TakeJob {
    pub owner: &'static str,
    pub until: Timestamp,
}

#[async_trait]
impl Command for TakeJob {
    type Output = Option<job::Job>;
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Self::Output> {
        let mut jobs = job::lease(tx, self.owner, self.until, &mut Slots::default()).await?;
        assert!(jobs.len() < 2, "at most one job is due");
        Ok(jobs.pop())
    }
}
