//! The audit log. Lines are added and read; the database itself refuses to change or delete one, and each line's seal is a hash over it
//! and the seal before it, so that a file edited behind our back shows it (S27).

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

/// How many lines are checked at a time.
const STRIDE: i64 = 1000;

/// What is noted.
#[derive(Debug, Clone)]
pub struct Note {
    /// Who; none for the command line.
    pub who: Option<MemberId>,
    /// From which network address; empty for the command line.
    pub address: String,
    /// What.
    pub what: AuditEvent,
    /// More about it: a JSON object.
    pub body: String,
}

row! {
    /// A line as it is stored.
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
    /// The hash over this line and the one before it.
    fn sealed_after(&self, workspace: WorkspaceId, before: &str) -> String {
        let (workspace, n, at) = (workspace.to_string(), self.n.to_string(), self.at.to_string());
        let who = self.member_id.as_deref().unwrap_or_default();
        let parts = [before, &workspace, &n, &self.id, &at, who, &self.what, &self.body, &self.address];
        let mut hash = sha2::Sha256::new();
        for part in parts {
            // The length in front keeps ["ab", "c"] and ["a", "bc"] apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// Adds a line. Two processes that add at once get one number: the second is told by the database, and its command is run again.
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

/// A line as it is read.
#[derive(Debug, Clone)]
pub struct Read {
    /// Its number.
    pub n: i64,
    /// When.
    pub at: Timestamp,
    /// What was noted.
    pub note: Note,
}

/// Up to `limit` lines before number `before`, the newest first. What this build has no word for is left out.
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

/// Goes through a workspace's whole log: how many lines it has, or the number of the first that is not as it was written or does not
/// follow the one before it. Lines from before there were seals have none, and stand at its beginning.
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
