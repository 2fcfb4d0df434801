//! Files. They are stored by the SHA-256 of their bytes, the server sets names and types, and only members who see the conversation get
//! them.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use mail::pictures;
use model::{ApiError, Attachment, AttachmentId, ChannelId, MemberId, Needs, Permission};
use sha2::Digest;
use store::{
    Command, Db, Mark, Scope, Tx,
    clock::{new_id, random_bytes, random_hex},
    conversation,
    error::{Error, Result},
    message::{self, File},
    private, upload,
};
use tokio::{fs, io::AsyncWriteExt};

mod purge;
pub use purge::{ForgetUnclaimed, Removed, UNCLAIMED_MS, forget_loose};

/// The largest file a member may attach, in bytes.
pub const MEMBER_LIMIT: u64 = 25 * 1024 * 1024;
/// The largest file a visitor may attach, in bytes.
pub const VISITOR_LIMIT: u64 = 10 * 1024 * 1024;
/// How many bytes strangers may upload to one channel without sending them (S53)…
pub const MOST_UNCLAIMED: i64 = 500 * 1024 * 1024;
/// …and how many files.
pub const MOST_UNCLAIMED_FILES: i64 = 2_000;
/// A younger upload, in milliseconds, is never evicted. Its bytes may not be stored yet, and would stay behind if its row were deleted
/// first.
pub const SETTLED_MS: i64 = 5 * 60_000;
/// How many files may be evicted to make room for one.
const MOST_GIVEN_UP: i64 = 100;
/// The number of leading bytes that identify most file types.
const FRONT: usize = 512;
/// The number of leading bytes in which a picture's dimensions must come. Cameras write metadata before them.
pub const PICTURE_FRONT: usize = 256 * 1024;
/// The type of files that are offered for download and never displayed.
const PLAIN_BYTES: &str = "application/octet-stream";
/// A partial upload older than this will not be finished.
const BROKEN_OFF: Duration = Duration::from_secs(24 * 3600);

/// The store of file bytes.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
    mark: Mark,
}

