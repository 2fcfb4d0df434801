//! Reasons for closing, closing with a message, and blocked senders.

use app::api::closing::ClosingPort;
use async_trait::async_trait;
use domain::closing::{self, AddReason, CloseWith, EditReason, OrderReasons, UnblockSender};
use model::{
    BlockId, BlockedPage, CloseReason, ConversationId, ConversationRow, LastWords, Reason, Seen, Timestamp, UndoId,
};

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl ClosingPort for MemberPort {
    async fn close_with(
        &self,
        conversation: ConversationId,
        seen: Seen,
        reason: CloseReason,
        words: LastWords,
        undo: UndoId,
    ) -> Answer<ConversationRow> {
        self.write(CloseWith { conversation, seen, reason, words, undo }).await
    }

    async fn add_reason(&self, name: String, blocks: bool) -> Answer<Vec<Reason>> {
        self.write(AddReason { name, blocks }).await
    }

    async fn edit_reason(&self, id: CloseReason, name: String, blocks: bool, archived: bool) -> Answer<Vec<Reason>> {
        self.write(EditReason { id, name, blocks, archived }).await
    }

    async fn order_reasons(&self, order: Vec<CloseReason>) -> Answer<Vec<Reason>> {
        self.write(OrderReasons(order)).await
    }

    async fn blocked_senders(&self, after: Option<(Timestamp, BlockId)>) -> Answer<BlockedPage> {
        closing::blocked_senders(&self.http.db, self.scope(), after).await.for_client()
    }

    async fn unblock_sender(&self, id: BlockId) -> Answer<()> {
        self.write(UnblockSender(id)).await
    }
}
