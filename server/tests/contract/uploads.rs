//! S53: unsent uploads are limited. They are deleted after a day, those of strangers after an hour, with their bytes unless something else
//! uses the same bytes, whatever happens at the same time.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use channels::Channels;
use domain::{
    files::{
        self, Files, ForgetUnclaimed, KeepStrangersFile, MOST_UNCLAIMED, MOST_UNCLAIMED_FILES, SETTLED_MS,
        UNCLAIMED_MS, Uploader, VISITOR_LIMIT,
    },
    inbound::{Inbound, Receive},
    send::{CancelMessage, SendMessage},
    work::Work,
};
use model::{ApiError, Attachment, AttachmentId, ChannelKind, DraftMode, JobId, MessageId};
use server::jobs::Worker;
use store::{
    self, Val,
    clock::new_id,
    error::Result,
    message::{self, File},
};
use tempfile::TempDir;

use crate::{
    plain::{LeaveJob, Sql},
    world::{World, letter, refused},
};

on_both_engines!(
    s53_what_nobody_sent_goes_after_a_day,
    s53_bytes_that_something_else_has_stay,
    s53_young_bytes_are_looked_at_again,
    s53_who_is_stopped_in_between_goes_on,
    s53_bytes_that_come_again_at_that_moment_stay,
    s53_strangers_fill_no_more_than_a_channels_share,
    s53_strangers_leave_no_more_than_so_many_files,
    s53_whoever_fills_a_channel_shuts_out_nobody,
    s53_what_is_refused_leaves_nothing_behind,
    s53_files_of_a_message_that_was_taken_back_wait_another_day,
);

const HOUR: i64 = 3_600_000;

struct Disk {
    folder: TempDir,
    files: Files,
}

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path().join("files")).unwrap();
        Self { folder, files }
    }

    /// Every file below the folder, but what belongs to it.
    fn count(&self) -> usize {
        fn below(folder: &Path) -> usize {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries.map(|path| if path.is_dir() { below(&path) } else { 1 }).sum()
        }
        below(self.folder.path())
    }

    /// Makes bytes look as if they had lain there for long.
    fn age(&self, digest: &str) {
        let file = std::fs::File::options().write(true).open(self.files.place(digest)).unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(7200)).unwrap();
    }

    fn has(&self, digest: &str) -> bool {
        self.files.place(digest).exists()
    }
}

fn stranger(world: &World, visitor: &str) -> Uploader {
    Uploader { name: format!("visitor:{visitor}"), stranger_on: Some(world.chat.id) }
}

async fn upload(world: &World, disk: &Disk, from: Uploader, bytes: &'static [u8]) -> Result<File> {
    let stream = futures::stream::iter([Ok(Bytes::from_static(bytes))]);
    let kept = files::upload(&world.db, &disk.files, &world.system(), from, "a.txt", VISITOR_LIMIT, stream).await?;
    Ok(file(world, kept.id).await.expect("the file was stored"))
}

async fn file(world: &World, id: AttachmentId) -> Option<File> {
    message::file(&mut world.db.snapshot().await.unwrap().conn(), &world.system(), id).await.unwrap()
}

/// Does the work that is due, and forgets as the server does.
async fn purge(world: &World, disk: &Disk) {
    let body = serde_json::to_string(&Work::Purge).unwrap();
    let due = LeaveJob { id: JobId::new(new_id()), kind: Work::Purge.kind(), body, at: world.now() };
    world.db.write(&world.system(), due).await.unwrap();
    Worker::new(world.db.clone(), Channels::default()).with_files(disk.files.clone()).drain().await.unwrap();
}

fn with_files(inbound: Inbound, files: &[AttachmentId]) -> Receive {
    Receive(Inbound { attachments: files.to_vec(), ..inbound })
}

