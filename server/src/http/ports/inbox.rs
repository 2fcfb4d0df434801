//! Reading the inbox.

use app::api::inbox::InboxPort;
use async_trait::async_trait;
use domain::inbox;
use model::{Bootstrap, ConversationId, Count, Cursor, Filter, InboxPage, Message, Sort, Thread};

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl InboxPort for MemberPort {
    async fn load_bootstrap(&self) -> Answer<Bootstrap> {
        inbox::bootstrap(&self.http.db, &self.signed.session.scope).await.for_client()
    }

    async fn load_inbox(&self, filter: Filter, sort: Sort, after: Option<Cursor>) -> Answer<InboxPage> {
        // The first page paints at once; the following ones are fetched ahead of the scrolling.
        let _room = if filter.narrows() { Some(self.room().await?) } else { None };
        let limit = if after.is_some() { inbox::PAGE } else { inbox::PAGE / 4 };
        inbox::page(&self.http.db, &self.signed.session.scope, filter, sort, after, limit).await.for_client()
    }

    async fn count_lists(&self, filters: Vec<Filter>) -> Answer<(Vec<Count>, i64)> {
        let _room = self.room().await?;
        inbox::counts(&self.http.db, &self.signed.session.scope, filters).await.for_client()
    }

    async fn load_thread(&self, id: ConversationId) -> Answer<Thread> {
        inbox::thread(&self.http.db, &self.signed.session.scope, id).await.for_client()
    }

    async fn load_older(&self, id: ConversationId, before: i64) -> Answer<(Vec<Message>, bool)> {
        inbox::older(&self.http.db, &self.signed.session.scope, id, before).await.for_client()
    }
}
