//! The audit log. Entries can be added and read. The database refuses to change or delete one. Each entry's seal is a hash over the entry
//! and the previous seal, so an edit of the file behind our back shows (S27).

use model::{AuditEvent, MemberId, Timestamp, WorkspaceId};
use sha2::Digest;

use super::{
    Scope, Tx,
    codec::read_opt,
    conn::{Conn, args, row},
};
use crate::{clock::new_id, error::StoreError};

const LAST: &str = "SELECT n, seal FROM audit WHERE workspace_id = $1 ORDER BY n DESC LIMIT 1";
const ADD: &str = "INSERT INTO audit (workspace_id, id, at, member_id, what, body, address, n, seal) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const PAGE: &str = "SELECT n, at, member_id, what, body, address FROM audit WHERE workspace_id = $1 AND n < $2 ORDER BY n DESC LIMIT $3";
const CHAIN: &str = "SELECT n, id, at, member_id, what, body, address, seal FROM audit WHERE workspace_id = $1 AND n > $2 ORDER BY n LIMIT $3";

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

row! {
    /// An entry as it is stored.
    #[derive(Debug, Clone)]
    struct Sealed {
        n: i64,
        id: String,
        at: i64,
        member_id: Option<String>,
        what: String,
        body: String,
        address: String,
        seal: String,
    }
}

impl Sealed {
    /// The hash over this entry and the seal of the previous one.
    fn sealed_after(&self, workspace: WorkspaceId, before: &str) -> String {
        let (workspace, n, at) = (workspace.to_string(), self.n.to_string(), self.at.to_string());
        let who = self.member_id.as_deref().unwrap_or_default();
        let parts = [before, &workspace, &n, &self.id, &at, who, &self.what, &self.body, &self.address];
        let mut hash = sha2::Sha256::new();
        for part in parts {
            // The length prefix keeps ["ab", "c"] and ["a", "bc"] apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// Adds an entry. If two processes add one at once, both take the same number. The database refuses the second, whose command is run again.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx<'_>, workspace: WorkspaceId, note: Note) -> Result<(), StoreError> {
    let last: Option<(i64, String)> = tx.conn().opt(LAST, args![workspace]).await?;
    let (n, before) = last.unwrap_or_default();
    let mut line = Sealed {
        n: n + 1,
        id: new_id().to_string(),
        at: tx.now().0,
        member_id: note.who.map(|who| who.to_string()),
        what: note.what.as_str().to_owned(),
        body: note.body,
        address: note.address,
        seal: String::new(),
    };
    line.seal = line.sealed_after(workspace, &before);
    let Sealed { n, id, at, member_id, what, body, address, seal } = line;
    tx.exec(ADD, args![workspace, id, at, member_id, what, body, address, n, seal]).await?;
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

/// Up to `limit` entries below number `before`, newest first. Entries whose kind this build does not know are left out.
///
/// # Errors
/// When the database fails.
pub async fn page(conn: &mut Conn<'_>, scope: &Scope, before: i64, limit: i64) -> Result<Vec<Read>, StoreError> {
    type Raw = (i64, i64, Option<String>, String, String, String);
    let rows: Vec<Raw> = conn.all(PAGE, args![scope.workspace(), before, limit]).await?;
    let known = rows.into_iter().filter_map(|(n, at, who, what, body, address)| {
        let what = what.parse::<AuditEvent>().ok()?;
        Some(read_opt("member", who).map(|who| Read { n, at: Timestamp(at), note: Note { who, address, what, body } }))
    });
    known.collect()
}

/// Checks a workspace's whole log. Returns the number of entries, or the number of the first entry that was changed or does not follow the
/// previous one. Entries from before seals existed have none, and come first in the log.
///
/// # Errors
/// When the database fails.
pub async fn verify(conn: &mut Conn<'_>, workspace: WorkspaceId) -> Result<Result<i64, i64>, StoreError> {
    let (mut last, mut seal) = (0, String::new());
    loop {
        let lines: Vec<Sealed> = conn.all(CHAIN, args![workspace, last, STRIDE]).await?;
        if lines.is_empty() {
            return Ok(Ok(last));
        }
        for line in lines {
            let from_before_seals = line.seal.is_empty() && seal.is_empty();
            if line.n != last + 1 || (!from_before_seals && line.seal != line.sealed_after(workspace, &seal)) {
                return Ok(Err(last + 1));
            }
            (last, seal) = (line.n, line.seal);
        }
    }
}
