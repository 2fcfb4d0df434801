//! Files of messages. A file waits under its uploader's name until a message claims it.

use std::collections::HashMap;

use model::{Attachment, AttachmentId, ConversationId, Message, Timestamp};

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, Val, args, row},
    table::{insert, sql, table},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[FILES, FILE, ADD_FILE, CLAIM_FILE, RELEASE_FILES];

table! {
    /// What is shown of a file.
    pub(super) struct Shown {
        id: String,
        name: String,
        size: i64,
        media_type: String,
    }
}

impl TryFrom<Shown> for Attachment {
    type Error = StoreError;
    fn try_from(raw: Shown) -> Result<Self, StoreError> {
        Ok(Self { id: read("attachment", raw.id)?, name: raw.name, size: raw.size, media_type: raw.media_type })
    }
}

impl From<Attachment> for Shown {
    fn from(file: Attachment) -> Self {
        Self { id: file.id.to_string(), name: file.name, size: file.size, media_type: file.media_type }
    }
}

row! {
    struct RawFile {
        message_n: i64,
        ..shown: Shown,
    }
}

const FILES: &str = sql!(
    "SELECT message_n, ",
    Shown::COLUMNS,
    " FROM attachment WHERE workspace_id = $1 AND conversation_id = $2 AND message_n >= $3 AND message_n <= $4 ORDER BY message_n, id"
);

/// Loads the files of messages of one conversation, in one statement.
pub(super) async fn attach(
    conn: &mut Conn<'_>,
    scope: &Scope,
    conversation: ConversationId,
    messages: &mut [Message],
) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (messages.first().map(|m| m.n), messages.last().map(|m| m.n)) else {
        return Ok(());
    };
    let files: Vec<RawFile> = conn.all(FILES, args![scope.workspace(), conversation, first, last]).await?;
    let mut by_place: HashMap<i64, Vec<Attachment>> = HashMap::new();
    for file in files {
        by_place.entry(file.message_n).or_default().push(file.shown.try_into()?);
    }
    for message in messages {
        message.attachments = by_place.remove(&message.n).unwrap_or_default();
    }
    Ok(())
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The file as members see it.
    pub attachment: Attachment,
    /// The conversation it was sent in. None before it is sent.
    pub conversation: Option<ConversationId>,
    /// The position of its message.
    pub message_n: Option<i64>,
    /// Who uploaded it. Nobody else may send it.
    pub uploader: String,
    /// The SHA-256 of its bytes, by which they are stored.
    pub digest: String,
}

table! {
    struct Raw {
        conversation_id: Option<String>,
        message_n: Option<i64>,
        uploader: String,
        digest: String,
        ..shown: Shown,
    }
}

/// What is stored of a file, in the order of [`fields`] behind its workspace.
pub(super) const STORED: &str = sql!("workspace_id, ", Raw::COLUMNS, ", created_at");

impl TryFrom<Raw> for File {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            attachment: raw.shown.try_into()?,
            conversation: read_opt("conversation", raw.conversation_id)?,
            message_n: raw.message_n,
            uploader: raw.uploader,
            digest: raw.digest,
        })
    }
}

impl From<File> for Raw {
    fn from(file: File) -> Self {
        Self {
            conversation_id: file.conversation.map(|id| id.to_string()),
            message_n: file.message_n,
            uploader: file.uploader,
            digest: file.digest,
            shown: file.attachment.into(),
        }
    }
}

/// The values of a file that was stored at this time.
pub(super) fn fields(file: &File, at: Timestamp) -> Vec<Val> {
    args![; Raw::from(file.clone()).values(); at]
}

const FILE: &str = sql!("SELECT ", Raw::COLUMNS, " FROM attachment WHERE workspace_id = $1 AND id = $2");

/// Loads a file. The caller decides who may have it, by its conversation or, before it is sent, by its uploader.
///
/// # Errors
/// When the database fails.
pub async fn file(conn: &mut Conn<'_>, scope: &Scope, id: AttachmentId) -> Result<Option<File>, StoreError> {
    conn.opt::<Raw>(FILE, args![scope.workspace(), id]).await?.map(File::try_from).transpose()
}

const ADD_FILE: &str = sql!(insert!("attachment", STORED), " ON CONFLICT (workspace_id, id) DO NOTHING");

/// Stores an uploaded file until it is sent.
///
/// # Errors
/// When the database fails.
pub async fn add_file(tx: &mut Tx<'_>, scope: &Scope, file: &File) -> Result<(), StoreError> {
    // Whatever it says: it is in no conversation before a message claims it.
    let waiting = File { conversation: None, message_n: None, ..file.clone() };
    tx.exec(ADD_FILE, args![scope.workspace(); fields(&waiting, tx.now())]).await?;
    Ok(())
}

const CLAIM_FILE: &str = "UPDATE attachment SET conversation_id = $3, message_n = $4 \
     WHERE workspace_id = $1 AND id = $2 AND uploader = $5 AND conversation_id IS NULL";

/// Attaches an uploaded file to a message. False when another person uploaded it, or it was sent already.
///
/// # Errors
/// When the database fails.
pub async fn claim_file(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: AttachmentId,
    uploader: &str,
    conversation: ConversationId,
    message_n: i64,
) -> Result<bool, StoreError> {
    Ok(tx.exec(CLAIM_FILE, args![scope.workspace(), id, conversation, message_n, uploader]).await? == 1)
}

// The files wait to be sent again, as if they had been uploaded just now.
const RELEASE_FILES: &str = "UPDATE attachment SET conversation_id = NULL, message_n = NULL, uploader = $4, created_at = $5 \
     WHERE workspace_id = $1 AND conversation_id = $2 AND message_n = $3";

/// Detaches the files of an entry. Then `uploader` may send them again.
///
/// # Errors
/// When the database fails.
pub async fn release_files(
    tx: &mut Tx<'_>,
    scope: &Scope,
    conversation: ConversationId,
    message_n: i64,
    uploader: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.exec(RELEASE_FILES, args![scope.workspace(), conversation, message_n, uploader, now]).await?;
    Ok(())
}