async fn s53_what_nobody_sent_goes_after_a_day(world: World) {
    let disk = Disk::new();
    let member = Uploader { name: files::uploader(world.owner.id), stranger_on: None };
    let unclaimed = [
        upload(&world, &disk, member, b"of a member").await.unwrap(),
        upload(&world, &disk, stranger(&world, "anna"), b"of a visitor").await.unwrap(),
    ];
    let sent = upload(&world, &disk, stranger(&world, "anna"), b"sent").await.unwrap();
    let send = with_files(letter(&world.chat, "anna", "See"), &[sent.attachment.id]);
    world.db.write(&world.system(), send).await.unwrap();
    for file in unclaimed.iter().chain([&sent]) {
        disk.age(&file.digest);
    }
    world.wait(UNCLAIMED_MS - 1);
    purge(&world, &disk).await;
    assert_eq!(disk.count(), 3, "nothing is deleted earlier");
    let young = upload(&world, &disk, stranger(&world, "ben"), b"of today").await.unwrap();
    world.wait(1);
    purge(&world, &disk).await;
    for gone in &unclaimed {
        assert_eq!(file(&world, gone.attachment.id).await, None);
        assert!(!disk.has(&gone.digest), "the bytes are deleted, too");
    }
    assert!(disk.has(&sent.digest) && disk.has(&young.digest));
    assert_eq!(disk.count(), 2);
    // Who sends it now is told, and nothing of it is stored.
    let late = with_files(letter(&world.chat, "anna", "See"), &[unclaimed[1].attachment.id]);
    assert!(matches!(refused(world.db.write(&world.system(), late).await), ApiError::Invalid { .. }));
}

async fn s53_bytes_that_something_else_has_stay(world: World) {
    let disk = Disk::new();
    let mut both = Vec::new();
    for bytes in [&b"as a message's"[..], b"as a mail's", b"as another tenant's"] {
        both.push(upload(&world, &disk, stranger(&world, "anna"), bytes).await.unwrap());
    }
    let sent = upload(&world, &disk, stranger(&world, "ben"), b"as a message's").await.unwrap();
    let send = with_files(letter(&world.chat, "ben", "See"), &[sent.attachment.id]);
    world.db.write(&world.system(), send).await.unwrap();
    let mail = "INSERT INTO mail (workspace_id, id, channel_id, folder, digest, size, outcome, reason, at) \
                VALUES ($1, 'a mail', $2, 'INBOX', $3, 1, 'taken', '', 1)";
    let values = vec![world.workspace.into(), world.chat.id.into(), both[1].digest.clone().into()];
    world.db.write(&world.system(), Sql::one(mail, values)).await.unwrap();
    let tenant = world.tenant("other").await;
    let theirs = "INSERT INTO attachment (workspace_id, id, conversation_id, uploader, name, size, media_type, digest, created_at) \
                  VALUES ($1, 'theirs', 'c', '', '', 1, '', $2, 1)";
    let values = vec![tenant.workspace.into(), both[2].digest.clone().into()];
    world.db.write(&world.system(), Sql::one(theirs, values)).await.unwrap();
    world.wait(UNCLAIMED_MS + HOUR);
    for file in &both {
        disk.age(&file.digest);
    }
    purge(&world, &disk).await;
    for kept in &both {
        assert_eq!(file(&world, kept.attachment.id).await, None, "its row is gone");
        assert!(disk.has(&kept.digest), "another row uses the same bytes");
    }
}

async fn s53_young_bytes_are_looked_at_again(world: World) {
    let disk = Disk::new();
    let once = upload(&world, &disk, stranger(&world, "anna"), b"just kept for a mail").await.unwrap();
    world.wait(UNCLAIMED_MS + HOUR);
    purge(&world, &disk).await;
    assert_eq!(file(&world, once.attachment.id).await, None);
    assert!(disk.has(&once.digest), "a row that uses the bytes may be about to be written");
    disk.age(&once.digest);
    world.wait(HOUR);
    purge(&world, &disk).await;
    assert!(!disk.has(&once.digest));
}

