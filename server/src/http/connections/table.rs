//! The table of open connections, and since when each delays us.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

use super::super::client::Client;

/// How long a closed connection may take to end.
const GONE: Duration = Duration::from_secs(1);
/// How far behind a reader of an answer must be before its slot goes to another connection: more than one 64 kB block at the slowest
/// accepted rate.
const BEHIND: Duration = Duration::from_secs(10);

/// The state of a connection. Connections that delay us are closed in this order. Of the last two states, the one furthest behind is
/// closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It waits for the head of a request.
    Head,
    /// It reads the body of a request.
    Body,
    /// The application works on the answer, or the client reads it.
    Answer,
    /// The client reads the rest of an answer that is ready to be sent.
    Rest,
}

const PHASES: u64 = 1 << 62;
const NOT_DUE: u64 = u64::MAX;

/// An open connection, as other connections see it.
pub struct Line {
    client: Client,
    /// A trusted proxy. It has no client limit, and closing its connection would fail somebody else's request.
    trusted: bool,
    opened: Instant,
    /// The state, and the milliseconds since the connection was opened. One word, so that both are consistent.
    state: AtomicU64,
    /// When it is closed unless its client reads something, in milliseconds since it was opened.
    due: AtomicU64,
    /// Whether its answer is an endless stream.
    stream: AtomicBool,
    cut: Notify,
    gone: Notify,
}

impl Line {
    fn new(client: Client, trusted: bool) -> Self {
        let (state, due, stream) = (AtomicU64::new(0), AtomicU64::new(NOT_DUE), AtomicBool::new(false));
        Self { client, trusted, opened: Instant::now(), state, due, stream, cut: Notify::new(), gone: Notify::new() }
    }

    /// Sets the state.
    pub fn set(&self, phase: Phase) {
        let since = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or_default() % PHASES;
        self.state.store(phase as u64 * PHASES + since, Ordering::Relaxed);
    }

    /// The body arrived, or nobody reads the rest of it.
    pub fn came(&self) {
        if self.phase().0 == Phase::Body {
            self.set(Phase::Answer);
        }
    }

    /// The client read some of the data that is ready, or can read no more now.
    pub fn took(&self, more: bool) {
        if matches!(self.phase().0, Phase::Head | Phase::Rest) {
            self.set(if more { Phase::Head } else { Phase::Rest });
        }
    }

    fn phase(&self) -> (Phase, Instant) {
        let state = self.state.load(Ordering::Relaxed);
        let phase = match state / PHASES {
            0 => Phase::Head,
            1 => Phase::Body,
            2 => Phase::Answer,
            _ => Phase::Rest,
        };
        (phase, self.opened + Duration::from_millis(state % PHASES))
    }

    /// Sets whether the current answer is a stream, which has no minimum rate.
    pub fn set_stream(&self, stream: bool) {
        self.stream.store(stream, Ordering::Relaxed);
    }

    pub fn is_stream(&self) -> bool {
        self.stream.load(Ordering::Relaxed)
    }

    /// Sets when it is closed unless its client reads some of the answer.
    pub fn set_due(&self, due: Option<Instant>) {
        let at = |due: Instant| u64::try_from(due.duration_since(self.opened).as_millis()).unwrap_or(NOT_DUE);
        self.due.store(due.map_or(NOT_DUE, at), Ordering::Relaxed);
    }

    fn due(&self) -> Option<Instant> {
        let due = self.due.load(Ordering::Relaxed);
        (due != NOT_DUE).then(|| self.opened + Duration::from_millis(due))
    }

    /// How it compares with other connections, if it delays us. That includes an answer that is due before `soon`.
    fn slowness(&self, soon: Instant) -> Option<(Phase, Instant)> {
        let (phase, since) = self.phase();
        if phase < Phase::Answer {
            return Some((phase, since));
        }
        self.due().filter(|due| *due <= soon).map(|due| (Phase::Answer, due))
    }

    /// How long it has waited for the head of its next request, if it does.
    pub fn waiting(&self) -> Option<Duration> {
        let (phase, since) = self.phase();
        (phase == Phase::Head).then(|| since.elapsed())
    }

    /// Returns when its slot was given to another connection.
    pub async fn cut(&self) {
        self.cut.notified().await;
    }
}

/// The table.
pub struct Table {
    most: usize,
    per_client: usize,
    /// How far a reader of an answer may fall behind.
    answer: Duration,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    open: HashMap<u64, Arc<Line>>,
    by_client: HashMap<Client, usize>,
    next: u64,
}

impl Lines {
    fn remove(&mut self, id: u64) -> Option<Arc<Line>> {
        let line = self.open.remove(&id)?;
        if let Some(count) = self.by_client.get_mut(&line.client) {
            *count -= 1;
            if *count == 0 {
                self.by_client.remove(&line.client);
            }
        }
        Some(line)
    }

    /// The connection that has delayed us longest, of one client if `of` names it.
    fn slowest(&self, of: Option<Client>, soon: Instant) -> Option<u64> {
        let all = self.open.iter().filter(|(_, line)| !line.trusted && of.is_none_or(|client| line.client == client));
        all.filter_map(|(id, line)| Some((line.slowness(soon)?, *id))).min().map(|(_, id)| id)
    }
}

