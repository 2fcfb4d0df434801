//! Searching, and opening what was found.

use app::api::search::SearchPort;
use async_trait::async_trait;
use domain::{inbox, search};
use model::{Around, ConversationId, Message, SearchCursor, SearchPage};

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl SearchPort for MemberPort {
    async fn search(&self, text: String, after: Option<SearchCursor>, east: i64) -> Answer<SearchPage> {
        let _room = self.room().await?;
        search::search(&self.http.db, self.scope(), &text, after, east).await.for_client()
    }

    async fn load_thread_around(&self, id: ConversationId, n: i64) -> Answer<Around> {
        inbox::around(&self.http.db, self.scope(), id, n).await.for_client()
    }

    async fn load_newer(&self, id: ConversationId, after: i64) -> Answer<(Vec<Message>, bool)> {
        inbox::newer(&self.http.db, self.scope(), id, after).await.for_client()
    }
}
