//! Hands a mail over by SMTP (RFC 6409), encrypted, and says what became of it by the server's code. The exchange is led here, command by
//! command: left to the library, a server that falls silent is waited for without end, and one that took the mail and says no goodbye
//! passes for one that did not take it.

use std::time::Duration;

use app::model::{Host, Security};
use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::{Instant, error::Elapsed, timeout, timeout_at};

use super::{error::MailError, mail::one_line};
use crate::{
    channels::SendError,
    network::{Network, ReachError},
};

/// How long connecting may take: the name, the connection, its encryption, the greetings.
const OPEN: Duration = Duration::from_secs(20);
/// How long one address may take, where a server has several.
const REACH: Duration = Duration::from_secs(8);
/// How long the server may think about the password.
const SIGN_IN: Duration = Duration::from_secs(20);
/// How long it may think about the sender and those it goes to: some ask elsewhere first.
const NAMES: Duration = Duration::from_secs(30);
/// How long all of it may take. The mail has what is left: the server may look at all of a large one before it says that it has it. The
/// job's own time ends soon after, and whatever is known by then would be lost with it.
const WHOLE: Duration = Duration::from_secs(100);
/// How long it may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// How to reach the server, and as whom.
pub struct Smtp<'a> {
    /// The way out.
    pub network: &'a Network,
    /// Which server.
    pub host: &'a Host,
    /// As whom.
    pub user: &'a str,
    /// With which password.
    pub password: &'a str,
    /// The domain of the sender, to greet with.
    pub domain: &'a str,
}

/// Why a mail was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// It never will be, as it is: the server said so for good (5xx).
    Never(MailError),
    /// It may be taken later: the server said so (4xx), or was not reached.
    Later(MailError),
    /// It may have been taken: the connection ended behind the last dot, before the answer.
    Doubtful(MailError),
}