impl Table {
    pub fn new(most: usize, per_client: usize, answer: Duration) -> Self {
        Self { most, per_client, answer, lines: Mutex::default() }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A slot for a new connection, which may replace another one. None if all connections are busy and fast enough.
    pub async fn enter(self: &Arc<Self>, client: Client, trusted: bool) -> Option<ConnectionSlot> {
        let (place, cut) = self.place(client, trusted)?;
        if let Some(cut) = cut {
            // The closed connection keeps its file handle until it ends, and their number is limited.
            let _ = timeout(GONE, cut.gone.notified()).await;
        }
        Some(place)
    }

    fn place(self: &Arc<Self>, client: Client, trusted: bool) -> Option<(ConnectionSlot, Option<Arc<Line>>)> {
        let soon = Instant::now() + self.answer.saturating_sub(BEHIND);
        let mut lines = self.lines();
        let of_client = if trusted { 0 } else { lines.by_client.get(&client).copied().unwrap_or_default() };
        let cut = if of_client >= self.per_client {
            Some(lines.slowest(Some(client), soon)?)
        } else if lines.open.len() >= self.most {
            Some(lines.slowest(None, soon)?)
        } else {
            None
        };
        let cut = cut.and_then(|id| lines.remove(id)).inspect(|line| line.cut.notify_one());
        let (id, line) = (lines.next, Arc::new(Line::new(client, trusted)));
        lines.next += 1;
        lines.open.insert(id, Arc::clone(&line));
        *lines.by_client.entry(client).or_default() += 1;
        Some((ConnectionSlot { table: Arc::clone(self), id, line }, cut))
    }
}

/// One slot of the connection table. Dropping it frees the slot.
pub struct ConnectionSlot {
    table: Arc<Table>,
    id: u64,
    line: Arc<Line>,
}

impl ConnectionSlot {
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.table.lines().remove(self.id);
        self.line.gone.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(n: u8) -> Client {
        Client::at([192, 0, 2, n].into())
    }

    fn table(most: usize, per_client: usize) -> Arc<Table> {
        Arc::new(Table::new(most, per_client, Duration::from_secs(30)))
    }

    #[test]
    fn s57_whoever_kept_us_waiting_longest_goes_first() {
        let table = table(10, 3);
        let enter = |n| table.place(client(n), false);
        let (head, _) = enter(1).unwrap();
        let (body, _) = enter(1).unwrap();
        body.line.set(Phase::Body);
        let (answered, _) = enter(1).unwrap();
        answered.line.set(Phase::Answer);
        let (fourth, cut) = enter(1).unwrap();
        assert!(Arc::ptr_eq(&cut.unwrap(), &head.line), "its head never came");
        fourth.line.set(Phase::Answer);
        let (fifth, cut) = enter(1).unwrap();
        assert!(Arc::ptr_eq(&cut.unwrap(), &body.line), "then those whose body comes");
        fifth.line.set(Phase::Answer);
        assert!(enter(1).is_none(), "what is answered stays");
        assert!(enter(2).is_some_and(|(_, cut)| cut.is_none()), "another client is not concerned");
        drop(answered);
        assert!(enter(1).is_some_and(|(_, cut)| cut.is_none()), "a place is free again");
    }

    #[test]
    fn s57_whoever_is_furthest_behind_with_an_answer_makes_room_and_streams_do_not() {
        let table = table(3, 3);
        let [stream, first, second] = [1, 1, 2].map(|n| table.place(client(n), false).unwrap().0);
        for place in [&stream, &first, &second] {
            place.line.set(Phase::Answer);
        }
        let due = |seconds| Some(Instant::now() + Duration::from_secs(seconds));
        first.line.set_due(due(15));
        second.line.set_due(due(10));
        let (third, cut) = table.place(client(3), false).unwrap();
        assert!(Arc::ptr_eq(&cut.unwrap(), &second.line), "the furthest behind, whoever it is");
        third.line.set(Phase::Rest);
        third.line.set_due(due(30));
        let (fourth, cut) = table.place(client(3), false).unwrap();
        assert!(Arc::ptr_eq(&cut.unwrap(), &first.line));
        fourth.line.set(Phase::Answer);
        assert!(table.place(client(4), false).is_none(), "a moment, and a stream that waits for nothing, stay");
        third.line.set_due(due(18));
        assert!(table.place(client(4), false).is_some_and(|(_, cut)| cut.is_some()));
    }

    #[test]
    fn s57_proxies_have_any_number_and_are_not_cut() {
        let table = table(6, 2);
        let proxies: Vec<_> = (0..5).map(|_| table.place(client(9), true).unwrap().0).collect();
        let (stranger, _) = table.place(client(1), false).unwrap();
        let (_second, cut) = table.place(client(2), false).unwrap();
        assert!(Arc::ptr_eq(&cut.unwrap(), &stranger.line), "all places are taken: the stranger's is given away");
        drop((proxies, stranger));
        assert_eq!(table.lines().open.len(), 1);
        assert_eq!(table.lines().by_client.len(), 1);
    }
}
