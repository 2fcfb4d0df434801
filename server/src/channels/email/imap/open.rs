//! Reaching a mail server, encrypted, and signing in.

use std::time::Duration;

use app::model::{Host, Security};
use async_imap::{Client, error::Error};
use tokio::time::timeout;

use super::{ANSWER, Imap, Line, plain_words};
use crate::{channels::email::error::MailError, network::Network};

/// How long a server that we have not begun TLS with may wait before it greets.
const GREETING: Duration = Duration::from_secs(15);

impl Imap {
    /// Connects, encrypted, and signs in.
    ///
    /// # Errors
    /// [`MailError`]: which step failed and why.
    pub async fn open(network: &Network, host: &Host, user: &str, password: &str) -> Result<Self, MailError> {
        let server = host.name.clone();
        let tcp = network.connect(&server, host.port).await?;
        let client = match host.security {
            Security::Tls => {
                let mut client = Client::new(network.secure(&server, tcp).await?);
                greeting(&mut client, &server).await?;
                client
            }
            Security::StartTls => {
                let tcp = start_tls(tcp, &server, GREETING).await?;
                Client::new(network.secure(&server, tcp).await?)
            }
        };
        let session = match timeout(ANSWER, client.login(user, password)).await {
            Ok(Ok(session)) => session,
            Ok(Err((Error::No(said) | Error::Bad(said), _))) => {
                return Err(MailError::Login { server, said: plain_words(&said) });
            }
            Ok(Err((Error::Validate(_), _))) => {
                let said = "it has characters that no mail server takes".to_owned();
                return Err(MailError::Login { server, said });
            }
            Ok(Err((error, _))) => return Err(lost(&server, error.to_string())),
            Err(_) => return Err(lost(&server, "it took too long to sign in")),
        };
        let mut imap = Self { session, server, idle: false, told: false };
        let capabilities = imap.answer_of(async |session| session.capabilities().await).await?;
        imap.idle = capabilities.has_str("IDLE");
        Ok(imap)
    }
}

/// Asks for TLS on a connection that begins without it; what is said from then on goes through TLS.
pub(super) async fn start_tls<W: Line>(line: W, server: &str, silence: Duration) -> Result<W, MailError> {
    let mut plain = Client::new(line);
    // A port that wants TLS from the first byte on waits for it as silently as we do.
    let greeted = timeout(silence, greeting(&mut plain, server)).await;
    greeted.map_err(|_| MailError::NoStartTls(server.to_owned()))??;
    match timeout(ANSWER, plain.run_command_and_check_ok("STARTTLS", None)).await {
        Ok(Ok(())) => Ok(plain.into_inner()),
        Ok(Err(Error::Bad(_) | Error::No(_))) => Err(MailError::NoStartTls(server.to_owned())),
        Ok(Err(error)) => Err(lost(server, error.to_string())),
        Err(_) => Err(lost(server, "it took too long")),
    }
}

async fn greeting<W: Line>(client: &mut Client<W>, server: &str) -> Result<(), MailError> {
    match timeout(ANSWER, client.read_response()).await {
        Ok(Ok(Some(_))) => Ok(()),
        Ok(Ok(None)) => Err(lost(server, "it hung up at once")),
        Ok(Err(error)) => Err(lost(server, error.to_string())),
        Err(_) => Err(lost(server, "it did not greet")),
    }
}

fn lost(server: &str, said: impl Into<String>) -> MailError {
    MailError::Lost { server: server.to_owned(), said: said.into() }
}