async fn s53_who_is_stopped_in_between_goes_on(world: World) {
    let disk = Disk::new();
    let lost = upload(&world, &disk, stranger(&world, "anna"), b"nobody sends this").await.unwrap();
    let sent = upload(&world, &disk, stranger(&world, "anna"), b"somebody sends this").await.unwrap();
    world.wait(UNCLAIMED_MS - 1);
    let send = with_files(letter(&world.chat, "anna", "See"), &[sent.attachment.id]);
    world.db.write(&world.system(), send).await.unwrap();
    world.wait(2 * HOUR);
    // The rows went, and then the process was killed: once before it came to the bytes, once with bytes in its hand.
    while world.db.write(&world.system(), ForgetUnclaimed).await.unwrap() {}
    assert!(disk.has(&lost.digest));
    for file in [&lost, &sent] {
        disk.age(&file.digest);
    }
    let aside = disk.folder.path().join("files/going").join(&sent.digest);
    std::fs::rename(disk.files.place(&sent.digest), &aside).unwrap();
    let files = Files::open(disk.folder.path().join("files")).unwrap();
    assert!(disk.has(&sent.digest) && !aside.exists(), "the file was moved back");
    let disk = Disk { files, ..disk };
    purge(&world, &disk).await;
    assert!(!disk.has(&lost.digest) && disk.has(&sent.digest));
}

/// An upload's row and a mail's bytes, in many orders with the deletion of equal bytes.
async fn s53_bytes_that_come_again_at_that_moment_stay(world: World) {
    let disk = Disk::new();
    let bytes = || Bytes::from_static(b"the same again");
    let (digest, ..) = disk.files.keep(bytes()).await.unwrap();
    for round in 0..60 {
        world.db.write(&world.system(), Sql::one("DELETE FROM attachment", Vec::new())).await.unwrap();
        disk.files.keep(bytes()).await.unwrap();
        disk.age(&digest);
        let remove = async {
            for _ in 0..round % 12 {
                tokio::task::yield_now().await;
            }
            disk.files.remove(&world.db, &digest).await.unwrap()
        };
        if round % 2 == 0 {
            let (kept, _) = tokio::join!(upload(&world, &disk, stranger(&world, "anna"), b"the same again"), remove);
            kept.unwrap();
        } else {
            let (kept, _) = tokio::join!(disk.files.keep(bytes()), remove);
            kept.unwrap();
        }
        assert!(disk.has(&digest), "round {round}");
        assert_eq!(disk.count(), 1, "nothing else is left");
    }
}

async fn s53_strangers_fill_no_more_than_a_channels_share(world: World) {
    let of = |uploader: &str, size: i64| File {
        attachment: Attachment {
            id: AttachmentId::new(new_id()),
            name: "a".to_owned(),
            size,
            media_type: "text/plain".to_owned(),
        },
        conversation: None,
        message_n: None,
        uploader: uploader.to_owned(),
        digest: "00".to_owned(),
    };
    let other = world.channel(ChannelKind::WebChat, 0).await;
    let keep = async |file: File, channel| world.db.write(&world.system(), KeepStrangersFile { file, channel }).await;
    let half = of("visitor:anna", MOST_UNCLAIMED / 2);
    let id = half.attachment.id;
    keep(half, world.chat.id).await.unwrap();
    keep(of("visitor:ben", MOST_UNCLAIMED / 2), world.chat.id).await.unwrap();
    // What came just now gives no room.
    let more = keep(of("visitor:cleo", 1), world.chat.id).await;
    assert!(matches!(refused(more), ApiError::Busy { .. }), "the limit holds for any token");
    keep(of("visitor:cleo", 1), other.id).await.unwrap();
    // What is sent waits no longer.
    world.db.write(&world.system(), with_files(letter(&world.chat, "anna", "See"), &[id])).await.unwrap();
    keep(of("visitor:cleo", 1), world.chat.id).await.unwrap();
    assert!(matches!(
        refused(keep(of("visitor:cleo", MOST_UNCLAIMED / 2), world.chat.id).await),
        ApiError::Busy { .. }
    ));
    world.wait(UNCLAIMED_MS + HOUR);
    purge(&world, &Disk::new()).await;
    keep(of("visitor:cleo", MOST_UNCLAIMED / 2), world.chat.id).await.unwrap();
}