impl Files {
    /// Opens the store in a folder, which is made if it is missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        private::make_folder(&folder.join("incoming"))?;
        private::make_folder(&folder.join("going"))?;
        private::close_whole_folder(&folder)?;
        forget_broken_off(&folder.join("incoming"))?;
        let files = Self { folder, mark: Mark::default() };
        files.put_back()?;
        let folder = &files.folder;
        // The folder entry itself must survive a power cut. Otherwise its files would be lost with it.
        let outer = folder.parent().filter(|outer| !outer.as_os_str().is_empty());
        for found_in in [Some(folder.as_path()), outer].into_iter().flatten() {
            std::fs::File::open(found_in)?.sync_all()?;
        }
        Ok(files)
    }

    fn path(&self, digest: &str) -> PathBuf {
        // The server computed the digest, and it is hexadecimal. So no path from outside ever gets here (S37).
        let (front, back) = digest.split_at(digest.len().min(2));
        self.folder.join(front).join(back)
    }

    /// Stores bytes as they arrive. Nothing is stored if there are more than `limit`. Returns digest, size and media type.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] over the limit. Also when the disk fails or the sender disconnects.
    pub async fn take(
        &self,
        stream: impl Stream<Item = Result<Bytes, std::io::Error>>,
        limit: u64,
    ) -> Result<(String, u64, String)> {
        let taken = self.receive(stream, limit).await?;
        self.settle(taken).await
    }

    /// Writes incoming bytes to a temporary file: at least one byte, at most `limit`. [`Files::settle`] stores it.
    async fn receive(&self, stream: impl Stream<Item = Result<Bytes, std::io::Error>>, limit: u64) -> Result<Incoming> {
        let taken = self.noted(self.write(stream, limit).await)?;
        if taken.size == 0 {
            return Err(ApiError::invalid("attachments", "This file is empty.").into());
        }
        Ok(taken)
    }

    /// Stores bytes from memory, of any type. Returns digest, size and media type.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn keep(&self, bytes: Bytes) -> Result<(String, u64, String)> {
        self.keep_stream(futures::stream::iter([Ok(bytes)])).await
    }

    /// Stores bytes as they arrive, of any type and size. Returns digest, size and media type.
    ///
    /// # Errors
    /// When the disk fails or the sender disconnects.
    pub async fn keep_stream(
        &self,
        stream: impl Stream<Item = Result<Bytes, std::io::Error>>,
    ) -> Result<(String, u64, String)> {
        let taken = self.noted(self.write(stream, u64::MAX).await)?;
        self.settle(taken).await
    }

    /// Moves received bytes to their final path. If equal bytes are there already, those stay and get a new modification time, which tells
    /// [`Files::remove`] that a new row may be about to refer to them.
    async fn settle(&self, taken: Incoming) -> Result<(String, u64, String)> {
        self.noted(self.place_it(taken).await)
    }

    /// Whether equal bytes are stored already. If so, sets their modification time to that of the new ones.
    async fn lies_there(&self, taken: &Incoming, target: &Path) -> Result<bool> {
        let written = fs::metadata(&taken.path.0).await?.modified()?;
        match fs::OpenOptions::new().write(true).open(target).await {
            Ok(there) => {
                there.into_std().await.set_modified(written)?;
                // A concurrent deletion may have moved the file away before its time changed.
                Ok(fs::try_exists(target).await?)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn place_it(&self, mut taken: Incoming) -> Result<(String, u64, String)> {
        let target = self.path(&taken.digest);
        let parent = target.parent().unwrap_or(&self.folder);
        if !self.lies_there(&taken, &target).await? {
            private::make_folder_beside(parent).await?;
            fs::rename(&taken.path.0, &target).await?;
        }
        // The names of the file and its folder must survive a power cut, as the bytes do. That includes names that another request made a
        // moment ago, or a process that was killed before it synced them.
        for named_in in [parent, &self.folder] {
            fs::File::open(named_in).await?.sync_all().await?;
        }
        let (digest, media_type) = (std::mem::take(&mut taken.digest), std::mem::take(&mut taken.media_type));
        Ok((digest, taken.size, media_type))
    }

    async fn write(&self, stream: impl Stream<Item = Result<Bytes, std::io::Error>>, limit: u64) -> Result<Incoming> {
        let path = Unsettled(self.folder.join("incoming").join(random_hex(16)));
        let mut file =
            fs::OpenOptions::from(private::file_options()).write(true).create_new(true).open(&path.0).await?;
        let (mut hash, mut size, mut head) = (sha2::Sha256::new(), 0u64, Vec::new());
        let mut stream = std::pin::pin!(stream);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk?;
            size += chunk.len() as u64;
            if size > limit {
                let mb = limit / (1024 * 1024);
                return Err(ApiError::invalid(
                    "attachments",
                    format!("This file is larger than {mb} MB. Send a link instead."),
                )
                .into());
            }
            if head.len() < FRONT || (head.len() < PICTURE_FRONT && pictures::kind(&head).is_some()) {
                head.extend_from_slice(&chunk[..chunk.len().min(PICTURE_FRONT - head.len())]);
            }
            hash.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.sync_all().await?;
        Ok(Incoming { path, digest: hex::encode(hash.finalize()), size, media_type: media_type(&head).to_owned() })
    }

    /// Records that the disk refuses writes, if that is the error.
    fn noted<T>(&self, stored: Result<T>) -> Result<T> {
        stored.inspect_err(|error| {
            if let Some(fault) = error.storage_fault() {
                self.mark.failed(fault);
            }
        })
    }

    /// The last failure to store a file, until a write succeeds.
    pub const fn mark(&self) -> &Mark {
        &self.mark
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a test file and deletes it again.
    ///
    /// # Errors
    /// When the disk does not store the file.
    pub async fn try_writing(&self) -> Result<()> {
        let bytes = Bytes::copy_from_slice(&random_bytes::<32_768>());
        self.write(futures::stream::iter([Ok(bytes)]), u64::MAX).await.map(drop)
    }

    /// The path of a file's bytes.
    pub fn place(&self, digest: &str) -> PathBuf {
        self.path(digest)
    }

    /// Opens the bytes of a file for streaming.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn read(&self, digest: &str) -> Result<fs::File> {
        Ok(fs::File::open(self.path(digest)).await?)
    }
}

/// Received bytes that are not stored yet.
struct Incoming {
    path: Unsettled,
    digest: String,
    size: u64,
    media_type: String,
}

/// The path of a temporary file. Dropping it deletes the file, unless it was moved to its final path. That covers a sender who disconnects.
struct Unsettled(PathBuf);

impl Drop for Unsettled {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Deletes partial uploads of killed processes. Younger ones may belong to another process that is still receiving.
fn forget_broken_off(incoming: &Path) -> std::io::Result<()> {
    for file in std::fs::read_dir(incoming)? {
        let file = file?;
        if file.metadata()?.modified()?.elapsed().is_ok_and(|age| age > BROKEN_OFF) {
            std::fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

/// The media type by the first bytes. The sender's claim is ignored (S8). Anything that a browser might execute counts as plain bytes, and
/// so does a picture that is too large for a browser (S10).
fn media_type(head: &[u8]) -> &'static str {
    let front = &head[..head.len().min(FRONT)];
    if pictures::kind(front).is_some() {
        return pictures::picture_type(head).unwrap_or(PLAIN_BYTES);
    }
    match infer::get(front).map(|kind| kind.mime_type()) {
        Some(kind @ ("application/pdf" | "application/zip")) => kind,
        Some(kind) if kind.starts_with("audio/") || kind.starts_with("video/") => kind,
        _ => PLAIN_BYTES,
    }
}

/// A file name that is safe to display and download: the last part of a path, on one line, without characters that reverse or hide text, at
/// most 120 characters (S9).
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean: String =
        last.chars().filter(|c| !hides(*c) && !matches!(c, '"' | '<' | '>' | '|' | ':' | '*' | '?')).collect();
    let clean = clean.trim().trim_start_matches('.').trim();
    let count = clean.chars().count();
    match (count, clean.rsplit_once('.')) {
        (0, _) => "file".to_owned(),
        (..=120, _) => clean.to_owned(),
        // The ending shows the type, so the middle is shortened.
        (_, Some((stem, end))) if end.chars().count() <= 10 => {
            format!("{}….{end}", stem.chars().take(108).collect::<String>())
        }
        _ => clean.chars().take(120).collect(),
    }
}

/// Stores the row of a member's uploaded file until it is sent.
#[derive(Debug, Clone)]
pub struct KeepFile(pub File);

#[async_trait]
impl Command for KeepFile {
    type Output = Attachment;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Attachment> {
        let scope = tx.scope()?;
        message::add_file(tx, &scope, &self.0).await?;
        Ok(self.0.attachment.clone())
    }
}

/// Stores the row of a stranger's uploaded file. If the channel's limit is reached, files of the uploader with the most unsent data are
/// evicted. So nobody can fill the channel and shut out others.
#[derive(Debug, Clone)]
pub struct KeepStrangersFile {
    /// The file.
    pub file: File,
    /// The channel it was uploaded to.
    pub channel: ChannelId,
}

#[async_trait]
impl Command for KeepStrangersFile {
    type Output = Attachment;
    const NEEDS: Needs = Needs::Outside;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Attachment> {
        let (scope, attachment) = (tx.scope()?, &self.file.attachment);
        make_room(tx, &scope, self.channel, attachment.size).await?;
        message::add_file(tx, &scope, &self.file).await?;
        upload::over(tx, &scope, attachment.id, self.channel).await?;
        Ok(attachment.clone())
    }
}

/// Limits what strangers uploaded to a channel and have not sent (S53). It refuses only if all of it was uploaded just now, or while too
/// many evicted files wait for the purge.
async fn make_room(tx: &mut Tx<'_>, scope: &Scope, channel: ChannelId, size: i64) -> Result<()> {
    let there = upload::unclaimed(tx.conn(), scope, channel).await?;
    let files = there.files.saturating_add(1) - MOST_UNCLAIMED_FILES;
    let bytes = there.bytes.saturating_add(size) - MOST_UNCLAIMED;
    let room = upload::Eviction { files, bytes, before: tx.now().plus(-SETTLED_MS), most: MOST_GIVEN_UP };
    if (files <= 0 && bytes <= 0) || upload::evict(tx, scope, channel, room).await? {
        return Ok(());
    }
    let message =
        "Too many files are waiting to be sent right now. Write without a file, or try again later.".to_owned();
    Err(ApiError::Busy { message }.into())
}

/// The uploader of a file.
#[derive(Debug, Clone)]
pub struct Uploader {
    /// The name that owns the file until it is sent.
    pub name: String,
    /// The channel that a stranger uploads to. None for a member.
    pub stranger_on: Option<ChannelId>,
}

/// Receives a file and stores it for its uploader. A refused file leaves neither a row nor bytes.
///
/// # Errors
/// Those of [`Files::take`], and [`ApiError::Busy`] when strangers uploaded too much recently.
pub async fn upload(
    db: &Db,
    files: &Files,
    scope: &Scope,
    from: Uploader,
    name: &str,
    limit: u64,
    stream: impl Stream<Item = Result<Bytes, std::io::Error>>,
) -> Result<Attachment> {
    let taken = files.receive(stream, limit).await?;
    let attachment = Attachment {
        id: AttachmentId::new(new_id()),
        name: safe_name(name),
        size: i64::try_from(taken.size).unwrap_or(i64::MAX),
        media_type: taken.media_type.clone(),
    };
    let digest = taken.digest.clone();
    let file = File { attachment, conversation: None, message_n: None, uploader: from.name, digest };
    let (db, files, scope) = (db.clone(), files.clone(), scope.clone());
    // A separate task finishes this even if the uploader disconnects. The row is written first, so bytes never exist without one. If the
    // bytes do not follow, nobody knows the row's id, so nobody can send it, and the purge deletes it.
    let kept = tokio::spawn(async move {
        let kept = match from.stranger_on {
            Some(channel) => db.write(&scope, KeepStrangersFile { file, channel }).await?,
            None => db.write(&scope, KeepFile(file)).await?,
        };
        files.settle(taken).await?;
        Ok(kept)
    });
    kept.await.map_err(std::io::Error::other)?
}

/// The uploader name of a member's unsent files.
pub fn uploader(member: MemberId) -> String {
    format!("member:{member}")
}

/// Finds a file that a member may have: one in a conversation they see, or one they uploaded.
///
/// # Errors
/// [`Error::NOT_FOUND`] when it does not exist or the member may not have it.
pub async fn of_member(db: &Db, scope: &Scope, id: AttachmentId) -> Result<File> {
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let file = message::file(conn, scope, id).await?.ok_or(Error::NOT_FOUND)?;
    let allowed = match file.conversation {
        Some(conversation) => conversation::load(conn, scope, conversation).await?.is_some(),
        None => file.uploader == uploader(scope.person()?.member.id),
    };
    if allowed { Ok(file) } else { Err(Error::NOT_FOUND) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn s9_names_are_neutral() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\evil\\in\u{202e}gpj.exe"), "ingpj.exe");
        assert_eq!(safe_name("a\r\nSet-Cookie: x=1.txt"), "aSet-Cookie x=1.txt");
        assert_eq!(safe_name("\"quoted\".pdf"), "quoted.pdf");
        assert_eq!(safe_name(".htaccess"), "htaccess");
        assert_eq!(safe_name("\0"), "file");
        assert!(safe_name(&format!("{}.pdf", "x".repeat(4096))).ends_with(".pdf"));
    }

    #[test]
    fn s8_what_could_run_is_plain_bytes() {
        for bytes in [
            &b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"[..],
            b"<!DOCTYPE html><script>x()</script>",
            b"<?xml version='1.0'?>",
            b"plain",
        ] {
            assert_eq!(media_type(bytes), "application/octet-stream");
        }
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\x20\0\0\x02\x58"), "image/png");
    }

    #[tokio::test]
    async fn s10_pictures_that_no_browser_can_hold_are_files() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().join("files")).unwrap();
        // The camera's metadata comes before the dimensions and is longer than `FRONT`.
        let notes = [&b"\xff\xd8\xff\xe1\xff\xff"[..], &[7; 65_533]].concat();
        for (side, media_type) in [(4_000u16, "image/jpeg"), (60_000, "application/octet-stream")] {
            let frame = [&b"\xff\xc0\0\x0b\x08"[..], &side.to_be_bytes(), &side.to_be_bytes(), b"\x01"].concat();
            let photo = [&notes[..], &frame].concat();
            let chunks = photo.chunks(1000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect::<Vec<_>>();
            let (_, size, found) = files.take(futures::stream::iter(chunks), MEMBER_LIMIT).await.unwrap();
            assert_eq!((size, found.as_str()), (photo.len() as u64, media_type));
        }
    }

    proptest! {
        #[test]
        fn s9_no_name_escapes(name in "\\PC{0,300}") {
            let safe = safe_name(&name);
            let fine = !safe.is_empty() && safe.chars().count() <= 125 && !safe.contains(['/', '\\', '"', '\r', '\n', '\0']);
            prop_assert!(fine, "{safe:?}");
        }
    }
}
