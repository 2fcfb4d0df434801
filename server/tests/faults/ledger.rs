//! Records what was acknowledged to each client, for the comparison at the end.

use std::sync::Mutex;

use serde_json::Value;
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Incoming,
    Reply,
    Note,
}

impl Kind {
    pub const fn stored(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Reply => "outgoing",
            Self::Note => "note",
        }
    }
}

/// A message that somebody was told is kept, as they were told it.
#[derive(Debug, Clone)]
pub struct Acked {
    pub writer: usize,
    pub kind: Kind,
    pub id: String,
    pub n: i64,
    pub at: i64,
    pub text: String,
}

impl Acked {
    /// Out of an answer.
    pub fn read(writer: usize, kind: Kind, message: &Value) -> Self {
        let text = |key: &str| message[key].as_str().unwrap_or_else(|| panic!("{key} in {message}")).to_owned();
        let number = |key: &str| message[key].as_i64().unwrap_or_else(|| panic!("{key} in {message}"));
        Self { writer, kind, id: text("id"), n: number("n"), at: number("at"), text: text("text") }
    }

    /// Whether another answer tells of the same message.
    pub fn same(&self, other: &Value) -> bool {
        other["id"] == self.id.as_str()
            && other["n"] == self.n
            && other["at"] == self.at
            && other["text"] == self.text.as_str()
    }
}

pub struct Ledger {
    acked: Mutex<Vec<Acked>>,
    count: watch::Sender<usize>,
    /// Requests that were repeated after an error, and those repeated on purpose.
    pub repeats: Mutex<(usize, usize)>,
    told: Box<dyn Fn(&Acked) + Send + Sync>,
}

impl Ledger {
    /// An empty one; `told` hears of each acknowledgement the moment it comes.
    pub fn new(told: impl Fn(&Acked) + Send + Sync + 'static) -> Self {
        Self { acked: Mutex::default(), count: watch::Sender::new(0), repeats: Mutex::default(), told: Box::new(told) }
    }

    /// Writes down an acknowledgement; each id once, in the order of its writer.
    pub fn ack(&self, acked: Acked) {
        (self.told)(&acked);
        let mut all = self.acked.lock().unwrap();
        all.push(acked);
        self.count.send_replace(all.len());
    }

    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until so many messages were acknowledged.
    pub async fn reaches(&self, count: usize) {
        self.count.subscribe().wait_for(|now| *now >= count).await.unwrap();
    }

    pub fn all(&self) -> Vec<Acked> {
        self.acked.lock().unwrap().clone()
    }
}
