//! Tests a mailbox the way it will be used, step by step. Says which step failed, why, and what to do (H9).

use std::time::Duration;

use model::{CheckStep, CheckedStep, EmailSettings, MessageId, StepOutcome, WorkspaceId};
use store::clock::new_id;
use tokio::time::{Instant, sleep};

use super::{
    Email,
    discover::files_sent_itself,
    error::MailError,
    imap::Imap,
    send::{NotTaken, Smtp},
};

/// How long a test mail may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// The result of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// All steps, in order.
    pub steps: Vec<CheckedStep>,
    /// The settings with what the test found out: the Sent folder, and whether mail to and from plus-addresses works.
    pub settings: EmailSettings,
}

impl Email {
    /// Tests a mailbox. The test mails are deleted again.
    pub async fn check(&self, workspace: WorkspaceId, settings: &EmailSettings, password: &str) -> Checked {
        let mut steps = Steps::default();
        let mut settings = settings.clone();
        if let Err(error) = self.walk(workspace, &mut settings, password, &mut steps).await {
            steps.failed(&error);
        }
        Checked { steps: steps.finished(), settings }
    }

    async fn walk(
        &self,
        workspace: WorkspaceId,
        settings: &mut EmailSettings,
        password: &str,
        steps: &mut Steps,
    ) -> Result<(), MailError> {
        for host in [&settings.imap, &settings.smtp] {
            self.network.resolve(&host.name, host.port).await?;
        }
        steps.good(CheckStep::Name, format!("{} and {}", settings.imap.name, settings.smtp.name));
        let mut imap = Imap::open(&self.network, &settings.imap, &settings.user, password).await?;
        let domain = settings.address.rsplit_once('@').map_or("localhost", |(_, domain)| domain).to_owned();
        let (network, host) = (&self.network, settings.smtp.clone());
        let (host, user) = (&host, settings.user.clone());
        let smtp = Smtp { network, host, user: &user, password, domain: &domain };
        smtp.try_sign_in().await.map_err(reason)?;
        steps.good(CheckStep::Connect, "Both servers answer");
        steps.good(CheckStep::Tls, "Both certificates are valid");
        steps.good(CheckStep::Login, format!("As {user}, on both"));
        let opened = imap.examine(&settings.folder).await?;
        settings.sent_folder = if files_sent_itself(&host.name) { None } else { imap.sent_folder().await? };
        imap.examine(&settings.folder).await?;
        steps.good(CheckStep::Folder, settings.folder.clone());
        let test = SelfTest::new(self, workspace, settings, &domain);
        smtp.send(&settings.address, std::slice::from_ref(&settings.address), &test.plain.1).await.map_err(reason)?;
        // Mails are sent from plus-addresses, so that bounces come back to them. Some servers accept mail to such addresses but refuse to
        // send from them. On those, plus-addresses are not used.
        let plus_taken = match &test.plus_address {
            Some(address) => smtp.send(address, std::slice::from_ref(address), &test.plus.1).await.is_ok(),
            None => false,
        };
        steps.good(CheckStep::Send, format!("To {}", settings.address));
        let (arrived, plus) = arrival(&mut imap, settings, &test, opened.uid_next - 1, plus_taken).await?;
        if !arrived {
            return Err(MailError::NotArrived(settings.address.clone()));
        }
        settings.takes_plus = plus;
        let learned = if plus { "It arrived, also at a plus address" } else { "It arrived" };
        steps.good(CheckStep::Receive, learned);
        imap.close().await;
        Ok(())
    }
}

/// Waits for the test mails. Once one has arrived, the other gets a short time more.
async fn arrival(
    imap: &mut Imap,
    settings: &EmailSettings,
    test: &SelfTest,
    behind: i64,
    plus_taken: bool,
) -> Result<(bool, bool), MailError> {
    let begun = Instant::now();
    let (mut plain, mut plus) = (None, None);
    let mut first = None;
    while begun.elapsed() < ARRIVAL {
        imap.examine(&settings.folder).await?;
        plain = imap.named(&test.plain.0, behind).await?;
        plus = if plus_taken { imap.named(&test.plus.0, behind).await? } else { None };
        if plain.is_some() {
            first.get_or_insert_with(Instant::now);
        }
        let waited = first.is_some_and(|at: Instant| at.elapsed() > Duration::from_secs(4));
        if plain.is_some() && (plus.is_some() || !plus_taken || waited) {
            break;
        }
        sleep(Duration::from_millis(400)).await;
    }
    let found: Vec<i64> = plain.into_iter().chain(plus).collect();
    imap.remove(&settings.folder, &found).await?;
    Ok((plain.is_some(), plus.is_some()))
}