impl Smtp<'_> {
    /// Hands a mail over. A connection that breaks off behind the last dot is one more try with the same bytes: a Message-ID that came
    /// before is seen only once.
    ///
    /// # Errors
    /// [`NotTaken`]
    pub async fn send(&self, from: &str, to: &[String], mail: &[u8]) -> Result<(), NotTaken> {
        let end = Instant::now() + WHOLE;
        let envelope = self.envelope(from, to)?;
        let mut connection = self.open().await?;
        let taken = match self.announce(&mut connection, &envelope, mail).await {
            Ok(()) => self.hand_over(&mut connection, mail, end).await,
            refused => refused,
        };
        // What became of the mail is known: how the server takes leave changes nothing. One that fell silent is not asked.
        if !matches!(&taken, Err(NotTaken::Doubtful(_) | NotTaken::Later(MailError::Lost { .. }))) {
            goodbye(connection).await;
        }
        taken
    }

    /// Signs in and goes away again.
    ///
    /// # Errors
    /// [`NotTaken`]
    pub async fn try_sign_in(&self) -> Result<(), NotTaken> {
        goodbye(self.open().await?).await;
        Ok(())
    }

    fn envelope(&self, from: &str, to: &[String]) -> Result<Envelope, NotTaken> {
        let refused = |said: String| NotTaken::Never(MailError::Refused { server: self.host.name.clone(), said });
        let address = |text: &str| text.parse::<Address>().map_err(|_| refused(format!("\"{text}\" is no address")));
        let to = to.iter().map(|one| address(one)).collect::<Result<Vec<_>, _>>()?;
        Envelope::new(Some(address(from)?), to).map_err(|error| refused(error.to_string()))
    }

    /// Connected and signed in.
    async fn open(&self) -> Result<AsyncSmtpConnection, NotTaken> {
        let Ok(connected) = timeout(OPEN, self.connect()).await else {
            let (name, port) = (self.host.name.clone(), self.host.port);
            let silent = ReachError::NoAnswer { name, port, reason: "it took too long".to_owned() };
            return Err(NotTaken::Later(MailError::Reach(silent)));
        };
        let mut connection = connected?;
        let who = Credentials::new(self.user.to_owned(), self.password.to_owned());
        let signed_in = timeout(SIGN_IN, connection.auth(DEFAULT_MECHANISMS, &who)).await;
        match signed_in {
            // Whatever is said for good here is about who we are.
            Ok(Err(error)) if error.is_permanent() => Err(NotTaken::Never(self.no_login(&error))),
            answer => self.heard(answer, "the sign-in").map(|_| connection),
        }
    }

    /// To the addresses that were checked, encrypted, by the name that the certificate has to show.
    async fn connect(&self) -> Result<AsyncSmtpConnection, NotTaken> {
        let Host { name, port, security } = self.host;
        let reach = |error| NotTaken::Later(MailError::Reach(error));
        let found = self.network.resolve(name, *port).await.map_err(reach)?;
        let tls = self.tls()?;
        let (at_once, asked_for) = match security {
            Security::Tls => (Some(tls), None),
            Security::StartTls => (None, Some(tls)),
        };
        let hello = if self.domain.is_empty() { ClientId::default() } else { ClientId::Domain(self.domain.to_owned()) };
        let addresses = found.as_slice();
        let mut connection = AsyncSmtpConnection::connect_tokio1(addresses, Some(REACH), &hello, at_once, None)
            .await
            .map_err(|error| self.not_taken(&error))?;
        if let Some(tls) = asked_for {
            connection.starttls(tls, &hello).await.map_err(|error| self.not_taken(&error))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, NotTaken> {
        let name = self.host.name.clone();
        let mut tls = TlsParameters::builder(name).certificate_store(CertificateStore::WebpkiRoots);
        for root in self.network.extra_roots() {
            if let Ok(root) = Certificate::from_der(root.to_vec()) {
                tls = tls.add_root_certificate(root);
            }
        }
        tls.build().map_err(|error| NotTaken::Later(self.lost(&error.to_string())))
    }

    /// Says from whom and to whom a mail goes, until the server says that it may come.
    async fn announce(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        mail: &[u8],
    ) -> Result<(), NotTaken> {
        let options = self.options(connection, envelope, mail)?;
        let names = async {
            connection.command(Mail::new(envelope.from().cloned(), options)).await?;
            for to in envelope.to() {
                connection.command(Rcpt::new(to.clone(), Vec::new())).await?;
            }
            connection.command(Data).await
        };
        let answer = timeout(NAMES, names).await;
        self.heard(answer, "the sender and the recipients").map(|_| ())
    }

    /// What the server has to be told, and to be able to, because of the characters in the addresses and in the mail.
    fn options(
        &self,
        connection: &AsyncSmtpConnection,
        envelope: &Envelope,
        mail: &[u8],
    ) -> Result<Vec<MailParameter>, NotTaken> {
        let mut options = Vec::new();
        let mut ask = |wanted: bool, able: Extension, option: MailParameter, what: &str| {
            if !wanted {
                return Ok(());
            }
            if !connection.server_info().supports_feature(able) {
                let said = format!("it takes no {what} beyond ASCII ({able})");
                return Err(NotTaken::Never(MailError::Refused { server: self.host.name.clone(), said }));
            }
            options.push(option);
            Ok(())
        };
        let foreign = envelope.from().into_iter().chain(envelope.to()).any(|one| !one.to_string().is_ascii());
        ask(foreign, Extension::SmtpUtfEight, MailParameter::SmtpUtfEight, "addresses")?;
        let body = MailParameter::Body(MailBodyParameter::EightBitMime);
        ask(!mail.is_ascii(), Extension::EightBitMime, body, "mails")?;
        Ok(options)
    }

    /// Gives the mail and the dot that ends it. Before the dot nothing was taken, whatever happens; behind it, only the answer tells.
    async fn hand_over(&self, connection: &mut AsyncSmtpConnection, mail: &[u8], end: Instant) -> Result<(), NotTaken> {
        let mut ended = false;
        let given = connection.message_iter(Whole { rest: Some(mail), ended: &mut ended });
        let answer = timeout_at(end, given).await;
        match answer {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if ended && error.status().is_none() => Err(NotTaken::Doubtful(self.lost(&words(&error)))),
            Err(_) if ended => Err(NotTaken::Doubtful(self.lost("it did not say in time whether it has the mail"))),
            answer => self.heard(answer, "the mail").map(|_| ()),
        }
    }

    /// What came of a step before anything was taken: the answer, a refusal, or silence.
    fn heard<T>(&self, step: Result<Result<T, SmtpError>, Elapsed>, what: &str) -> Result<T, NotTaken> {
        match step {
            Ok(answer) => answer.map_err(|error| self.not_taken(&error)),
            Err(_) => Err(NotTaken::Later(self.lost(&format!("it did not answer to {what} in time")))),
        }
    }

    fn lost(&self, said: &str) -> MailError {
        MailError::Lost { server: self.host.name.clone(), said: one_line(said).trim_end_matches('.').to_owned() }
    }

    fn no_login(&self, error: &SmtpError) -> MailError {
        MailError::Login { server: self.host.name.clone(), said: words(error) }
    }

    fn not_taken(&self, error: &SmtpError) -> NotTaken {
        let said = words(error);
        let server = self.host.name.clone();
        let code = error.status().map(u16::from);
        match code {
            // 535 wrong, 534 too weak, 530 wanted: all about who we are. The same again would only lock the account.
            Some(530 | 534 | 535) => NotTaken::Never(self.no_login(error)),
            Some(500..) => NotTaken::Never(MailError::Refused { server, said }),
            Some(_) => NotTaken::Later(MailError::Refused { server, said }),
            None if error.is_tls() => {
                NotTaken::Later(MailError::Reach(ReachError::NotTrusted { name: server, reason: said }))
            }
            None if error.is_client() => match error.to_string().contains("STARTTLS") {
                true => NotTaken::Later(MailError::NoStartTls(server)),
                false => NotTaken::Never(MailError::Refused { server, said }),
            },
            None => NotTaken::Later(self.lost(&said)),
        }
    }
}

/// A mail in one piece, which notes when there is no more of it: what is written then is the dot that hands it over.
struct Whole<'a> {
    rest: Option<&'a [u8]>,
    ended: &'a mut bool,
}

impl<'a> Iterator for Whole<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take();
        *self.ended = rest.is_none();
        rest
    }
}

/// Takes leave, as far as the server cares to.
async fn goodbye(mut connection: AsyncSmtpConnection) {
    let _ = timeout(GOODBYE, connection.quit()).await;
}

/// What a server said, on one line.
fn words(error: &SmtpError) -> String {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_said = inner.to_string();
        if !said.contains(&inner_said) {
            said = format!("{said}: {inner_said}");
        }
        cause = inner.source();
    }
    if let Some(code) = error.status() {
        // As the server wrote it, and not "permanent error (550): 5.1.1 …".
        said = format!("{code} {}", said.split_once("): ").map_or("", |(_, rest)| rest));
    }
    one_line(&said).trim_end_matches('.').to_owned()
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
