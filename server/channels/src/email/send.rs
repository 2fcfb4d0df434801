//! Sends a mail by encrypted SMTP (RFC 6409), and derives the result from the server's code. Every step has a timeout. A server that
//! accepted the mail and does not answer QUIT has accepted it all the same.

use std::time::Duration;

use mail::{headers, one_line};
use model::{Host, Security};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::client::TlsStream;

use super::{
    error::MailError,
    smtp::{Answer, Conversation, SmtpError},
    wire::{Line, WireError},
};
use crate::{
    SendError,
    network::{Network, ReachError, host_name},
};

/// The timeout for connecting: name lookup, connection, encryption, greetings.
const OPEN: Duration = Duration::from_secs(20);
/// How long a server may take to greet before TLS begins. A port that expects TLS from the first byte stays silent, as we do.
const GREETING: Duration = Duration::from_secs(15);
/// The timeout for signing in.
const SIGN_IN: Duration = Duration::from_secs(20);
/// The timeout for the sender and each recipient: some servers ask other servers first.
const NAMES: Duration = Duration::from_secs(30);
/// The timeout for the whole dialogue. The mail gets what is left of it: a server may scan all of a large mail before it answers. The job's
/// own timeout ends soon after, and the result would be lost with it.
const WHOLE: Duration = Duration::from_secs(100);
/// The timeout for QUIT.
const GOODBYE: Duration = Duration::from_secs(3);

type Secured = Conversation<TlsStream<TcpStream>>;

/// The server and the account that sends.
pub struct Smtp<'a> {
    /// The network to connect through.
    pub network: &'a Network,
    /// The server.
    pub host: &'a Host,
    /// The user name.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
    /// The sender's domain, for the greeting.
    pub domain: &'a str,
}

/// Why a mail was not accepted.
#[derive(Debug)]
pub enum NotTaken {
    /// The server refused it for good (5xx).
    Never(MailError),
    /// The server refused it for now (4xx), or was not reached.
    Later(MailError),
    /// It may have been accepted: the connection ended after the last dot and before the answer.
    Doubtful(MailError),
}

impl Smtp<'_> {
    /// Sends a mail. Returns which recipients the server refuses for good, in words; empty if it accepts all. If the connection ends after
    /// the last dot, a retry sends the same bytes: mail programs show a repeated Message-ID only once.
    ///
    /// # Errors
    /// [`NotTaken`]: no recipient gets the mail.
    pub async fn send(&self, from: &str, to: &[String], mail: &[u8]) -> Result<String, NotTaken> {
        let end = Instant::now() + WHOLE;
        let server = Server(&self.host.name);
        let envelope = server.envelope(from, to, mail)?;
        let mut talk = self.open().await?;
        let taken = match server.announce(&mut talk, &envelope).await {
            Ok(refused) => server.hand_over(&mut talk, mail, end).await.map(|()| refused),
            Err(not) => Err(not),
        };
        // The result is known, so the server's answer to QUIT changes nothing. A silent server is not sent QUIT.
        if !matches!(&taken, Err(NotTaken::Doubtful(_) | NotTaken::Later(MailError::Lost { .. }))) {
            goodbye(talk).await;
        }
        taken
    }

    /// Signs in and disconnects, as a test.
    ///
    /// # Errors
    /// [`NotTaken`]
    pub async fn try_sign_in(&self) -> Result<(), NotTaken> {
        goodbye(self.open().await?).await;
        Ok(())
    }

    /// Connects and signs in.
    async fn open(&self) -> Result<Secured, NotTaken> {
        let Ok(connected) = timeout(OPEN, self.connect()).await else {
            let (name, port) = (self.host.name.clone(), self.host.port);
            let silent = ReachError::NoAnswer { name, port, reason: "it took too long".to_owned() };
            return Err(NotTaken::Later(MailError::Reach(silent)));
        };
        let mut talk = connected?;
        talk.wire.until(Instant::now() + SIGN_IN);
        let server = Server(&self.host.name);
        talk.sign_in(self.user, self.password).await.map_err(|error| server.not_signed_in(error))?;
        Ok(talk)
    }

    /// Connects to a checked address and starts TLS. The certificate must be valid for the server's name.
    async fn connect(&self) -> Result<Secured, NotTaken> {
        let Host { name, port, security } = self.host;
        let server = Server(name);
        let reach = |error: ReachError| NotTaken::Later(MailError::Reach(error));
        // The domain of an address may not be accepted as a host name. Then an address literal is sent (RFC 5321, 4.1.3).
        let hello = host_name(self.domain).unwrap_or_else(|| "[127.0.0.1]".to_owned());
        let tcp = self.network.connect(name, *port).await.map_err(reach)?;
        let opened = async {
            let mut talk = match security {
                Security::Tls => Conversation::greeted(self.network.secure(name, tcp).await.map_err(reach)?).await,
                Security::StartTls => {
                    let plain =
                        start_tls(tcp, &hello, GREETING).await.map_err(|error| server.not_taken(error, "us"))?;
                    Ok(Conversation::going_on(self.network.secure(name, plain).await.map_err(reach)?))
                }
            }
            .map_err(|error| server.not_taken(error, "us"))?;
            talk.hello(&hello).await.map_err(|error| server.not_taken(error, "us"))?;
            Ok(talk)
        };
        opened.await
    }
}

