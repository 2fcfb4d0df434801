//! Wake-ups between the processes on one PostgreSQL: after a commit, the others are notified (Promise 1). A wake-up is only a hint. The
//! events themselves are in the event log, so a process that misses a hint still finds them there.

use std::{
    collections::BTreeMap,
    str::FromStr,
    sync::{Arc, Mutex},
    time::Duration,
};

use model::{ConversationId, Doing, MemberId, TabId, WorkspaceId};
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

/// The back-off after the first failure. It doubles with each failure…
const PAUSE: Duration = Duration::from_millis(100);
/// …up to this limit.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How many wake-ups may be queued for the subscriber.
const BACKLOG: usize = 1024;
/// How many sights may wait to be told. Each is repeated every few seconds, so the others are told later.
const MOST_SIGHTS: usize = 2048;

/// What another process did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeUp {
    /// It wrote events of this workspace, up to this number.
    Log(WorkspaceId, i64),
    /// It added a job.
    Work,
    /// It saw somebody in a conversation of this workspace. This is stored nowhere.
    Sight(WorkspaceId, Sight),
    /// Unknown, because the connection was down: anything may have happened.
    Anything,
}

/// Where somebody is now (T12), as processes tell each other. It holds ids only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// A tab of a member. It is in no conversation if the last is None.
    Member(MemberId, TabId, Option<(ConversationId, Doing)>),
    /// The person outside of a conversation, and whether they write.
    Outside(ConversationId, bool),
}

/// A tab of a member, or the person outside of a conversation.
type Whose = (Option<(MemberId, TabId)>, Option<ConversationId>);

impl Sight {
    fn told(&self) -> String {
        match self {
            Self::Member(member, tab, None) => format!("{member}/{tab}"),
            Self::Member(member, tab, Some((at, doing))) => format!("{member}/{tab}/{at}/{}", doing.as_str()),
            Self::Outside(at, writes) => format!("{at}/{}", if *writes { "writes" } else { "rests" }),
        }
    }

    fn read(told: &str) -> Option<Self> {
        let words: Vec<&str> = told.split('/').collect();
        Some(match *words.as_slice() {
            [at, "writes"] => Self::Outside(at.parse().ok()?, true),
            [at, "rests"] => Self::Outside(at.parse().ok()?, false),
            [member, tab] => Self::Member(member.parse().ok()?, tab.parse().ok()?, None),
            [member, tab, at, doing] => {
                Self::Member(member.parse().ok()?, tab.parse().ok()?, Some((at.parse().ok()?, doing.parse().ok()?)))
            }
            _ => return None,
        })
    }

    /// Whose place it is. A newer sight of the same replaces an older one that was not told yet.
    fn of_whom(&self) -> Whose {
        match self {
            Self::Member(member, tab, _) => (Some((*member, *tab)), None),
            Self::Outside(at, _) => (None, Some(*at)),
        }
    }
}

impl WakeUp {
    /// Parses a notification. None when this process sent it, or when this build does not know its kind.
    fn read(told: &str, myself: &str) -> Option<Self> {
        let (process, what) = told.split_once('/')?;
        match what.split_once('/') {
            _ if process == myself => None,
            None => (what == "work").then_some(Self::Work),
            Some((workspace, rest)) => {
                let workspace = workspace.parse().ok()?;
                match rest.strip_prefix("sight/") {
                    Some(sight) => Some(Self::Sight(workspace, Sight::read(sight)?)),
                    None => Some(Self::Log(workspace, rest.parse().ok()?)),
                }
            }
        }
    }
}

/// Wake-ups that were not sent yet. For each workspace only the latest event number is kept.
#[derive(Default)]
struct Due {
    logs: BTreeMap<WorkspaceId, i64>,
    work: bool,
    sights: BTreeMap<(WorkspaceId, Whose), Sight>,
    closed: bool,
}

impl Due {
    fn log(&mut self, workspace: WorkspaceId, seq: i64) {
        let last = self.logs.entry(workspace).or_insert(seq);
        *last = seq.max(*last);
    }

    fn sight(&mut self, workspace: WorkspaceId, sight: Sight) {
        let whose = (workspace, sight.of_whom());
        if self.sights.len() < MOST_SIGHTS || self.sights.contains_key(&whose) {
            self.sights.insert(whose, sight);
        }
    }

    fn is_empty(&self) -> bool {
        self.logs.is_empty() && !self.work && self.sights.is_empty()
    }

