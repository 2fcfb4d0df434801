//! IMAP commands and answers, each of them bounded. This is our own small client: libraries keep whatever a server sends until it can be
//! parsed, parse it again with every packet, and treat a refusal like any other end.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::answers::{Condition, Reading, Said, Status};
use crate::email::wire::{Line, SILENCE, Wire, WireError};

/// The longest line, in bytes. Lists of UIDs have their own limit: [`Limits::line`].
const LINE: usize = 64 * 1024;
/// How many unrelated responses may come during a command: changes that others make to the mailbox.
const OTHERS: usize = 10_000;
/// The slowest accepted rate of a large transfer, in bytes per second.
const SLOWEST: u64 = 8 * 1024;

/// The limits of an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The bytes of one line.
    pub line: usize,
    /// The bytes of one announced literal.
    pub literal: u64,
    /// The bytes of the whole answer.
    pub bytes: u64,
    /// The responses of the whole answer.
    pub entries: usize,
    /// The time for the whole answer.
    pub time: Duration,
}

impl Limits {
    /// For answers of a few lines.
    pub(super) const SHORT: Self = Self {
        line: LINE,
        literal: LINE as u64,
        bytes: 4 * 1024 * 1024,
        entries: OTHERS,
        time: Duration::from_secs(120),
    };

    /// For a list of this many entries, a few bytes each.
    pub(super) fn list(entries: usize) -> Self {
        let bytes = 256 * (entries as u64 + OTHERS as u64);
        Self { bytes, entries: entries + OTHERS, ..Self::SHORT }.in_its_time()
    }

    /// For a list of this many UIDs, usually on one line.
    pub(super) fn numbers(count: usize) -> Self {
        let line = LINE + 11 * count;
        Self { line, bytes: Self::SHORT.bytes + line as u64, ..Self::SHORT }.in_its_time()
    }

    /// For mails of at most `literal` bytes each and `bytes` together.
    pub(super) fn mails(literal: u64, bytes: u64) -> Self {
        Self { literal, bytes: bytes + Self::SHORT.bytes, ..Self::SHORT }.in_its_time()
    }

    fn in_its_time(self) -> Self {
        Self { time: Self::SHORT.time + Duration::from_secs(self.bytes / SLOWEST), ..self }
    }
}

/// Why a command failed. Partial results must not be used.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The server refused it, with this text.
    Refused(String),
    /// The answer did not end.
    Broken(String),
    /// The server announces too many bytes, for this mail if it said so before. The connection cannot be used any more.
    TooMuch(Option<i64>),
    /// The command would contain characters that no command can contain.
    Unsayable,
}

