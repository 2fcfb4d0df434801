//! SMTP commands and answers (RFC 5321). This is our own small client: the library that composes our mails reads lines without a limit, and
//! accepts unencrypted data after the answer to STARTTLS as if it were encrypted.

#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail::one_line;
use tokio::time::Instant;

use super::wire::{Line, Wire, WireError};

/// The longest line of an answer, in bytes. RFC 5321 allows 512, but some servers send more.
const LINE: usize = 2048;
/// The most lines of an answer.
const LINES: usize = 100;
/// How long a server that accepts no more of a mail has to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An answer of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its code, from 200 to 599.
    pub code: u16,
    /// The text after the code, line by line.
    pub lines: Vec<String>,
}

impl Answer {
    /// The answer on one line: `550 5.1.1 Unknown`.
    pub fn words(&self) -> String {
        let said = format!("{} {}", self.code, self.lines.join(" "));
        one_line(&said).trim_end_matches('.').to_owned()
    }

    /// Whether the refusal is temporary: by its code (4xx), or by its enhanced code (RFC 3463), which is more exact.
    pub fn is_for_now(&self) -> bool {
        self.code < 500 || self.lines.first().is_some_and(|line| line.starts_with("4."))
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum SmtpError {
    /// The server says no: for now (4xx) or for good (5xx).
    #[error("{}", .0.words())]
    Refused(Answer),
    /// The connection cannot be used any more.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The server's answer makes no sense.
    #[error("{0}")]
    Odd(&'static str),
    /// The server does not offer a needed extension.
    #[error("{0}")]
    Missing(&'static str),
    /// The command would contain characters that no command can contain.
    #[error("{0}")]
    Unsayable(&'static str),
    /// The server does not offer STARTTLS.
    #[error("it does not offer STARTTLS")]
    NoStartTls,
    /// Unencrypted data came after the answer to STARTTLS. An attacker in between may have sent it (S56).
    #[error("it said more than was asked before the encryption began")]
    Tampered,
}

/// The dialogue with a server.
#[derive(Debug)]
pub struct Conversation<W: Line> {
    /// The connection. The caller sets its time limit.
    pub wire: Wire<W>,
    offers: Vec<String>,
}

impl<W: Line> Conversation<W> {
    /// Begins with a server that greets first.
    ///
    /// # Errors
    /// When the server does not greet, or refuses the connection.
    pub async fn greeted(stream: W) -> Result<Self, SmtpError> {
        let mut it = Self::going_on(stream);
        it.answer(2).await?;
        Ok(it)
    }

    /// Begins with a server that has greeted before, as after STARTTLS. The extensions it offered before are forgotten.
    pub fn going_on(stream: W) -> Self {
        Self { wire: Wire::over(stream), offers: Vec::new() }
    }

    /// Sends EHLO and reads the offered extensions.
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

    /// Asks for TLS, and returns the stream on which it begins. Nothing unencrypted may follow the server's consent.
    ///
    /// # Errors
    /// [`SmtpError::NoStartTls`], [`SmtpError::Tampered`], or another one.
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

    /// Signs in with a user name and a password.
    ///
    /// # Errors
    /// [`SmtpError::Refused`] for a wrong password, or another one.
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
            // A server that does not take the credentials with the command asks for them.
            if answer.code == 334 {
                self.ask(&both, 2).await?;
            }
        } else if ways.contains(&"LOGIN") {
            self.ask("AUTH LOGIN", 3).await?;
            self.ask(&STANDARD.encode(user), 3).await?;
            self.ask(&STANDARD.encode(password), 2).await?;
        } else {
            return Err(SmtpError::Missing("it does not accept passwords (AUTH PLAIN or LOGIN)"));
        }
        Ok(())
    }

    /// Sends a command and reads the answer. `wanted` is the first digit that its code must have, 0 for 2 or 3.
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

    /// Sends a mail without the dot that ends it. Until the dot nothing is accepted.
    ///
    /// # Errors
    /// [`SmtpError`]
    pub async fn give(&mut self, mail: &[u8]) -> Result<(), SmtpError> {
        match self.wire.say(&stuffed(mail)).await {
            Ok(()) => self.nothing_unasked().await,
            Err(broken) => Err(self.last_words().await.unwrap_or_else(|| broken.into())),
        }
    }

    /// Reads why a server broke off: it may have refused the mail before it stopped reading.
    async fn last_words(&mut self) -> Option<SmtpError> {
        self.wire.until(Instant::now() + LAST_WORDS);
        self.answer(2).await.err().filter(|error| matches!(error, SmtpError::Refused(_)))
    }

    /// Sends the dot that ends a mail. Only the answer tells whether the mail was accepted.
    ///
    /// # Errors
    /// [`SmtpError`]
    pub async fn end(&mut self) -> Result<Answer, SmtpError> {
        self.wire.say(b".\r\n").await?;
        self.answer(2).await
    }

    /// Refuses an answer that came before its command. A server that closes the connection (421) is an exception.
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

/// Parses a line of an answer: its code, whether it is the last line, its text.
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

/// A mail as it is sent: lines end in CR LF, no CR or LF stands alone (some servers take one for the end of the mail), a dot at the
/// beginning of a line is doubled (RFC 5321, 4.5.2), and the last line is terminated (S15).
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
