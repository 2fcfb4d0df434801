//! SMTP by its commands and answers (RFC 5321). A small client of our own: the library that writes our mails reads lines without a bound,
//! and takes what came in the clear behind the answer to STARTTLS for an answer that came encrypted.

#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail::one_line;
use tokio::time::Instant;

use super::wire::{Line, Wire, WireError};

/// How long a line of an answer may be, in bytes. RFC 5321 has 512; some servers write more into one.
const LINE: usize = 2048;
/// How many lines an answer may have.
const LINES: usize = 100;
/// How long a server that takes no more of a mail has to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its code, from 200 to 599.
    pub code: u16,
    /// What stands behind the code, line by line.
    pub lines: Vec<String>,
}

impl Answer {
    /// As the server wrote it, on one line: `550 5.1.1 Unknown`.
    pub fn words(&self) -> String {
        let said = format!("{} {}", self.code, self.lines.join(" "));
        one_line(&said).trim_end_matches('.').to_owned()
    }

    /// Whether it is about the moment: by its code (4xx), or by the finer one behind that (RFC 3463), which says it more exactly.
    pub fn is_for_now(&self) -> bool {
        self.code < 500 || self.lines.first().is_some_and(|line| line.starts_with("4."))
    }
}

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The server says no: for now (4xx) or for good (5xx).
    #[error("{}", .0.words())]
    Refused(Answer),
    /// The connection is of no use any more.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// What it says makes no sense.
    #[error("{0}")]
    Odd(&'static str),
    /// It does not offer what is needed.
    #[error("{0}")]
    Missing(&'static str),
    /// We would have to say something that no command can hold.
    #[error("{0}")]
    Unsayable(&'static str),
    /// It does not offer STARTTLS.
    #[error("it does not offer STARTTLS")]
    NoStartTls,
    /// Something came in the clear behind its answer to STARTTLS. Whoever is between us may have said it (S56).
    #[error("it said more than was asked before the encryption began")]
    Tampered,
}

/// A server that is talked to.
#[derive(Debug)]
pub struct Conversation<W: Line> {
    /// The connection; its time is set by who uses it.
    pub wire: Wire<W>,
    offers: Vec<String>,
}

impl<W: Line> Conversation<W> {
    /// With a server that greets first.
    ///
    /// # Errors
    /// When it does not greet, or refuses to talk.
    pub async fn greeted(stream: W) -> Result<Self, SmtpError> {
        let mut it = Self::going_on(stream);
        it.answer(2).await?;
        Ok(it)
    }

    /// With a server that has greeted before, as behind STARTTLS. What it offered then counts for nothing.
    pub fn going_on(stream: W) -> Self {
        Self { wire: Wire::over(stream), offers: Vec::new() }
    }

    /// Says who we are, and hears what it offers.
    ///
    /// # Errors
    /// [`SmtpError`]
    pub async fn hello(&mut self, domain: &str) -> Result<(), SmtpError> {
        let answer = self.ask(&format!("EHLO {domain}"), 2).await?;
        self.offers = answer.lines.into_iter().skip(1).map(|line| line.to_ascii_uppercase()).collect();
        Ok(())
    }

    /// Whether the server offers an extension, by its keyword in capitals.
    pub fn offers(&self, keyword: &str) -> bool {
        self.offers.iter().any(|line| line.split_ascii_whitespace().next() == Some(keyword))
    }

    /// Asks for TLS, and gives the stream on which it begins. Nothing may have come in the clear behind the server's consent.
    ///
    /// # Errors
    /// [`SmtpError::NoStartTls`], [`SmtpError::Tampered`] and others.
    pub async fn start_tls(mut self) -> Result<W, SmtpError> {
        if !self.offers("STARTTLS") {
            return Err(SmtpError::NoStartTls);
        }
        match self.ask("STARTTLS", 2).await {
            Err(SmtpError::Refused(answer)) if answer.code >= 500 => return Err(SmtpError::NoStartTls),
            other => other?,
        };
        if self.wire.holds_more() { Err(SmtpError::Tampered) } else { Ok(self.wire.into_stream()) }
    }

    /// Signs in.
    ///
    /// # Errors
    /// [`SmtpError::Refused`] for a wrong password, and others.
    pub async fn sign_in(&mut self, user: &str, password: &str) -> Result<(), SmtpError> {
        if [user, password].iter().any(|text| text.contains('\0')) {
            return Err(SmtpError::Unsayable("it has characters that no mail server takes"));
        }
        let ways =
            self.offers.iter().filter_map(|line| line.strip_prefix("AUTH").filter(|ways| ways.starts_with([' ', '='])));
        let ways: Vec<&str> = ways.flat_map(|ways| ways.split([' ', '='])).collect();
        if ways.contains(&"PLAIN") {
            let both = STANDARD.encode(format!("\0{user}\0{password}"));
            let answer = self.ask(&format!("AUTH PLAIN {both}"), 0).await?;
            // A server that does not take it with the command asks for it.
            if answer.code == 334 {
                self.ask(&both, 2).await?;
            }
        } else if ways.contains(&"LOGIN") {
            self.ask("AUTH LOGIN", 3).await?;
            self.ask(&STANDARD.encode(user), 3).await?;
            self.ask(&STANDARD.encode(password), 2).await?;
        } else {
            return Err(SmtpError::Missing("it offers no sign-in with a password (AUTH PLAIN or LOGIN)"));
        }
        Ok(())
    }

    /// Says a command and hears the answer. `wanted`: the first digit of the code that it has to have, 0 for 2 or 3.
    ///
    /// # Errors
    /// [`SmtpError`]
    pub async fn ask(&mut self, command: &str, wanted: u16) -> Result<Answer, SmtpError> {
        if command.chars().any(char::is_control) {
            return Err(SmtpError::Unsayable("it has characters that no command can hold"));
        }
        self.nothing_unasked().await?;
        self.wire.say(format!("{command}\r\n").as_bytes()).await?;
        self.answer(wanted).await
    }

    /// Gives a mail, without the dot that ends it: until then nothing is taken.
    ///
    /// # Errors
    /// [`SmtpError`]
    pub async fn give(&mut self, mail: &[u8]) -> Result<(), SmtpError> {
        match self.wire.say(&stuffed(mail)).await {
            Ok(()) => self.nothing_unasked().await,
            Err(broken) => Err(self.last_words().await.unwrap_or_else(|| broken.into())),
        }
    }

    /// Why a server broke off: it may have refused the mail before it stopped reading.
    async fn last_words(&mut self) -> Option<SmtpError> {
        self.wire.until(Instant::now() + LAST_WORDS);
        self.answer(2).await.err().filter(|error| matches!(error, SmtpError::Refused(_)))
    }

    /// Ends a mail. Whether it was taken, only the answer tells.
    ///
    /// # Errors
    /// [`SmtpError`]
    pub async fn end(&mut self) -> Result<Answer, SmtpError> {
        self.wire.say(b".\r\n").await?;
        self.answer(2).await
    }

    /// An answer that came before its question is no answer to it. A server that takes leave (421) is heard.
    async fn nothing_unasked(&mut self) -> Result<(), SmtpError> {
        if !self.wire.holds_more() {
            return Ok(());
        }
        self.answer(2).await?;
        Err(SmtpError::Odd("it answered before it was asked"))
    }

    async fn answer(&mut self, wanted: u16) -> Result<Answer, SmtpError> {
        let mut answer = Answer { code: 0, lines: Vec::new() };
        loop {
            let line = self.wire.line(LINE).await?;
            let (code, end, text) = parted(&line).ok_or(SmtpError::Odd("what it says is no answer of SMTP"))?;
            if !answer.lines.is_empty() && code != answer.code {
                return Err(SmtpError::Odd("its answer has two codes"));
            }
            answer.code = code;
            answer.lines.push(text);
            if end {
                break;
            }
            if answer.lines.len() == LINES {
                return Err(SmtpError::Odd("its answer has no end"));
            }
        }
        match (answer.code / 100, wanted) {
            (2 | 3, 0) => Ok(answer),
            (class, wanted) if class == wanted => Ok(answer),
            (4 | 5, _) => Err(SmtpError::Refused(answer)),
            _ => Err(SmtpError::Odd("it answers something that was not asked")),
        }
    }
}

/// A line of an answer: its code, whether it is the last, its text.
fn parted(line: &[u8]) -> Option<(u16, bool, String)> {
    let code: u16 = std::str::from_utf8(line.get(..3)?).ok()?.parse().ok()?;
    let end = match line.get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    let text = String::from_utf8_lossy(line.get(4..).unwrap_or_default()).into_owned();
    (200..600).contains(&code).then_some((code, end, text))
}

/// A mail as it is said: line ends are CR LF, none stands alone (some servers take one for the end of the mail), a dot at the beginning of
/// a line is doubled (RFC 5321, 4.5.2), and the last line has an end (S15).
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 50 + 2);
    let mut rest = mail;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, behind) = rest.split_at(end);
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = behind.strip_prefix(b"\r\n").or_else(|| behind.get(1..)).unwrap_or_default();
    }
    out
}