impl From<WireError> for Unanswered {
    fn from(error: WireError) -> Self {
        Self::Broken(error.to_string())
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    /// Text that is sent unchanged.
    Text(&'a str),
    /// A string that a person typed: quoted if possible, otherwise sent as a literal. It contains no line end (S16).
    String(&'a str),
    /// Bytes, sent as a literal.
    Bytes(&'a [u8]),
}

/// A connection for commands.
#[derive(Debug)]
pub(super) struct Talk<W: Line> {
    wire: Wire<W>,
    tags: u32,
    /// The response code of the last refusal.
    refusal: String,
}

/// How much of an answer's limits is left.
#[derive(Debug)]
struct Left {
    limits: Limits,
    bytes: u64,
    entries: usize,
}

impl Left {
    fn spend(&mut self, bytes: usize) -> Result<(), Unanswered> {
        let left = self.bytes.checked_sub(bytes as u64);
        self.bytes = left.ok_or_else(|| Unanswered::Broken("its answer is larger than it may be".to_owned()))?;
        Ok(())
    }

    fn entry(&mut self) -> Result<(), Unanswered> {
        let left = self.entries.checked_sub(1);
        self.entries = left.ok_or_else(|| Unanswered::Broken("its answer has no end".to_owned()))?;
        Ok(())
    }
}

impl<W: Line> Talk<W> {
    pub(super) fn over(stream: W) -> Self {
        Self { wire: Wire::over(stream), tags: 0, refusal: String::new() }
    }

    /// Reads the greeting.
    pub(super) async fn greeting(&mut self) -> Result<(), Unanswered> {
        let mut left = self.begin(Limits::SHORT);
        match self.response(&mut left).await? {
            Said::Untagged(Condition { status: Status::Ok | Status::PreAuth, .. }) => Ok(()),
            Said::Untagged(Condition { words, .. }) => Err(Unanswered::Broken(words)),
            _ => Err(Unanswered::Broken("it did not greet".to_owned())),
        }
    }

    /// Sends a command, and passes the server's responses to `take`, up to the line that ends the answer. Without that line nobody knows
    /// whether the answer is complete.
    ///
    /// Other responses may come in between, about other mails or about changes that others made. `take` skips what it did not ask for.
    pub(super) async fn ask(
        &mut self,
        command: &[Part<'_>],
        limits: Limits,
        mut take: impl FnMut(Said) + Send,
    ) -> Result<(), Unanswered> {
        let mut left = self.begin(limits);
        let tag = self.say(command, &mut left).await?;
        let mut bye = None;
        loop {
            let said = match self.response(&mut left).await {
                // The server's last text tells more than the state of the connection.
                Err(Unanswered::Broken(broken)) => return Err(Unanswered::Broken(bye.unwrap_or(broken))),
                other => other?,
            };
            match said {
                Said::Tagged(of, condition) if of == tag => {
                    return match condition.status {
                        Status::Ok => Ok(()),
                        Status::No | Status::Bad => Err(self.refused(condition)),
                        Status::PreAuth | Status::Bye => Err(Unanswered::Broken(condition.words)),
                    };
                }
                Said::Untagged(Condition { status: Status::Bye, words, .. }) => bye = Some(words),
                other => take(other),
            }
        }
    }

    /// Waits (IDLE) until the server reports a change. False if it reported none before `until`.
    pub(super) async fn idle(&mut self, until: Instant) -> Result<bool, Unanswered> {
        let mut left = self.begin(Limits::SHORT);
        let tag = self.tag();
        self.wire.say(format!("{tag} IDLE\r\n").as_bytes()).await?;
        let mut something = false;
        loop {
            match self.response(&mut left).await? {
                Said::GoOn => break,
                said => something |= is_news(said, &tag)?,
            }
        }
        while !something && self.wire.something_comes(until).await? {
            // The wait may have been long. The answer now gets the time of one answer.
            self.wire.until(Instant::now() + SILENCE);
            something = is_news(self.response(&mut left).await?, &tag)?;
        }
        self.wire.until(Instant::now() + SILENCE);
        self.wire.say(b"DONE\r\n").await?;
        loop {
            match self.response(&mut left).await? {
                Said::Tagged(of, condition) if of == tag => {
                    return match condition.status {
                        Status::Ok => Ok(something),
                        _ => Err(Unanswered::Broken(condition.words)),
                    };
                }
                said => something |= is_news(said, &tag)?,
            }
        }
    }

    /// The code of the last refusal, in capitals (RFC 5530). Empty if it had none.
    pub(super) fn refusal(&self) -> String {
        self.refusal.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase()
    }

    /// Whether unrequested data has come.
    pub(super) fn holds_more(&self) -> bool {
        self.wire.holds_more()
    }

    /// Returns the stream.
    pub(super) fn into_stream(self) -> W {
        self.wire.into_stream()
    }

    fn begin(&mut self, limits: Limits) -> Left {
        self.wire.until(Instant::now() + limits.time);
        Left { limits, bytes: limits.bytes, entries: limits.entries }
    }

    fn tag(&mut self) -> String {
        self.tags += 1;
        format!("A{:04}", self.tags)
    }

    /// Sends a command and returns its tag. Literals are sent when the server is ready for them.
    async fn say(&mut self, command: &[Part<'_>], left: &mut Left) -> Result<String, Unanswered> {
        // Checks all parts first, so that no half command is sent.
        for part in command {
            if let Part::Text(text) | Part::String(text) = part {
                sayable(text)?;
            }
        }
        let tag = self.tag();
        let mut line = format!("{tag} ");
        for part in command {
            let announced = match part {
                Part::Text(text) => {
                    line.push_str(text);
                    continue;
                }
                Part::String(text) if text.is_ascii() && text.len() <= 500 => {
                    line.push_str(&quoted(text));
                    continue;
                }
                Part::String(text) => text.as_bytes(),
                Part::Bytes(bytes) => bytes,
            };
            line.push_str(&format!("{{{}}}\r\n", announced.len()));
            self.wire.say(line.as_bytes()).await?;
            line.clear();
            self.ready(&tag, left).await?;
            self.wire.say(announced).await?;
        }
        line.push_str("\r\n");
        self.wire.say(line.as_bytes()).await?;
        Ok(tag)
    }

    async fn ready(&mut self, tag: &str, left: &mut Left) -> Result<(), Unanswered> {
        loop {
            match self.response(left).await? {
                Said::GoOn => return Ok(()),
                Said::Tagged(of, condition) if of == tag => return Err(self.refused(condition)),
                Said::Untagged(Condition { status: Status::Bye, words, .. }) => return Err(Unanswered::Broken(words)),
                _ => {}
            }
        }
    }

    fn refused(&mut self, condition: Condition) -> Unanswered {
        self.refusal = condition.code;
        Unanswered::Refused(condition.words)
    }

    /// Reads the next response.
    async fn response(&mut self, left: &mut Left) -> Result<Said, Unanswered> {
        left.entry()?;
        let line = self.line(left).await?;
        if let Some(said) = Said::in_one_line(&line) {
            return Ok(said);
        }
        let mut reading = Reading::default();
        let mut line: Bytes = line;
        loop {
            let announced =
                reading.line(&line).ok_or_else(|| Unanswered::Broken("what it says is no IMAP".to_owned()))?;
            let Some(count) = announced else { return Ok(reading.said()) };
            if count > left.limits.literal {
                return Err(Unanswered::TooMuch(reading.uid()));
            }
            let count = usize::try_from(count).map_err(|_| Unanswered::TooMuch(reading.uid()))?;
            left.spend(count)?;
            reading.literal(self.wire.bytes(count).await?);
            line = self.line(left).await?;
        }
    }

    async fn line(&mut self, left: &mut Left) -> Result<Bytes, Unanswered> {
        let line = self.wire.line(left.limits.line).await?;
        left.spend(line.len() + 2)?;
        Ok(line)
    }
}

/// Whether something changed in the folder. "Still here" is no change. The end of the connection is an error.
fn is_news(said: Said, tag: &str) -> Result<bool, Unanswered> {
    match said {
        Said::Untagged(Condition { status: Status::Bye, words, .. }) => Err(Unanswered::Broken(words)),
        Said::Tagged(of, condition) if of == tag => Err(Unanswered::Broken(condition.words)),
        Said::Exists(_) | Said::Fetch(_) | Said::Other => Ok(true),
        _ => Ok(false),
    }
}

/// Refuses text with control characters, which could end a line.
fn sayable(text: &str) -> Result<(), Unanswered> {
    if text.chars().any(char::is_control) { Err(Unanswered::Unsayable) } else { Ok(()) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
