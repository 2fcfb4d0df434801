//! What a member does in a conversation.

use app::api::conversation::{Beginning, ConversationPort, NewMessage};
use async_trait::async_trait;
use domain::{
    act::{ActOnMany, ChangeState},
    contacts::{EditContact, MakeContact},
    inbox::{MarkRead, SaveDraft},
    mail::BeginMail,
    send::{CancelMessage, SendMessage, SendNow},
    sweep::{self, BeginSweep, CancelSweep},
    undo::Undo,
};
use model::{
    Act, Contact, ContactField, ContactId, ConversationId, ConversationRow, Draft, DraftMode, Filter, MemberId,
    Message, MessageId, Seen, SweepProgress, UndoId, Undone,
};

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl ConversationPort for MemberPort {
    async fn send_message(&self, new: NewMessage) -> Answer<Message> {
        let NewMessage { id, conversation, mode, text, attachments, compose, seen, by, begin } = new;
        self.wrote(by)?;
        let send = SendMessage { id, conversation, mode, text, attachments, compose, seen };
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

    async fn change_state(
        &self,
        conversation: ConversationId,
        seen: Seen,
        act: Act,
        undo: Option<UndoId>,
    ) -> Answer<ConversationRow> {
        self.write(ChangeState { conversation, seen, act, undo }).await
    }

    async fn act_on_many(
        &self,
        conversations: Vec<(ConversationId, i64)>,
        act: Act,
        undo: Option<UndoId>,
        part: i64,
    ) -> Answer<usize> {
        self.write(ActOnMany { conversations, act, undo, part }).await
    }

    async fn begin_sweep(&self, id: UndoId, filter: Filter, act: Act) -> Answer<()> {
        self.write(BeginSweep { id, filter, act }).await
    }

    async fn progress_of_sweep(&self, id: UndoId) -> Answer<SweepProgress> {
        sweep::progress(&self.http.db, &self.signed.session.scope, id).await.for_client()
    }

    async fn cancel_sweep(&self, id: UndoId) -> Answer<SweepProgress> {
        self.write(CancelSweep(id)).await
    }

    async fn undo(&self, id: UndoId) -> Answer<Undone> {
        self.write(Undo(id)).await
    }

    async fn mark_read(&self, conversation: ConversationId, read_count: i64) -> Answer<()> {
        self.write(MarkRead { conversation, read_count }).await
    }

    async fn save_draft(
        &self,
        conversation: ConversationId,
        mode: DraftMode,
        text: String,
        id: Option<MessageId>,
        by: Option<MemberId>,
    ) -> Answer<()> {
        self.wrote(by)?;
        self.write(SaveDraft { conversation, draft: Draft { mode, text, id } }).await
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
}
