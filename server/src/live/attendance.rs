//! What visitors' streams ask of the database after an event: the first of them asks, and the answer is the event's for all. A thousand
//! streams would each ask the same otherwise.

use std::sync::Arc;

use model::{ConversationId, EventBody, Member};
use store::{Db, Scope, conversation, error::Result, workspace};
use tokio::sync::OnceCell;

use super::hub::Numbered;

/// Who is there for visitors.
pub struct Attendance {
    /// Whether somebody answers now.
    pub online: bool,
    /// Everybody, for their names.
    pub members: Vec<Member>,
}

impl Attendance {
    /// As it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(db: &Db, scope: &Scope) -> Result<Self> {
        let mut snapshot = db.snapshot().await?;
        let conn = &mut snapshot.conn();
        let online = workspace::load(conn, scope).await?.chat_off_since.is_none();
        Ok(Self { online, members: workspace::members(conn, scope).await? })
    }
}

/// Answers that are there once somebody asked. One that failed stays so: whoever asks again comes back with a new stream.
#[derive(Default)]
pub struct Answers {
    attendance: OnceCell<Option<Arc<Attendance>>>,
    writer: OnceCell<Option<Option<String>>>,
}

impl Numbered {
    /// Who is there for visitors after an event that may have changed it; the inner none when it changes nothing of that. None when the
    /// database failed.
    pub async fn attendance(&self, db: &Db, scope: &Scope) -> Option<Option<Arc<Attendance>>> {
        if !matches!(self.body, EventBody::Member(_) | EventBody::Workspace(_)) {
            return Some(None);
        }
        let read = async { logged(Attendance::read(db, scope).await).map(Arc::new) };
        self.answers.attendance.get_or_init(|| Box::pin(read)).await.clone().map(Some)
    }

    /// The address of whoever this event's conversation is with; the inner none when there is no such conversation. None when the
    /// database failed.
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
    answer.inspect_err(|error| tracing::error!(%error, "visitors' streams end: the database does not answer")).ok()
}