/// Starts TLS on an unencrypted connection. `silence` is how long the server may take to greet.
pub(super) async fn start_tls<W: Line>(stream: W, hello: &str, silence: Duration) -> Result<W, SmtpError> {
    let mut plain = timeout(silence, Conversation::greeted(stream)).await.map_err(|_| SmtpError::NoStartTls)??;
    plain.hello(hello).await?;
    plain.start_tls().await
}

/// The sender and recipients of a mail, and the extensions that it needs.
pub(super) struct Envelope {
    from: String,
    to: Vec<String>,
    foreign_addresses: bool,
    eight_bit: bool,
}

/// A server's name, for error messages.
#[derive(Clone, Copy)]
pub(super) struct Server<'a>(pub &'a str);

impl Server<'_> {
    fn name(self) -> String {
        self.0.to_owned()
    }

    fn refused(self, said: impl Into<String>) -> NotTaken {
        NotTaken::Never(MailError::Refused { server: self.name(), said: said.into() })
    }

    pub(super) fn envelope(self, from: &str, to: &[String], mail: &[u8]) -> Result<Envelope, NotTaken> {
        // A parsed address contains nothing that ends a command (S15).
        let address = |text: &str| {
            headers::written(text)
                .ok_or_else(|| self.refused(format!("\"{}\" is not a valid e-mail address", one_line(text))))
        };
        let to = to.iter().map(|one| address(one)).collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() {
            return Err(self.refused("it has no recipients"));
        }
        let from = address(from)?;
        let foreign_addresses = std::iter::once(&from).chain(&to).any(|one| !one.is_ascii());
        Ok(Envelope { from, to, foreign_addresses, eight_bit: !mail.is_ascii() })
    }

    /// Sends sender and recipients, until the server is ready for the mail. Returns the refused recipients, in words. The mail goes to the
    /// others.
    pub(super) async fn announce<W: Line>(
        self,
        talk: &mut Conversation<W>,
        envelope: &Envelope,
    ) -> Result<String, NotTaken> {
        talk.wire.until(Instant::now() + NAMES);
        let mut from = format!("MAIL FROM:<{}>", envelope.from);
        for (wanted, keyword, option, what) in [
            (envelope.foreign_addresses, "SMTPUTF8", " SMTPUTF8", "addresses"),
            (envelope.eight_bit, "8BITMIME", " BODY=8BITMIME", "mails"),
        ] {
            if wanted && !talk.offers(keyword) {
                return Err(self.refused(format!("it takes no {what} beyond ASCII ({keyword})")));
            }
            if wanted {
                from.push_str(option);
            }
        }
        let step = "the sender and the recipients";
        talk.ask(&from, 2).await.map_err(|error| self.not_taken(error, step))?;
        let mut refused = Vec::new();
        for (asked, to) in envelope.to.iter().enumerate() {
            match talk.ask(&format!("RCPT TO:<{to}>"), 2).await {
                Ok(_) => {}
                // The server refused every recipient so far, and hung up.
                Err(SmtpError::Wire(_)) if asked > 0 && refused.len() == asked => {
                    return Err(self.refused(in_words(&refused)));
                }
                Err(SmtpError::Refused(answer)) if is_about_recipient(&answer) => refused.push((to, answer)),
                // No recipient gets the mail before all can: otherwise a retry would send it twice to the first ones.
                Err(error) => return Err(self.not_taken(error, step).about(to)),
            }
        }
        let who = in_words(&refused);
        if refused.len() == envelope.to.len() {
            return Err(self.refused(who));
        }
        talk.ask("DATA", 3).await.map_err(|error| self.not_taken(error, step))?;
        Ok(who)
    }

    /// Sends the mail and the dot that ends it. Before the dot nothing was accepted, whatever happens. After it only the answer tells.
    pub(super) async fn hand_over<W: Line>(
        self,
        talk: &mut Conversation<W>,
        mail: &[u8],
        end: Instant,
    ) -> Result<(), NotTaken> {
        talk.wire.until(end);
        talk.give(mail).await.map_err(|error| self.not_taken(error, "the mail"))?;
        // The server may scan all of the mail before it answers (RFC 5321, 4.5.3.2.6). Disconnecting before that would send the mail twice.
        talk.wire.silent_for(end.saturating_duration_since(Instant::now()));
        match talk.end().await {
            Ok(_) => Ok(()),
            Err(SmtpError::Refused(answer)) => Err(self.not_taken(SmtpError::Refused(answer), "the mail")),
            Err(SmtpError::Wire(WireError::Slow)) => {
                Err(NotTaken::Doubtful(self.lost("it did not say in time whether it has the mail")))
            }
            Err(error) => Err(NotTaken::Doubtful(self.lost(&error.to_string()))),
        }
    }

    fn lost(self, said: &str) -> MailError {
        MailError::Lost { server: self.name(), said: one_line(said).trim_end_matches('.').to_owned() }
    }

    fn no_login(self, answer: &Answer) -> MailError {
        MailError::Login { server: self.name(), said: answer.words() }
    }

    /// The error of signing in. A permanent refusal is about the account, a temporary one is not.
    pub(super) fn not_signed_in(self, error: SmtpError) -> NotTaken {
        match error {
            SmtpError::Refused(answer) if answer.is_for_now() => NotTaken::Later(self.lost(&answer.words())),
            SmtpError::Refused(answer) => NotTaken::Never(self.no_login(&answer)),
            SmtpError::Unsayable(why) => {
                NotTaken::Never(MailError::Login { server: self.name(), said: why.to_owned() })
            }
            error => self.not_taken(error, "the sign-in"),
        }
    }

    /// The error of a step before the mail was accepted. `step` names what the server answered to.
    fn not_taken(self, error: SmtpError, step: &str) -> NotTaken {
        let server = self.name();
        match error {
            SmtpError::Refused(answer) => match answer.code {
                // 535 wrong, 534 too weak, 530 required: all are about the account. A retry would only lock it.
                530 | 534 | 535 => NotTaken::Never(self.no_login(&answer)),
                _ if answer.is_for_now() => NotTaken::Later(MailError::Refused { server, said: answer.words() }),
                500.. => self.refused(answer.words()),
                _ => NotTaken::Later(MailError::Refused { server, said: answer.words() }),
            },
            SmtpError::Missing(said) | SmtpError::Unsayable(said) => self.refused(said),
            SmtpError::NoStartTls => NotTaken::Later(MailError::NoStartTls(server)),
            SmtpError::Tampered => NotTaken::Later(MailError::Tampered(server)),
            SmtpError::Wire(WireError::Slow) => {
                NotTaken::Later(self.lost(&format!("it did not answer to {step} in time")))
            }
            error @ (SmtpError::Wire(_) | SmtpError::Odd(_)) => NotTaken::Later(self.lost(&error.to_string())),
        }
    }
}

