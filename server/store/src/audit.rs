//! The audit log. Entries can be added and read. The database refuses to change or delete one. Each entry's seal is a hash over the entry
//! and the previous seal, so an edit of the file behind our back shows (S27).

use model::{AuditEvent, MemberId, Timestamp, WorkspaceId};
use sha2::Digest;

use super::{
    Scope, Tx,
    codec::read_opt,
    conn::{Conn, args},
    table::{insert, sql, table},
};
use crate::{clock::new_id, error::StoreError};

pub(super) const STATEMENTS: &[&str] = &[LAST, ADD, PAGE, CHAIN];

/// How many entries are checked at a time.
const STRIDE: i64 = 1000;

/// The content of one entry.
#[derive(Debug, Clone)]
pub struct Note {
    /// The member who acted. None for the command line.
    pub who: Option<MemberId>,
    /// The network address of the request. Empty for the command line.
    pub address: String,
    /// What they did.
    pub what: AuditEvent,
    /// Details, as a JSON object.
    pub body: String,
}

table! {
    /// What is shown of an entry.
    struct Line {
        n: i64,
        at: i64,
        member_id: Option<String>,
        what: String,
        body: String,
        address: String,
    }
}

table! {
    /// An entry as it is stored.
    struct Sealed {
        id: String,
        seal: String,
        ..line: Line,
    }
}

impl Sealed {
    /// The hash over this entry and the seal of the previous one.
    fn sealed_after(&self, workspace: WorkspaceId, before: &str) -> String {
        let Line { n, at, member_id, what, body, address } = &self.line;
        let (workspace, n, at) = (workspace.to_string(), n.to_string(), at.to_string());
        let who = member_id.as_deref().unwrap_or_default();
        let parts = [before, &workspace, &n, &self.id, &at, who, what, body, address];
        let mut hash = sha2::Sha256::new();
        for part in parts {
            // The length prefix keeps ["ab", "c"] and ["a", "bc"] apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

const LAST: &str = "SELECT n, seal FROM audit WHERE workspace_id = $1 ORDER BY n DESC LIMIT 1";
const ADD: &str = insert!("audit", sql!("workspace_id, ", Sealed::COLUMNS));

/// Adds an entry. If two processes add one at once, both take the same number. The database refuses the second, whose command is run again.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx<'_>, workspace: WorkspaceId, note: Note) -> Result<(), StoreError> {
    let last: Option<(i64, String)> = tx.conn().opt(LAST, args![workspace]).await?;
    let (n, before) = last.unwrap_or_default();
    let line = Line {
        n: n + 1,
        at: tx.now().0,
        member_id: note.who.map(|who| who.to_string()),
        what: note.what.as_str().to_owned(),
        body: note.body,
        address: note.address,
    };
    let mut sealed = Sealed { id: new_id().to_string(), seal: String::new(), line };
    sealed.seal = sealed.sealed_after(workspace, &before);
    tx.exec(ADD, args![workspace; sealed.values()]).await?;
    Ok(())
}

/// An entry as it is read.
#[derive(Debug, Clone)]
pub struct Read {
    /// Its number in the workspace's log, from 1.
    pub n: i64,
    /// When it was added.
    pub at: Timestamp,
    /// Its content.
    pub note: Note,
}

const PAGE: &str =
    sql!("SELECT ", Line::COLUMNS, " FROM audit WHERE workspace_id = $1 AND n < $2 ORDER BY n DESC LIMIT $3");

/// Up to `limit` entries below number `before`, newest first. Entries whose kind this build does not know are left out.
///
/// # Errors
/// When the database fails.
pub async fn page(conn: &mut Conn<'_>, scope: &Scope, before: i64, limit: i64) -> Result<Vec<Read>, StoreError> {
    let rows: Vec<Line> = conn.all(PAGE, args![scope.workspace(), before, limit]).await?;
    let known = rows.into_iter().filter_map(|Line { n, at, member_id: who, what, body, address }| {
        let what = what.parse::<AuditEvent>().ok()?;
        Some(read_opt("member", who).map(|who| Read { n, at: Timestamp(at), note: Note { who, address, what, body } }))
    });
    known.collect()
}

const CHAIN: &str =
    sql!("SELECT ", Sealed::COLUMNS, " FROM audit WHERE workspace_id = $1 AND n > $2 ORDER BY n LIMIT $3");

/// Checks a workspace's whole log. Returns the number of entries, or the number of the first entry that was changed or does not follow the
/// previous one. Entries from before seals existed have none, and come first in the log.
///
/// # Errors
/// When the database fails.
pub async fn verify(conn: &mut Conn<'_>, workspace: WorkspaceId) -> Result<Result<i64, i64>, StoreError> {
    let (mut last, mut seal) = (0, String::new());
    loop {
        let entries: Vec<Sealed> = conn.all(CHAIN, args![workspace, last, STRIDE]).await?;
        if entries.is_empty() {
            return Ok(Ok(last));
        }
        for entry in entries {
            let from_before_seals = entry.seal.is_empty() && seal.is_empty();
            if entry.line.n != last + 1 || (!from_before_seals && entry.seal != entry.sealed_after(workspace, &seal)) {
                return Ok(Err(last + 1));
            }
            (last, seal) = (entry.line.n, entry.seal);
        }
    }
}