async fn s53_strangers_leave_no_more_than_so_many_files(world: World) {
    let disk = Disk::new();
    let fill = format!(
        "INSERT INTO attachment (workspace_id, id, uploader, name, size, media_type, digest, created_at, channel_id) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) \
         SELECT $1, 'little ' || CAST(i AS TEXT), '', '', 1, '', '', {}, $2 FROM n",
        MOST_UNCLAIMED_FILES - 1,
        world.now().0
    );
    let values = vec![world.workspace.into(), world.chat.id.into()];
    world.db.write(&world.system(), Sql::one(&fill, values)).await.unwrap();
    upload(&world, &disk, stranger(&world, "anna"), b"the last").await.unwrap();
    let more = upload(&world, &disk, stranger(&world, "ben"), b"one more").await;
    assert!(matches!(refused(more), ApiError::Busy { .. }), "the number of files is limited, however small they are");
    world.wait(SETTLED_MS);
    let ben = upload(&world, &disk, stranger(&world, "ben"), b"one more").await.unwrap();
    let there = unclaimed(&world).await;
    assert_eq!(there.files, MOST_UNCLAIMED_FILES, "a file of the uploader with the most files was evicted");
    assert!(file(&world, ben.attachment.id).await.is_some());
}

async fn unclaimed(world: &World) -> store::upload::Unclaimed {
    let mut snapshot = world.db.snapshot().await.unwrap();
    store::upload::unclaimed(&mut snapshot.conn(), &world.system(), world.chat.id).await.unwrap()
}

async fn s53_whoever_fills_a_channel_shuts_out_nobody(world: World) {
    let disk = Disk::new();
    let little = upload(&world, &disk, stranger(&world, "anna"), b"a little").await.unwrap();
    // Each under a token of its own, which costs nothing; the last has two.
    let piece = 10 << 20;
    let count = MOST_UNCLAIMED / piece;
    for n in 0..count {
        let id = format!("file {n:02}");
        let uploader = format!("visitor:of {}", n.min(count - 2));
        let fill = "INSERT INTO attachment (workspace_id, id, uploader, name, size, media_type, digest, created_at, channel_id) \
                    VALUES ($1, $2, $3, '', $4, '', $2, $5, $6)";
        let size = if n == 0 { piece - little.attachment.size } else { piece };
        let values: Vec<Val> = vec![
            world.workspace.into(),
            id.into(),
            uploader.into(),
            size.into(),
            world.now().plus(n).into(),
            world.chat.id.into(),
        ];
        world.db.write(&world.system(), Sql::one(fill, values)).await.unwrap();
    }
    assert_eq!(unclaimed(&world).await.bytes, MOST_UNCLAIMED);
    world.wait(SETTLED_MS + count);
    let is_there = async |id: &str| {
        let find = "UPDATE attachment SET name = name WHERE workspace_id = $1 AND id = $2";
        let values = vec![world.workspace.into(), id.to_owned().into()];
        world.db.write(&world.system(), Sql::one(find, values)).await.unwrap() == 1
    };
    let ben = upload(&world, &disk, stranger(&world, "ben"), b"an honest file").await.unwrap();
    let gone = [format!("file {:02}", count - 2), "file 01".to_owned()];
    assert!(!is_there(&gone[0]).await, "the heaviest uploader loses the oldest file");
    assert!(
        is_there(&gone[1]).await && is_there(&format!("file {:02}", count - 1)).await,
        "no more than needed is evicted"
    );
    world.wait(SETTLED_MS);
    let big: &'static [u8] = vec![7; usize::try_from(VISITOR_LIMIT).unwrap()].leak();
    upload(&world, &disk, stranger(&world, "cleo"), big).await.unwrap();
    upload(&world, &disk, stranger(&world, "dora"), big).await.unwrap();
    assert!(!is_there(&gone[1]).await, "among equal uploaders the oldest file is evicted");
    for honest in [&little, &ben] {
        assert!(file(&world, honest.attachment.id).await.is_some(), "an uploader with little data keeps it");
    }
    assert!(unclaimed(&world).await.bytes <= MOST_UNCLAIMED);
}

