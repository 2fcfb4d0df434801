//! Mailboxes.

use app::api::mailbox::{FoundMailbox, MailboxCheck, MailboxPort, MailboxStatus, NewMailbox};
use async_trait::async_trait;
use domain::mail::{Backfill, PauseChannel};
use model::{Channel, ChannelId, MailId};

use super::{Answer, ForClient, MemberPort};
use crate::http::mailbox;

#[async_trait]
impl MailboxPort for MemberPort {
    async fn find_mailbox(&self, address: String) -> Answer<FoundMailbox> {
        mailbox::find(&self.http, self.scope(), &address).await.for_client()
    }

    async fn check_mailbox(&self, new: NewMailbox) -> Answer<MailboxCheck> {
        mailbox::check(&self.http, self.scope(), &new).await.for_client()
    }

    async fn connect_mailbox(&self, new: NewMailbox) -> Answer<Channel> {
        mailbox::connect(&self.http, self.scope(), new).await.for_client()
    }

    async fn load_mailbox(&self, id: ChannelId) -> Answer<MailboxStatus> {
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
