//! R1: repeated `kill -9` under writers, visitors, the worker and live streams, and crashes of PostgreSQL itself.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::FutureExt;
use sqlx::{Connection, SqliteConnection};
use store::{Engine, event};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    clients::{self, Site},
    deployment::{Deployment, Place},
    dice::Dice,
    ledger::Ledger,
    process::Process,
    say, seed, verdict, watchers, within,
};

const VISITORS: usize = 4;
const WATCHERS: usize = 3;

/// Whose stream, until when, and what it showed.
type Watching = (String, watch::Sender<Option<i64>>, JoinHandle<watchers::Watched>);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_sqlite_kills() {
    run(Place::Sqlite, Blow::Kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_postgres_kills() {
    run(Place::Shared, Blow::Kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_postgres_crashes() {
    run(Place::Own, Blow::Crash).await;
}

/// An operator's stop counts from the first moment, not only once all is running. The process waits for the database here, which
/// somebody else holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_a_stop_is_heard_while_it_starts() {
    let deployment = Deployment::build(Place::Sqlite).await.expect("SQLite is always available");
    let mut holder = SqliteConnection::connect(&deployment.launch.url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    let process = deployment.launch.spawn();
    within(30, "the database is open", async {
        while !process.has_open("tandem.db-wal") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let (_, released) = tokio::join!(process.stop(), sqlx::query("ROLLBACK").execute(&mut holder));
    released.unwrap();
    deployment.tear_down().await;
}

/// What goes wrong again and again.
#[derive(Clone, Copy, PartialEq)]
enum Blow {
    /// `kill -9` of the process.
    Kill,
    /// An immediate stop of its database.
    Crash,
}

/// How often, and how many acknowledgements there are at most in between: enough for a run of the tests, which a loaded machine must
/// get through, or for a night.
fn measure(blow: Blow, engine: Engine) -> (usize, usize) {
    match (blow, engine, std::env::var("TANDEM_KILLS")) {
        (Blow::Crash, ..) => (4, 200),
        (Blow::Kill, _, Ok(kills)) => (kills.parse().expect("TANDEM_KILLS is a number"), 1100),
        (Blow::Kill, Engine::Sqlite, Err(_)) => (20, 400),
        (Blow::Kill, Engine::Postgres, Err(_)) => (20, 200),
    }
}

async fn run(place: Place, blow: Blow) {
    let Some(deployment) = Deployment::build(place).await else { return };
    let seed = seed();
    let test = AssertUnwindSafe(storm(&deployment, blow, seed)).catch_unwind().await;
    if let Err(panic) = test {
        say(&format!("the dice of this failure: TANDEM_SEED={seed}"));
        std::panic::resume_unwind(panic);
    }
    deployment.tear_down().await;
}

/// A server under load, and whoever strikes it.
struct Storm<'h> {
    deployment: &'h Deployment,
    process: Process,
    address: watch::Sender<Option<std::net::SocketAddr>>,
    site: Site,
    starts: Vec<Duration>,
}

async fn storm(deployment: &Deployment, blow: Blow, seed: u64) {
    let mut dice = Dice::new(seed);
    let (blows, most) = measure(blow, deployment.engine);
    let (address, closing) = (watch::Sender::new(None), watch::Sender::new(false));
    let site = Site {
        address: address.subscribe(),
        closing: closing.subscribe(),
        key: deployment.key.as_str().into(),
        ledger: Arc::new(Ledger::new(|_| {})),
        rooms: Arc::default(),
    };
    let process = deployment.launch.spawn();
    let mut storm = Storm { deployment, process, address, site: site.clone(), starts: Vec::new() };
    storm.wait_until_it_answers().await;

    let db = deployment.open().await;
    let since = event::last(&mut db.snapshot().await.unwrap().conn(), deployment.workspace).await.unwrap().unwrap();
    db.close().await;
    let watching: Vec<Watching> = deployment.members[..WATCHERS]
        .iter()
        .map(|secret| {
            let (until, dice) = (watch::Sender::new(None), Dice::new(dice.below(usize::MAX) as u64));
            let seen =
                tokio::spawn(watchers::watch(site.clone(), secret.clone(), since, until.subscribe(), dice, |_| {}));
            (secret.clone(), until, seen)
        })
        .collect();
    let mut writers = JoinSet::new();
    for visitor in 0..VISITORS {
        let dice = Dice::new(dice.below(usize::MAX) as u64);
        writers.spawn(clients::visitors(site.clone(), 100 + visitor, dice));
    }
    // Members answer somebody.
    within(30, "a first visitor is heard", site.ledger.reaches(VISITORS)).await;
    site.look_around(&reqwest::Client::new(), &deployment.members[0]).await;
    for (member, secret) in deployment.members.iter().enumerate() {
        let dice = Dice::new(dice.below(usize::MAX) as u64);
        writers.spawn(clients::member(site.clone(), member, secret.clone(), dice));
    }

    let began = Instant::now();
    for _ in 0..blows {
        let enough = site.ledger.count() + dice.below(most);
        let acknowledged = within(120, "acknowledgements go on", site.ledger.reaches(enough));
        tokio::select! {
            () = acknowledged => {}
            // A client that found something wrong ends the test at once.
            Some(ended) = writers.join_next() => ended.expect("a writer"),
        }
        // Not always right after an answer, when the next batch has just begun.
        tokio::time::sleep(Duration::from_micros(dice.below(6000) as u64)).await;
        storm = match blow {
            Blow::Kill => storm.kill(&mut dice).await,
            Blow::Crash => {
                let deployment = storm.deployment;
                tokio::task::block_in_place(|| deployment.cluster.as_ref().unwrap().crash());
                storm
            }
        };
    }
    // What the last blow interrupted is repeated by its writer until it is answered.
    closing.send_replace(true);
    while let Some(ended) = within(60, "the last messages are answered", writers.join_next()).await {
        ended.expect("a writer");
    }
    let took = began.elapsed();
    settle(storm, watching, took, blows, seed).await;
}

impl Storm<'_> {
    async fn wait_until_it_answers(&mut self) {
        let began = Instant::now();
        let address = self.process.ready().await;
        self.starts.push(began.elapsed());
        self.address.send_replace(Some(address));
    }

    /// Kills it, sometimes once more while it starts, and waits until it answers again.
    async fn kill(self, dice: &mut Dice) -> Self {
        let Self { deployment, process, address, site, starts } = self;
        let kill = |process: Process| tokio::task::block_in_place(|| process.kill());
        kill(process);
        address.send_replace(None);
        if dice.once_in(5) {
            let starting = deployment.launch.spawn();
            tokio::time::sleep(Duration::from_millis(dice.below(80) as u64)).await;
            kill(starting);
        }
        if dice.once_in(4) {
            deployment.end_leases().await;
        }
        let process = deployment.launch.spawn();
        let mut storm = Self { deployment, process, address, site, starts };
        storm.wait_until_it_answers().await;
        storm
    }
}

/// Lets the rest of the work be done, then compares.
async fn settle(mut storm: Storm<'_>, watching: Vec<Watching>, took: Duration, blows: usize, seed: u64) {
    let deployment = storm.deployment;
    // What a killed worker had taken is due when its lease ends.
    storm.process.stop().await;
    storm.address.send_replace(None);
    deployment.end_leases().await;
    storm.process = deployment.launch.spawn();
    storm.wait_until_it_answers().await;
    let db = deployment.open().await;
    let drained = async {
        let left = "SELECT CAST(COUNT(*) AS BIGINT) FROM job WHERE kind = 'send' AND state <> 'dead'";
        while db.snapshot().await.unwrap().conn().one::<(i64,)>(left, Vec::new()).await.unwrap().0 > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(60, "all work is done", drained).await;
    let (mut streams, mut resets) = (0, 0);
    for (secret, until, seen) in watching {
        let scope = deployment.scope(&db, &secret).await;
        until.send_replace(Some(verdict::last_shown(deployment, &db, &scope).await));
        let watched = within(60, "a stream shows the last event", seen).await.expect("a watcher");
        streams += watched.streams;
        resets += verdict::watched(deployment, &db, &scope, &watched).await;
    }
    let acked = storm.site.ledger.all();
    let figures = verdict::messages(deployment, &db, &acked).await;
    verdict::health(deployment, &db).await;
    db.close().await;
    let (again, on_purpose) = *storm.site.ledger.repeats.lock().unwrap();
    storm.starts.sort();
    let engine = if deployment.engine == Engine::Sqlite { "SQLite" } else { "PostgreSQL" };
    say(&format!(
        "R1 on {engine}: {blows} blows in {:.1} s, {} messages acknowledged, {again} requests repeated after an error, {on_purpose} on purpose; \
         {figures:?}; {streams} streams, {resets} resets; start to answer {:?} (median), {:?} (worst); TANDEM_SEED={seed}",
        took.as_secs_f64(),
        acked.len(),
        storm.starts[storm.starts.len() / 2],
        storm.starts.last().unwrap(),
    ));
    assert_eq!(figures, verdict::Figures::default());
    storm.process.stop().await;
}
