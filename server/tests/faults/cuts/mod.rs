//! R2: power cuts. Everything that a browser, a visitor or a live stream was told is there after every cut.
//!
//! The process runs under a recorder (`record.c`) that logs what it tells its disk. `disk.rs` computes what a disk would have kept of any
//! beginning of that log. Here each such image is opened as a start after the cut would open it. PostgreSQL's durability is its own. Our
//! part is that no connection turns it off, and that an immediate stop loses nothing (`kills::r1_postgres_crashes`).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use disk::{Base, Disk};
use image::{Acks, problems};
use journal::{Journal, Record, Recorder};
use reqwest::Client;
use serde_json::json;
use store::clock::new_id;
use tempfile::TempDir;
use tokio::{runtime::Handle, sync::watch, task::JoinSet};

use super::{
    clients::{self, Site},
    deployment::{Deployment, Place},
    dice::Dice,
    ledger::Ledger,
    process::Process,
    say, seed, watchers, within,
};

mod disk;
mod image;
mod journal;

const CUTS: usize = 500;
/// How many messages are acknowledged in each of the three lives of the process.
const MESSAGES: usize = 130;
const UPLOADS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_nothing_acknowledged_is_lost_in_a_power_cut() {
    let mut deployment = Deployment::build(Place::Sqlite).await.unwrap();
    let (seed, tools) = (seed(), tempfile::tempdir().unwrap());
    say(&format!("R2: TANDEM_SEED={seed}"));
    let mut dice = Dice::new(seed);
    let recorder = Arc::new(Recorder::build(tools.path()));
    let base = Base::of(&deployment.launch.data);
    deployment.launch.env = vec![
        ("LD_PRELOAD", recorder.library.clone().into()),
        ("TANDEM_RECORD_FOLDER", deployment.launch.data.clone().into()),
        ("TANDEM_RECORD_JOURNAL", recorder.journal.clone().into()),
    ];
    live(&deployment, &recorder, &mut dice).await.stop().await;
    live(&deployment, &recorder, &mut dice).await.kill();
    live(&deployment, &recorder, &mut dice).await.stop().await;

    let journal = Journal::read(&recorder.journal);
    let mut disk = Disk::new(&base, &journal, |_| false);
    journal.records.iter().for_each(|record| disk.take(record));
    let (told, there) = (disk.all(), Base::of(&deployment.launch.data).all());
    assert_eq!(told.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>(), "the recorder missed a name");
    for (path, content) in &told {
        assert!(path.ends_with("-shm") || *content == there[path], "the recorder missed a write to {path}");
    }

    let acks = Arc::new(Acks::of(&journal));
    let began = Instant::now();
    let points = points(&journal, &mut dice, CUTS);
    let found = cut(&deployment, Disk::new(&base, &journal, |_| false), &journal, &acks, &points, &mut dice).await;
    say(&format!(
        "R2 on SQLite: {CUTS} power cuts over {} records with {acks}; checked in {:.1} s; {} problems; TANDEM_SEED={seed}",
        journal.records.len(),
        began.elapsed().as_secs_f64(),
        found.len(),
    ));
    assert!(found.is_empty(), "TANDEM_SEED={seed}: {:#?}", &found[..found.len().min(10)]);

    // A disk that only says that it syncs must be found out, or the above says nothing.
    let lies: [fn(&str) -> bool; 2] = [|path| path.ends_with("-wal"), |path| path.contains("/files")];
    for lie in lies {
        let points = &points[..points.len() / 5 * 4];
        let points: Vec<usize> = points.iter().copied().skip(points.len() / 2).step_by(10).collect();
        let found = cut(&deployment, Disk::new(&base, &journal, lie), &journal, &acks, &points, &mut dice).await;
        assert!(!found.is_empty(), "the test did not notice a disk that ignores syncs; TANDEM_SEED={seed}");
    }
}

/// Places to cut at, ascending: half of them anywhere, half right after something was acknowledged.
fn points(journal: &Journal, dice: &mut Dice, cuts: usize) -> Vec<usize> {
    let is_ack = |place: &usize| matches!(journal.records[*place], Record::Acked(_));
    let acked: Vec<usize> = (0..journal.records.len()).filter(is_ack).map(|place| place + 1).collect();
    let mut points: Vec<usize> = (0..cuts)
        .map(|cut| if cut % 2 == 0 { dice.below(journal.records.len() + 1) } else { *dice.of(&acked) })
        .collect();
    points.sort_unstable();
    points
}

