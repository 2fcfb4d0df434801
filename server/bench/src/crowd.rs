//! Many subscribers of a live stream, as browsers are: they notice a gap, and come back with the number of the last event they had.

use std::{
    io::ErrorKind,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle};

use crate::{
    error::{Error, Result},
    http::{connect, find},
};

/// What browsers wait before they come back, in milliseconds, until a stream's `retry:` says otherwise.
const RETRY_MS: u64 = 3000;

/// Who subscribes to what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server.
    pub addr: SocketAddr,
    /// The stream.
    pub path: String,
    /// Sessions, taken in turn.
    pub cookies: Vec<String>,
    /// How many.
    pub count: usize,
    /// The address they come from.
    pub from: Option<IpAddr>,
    /// A small receive buffer, for those who are to be slow.
    pub receive_buffer: Option<u32>,
    /// Whether every number must follow the one before: only for those who see everything.
    pub sees_all: bool,
    /// The event that they have already.
    pub since: i64,
}

/// How they are doing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {
    /// Streams that said they are ready.
    pub ready: usize,
    /// Numbers that did not follow the one before, and were not announced by a reset.
    pub gaps: usize,
    /// Subscribers that were told to read afresh, each time.
    pub resets: usize,
    /// Tries that came to nothing.
    pub refused: usize,
    /// The number of the last event that all of them have.
    pub least: i64,
}

#[derive(Default)]
struct Shared {
    status: Status,
    last: Vec<i64>,
    arrivals: Vec<(u32, Instant)>,
}

/// Running subscribers; gone when dropped.
pub struct Crowd {
    shared: Arc<Mutex<Shared>>,
    tasks: Vec<JoinHandle<()>>,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crowd {
    /// Sends them off.
    pub fn start(plan: &Plan) -> Self {
        let shared = Shared { last: vec![plan.since; plan.count], ..Shared::default() };
        let shared = Arc::new(Mutex::new(shared));
        let plan = Arc::new(plan.clone());
        let tasks = (0..plan.count)
            .map(|place| {
                let subscriber = Subscriber {
                    plan: Arc::clone(&plan),
                    shared: Arc::clone(&shared),
                    place,
                    line: Vec::new(),
                    last: plan.since,
                    retry_ms: RETRY_MS,
                    fresh: plan.since == 0,
                    ready: false,
                };
                tokio::spawn(subscriber.run())
            })
            .collect();
        Self { shared, tasks }
    }

    /// How they are doing.
    pub fn status(&self) -> Status {
        let shared = lock(&self.shared);
        Status { least: shared.last.iter().copied().min().unwrap_or_default(), ..shared.status.clone() }
    }

    /// Waits until something is true of them.
    ///
    /// # Errors
    /// When it does not come about in time.
    pub async fn until(&self, what: &str, seconds: u64, is: impl Fn(&Status) -> bool) -> Result<Duration> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(seconds) {
            if is(&self.status()) {
                return Ok(began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(Error::Waited(seconds, format!("{what}: {:?}", self.status())))
    }

    /// How many marks have arrived.
    pub fn arrived(&self) -> usize {
        lock(&self.shared).arrivals.len()
    }

    /// When which mark arrived; they are forgotten.
    pub fn arrivals(&self) -> Vec<(u32, Instant)> {
        std::mem::take(&mut lock(&self.shared).arrivals)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

struct Subscriber {
    plan: Arc<Plan>,
    shared: Arc<Mutex<Shared>>,
    place: usize,
    /// The part of a line that has come so far.
    line: Vec<u8>,
    last: i64,
    retry_ms: u64,
    /// Whatever number comes next is the first.
    fresh: bool,
    ready: bool,
}

impl Subscriber {
    async fn run(mut self) {
        loop {
            let ended = self.listen().await;
            self.ended(ended.is_err());
            self.line.clear();
            tokio::time::sleep(Duration::from_millis(self.retry_ms)).await;
        }
    }

    fn ended(&mut self, broken: bool) {
        let mut shared = lock(&self.shared);
        if std::mem::take(&mut self.ready) {
            shared.status.ready -= 1;
        } else if broken {
            shared.status.refused += 1;
        }
    }

    async fn listen(&mut self) -> std::io::Result<()> {
        let Plan { addr, path, cookies, from, receive_buffer, .. } = &*self.plan;
        let cookie = cookies.get(self.place % cookies.len().max(1)).map_or("", String::as_str);
        let mut stream = connect(*addr, *from, *receive_buffer).await?;
        let last = if self.last > 0 { format!("last-event-id: {}\r\n", self.last) } else { String::new() };
        let request = format!("GET {path} HTTP/1.1\r\nhost: {addr}\r\ncookie: tandem={cookie}\r\n{last}\r\n");
        stream.write_all(request.as_bytes()).await?;
        loop {
            stream.readable().await?;
            if !self.take(&stream)? {
                return Ok(());
            }
        }
    }

    /// Reads what is there; false at the end. The buffer is on the stack and not kept while waiting: there are thousands of us.
    fn take(&mut self, stream: &TcpStream) -> std::io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let size = match stream.try_read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(size) => size,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        };
        let now = Instant::now();
        for piece in buffer.get(..size).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.heard(line.trim_ascii_end(), now);
                self.line = line;
                self.line.clear();
            }
        }
        Ok(true)
    }

    fn heard(&mut self, line: &[u8], now: Instant) {
        if let Some(number) = number_after(line, b"id: ") {
            self.follows(number, 1);
        } else if let Some(ms) = number_after(line, b"retry: ") {
            self.retry_ms = ms.unsigned_abs();
        } else if line == b"event: ready" {
            self.ready = true;
            lock(&self.shared).status.ready += 1;
        } else if line == b"event: reset" {
            self.fresh = true;
            lock(&self.shared).status.resets += 1;
        } else if let Some(number) = number_after(line, b"data: {\"seq\":") {
            // Either the number of an event that was announced by its id already, or of the last one, when the stream is ready.
            self.follows(number, 0);
        }
        if let Some(at) = find_mark(line) {
            let mut shared = lock(&self.shared);
            shared.arrivals.push((at, now));
        }
    }

    fn follows(&mut self, number: i64, step: i64) {
        let mut shared = lock(&self.shared);
        let ok = self.fresh || number == self.last + step;
        if self.plan.sees_all && !ok {
            shared.status.gaps += 1;
        }
        self.fresh = false;
        self.last = number.max(self.last);
        if let Some(last) = shared.last.get_mut(self.place) {
            *last = self.last;
        }
    }
}

fn number_after(line: &[u8], prefix: &[u8]) -> Option<i64> {
    let rest = line.strip_prefix(prefix)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()
}

/// The text of a message that is recognised when it arrives.
pub fn marked(number: u32) -> String {
    format!("mark {number:06} Thank you, the parcel arrived this morning and everything in it is as it should be.")
}

fn find_mark(line: &[u8]) -> Option<u32> {
    if !line.starts_with(b"data: ") {
        return None;
    }
    let at = find(line, b"mark ")? + 5;
    std::str::from_utf8(line.get(at..at + 6)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{find_mark, marked, number_after};

    #[test]
    fn marks_are_found_in_events_only() {
        let line = format!("data: {{\"seq\":12,\"text\":\"{}\"}}", marked(77));
        assert_eq!(find_mark(line.as_bytes()), Some(77));
        assert_eq!(find_mark(marked(77).as_bytes()), None);
        assert_eq!(number_after(line.as_bytes(), b"data: {\"seq\":"), Some(12));
        assert_eq!(number_after(b"id: 9", b"id: "), Some(9));
    }
}
