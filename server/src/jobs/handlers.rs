//! What does each kind of job of the registry in `domain::work`.

use async_trait::async_trait;
use domain::{act::WakeUp, deliver::Lease, recount::AuditCounts, tags::ReplaceMerged, work::Handlers};
use model::{ConversationId, MailId, MessageId, TagId, UndoId};
use store::{Scope, error::Result};

use super::{
    index_older, purge, read_again, send, sweep, trim,
    worker::{JobResult, Worker},
};

#[async_trait]
impl Handlers for Worker {
    type Outcome = JobResult;

    async fn send(&self, scope: &Scope, lease: Lease, message: MessageId) -> Result<JobResult> {
        send::perform(self, scope, lease, message).await
    }

    async fn file_sent_mail(&self, scope: &Scope, lease: Lease, mail: MailId) -> Result<JobResult> {
        send::file_copy(self, scope, lease, mail).await
    }

    async fn merge_tag(&self, scope: &Scope, lease: Lease, tag: TagId) -> Result<JobResult> {
        self.db.write(scope, ReplaceMerged { tag, lease }).await?;
        Ok(JobResult::Done)
    }

    async fn wake_up(&self, scope: &Scope, lease: Lease, conversation: ConversationId) -> Result<JobResult> {
        self.db.write(scope, WakeUp { conversation, lease }).await?;
        Ok(JobResult::Done)
    }

    async fn sweep(&self, scope: &Scope, lease: Lease, sweep: UndoId) -> Result<JobResult> {
        sweep::perform(self, scope, lease, sweep).await
    }

    async fn read_mails_again(&self, scope: &Scope, lease: Lease) -> Result<JobResult> {
        read_again::perform(self, scope, lease).await
    }

    async fn index_older(&self, scope: &Scope, lease: Lease) -> Result<JobResult> {
        index_older::perform(self, scope, lease).await
    }

    async fn audit_counts(&self, scope: &Scope, lease: Lease) -> Result<JobResult> {
        self.db.write(scope, AuditCounts { lease }).await?;
        Ok(JobResult::Done)
    }

    async fn purge(&self, scope: &Scope, lease: Lease) -> Result<JobResult> {
        purge::perform(self, scope, lease).await
    }

    async fn trim_events(&self, scope: &Scope, lease: Lease) -> Result<JobResult> {
        trim::perform(self, scope, lease).await
    }
}
