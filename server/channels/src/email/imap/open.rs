//! Connects to a mail server with encryption, and signs in.

use std::time::Duration;

use mail::one_line;
use model::{Host, Security};
use tokio::time::timeout;

use super::{
    Imap, Line,
    talk::{Limits, Part, Talk, Unanswered},
};
use crate::{email::error::MailError, network::Network};

/// How long a server may take to greet before TLS begins.
const GREETING: Duration = Duration::from_secs(15);

/// Codes of temporary refusals (RFC 5530, and what large providers send). They are about the server, not about the account.
const FOR_NOW: [&str; 6] = ["INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "THROTTLED", "UNAVAILABLE"];
/// Codes of refusals that a person has to resolve, whatever text follows.
const FOR_GOOD: [&str; 5] =
    ["AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "CONTACTADMIN", "EXPIRED", "PRIVACYREQUIRED"];
/// Texts of temporary refusals, from servers that send no code.
const FOR_NOW_IN_WORDS: [&str; 4] = ["too many simultaneous", "bandwidth limit", "try again later", "temporar"];

impl Imap {
    /// Connects with encryption and signs in.
    ///
    /// # Errors
    /// [`MailError`] says which step failed and why.
    pub async fn open(network: &Network, host: &Host, user: &str, password: &str) -> Result<Self, MailError> {
        let server = &host.name;
        let tcp = network.connect(server, host.port).await?;
        let talk = match host.security {
            Security::Tls => {
                let mut talk = Talk::over(network.secure(server, tcp).await?);
                talk.greeting().await.map_err(|error| broken(server, error))?;
                talk
            }
            Security::StartTls => {
                let tcp = start_tls(tcp, server, GREETING).await?;
                Talk::over(network.secure(server, tcp).await?)
            }
        };
        signed_in(talk, server, user, password).await
    }
}

/// Signs in, and asks for the server's capabilities.
pub(super) async fn signed_in<W: Line>(
    mut talk: Talk<W>,
    server: &str,
    user: &str,
    password: &str,
) -> Result<Imap<W>, MailError> {
    let login = [Part::Text("LOGIN "), Part::String(user), Part::Text(" "), Part::String(password)];
    let no = |said: String| MailError::Login { server: server.to_owned(), said };
    match talk.ask(&login, Limits::SHORT, |_| {}).await {
        Ok(()) => {}
        // It is retried: an administrator cannot change this, and nobody would read the mailbox until one came.
        Err(Unanswered::Refused(said)) if is_for_now(&talk.refusal(), &said) => {
            return Err(broken(server, Unanswered::Broken(said)));
        }
        Err(Unanswered::Refused(said)) => return Err(no(said)),
        Err(Unanswered::Unsayable) => return Err(no("it has characters that no mail server takes".to_owned())),
        Err(error) => return Err(broken(server, error)),
    }
    let mut imap = Imap::over(talk, server);
    imap.look_what_it_can().await?;
    Ok(imap)
}

/// Whether a refused sign-in may succeed later without any change: by its code, or else by its text.
fn is_for_now(code: &str, said: &str) -> bool {
    if FOR_GOOD.contains(&code) {
        return false;
    }
    let said = said.to_lowercase();
    FOR_NOW.contains(&code) || FOR_NOW_IN_WORDS.iter().any(|words| said.contains(words))
}

/// Starts TLS on an unencrypted connection. Nothing unencrypted may follow the server's consent: an attacker in between may have sent it
/// (S56).
pub(super) async fn start_tls<W: Line>(line: W, server: &str, silence: Duration) -> Result<W, MailError> {
    let mut plain = Talk::over(line);
    // A port that expects TLS from the first byte stays silent, as we do.
    let greeted = timeout(silence, plain.greeting()).await.map_err(|_| MailError::NoStartTls(server.to_owned()))?;
    greeted.map_err(|error| broken(server, error))?;
    match plain.ask(&[Part::Text("STARTTLS")], Limits::SHORT, |_| {}).await {
        Ok(()) if plain.holds_more() => Err(MailError::Tampered(server.to_owned())),
        Ok(()) => Ok(plain.into_stream()),
        Err(Unanswered::Refused(_)) => Err(MailError::NoStartTls(server.to_owned())),
        Err(error) => Err(broken(server, error)),
    }
}

/// The error for a connection that cannot be used any more.
pub(super) fn broken(server: &str, error: Unanswered) -> MailError {
    let said = match error {
        Unanswered::Refused(said) | Unanswered::Broken(said) => said,
        Unanswered::TooMuch(_) => "its answer is larger than it may be".to_owned(),
        Unanswered::Unsayable => "this cannot be said to it".to_owned(),
    };
    MailError::Lost { server: server.to_owned(), said: one_line(&said).trim_end_matches('.').to_owned() }
}
