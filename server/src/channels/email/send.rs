//! Hands a mail over by SMTP (RFC 6409), encrypted, and says what became of it by the server's code.

use std::time::Duration;

use app::model::{Host, Security};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};

use super::{error::MailError, mail::one_line};
use crate::{channels::SendError, network::Network};

/// How long the server may take for an answer: it may look at all of a large mail before it says that it has it.
const ANSWER: Duration = Duration::from_secs(75);

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
}

impl Smtp<'_> {
    /// Hands a mail over. A connection that breaks off, even behind the last dot, is one more try with the same bytes: a Message-ID that came
    /// before is seen only once.
    ///
    /// # Errors
    /// [`NotTaken`]
    pub async fn send(&self, from: &str, to: &[String], mail: &[u8]) -> Result<(), NotTaken> {
        let envelope = self.envelope(from, to)?;
        let transport = self.transport().await?;
        match transport.send_raw(&envelope, mail).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.not_taken(&error)),
        }
    }

    /// Signs in and goes away again.
    ///
    /// # Errors
    /// [`NotTaken`]
    pub async fn try_sign_in(&self) -> Result<(), NotTaken> {
        match self.transport().await?.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(NotTaken::Later(self.lost("it hung up at once"))),
            Err(error) => Err(self.not_taken(&error)),
        }
    }

    fn envelope(&self, from: &str, to: &[String]) -> Result<Envelope, NotTaken> {
        let refused = |said: String| NotTaken::Never(MailError::Refused { server: self.host.name.clone(), said });
        let address = |text: &str| text.parse::<Address>().map_err(|_| refused(format!("\"{text}\" is no address")));
        let to = to.iter().map(|one| address(one)).collect::<Result<Vec<_>, _>>()?;
        Envelope::new(Some(address(from)?), to).map_err(|error| refused(error.to_string()))
    }

    /// To the address that was checked, by the name that the certificate has to show.
    async fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotTaken> {
        let Host { name, port, security } = self.host;
        let reach = |error| NotTaken::Later(MailError::Reach(error));
        let found = self.network.resolve(name, *port).await.map_err(reach)?;
        let address = found.first().map(|one| one.ip().to_string()).unwrap_or_default();
        let mut tls = TlsParameters::builder(name.clone()).certificate_store(CertificateStore::WebpkiRoots);
        for root in self.network.extra_roots() {
            if let Ok(root) = Certificate::from_der(root.to_vec()) {
                tls = tls.add_root_certificate(root);
            }
        }
        let tls = tls.build().map_err(|error| NotTaken::Later(self.lost(&error.to_string())))?;
        let tls = match security {
            Security::Tls => Tls::Wrapper(tls),
            Security::StartTls => Tls::Required(tls),
        };
        let hello = if self.domain.is_empty() { ClientId::default() } else { ClientId::Domain(self.domain.to_owned()) };
        Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address)
            .port(*port)
            .tls(tls)
            .hello_name(hello)
            .credentials(Credentials::new(self.user.to_owned(), self.password.to_owned()))
            .timeout(Some(ANSWER))
            .build())
    }

    fn lost(&self, said: &str) -> MailError {
        MailError::Lost { server: self.host.name.clone(), said: one_line(said).trim_end_matches('.').to_owned() }
    }

    fn not_taken(&self, error: &lettre::transport::smtp::Error) -> NotTaken {
        let said = words(error);
        let server = self.host.name.clone();
        let code = error.status().map(u16::from);
        match code {
            // 535 wrong, 534 too weak, 530 wanted: all about who we are.
            Some(530 | 534 | 535) => NotTaken::Later(MailError::Login { server, said }),
            Some(500..) => NotTaken::Never(MailError::Refused { server, said }),
            Some(_) => NotTaken::Later(MailError::Refused { server, said }),
            None if error.is_tls() => {
                NotTaken::Later(MailError::Reach(crate::network::ReachError::NotTrusted { name: server, reason: said }))
            }
            None if error.is_client() => match error.to_string().contains("STARTTLS") {
                true => NotTaken::Later(MailError::NoStartTls(server)),
                false => NotTaken::Never(MailError::Refused { server, said }),
            },
            None => NotTaken::Later(self.lost(&said)),
        }
    }
}

/// What a server said, on one line.
fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_said = inner.to_string();
        if !said.contains(&inner_said) {
            said = format!("{said}: {inner_said}");
        }
        cause = inner.source();
    }
    let said = said.replace("permanent error ", "").replace("transient error ", "");
    one_line(&said).trim_end_matches('.').to_owned()
}

impl From<NotTaken> for SendError {
    fn from(not: NotTaken) -> Self {
        match not {
            NotTaken::Never(error) => Self::Never(format!("{error} {}", error.next_step())),
            NotTaken::Later(error) => Self::Later { reason: format!("{error} {}", error.next_step()), after: None },
        }
    }
}