    fn told_by(&self, process: &str) -> String {
        let logs = self.logs.iter().map(|(workspace, seq)| format!("{process}/{workspace}/{seq}"));
        let sights = self.sights.iter();
        let sights = sights.map(|((workspace, _), sight)| format!("{process}/{workspace}/sight/{}", sight.told()));
        logs.chain(self.work.then(|| format!("{process}/work"))).chain(sights).collect::<Vec<_>>().join(" ")
    }
}

struct Shared {
    /// The random id of this process. It tells our own wake-ups from those of other processes.
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
        // Sights are not put back: by the time the line is mended they are old, and newer ones follow.
    }
}

/// Sends wake-ups to the other processes. It uses its own connection outside every transaction: a NOTIFY inside one would serialise all
/// commits of the cluster. Wake-ups that come while one is being sent go out together afterwards.
pub(super) struct Notifier {
    shared: Arc<Shared>,
    url: String,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Notifier {
    pub(super) fn new(url: &str) -> Result<Self, StoreError> {
        // A wake-up may be lost when the database crashes, so it need not wait for the disk.
        let options = PgConnectOptions::from_str(url)?
            .application_name("tandem wake-ups")
            .options([("synchronous_commit", "off")])
            .disable_statement_logging();
        let shared = Arc::new(Shared { process: random_hex(8), due: Mutex::default(), more: Notify::new() });
        let task = Mutex::new(Some(tokio::spawn(ring(options, Arc::clone(&shared)))));
        Ok(Self { shared, url: url.to_owned(), task })
    }

    /// Queues wake-ups for committed events and jobs. It does not block the writer.
    pub(super) fn note(&self, logs: impl Iterator<Item = (WorkspaceId, i64)>, work: bool) {
        let Ok(mut due) = self.shared.due.lock() else { return };
        logs.for_each(|(workspace, seq)| due.log(workspace, seq));
        due.work |= work;
        if !due.is_empty() {
            self.shared.more.notify_one();
        }
    }

    /// Queues where somebody is now. It does not block whoever saw them.
    pub(super) fn tell(&self, workspace: WorkspaceId, sight: Sight) {
        let Ok(mut due) = self.shared.due.lock() else { return };
        due.sight(workspace, sight);
        self.shared.more.notify_one();
    }

    /// Receives the wake-ups of other processes, on its own connection, until the receiver is dropped.
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

    /// Sends the queued wake-ups, if the database can be reached, and stops.
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
                tracing::warn!(%error, "could not wake the other processes");
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

/// Listens until the receiver is dropped. Wake-ups may be missed before each new connection, so each one begins with [`WakeUp::Anything`].
async fn hear_on(url: &str, myself: &str, heard: &mpsc::Sender<WakeUp>) {
    let mut pause = PAUSE;
    loop {
        match listener(url).await {
            Ok(listener) => {
                pause = PAUSE;
                let Err(error) = hear(listener, myself, heard).await else { return };
                tracing::warn!(%error, "lost the connection for wake-ups");
            }
            Err(error) => tracing::warn!(%error, "could not listen for wake-ups"),
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
            // The connection was lost and is back.
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
        let [member, tab, at] = [1, 2, 3].map(uuid::Uuid::from_u128);
        let (member, tab, at) = (MemberId::new(member), TabId::new(tab), ConversationId::new(at));
        let last = Sight::Member(member, tab, Some((at, Doing::Noting)));
        for sight in [Sight::Member(member, tab, None), last, Sight::Outside(at, true)] {
            due.sight(workspace, sight);
        }
        let told = due.told_by("me");
        assert!(told.split(' ').all(|one| one.len() < 250), "a payload has at most 8,000 bytes");
        let read = |myself: &str| told.split(' ').filter_map(|told| WakeUp::read(told, myself)).collect::<Vec<_>>();
        let sights = [Sight::Outside(at, true), last].map(|sight| WakeUp::Sight(workspace, sight));
        assert_eq!(read("you"), [WakeUp::Log(workspace, 9), WakeUp::Work, sights[0], sights[1]]);
        for (sight, told) in [(Sight::Member(member, tab, None), 73), (Sight::Outside(at, false), 42)] {
            assert_eq!((Sight::read(&sight.told()), sight.told().len()), (Some(sight), told));
        }
        assert_eq!(read("me"), []);
        assert_eq!(WakeUp::read("you/something new", "me"), None);
    }
}