/// Two test mails: one to the address, one from and to its plus-address.
struct SelfTest {
    plain: (String, Vec<u8>),
    plus: (String, Vec<u8>),
    plus_address: Option<String>,
}

impl SelfTest {
    fn new(email: &Email, workspace: WorkspaceId, settings: &EmailSettings, domain: &str) -> Self {
        let signer = email.signer(workspace);
        let made = |to: &str| {
            // A signed Message-ID of no message. If this mail is ever read, it is recognised as a test.
            let name = signer.name(MessageId::new(new_id()), domain);
            let at = jiff::Timestamp::from_millisecond(email.db.clock().now().0).unwrap_or_default();
            let date = jiff::fmt::rfc2822::to_string(&at.to_zoned(jiff::tz::TimeZone::UTC)).unwrap_or_default();
            let text = format!(
                "Date: {date}\r\nFrom: <{0}>\r\nTo: <{to}>\r\nMessage-ID: <{name}>\r\nSubject: Tandem tests this mailbox\r\n\
                 Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
                 Tandem sends this to see that mail arrives. It may be deleted.\r\n",
                settings.address
            );
            (name, text.into_bytes())
        };
        let plus_address = signer.address(&settings.address, MessageId::new(new_id()));
        let plus = made(plus_address.as_deref().unwrap_or_default());
        Self { plain: made(&settings.address), plus, plus_address }
    }
}

fn reason(not: NotTaken) -> MailError {
    match not {
        NotTaken::Never(error) | NotTaken::Later(error) | NotTaken::Doubtful(error) => error,
    }
}

/// The steps so far.
#[derive(Default)]
struct Steps(Vec<CheckedStep>);

impl Steps {
    fn good(&mut self, step: CheckStep, found: impl Into<String>) {
        self.0.push(CheckedStep { step, outcome: StepOutcome::Good(found.into()) });
    }

    /// Records the step at which the error happened as failed. Earlier steps without a record succeeded.
    fn failed(&mut self, error: &MailError) {
        // A lost connection counts for the step that was running.
        let next = CheckStep::ALL.get(self.0.len()).copied().unwrap_or(CheckStep::Receive);
        let at = match error {
            MailError::Lost { .. } | MailError::Ours(_) => next,
            other => other.step(),
        };
        let noted = self.0.len();
        for &step in CheckStep::ALL.iter().skip(noted).take_while(|step| **step != at) {
            self.good(step, "");
        }
        let outcome = StepOutcome::Bad { reason: error.to_string(), next_step: error.next_step() };
        self.0.push(CheckedStep { step: at, outcome });
    }

    fn finished(mut self) -> Vec<CheckedStep> {
        let noted = self.0.len();
        self.0
            .extend(CheckStep::ALL.iter().skip(noted).map(|&step| CheckedStep { step, outcome: StepOutcome::Skipped }));
        self.0.truncate(CheckStep::ALL.len());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h9_the_step_that_failed_is_named_and_the_rest_is_skipped() {
        let mut steps = Steps::default();
        steps.good(CheckStep::Name, "found");
        steps.failed(&MailError::Login { server: "imap.x.example".to_owned(), said: "no".to_owned() });
        let steps = steps.finished();
        let words: Vec<&str> = steps
            .iter()
            .map(|step| match step.outcome {
                StepOutcome::Good(_) => "good",
                StepOutcome::Bad { .. } => "bad",
                StepOutcome::Skipped => "skipped",
            })
            .collect();
        assert_eq!(words, ["good", "good", "good", "bad", "skipped", "skipped", "skipped"]);
        assert!(steps.iter().map(|step| step.step).eq(CheckStep::ALL.iter().copied()));
    }
}
