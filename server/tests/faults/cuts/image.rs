//! Opens the data after a power cut, and checks what must be there.

use std::{collections::HashSet, fmt, path::Path};

use model::{EventBody, WorkspaceId};
use sha2::Digest;
use store::{Db, clock::Clock, conversation::counted_and_recounted, event};

use super::journal::{Journal, Record};
use crate::verdict::sqlite_problems;

/// What was acknowledged, with the place in the journal.
#[derive(Default)]
pub struct Acks {
    messages: Vec<(usize, String)>,
    files: Vec<(usize, String)>,
    /// Numbers that a live stream showed: they must not be given to something else afterwards.
    shown: Vec<(usize, i64)>,
}

impl Acks {
    pub fn of(journal: &Journal) -> Self {
        let mut acks = Self::default();
        for (place, record) in journal.records.iter().enumerate() {
            let Record::Acked(what) = record else { continue };
            if let Some(id) = what["message"].as_str() {
                acks.messages.push((place, id.to_owned()));
            } else if let Some(id) = what["file"].as_str() {
                acks.files.push((place, id.to_owned()));
            } else {
                acks.shown.push((place, what["seq"].as_i64().unwrap()));
            }
        }
        acks
    }
}

impl fmt::Display for Acks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (messages, files, shown) = (self.messages.len(), self.files.len(), self.shown.len());
        write!(f, "{messages} acknowledged messages, {files} files, {shown} events shown")
    }
}

fn before<T>(all: &[(usize, T)], cut: usize) -> impl Iterator<Item = &T> {
    all.iter().take_while(move |(place, _)| *place < cut).map(|(_, what)| what)
}

/// Opens an image as the process would and says what is wrong with it.
pub async fn problems(folder: &Path, workspace: WorkspaceId, acks: &Acks, cut: usize, all: bool) -> Vec<String> {
    let path = folder.join("tandem.db").to_str().unwrap().to_owned();
    let db = match Db::open(&format!("sqlite:{path}"), Clock::System, std::sync::Arc::new(|_| {})).await {
        Ok(db) => db,
        Err(error) => return vec![format!("it cannot be opened: {error}")],
    };
    let mut found = missing(&db, folder, workspace, acks, cut).await.unwrap_or_else(|error| vec![error.to_string()]);
    db.close().await;
    found.extend(sqlite_problems(&path, all).await);
    found
}

async fn missing(
    db: &Db,
    folder: &Path,
    workspace: WorkspaceId,
    acks: &Acks,
    cut: usize,
) -> store::error::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let rows: Vec<(String,)> = conn.all("SELECT id FROM message", Vec::new()).await?;
    let messages: HashSet<String> = rows.into_iter().map(|(id,)| id).collect();
    let events = event::after(conn, workspace, 0, i64::MAX).await?;
    if events.iter().zip(1..).any(|((seq, _), expected)| *seq != expected) {
        found.push("the log has a gap".to_owned());
    }
    let last = event::last(conn, workspace).await?;
    if last != events.last().map(|(seq, _)| *seq) {
        found.push(format!("the log does not end at {last:?}"));
    }
    let told: HashSet<String> = events
        .iter()
        .filter_map(|(_, body)| if let EventBody::Conversation { messages, .. } = body { Some(messages) } else { None })
        .flatten()
        .map(|message| message.id.to_string())
        .collect();
    for id in before(&acks.messages, cut) {
        if !messages.contains(id) || !told.contains(id) {
            found.push(format!("message {id} was acknowledged and is not there, or not in the log"));
        }
    }
    if let Some(id) = messages.iter().find(|id| !told.contains(*id)) {
        found.push(format!("message {id} is in no event"));
    }
    if let Some(shown) = before(&acks.shown, cut).filter(|shown| Some(**shown) > last).max() {
        found.push(format!("event {shown} was shown and is not there"));
    }
    let files: Vec<(String, String, bool)> =
        conn.all("SELECT id, digest, message_n IS NOT NULL FROM attachment", Vec::new()).await?;
    let acked: HashSet<&String> = before(&acks.files, cut).collect();
    for id in &acked {
        if !files.iter().any(|(known, ..)| known == *id) {
            found.push(format!("file {id} was acknowledged and is not there"));
        }
    }
    // An upload's row comes before its bytes, so that no bytes lie where no row knows of them; its id is told after both. What was told,
    // and what is in a message, is whole.
    for (id, digest, _) in files.iter().filter(|(id, _, sent)| *sent || acked.contains(id)) {
        let bytes = std::fs::read(folder.join("files").join(&digest[..2]).join(&digest[2..])).unwrap_or_default();
        if hex::encode(sha2::Sha256::digest(&bytes)) != *digest {
            found.push(format!("the bytes of file {id} are not there, or not whole"));
        }
    }
    let (kept, fresh) = counted_and_recounted(conn, workspace).await?;
    if kept != fresh {
        found.push("the counters differ from the rows".to_owned());
    }
    Ok(found)
}
