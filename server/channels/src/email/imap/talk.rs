//! IMAP by its commands and answers, each of them bounded. A small client of our own: a library that keeps what comes until it makes sense
//! of it keeps whatever a server sends, reads it again with every packet, and takes a refusal for an end like any other.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::answers::{Condition, Reading, Said, Status};
use crate::email::wire::{Line, SILENCE, Wire, WireError};

/// How long a line may be, in bytes. Lists of numbers have a bound of their own: [`Limits::line`].
const LINE: usize = 64 * 1024;
/// How many other things a server may say while one is asked: what others do to the mailbox.
const OTHERS: usize = 10_000;
/// How many bytes a second a server gives at least, where much is asked for.
const SLOWEST: u64 = 8 * 1024;

/// How much an answer may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes of one line.
    pub line: usize,
    /// Bytes that are announced ahead (literals), for each such announcement.
    pub literal: u64,
    /// Bytes in all.
    pub bytes: u64,
    /// Responses in all.
    pub entries: usize,
    /// How long all of it may take.
    pub time: Duration,
}

impl Limits {
    /// For what is answered in a few lines.
    pub(super) const SHORT: Self = Self {
        line: LINE,
        literal: LINE as u64,
        bytes: 4 * 1024 * 1024,
        entries: OTHERS,
        time: Duration::from_secs(120),
    };

    /// For so many entries of a list, each with a few bytes.
    pub(super) fn list(entries: usize) -> Self {
        let bytes = 256 * (entries as u64 + OTHERS as u64);
        Self { bytes, entries: entries + OTHERS, ..Self::SHORT }.in_its_time()
    }

    /// For a list of so many numbers, which mostly come in one line.
    pub(super) fn numbers(count: usize) -> Self {
        let line = LINE + 11 * count;
        Self { line, bytes: Self::SHORT.bytes + line as u64, ..Self::SHORT }.in_its_time()
    }

    /// For mails: none has more than `literal` bytes, all together have `bytes`.
    pub(super) fn mails(literal: u64, bytes: u64) -> Self {
        Self { literal, bytes: bytes + Self::SHORT.bytes, ..Self::SHORT }.in_its_time()
    }

    fn in_its_time(self) -> Self {
        Self { time: Self::SHORT.time + Duration::from_secs(self.bytes / SLOWEST), ..self }
    }
}

/// Why a command has no answer. Whatever came of one is not to be used.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The server will not do it, and says this.
    Refused(String),
    /// It did not come to an end.
    Broken(String),
    /// It announces more bytes than it may give, and for which mail if it said so before. The connection is of no use any more.
    TooMuch(Option<i64>),
    /// We would have to say something that no command can hold.
    Unsayable,
}

impl From<WireError> for Unanswered {
    fn from(error: WireError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// A part of a command.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    /// As it stands.
    Text(&'a str),
    /// A string that somebody typed: quoted where it can be, else announced by its length. None has a line end (S16).
    String(&'a str),
    /// Bytes, announced by their length.
    Bytes(&'a [u8]),
}

/// A connection on which commands are said.
#[derive(Debug)]
pub(super) struct Talk<W: Line> {
    wire: Wire<W>,
    tags: u32,
    /// The code of the last refusal, as the server wrote it.
    refusal: String,
}

/// What is left of what an answer may be.
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
    /// Over a stream.
    pub(super) fn over(stream: W) -> Self {
        Self { wire: Wire::over(stream), tags: 0, refusal: String::new() }
    }

    /// Hears the greeting.
    pub(super) async fn greeting(&mut self) -> Result<(), Unanswered> {
        let mut left = self.begin(Limits::SHORT);
        match self.response(&mut left).await? {
            Said::Untagged(Condition { status: Status::Ok | Status::PreAuth, .. }) => Ok(()),
            Said::Untagged(Condition { words, .. }) => Err(Unanswered::Broken(words)),
            _ => Err(Unanswered::Broken("it did not greet".to_owned())),
        }
    }

    /// Says a command, and hands on what the server says up to the line that ends its answer. Without that line nobody knows whether what
    /// came before it is everything.
    ///
    /// Other things come in between too, of other mails or of changes that somebody made: `take` passes over what it did not ask for.
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
                // What it said on leaving tells more than how the connection looks then.
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

    /// Waits until the server says that something happened; false when nothing did until then. Its tag ends what is waited for.
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
            // It may have waited for long: what comes now has the time of one answer.
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

    /// What the last refusal was about, by its code and in capitals (RFC 5530); empty where it had none.
    pub(super) fn refusal(&self) -> String {
        self.refusal.split_ascii_whitespace().next().unwrap_or_default().to_ascii_uppercase()
    }

    /// Whether something came that was not asked for.
    pub(super) fn holds_more(&self) -> bool {
        self.wire.holds_more()
    }

    /// The stream itself.
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

    /// Says a command and gives its tag. Bytes that are announced are said when the server is ready for them.
    async fn say(&mut self, command: &[Part<'_>], left: &mut Left) -> Result<String, Unanswered> {
        // All of it first: half a command is none.
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

    /// The next thing that the server says.
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

/// Whether something happened in the folder. "Still here" is no news; a connection that ends is.
fn is_news(said: Said, tag: &str) -> Result<bool, Unanswered> {
    match said {
        Said::Untagged(Condition { status: Status::Bye, words, .. }) => Err(Unanswered::Broken(words)),
        Said::Tagged(of, condition) if of == tag => Err(Unanswered::Broken(condition.words)),
        Said::Exists(_) | Said::Fetch(_) | Said::Other => Ok(true),
        _ => Ok(false),
    }
}

/// Refuses text that would end a line.
fn sayable(text: &str) -> Result<(), Unanswered> {
    if text.chars().any(char::is_control) { Err(Unanswered::Unsayable) } else { Ok(()) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
