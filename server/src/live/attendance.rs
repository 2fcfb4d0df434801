//! What visitors' streams read from the database after an event. The first stream reads it, and the result is shared. Otherwise a thousand
//! streams would run the same query.

use std::sync::Arc;

use model::{ConversationId, EventBody, Member};
use store::{Db, Scope, conversation, error::Result, workspace};
use tokio::sync::OnceCell;

use super::hub::Numbered;

/// Whether members answer web chats now, and who they are.
pub struct Attendance {
    /// Whether chat is on.
    pub online: bool,
    /// Whether visitors are told that a member writes.
    pub shows_typing: bool,
    /// All members, for their names.
    pub members: Vec<Member>,
}

impl Attendance {
    /// Reads it now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(db: &Db, scope: &Scope) -> Result<Self> {
        let mut snapshot = db.snapshot().await?;
        let conn = &mut snapshot.conn();
        let record = workspace::load(conn, scope).await?;
        let (online, shows_typing) = (record.chat_off_since.is_none(), record.workspace.shows_typing);
        Ok(Self { online, shows_typing, members: workspace::members(conn, scope).await? })
    }
}

/// Results that the first stream reads. A failed read stays failed: the visitor reconnects with a new stream.
#[derive(Default)]
pub struct Answers {
    attendance: OnceCell<Option<Arc<Attendance>>>,
    writer: OnceCell<Option<Option<String>>>,
}

impl Numbered {
    /// The attendance after an event that may have changed it. The inner None means that the event changes nothing of it. The outer None
    /// means that the database failed.
    pub async fn attendance(&self, db: &Db, scope: &Scope) -> Option<Option<Arc<Attendance>>> {
        if !matches!(self.body, EventBody::Member(_) | EventBody::Workspace(_)) {
            return Some(None);
        }
        let read = async { logged(Attendance::read(db, scope).await).map(Arc::new) };
        self.answers.attendance.get_or_init(|| Box::pin(read)).await.clone().map(Some)
    }

    /// The address of the person in this event's conversation. The inner None means that the conversation does not exist. The outer None
    /// means that the database failed.
    pub async fn written_by(&self, db: &Db, scope: &Scope, conversation: ConversationId) -> Option<Option<&str>> {
        let read = async {
            let loaded = async {
                let mut reader = db.reader().await?;
                Ok(conversation::load(&mut reader.conn(), scope, conversation).await?)
            };
            logged(loaded.await).map(|loaded| loaded.map(|loaded| loaded.address))
        };
        self.answers.writer.get_or_init(|| Box::pin(read)).await.as_ref().map(Option::as_deref)
    }
}

fn logged<T>(answer: Result<T>) -> Option<T> {
    answer.inspect_err(|error| tracing::error!(%error, "database read failed, visitors' streams end")).ok()
}
