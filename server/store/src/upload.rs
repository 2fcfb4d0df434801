//! Uploaded files that were not sent yet: how many there are, which are too old, and which bytes no row needs any more.

use model::{AttachmentId, ChannelId, Timestamp};

use super::{
    Scope, Tx,
    conn::{Conn, args},
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] = &[OVER, UNCLAIMED, STALE, HEAVIEST, FORGET, LOOSEN, LOOSE, SETTLE, USED];

/// Limit on loose bytes. When an evicted row makes room, the next purge deletes its bytes, not the eviction. At this limit no more rows are
/// evicted: otherwise somebody who uploads faster than purges run would fill the disk.
const MOST_LOOSE: i64 = 100;

/// The total of uploaded files that were not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclaimed {
    /// How many files.
    pub files: i64,
    /// Their bytes together.
    pub bytes: i64,
}

const OVER: &str = "UPDATE attachment SET channel_id = $3 WHERE workspace_id = $1 AND id = $2";

/// Records the channel to which a stranger uploaded a file.
///
/// # Errors
/// When the database fails.
pub async fn over(tx: &mut Tx<'_>, scope: &Scope, id: AttachmentId, channel: ChannelId) -> Result<(), StoreError> {
    tx.exec(OVER, args![scope.workspace(), id, channel]).await?;
    Ok(())
}

const UNCLAIMED: &str = "SELECT CAST(COUNT(*) AS BIGINT) AS n, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM attachment \
     WHERE workspace_id = $1 AND channel_id = $2 AND conversation_id IS NULL";

/// Counts the files and bytes that strangers uploaded to a channel and did not send yet.
///
/// # Errors
/// When the database fails.
pub async fn unclaimed(conn: &mut Conn<'_>, scope: &Scope, channel: ChannelId) -> Result<Unclaimed, StoreError> {
    let (files, bytes) = conn.one::<(i64, i64)>(UNCLAIMED, args![scope.workspace(), channel]).await?;
    Ok(Unclaimed { files, bytes })
}

const STALE: &str = "SELECT id, digest FROM attachment WHERE workspace_id = $1 AND conversation_id IS NULL AND created_at <= $2 LIMIT $3";

/// Deletes up to `most` files that were not sent since `before`. Their bytes are noted as loose. Returns how many it deleted.
///
/// # Errors
/// When the database fails.
pub async fn forget_stale(tx: &mut Tx<'_>, scope: &Scope, before: Timestamp, most: i64) -> Result<usize, StoreError> {
    let stale: Vec<(String, String)> = tx.conn().all(STALE, args![scope.workspace(), before, most]).await?;
    let found = stale.len();
    for (id, digest) in stale {
        forget(tx, scope, id, digest).await?;
    }
    Ok(found)
}

const FORGET: &str = "DELETE FROM attachment WHERE workspace_id = $1 AND id = $2 AND conversation_id IS NULL";
const LOOSEN: &str = "INSERT INTO loose_bytes (workspace_id, digest, at) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, digest) DO NOTHING";

/// Deletes the row of an unsent file. False when another process sent the file meanwhile.
async fn forget(tx: &mut Tx<'_>, scope: &Scope, id: String, digest: String) -> Result<bool, StoreError> {
    let now = tx.now();
    let forgotten = tx.exec(FORGET, args![scope.workspace(), id]).await? == 1;
    if forgotten {
        tx.exec(LOOSEN, args![scope.workspace(), digest, now]).await?;
    }
    Ok(forgotten)
}

/// How much room to make in a channel, taken from the uploaders with the most unsent files.
#[derive(Debug, Clone, Copy)]
pub struct Eviction {
    /// How many files to remove.
    pub files: i64,
    /// How many bytes to remove.
    pub bytes: i64,
    /// Files uploaded after this time are kept.
    pub before: Timestamp,
    /// The most files to delete.
    pub most: i64,
}

// Ordered by the total of each uploader in this channel: total bytes, or the number of files when $3 is 1.
const HEAVIEST: &str = "SELECT a.id, a.digest, a.size FROM attachment a JOIN \
     (SELECT uploader, SUM(CASE WHEN CAST($3 AS BIGINT) = 1 THEN 1 ELSE size END) AS weight FROM attachment \
     WHERE workspace_id = $1 AND channel_id = $2 AND conversation_id IS NULL GROUP BY uploader) u ON u.uploader = a.uploader \
     WHERE a.workspace_id = $1 AND a.channel_id = $2 AND a.conversation_id IS NULL AND a.created_at <= $4 \
     ORDER BY u.weight DESC, CASE WHEN CAST($3 AS BIGINT) = 1 THEN 0 ELSE a.size END DESC, a.created_at, a.id LIMIT $5";

/// Deletes unsent files of strangers in a channel, those of the heaviest uploaders first. True if that made enough room.
///
/// # Errors
/// When the database fails.
pub async fn evict(tx: &mut Tx<'_>, scope: &Scope, channel: ChannelId, room: Eviction) -> Result<bool, StoreError> {
    if loose(tx.conn(), scope, "", MOST_LOOSE).await?.len() >= usize::try_from(MOST_LOOSE).unwrap_or(usize::MAX) {
        return Ok(false);
    }
    let (mut files, mut bytes) = (room.files, room.bytes);
    // If bytes are short, the uploaders with the most bytes come first. If only files are, those with the most files.
    let by_files = i64::from(bytes <= 0);
    let values = args![scope.workspace(), channel, by_files, room.before, room.most];
    let heaviest: Vec<(String, String, i64)> = tx.conn().all(HEAVIEST, values).await?;
    for (id, digest, size) in heaviest {
        if files <= 0 && bytes <= 0 {
            break;
        }
        if forget(tx, scope, id, digest).await? {
            (files, bytes) = (files - 1, bytes.saturating_sub(size));
        }
    }
    Ok(files <= 0 && bytes <= 0)
}

const LOOSE: &str = "SELECT digest FROM loose_bytes WHERE workspace_id = $1 AND digest > $2 ORDER BY digest LIMIT $3";

/// Digests of bytes whose row is gone, in order, after `after`, at most `most`.
///
/// # Errors
/// When the database fails.
pub async fn loose(conn: &mut Conn<'_>, scope: &Scope, after: &str, most: i64) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = conn.all(LOOSE, args![scope.workspace(), after, most]).await?;
    Ok(rows.into_iter().map(|(digest,)| digest).collect())
}

const SETTLE: &str = "DELETE FROM loose_bytes WHERE workspace_id = $1 AND digest = $2";

/// Records that loose bytes were dealt with: deleted, or found to be in use.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx<'_>, scope: &Scope, digest: &str) -> Result<(), StoreError> {
    tx.exec(SETTLE, args![scope.workspace(), digest]).await?;
    Ok(())
}

// Searches all workspaces, because equal bytes are stored once.
const USED: &str = "SELECT EXISTS (SELECT 1 FROM attachment WHERE digest = $1) OR EXISTS (SELECT 1 FROM mail WHERE digest = $1) AS used";

/// Whether any row of any workspace still uses these bytes.
///
/// # Errors
/// When the database fails.
pub async fn is_used(conn: &mut Conn<'_>, digest: &str) -> Result<bool, StoreError> {
    Ok(conn.one::<(bool,)>(USED, args![digest]).await?.0)
}