/// The most refused recipients that are named.
const NAMED: usize = 10;

/// Whether an answer refuses one recipient for good, as opposed to a temporary refusal or one of the account.
fn is_about_recipient(answer: &Answer) -> bool {
    answer.code >= 510 && !answer.is_for_now() && !matches!(answer.code, 530 | 534 | 535)
}

/// The refused recipients with the server's answers: "550 5.1.1 Unknown (anna@x.example)".
fn in_words(refused: &[(&String, Answer)]) -> String {
    let each = refused.iter().take(NAMED).map(|(to, answer)| format!("{} ({to})", answer.words()));
    let mut all: Vec<String> = each.collect();
    if refused.len() > NAMED {
        all.push(format!("and {} more", refused.len() - NAMED));
    }
    all.join("; ")
}

impl NotTaken {
    /// Adds the refused recipient to the error.
    fn about(mut self, to: &str) -> Self {
        if let Self::Never(MailError::Refused { said, .. }) | Self::Later(MailError::Refused { said, .. }) = &mut self {
            said.push_str(&format!(" ({to})"));
        }
        self
    }
}

/// Sends QUIT and ignores a failure.
async fn goodbye<W: Line>(mut talk: Conversation<W>) {
    talk.wire.until(Instant::now() + GOODBYE);
    let _ = talk.ask("QUIT", 2).await;
}

impl From<NotTaken> for SendError {
    fn from(not: NotTaken) -> Self {
        match not {
            NotTaken::Never(error) => Self::Never(error.for_good()),
            NotTaken::Later(error) => Self::Later { reason: error.to_string(), after: None },
            NotTaken::Doubtful(error) => Self::Doubtful(error.to_string()),
        }
    }
}