/// Cuts at each of these places and says what was missing afterwards.
async fn cut(
    deployment: &Deployment,
    mut disk: Disk<'_>,
    journal: &Journal,
    acks: &Arc<Acks>,
    points: &[usize],
    dice: &mut Dice,
) -> Vec<String> {
    let (mut checks, mut found, mut taken) = (JoinSet::new(), Vec::new(), 0);
    for (number, point) in points.iter().enumerate() {
        for record in &journal.records[taken..*point] {
            disk.take(record);
        }
        taken = *point;
        let folder = in_memory();
        disk.cut(dice, folder.path());
        if checks.len() >= 3 {
            found.extend(checks.join_next().await.unwrap().unwrap());
        }
        let (acks, workspace, point) = (Arc::clone(acks), deployment.workspace, *point);
        checks.spawn_blocking(move || {
            let check = problems(folder.path(), workspace, &acks, point, number % 10 == 0);
            let found = Handle::current().block_on(check);
            found.into_iter().map(|what| format!("cut at {point}: {what}")).collect::<Vec<_>>()
        });
    }
    while let Some(checked) = checks.join_next().await {
        found.extend(checked.unwrap());
    }
    found
}

/// A folder for an image: what a check writes there need not reach a disk.
fn in_memory() -> TempDir {
    let shared = Path::new("/dev/shm");
    let parent = if shared.is_dir() { PathBuf::from(shared) } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("tandem-cut-").tempdir_in(parent).unwrap()
}

/// One life of the process: members, visitors and a live stream, files among the messages; what is acknowledged is noted at once.
async fn live(deployment: &Deployment, recorder: &Arc<Recorder>, dice: &mut Dice) -> Process {
    let mut process = deployment.launch.spawn();
    let address = watch::Sender::new(Some(process.ready().await));
    let closing = watch::Sender::new(false);
    let (pen, heard) = (Arc::clone(recorder), Arc::clone(recorder));
    let site = Site {
        address: address.subscribe(),
        closing: closing.subscribe(),
        key: deployment.key.as_str().into(),
        ledger: Arc::new(Ledger::new(move |acked| pen.acked(&json!({ "message": acked.id })))),
        rooms: Arc::default(),
    };
    let mut die = || Dice::new(dice.below(usize::MAX) as u64);
    let until = watch::Sender::new(None);
    let watching =
        watchers::watch(site.clone(), deployment.members[0].clone(), 0, until.subscribe(), die(), move |seq| {
            heard.acked(&json!({ "seq": seq }));
        });
    let watching = tokio::spawn(watching);
    let mut writers = JoinSet::new();
    writers.spawn(clients::visitors(site.clone(), 100, die()));
    within(30, "a first visitor is heard", site.ledger.reaches(1)).await;
    site.look_around(&Client::new(), &deployment.members[0]).await;
    for member in 0..3 {
        writers.spawn(clients::member(site.clone(), member, deployment.members[member].clone(), die()));
    }
    writers.spawn(uploads(site.clone(), Arc::clone(recorder), deployment.members[3].clone(), die()));
    within(60, "acknowledgements come", site.ledger.reaches(MESSAGES)).await;
    closing.send_replace(true);
    while let Some(ended) = within(60, "the last messages are answered", writers.join_next()).await {
        ended.expect("a writer");
    }
    until.send_replace(Some(0));
    within(30, "the stream ends", watching).await.expect("a watcher");
    process
}

/// A member who sends files: what is acknowledged must be there whole.
async fn uploads(site: Site, recorder: Arc<Recorder>, secret: String, mut dice: Dice) {
    let (client, cookie) = (Client::new(), format!("tandem={secret}"));
    let mut content = Vec::new();
    for turn in 0..UPLOADS {
        // The same file twice is kept once, and both must find it.
        if turn != 1 {
            content = (0..1 + dice.below(90_000)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        }
        let upload = |origin: &str| {
            client.post(format!("{origin}/api/files?name=plan.bin")).header("cookie", &cookie).body(content.clone())
        };
        let (status, file) = site.ask(upload).await;
        assert_eq!(status, 200, "{file}");
        recorder.acked(&json!({ "file": file["id"] }));
        let room = dice.of(&site.rooms.lock().unwrap()).clone();
        let new =
            json!({ "id": new_id(), "conversation": room, "mode": "reply", "text": "", "attachments": [file["id"]] });
        let (status, answer) = site.call(&client, &secret, "send_message", &json!({ "new": new })).await;
        assert_eq!(status, 200, "{answer}");
        recorder.acked(&json!({ "message": answer["id"] }));
    }
}

/// What is PostgreSQL's to keep is kept as its operator set it: no connection of ours asks for less.
#[tokio::test]
async fn r2_no_connection_weakens_postgres() {
    let Some(deployment) = Deployment::build(Place::Shared).await else { return };
    let db = deployment.open().await;
    let mut snapshot = db.snapshot().await.unwrap();
    let settings = "SELECT name, setting, source FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes')";
    let settings: Vec<(String, String, String)> = snapshot.conn().all(settings, Vec::new()).await.unwrap();
    assert_eq!(settings.len(), 3);
    for (name, setting, source) in settings {
        assert_eq!(setting, "on", "{name}");
        assert!(!matches!(source.as_str(), "client" | "session" | "user" | "database"), "{name} is set by {source}");
    }
    drop(snapshot);
    db.close().await;
    deployment.tear_down().await;
}
