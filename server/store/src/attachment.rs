//! Files of messages. A file waits under its uploader's name until a message claims it.

use std::collections::HashMap;

use model::{Attachment, AttachmentId, ConversationId, Message};

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, args, row},
};
use crate::error::StoreError;

const FILES: &str = "SELECT message_n, id, name, size, media_type FROM attachment \
     WHERE workspace_id = $1 AND conversation_id = $2 AND message_n >= $3 AND message_n <= $4 ORDER BY message_n, id";
const FILE: &str = "SELECT id, conversation_id, message_n, uploader, name, size, media_type, digest FROM attachment \
     WHERE workspace_id = $1 AND id = $2";
const ADD_FILE: &str = "INSERT INTO attachment (workspace_id, id, conversation_id, message_n, uploader, name, size, media_type, digest, created_at) \
     VALUES ($1, $2, NULL, NULL, $3, $4, $5, $6, $7, $8) ON CONFLICT (workspace_id, id) DO NOTHING";
const CLAIM_FILE: &str = "UPDATE attachment SET conversation_id = $3, message_n = $4 \
     WHERE workspace_id = $1 AND id = $2 AND uploader = $5 AND conversation_id IS NULL";
// The files wait to be sent again, as if they had been uploaded just now.
const RELEASE_FILES: &str = "UPDATE attachment SET conversation_id = NULL, message_n = NULL, uploader = $4, created_at = $5 \
     WHERE workspace_id = $1 AND conversation_id = $2 AND message_n = $3";

pub(super) const STATEMENTS: &[&str] = &[FILES, FILE, ADD_FILE, CLAIM_FILE, RELEASE_FILES];

row! {
    struct RawFile {
        message_n: i64,
        id: String,
        name: String,
        size: i64,
        media_type: String,
    }
}

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
        let attachment = Attachment {
            id: read("attachment", file.id)?,
            name: file.name,
            size: file.size,
            media_type: file.media_type,
        };
        by_place.entry(file.message_n).or_default().push(attachment);
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

row! {
    struct RawStored {
        id: String,
        conversation_id: Option<String>,
        message_n: Option<i64>,
        uploader: String,
        name: String,
        size: i64,
        media_type: String,
        digest: String,
    }
}

/// Loads a file. The caller decides who may have it, by its conversation or, before it is sent, by its uploader.
///
/// # Errors
/// When the database fails.
pub async fn file(conn: &mut Conn<'_>, scope: &Scope, id: AttachmentId) -> Result<Option<File>, StoreError> {
    let Some(raw) = conn.opt::<RawStored>(FILE, args![scope.workspace(), id]).await? else { return Ok(None) };
    Ok(Some(File {
        attachment: Attachment {
            id: read("attachment", raw.id)?,
            name: raw.name,
            size: raw.size,
            media_type: raw.media_type,
        },
        conversation: read_opt("conversation", raw.conversation_id)?,
        message_n: raw.message_n,
        uploader: raw.uploader,
        digest: raw.digest,
    }))
}

/// Stores an uploaded file until it is sent.
///
/// # Errors
/// When the database fails.
pub async fn add_file(tx: &mut Tx<'_>, scope: &Scope, file: &File) -> Result<(), StoreError> {
    let Attachment { id, name, size, media_type } = &file.attachment;
    let values = args![
        scope.workspace(),
        *id,
        file.uploader.clone(),
        name.clone(),
        *size,
        media_type.clone(),
        file.digest.clone(),
        tx.now()
    ];
    tx.exec(ADD_FILE, values).await?;
    Ok(())
}

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