async fn s53_what_is_refused_leaves_nothing_behind(world: World) {
    let disk = Disk::new();
    let fill = "INSERT INTO attachment (workspace_id, id, uploader, name, size, media_type, digest, created_at, channel_id) \
                VALUES ($1, 'full', '', '', $2, '', '', $3, $4)";
    let values: Vec<Val> =
        vec![world.workspace.into(), (MOST_UNCLAIMED - 5).into(), world.now().into(), world.chat.id.into()];
    world.db.write(&world.system(), Sql::one(fill, values)).await.unwrap();
    let rows = async || {
        let count = "UPDATE attachment SET name = name WHERE workspace_id = $1";
        world.db.write(&world.system(), Sql::one(count, vec![world.workspace.into()])).await.unwrap()
    };
    refused(upload(&world, &disk, stranger(&world, "anna"), b"six bytes").await);
    let long: &'static [u8] = vec![7; usize::try_from(VISITOR_LIMIT).unwrap() + 1].leak();
    let member = || Uploader { name: files::uploader(world.owner.id), stranger_on: None };
    refused(upload(&world, &disk, member(), long).await);
    refused(upload(&world, &disk, member(), b"").await);
    let broken = futures::stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("hung up"))]);
    let system = world.system();
    let upload = files::upload(&world.db, &disk.files, &system, member(), "a", VISITOR_LIMIT, broken);
    assert!(upload.await.is_err());
    // Whoever hangs up without a word: what was under way for them is dropped.
    let silent = futures::stream::StreamExt::chain(
        futures::stream::iter([Ok(Bytes::from_static(b"half"))]),
        futures::stream::pending(),
    );
    let upload = files::upload(&world.db, &disk.files, &system, member(), "a", VISITOR_LIMIT, silent);
    assert!(tokio::time::timeout(Duration::from_millis(100), upload).await.is_err());
    assert_eq!((disk.count(), rows().await), (0, 1));
}

async fn s53_files_of_a_message_that_was_taken_back_wait_another_day(world: World) {
    let disk = Disk::new();
    let channel = world.channel(ChannelKind::Api, 3 * UNCLAIMED_MS).await;
    let conversation = world.receive(letter(&channel, "amelie", "Bonjour")).await.unwrap().conversation;
    let mine = Uploader { name: files::uploader(world.owner.id), stranger_on: None };
    let plan = upload(&world, &disk, mine, b"a plan").await.unwrap();
    let send = |text: &str| SendMessage {
        id: MessageId::new(new_id()),
        conversation,
        mode: DraftMode::Reply,
        text: text.to_owned(),
        attachments: vec![plan.attachment.id],
        compose: model::Compose::Text,
        seen: None,
    };
    let sent = world.db.write(&world.owner.scope, send("Here")).await.unwrap();
    world.wait(UNCLAIMED_MS + HOUR);
    purge(&world, &disk).await;
    world.db.write(&world.owner.scope, CancelMessage(sent.id)).await.unwrap();
    disk.age(&plan.digest);
    world.wait(2 * HOUR);
    purge(&world, &disk).await;
    world.db.write(&world.owner.scope, send("Here it is")).await.unwrap();
    assert!(disk.has(&plan.digest));
}
