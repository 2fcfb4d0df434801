//! Between the processes on one PostgreSQL: after a commit the others are woken (Promise 1). A wake-up is a hint and no more: what
//! happened stands in the log of events, and whoever misses the hint finds it there.

use std::{
    collections::BTreeMap,
    str::FromStr,
    sync::{Arc, Mutex},
    time::Duration,
};

use model::WorkspaceId;
use sqlx::{
    ConnectOptions, PgConnection,
    postgres::{PgConnectOptions, PgListener},
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{clock::random_hex, error::StoreError};

const CHANNEL: &str = "tandem";
const TELL: &str = "SELECT pg_notify('tandem', told) FROM unnest(string_to_array($1, ' ')) AS told";

pub(super) const POSTGRES_STATEMENTS: &[&str] = &[TELL];

/// The pause after the first failure; doubled each time…
const PAUSE: Duration = Duration::from_millis(100);
/// …up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How many wake-ups may wait for whoever hears them.
const BACKLOG: usize = 1024;

/// What another process did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeUp {
    /// It wrote events of a workspace, up to this one.
    Log(WorkspaceId, i64),
    /// It left work to do.
    Work,
    /// Nobody knows: the line was down.
    Anything,
}

impl WakeUp {
    /// Reads what a process was told; none when it told so itself, or when this build does not know such a thing.
    fn read(told: &str, myself: &str) -> Option<Self> {
        let (process, what) = told.split_once('/')?;
        match what.split_once('/') {
            _ if process == myself => None,
            None => (what == "work").then_some(Self::Work),
            Some((workspace, seq)) => Some(Self::Log(workspace.parse().ok()?, seq.parse().ok()?)),
        }
    }
}

/// What is to be told and was not yet: of many commits the last one.
#[derive(Default)]
struct Due {
    logs: BTreeMap<WorkspaceId, i64>,
    work: bool,
    closed: bool,
}

impl Due {
    fn log(&mut self, workspace: WorkspaceId, seq: i64) {
        let last = self.logs.entry(workspace).or_insert(seq);
        *last = seq.max(*last);
    }

    fn is_empty(&self) -> bool {
        self.logs.is_empty() && !self.work
    }

    fn told_by(&self, process: &str) -> String {
        let logs = self.logs.iter().map(|(workspace, seq)| format!("{process}/{workspace}/{seq}"));
        logs.chain(self.work.then(|| format!("{process}/work"))).collect::<Vec<_>>().join(" ")
    }
}

struct Shared {
    /// Tells our own wake-ups from those of others.
    process: String,
    due: Mutex<Due>,
    more: Notify,
}

impl Shared {
    fn take(&self) -> Due {
        let Ok(mut due) = self.due.lock() else { return Due::default() };
        let closed = due.closed;
        Due { closed, ..std::mem::replace(&mut *due, Due { closed, ..Due::default() }) }
    }

    fn put_back(&self, untold: Due) {
        let Ok(mut due) = self.due.lock() else { return };
        untold.logs.into_iter().for_each(|(workspace, seq)| due.log(workspace, seq));
        due.work |= untold.work;
    }
}

/// Wakes the other processes, on a connection of its own and outside every transaction: inside, it would serialise all commits of
/// the cluster. What comes up while one wake-up is under way goes out with the next.
pub(super) struct Notifier {
    shared: Arc<Shared>,
    url: String,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Notifier {
    pub(super) fn new(url: &str) -> Result<Self, StoreError> {
        // A wake-up that a crash of the database loses is no loss: it need not wait for the disk.
        let options = PgConnectOptions::from_str(url)?
            .application_name("tandem wake-ups")
            .options([("synchronous_commit", "off")])
            .disable_statement_logging();
        let shared = Arc::new(Shared { process: random_hex(8), due: Mutex::default(), more: Notify::new() });
        let task = Mutex::new(Some(tokio::spawn(ring(options, Arc::clone(&shared)))));
        Ok(Self { shared, url: url.to_owned(), task })
    }

    /// Notes what was committed. Costs the writer nothing.
    pub(super) fn note(&self, logs: impl Iterator<Item = (WorkspaceId, i64)>, work: bool) {
        let Ok(mut due) = self.shared.due.lock() else { return };
        logs.for_each(|(workspace, seq)| due.log(workspace, seq));
        due.work |= work;
        if !due.is_empty() {
            self.shared.more.notify_one();
        }
    }

    /// Hears the others, on a connection of its own, until the answer is dropped.
    pub(super) fn listen(&self) -> mpsc::Receiver<WakeUp> {
        let (heard, wakes) = mpsc::channel(BACKLOG);
        let (url, myself) = (self.url.clone(), self.shared.process.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = hear_on(&url, &myself, &heard) => {}
                () = heard.closed() => {}
            }
        });
        wakes
    }

    /// Tells what is still to be told, if the database can be reached, and stops.
    pub(super) async fn close(&self) {
        if let Ok(mut due) = self.shared.due.lock() {
            due.closed = true;
        }
        self.shared.more.notify_one();
        let task = self.task.lock().ok().and_then(|mut task| task.take());
        if let Some(mut task) = task
            && timeout(Duration::from_secs(1), &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

async fn ring(options: PgConnectOptions, shared: Arc<Shared>) {
    let (mut connection, mut pause) = (None, PAUSE);
    loop {
        let due = shared.take();
        if due.is_empty() {
            if due.closed {
                return;
            }
            shared.more.notified().await;
            continue;
        }
        match tell(&mut connection, &options, due.told_by(&shared.process)).await {
            Ok(()) => pause = PAUSE,
            Err(error) => {
                tracing::warn!(%error, "waking the other processes");
                connection = None;
                shared.put_back(due);
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn tell(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    told: String,
) -> Result<(), sqlx::Error> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(options.connect().await?),
    };
    sqlx::query(TELL).bind(told).execute(connection).await?;
    Ok(())
}

/// Hears until nobody wants to know any more. After each beginning anything may have been missed, and that is said.
async fn hear_on(url: &str, myself: &str, heard: &mpsc::Sender<WakeUp>) {
    let mut pause = PAUSE;
    loop {
        match listener(url).await {
            Ok(listener) => {
                pause = PAUSE;
                let Err(error) = hear(listener, myself, heard).await else { return };
                tracing::warn!(%error, "the line to the other processes broke");
            }
            Err(error) => tracing::warn!(%error, "listening for the other processes"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn listener(url: &str) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn hear(mut listener: PgListener, myself: &str, heard: &mpsc::Sender<WakeUp>) -> Result<(), sqlx::Error> {
    if heard.send(WakeUp::Anything).await.is_err() {
        return Ok(());
    }
    loop {
        let wake = match listener.try_recv().await? {
            Some(told) => WakeUp::read(told.payload(), myself),
            // It was lost, and is there again.
            None => Some(WakeUp::Anything),
        };
        if let Some(wake) = wake
            && heard.send(wake).await.is_err()
        {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_again_by_others_only() {
        let workspace = WorkspaceId::new(uuid::Uuid::from_u128(7));
        let mut due = Due { work: true, ..Due::default() };
        for seq in [3, 9, 4] {
            due.log(workspace, seq);
        }
        let told = due.told_by("me");
        let read = |myself: &str| told.split(' ').filter_map(|told| WakeUp::read(told, myself)).collect::<Vec<_>>();
        assert_eq!(read("you"), [WakeUp::Log(workspace, 9), WakeUp::Work]);
        assert_eq!(read("me"), []);
        assert_eq!(WakeUp::read("you/something new", "me"), None);
    }
}
