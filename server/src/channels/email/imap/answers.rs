//! What a server answers, read to the line that ends it. Without that line nobody knows whether what came before it is everything: the
//! library's own commands take a refusal, or a connection that closes, for an end like any other.

use std::fmt::Display;

use app::model::Timestamp;
use async_imap::{
    Session,
    imap_proto::{AttributeValue, Outcome, Response, Status},
};
use tokio::time::timeout;

use super::{ANSWER, Line, Lying};

/// Why a command has no answer. Whatever came of one is not to be used.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The server will not do it, and says this.
    Refused(String),
    /// It did not come to an end.
    Broken(String),
}

/// Says a command and hands on what the server says, one response at a time, up to the line that ends it. A server may take its time over a
/// long answer: it is silence that has a limit.
///
/// Other things come in between too, of other mails or of changes that somebody made: `take` passes over what it did not ask for.
pub(super) async fn ask<W: Line>(
    session: &mut Session<W>,
    command: &str,
    mut take: impl FnMut(&Response<'_>) + Send,
) -> Result<(), Unanswered> {
    let asked = in_time(session.run_command(command)).await?;
    let mut bye = None;
    loop {
        let response = match in_time(session.read_response()).await {
            Ok(Some(response)) => response,
            Ok(None) => return Err(Unanswered::Broken(bye.unwrap_or_else(|| "it hung up".to_owned()))),
            // What it said on leaving tells more than how the connection looks then.
            Err(broken) => return Err(bye.map_or(broken, Unanswered::Broken)),
        };
        match response.parsed() {
            Response::Done { tag, status, outcome } if *tag == asked => {
                return match status {
                    Status::Ok => Ok(()),
                    Status::No | Status::Bad => Err(Unanswered::Refused(words(outcome))),
                    Status::PreAuth | Status::Bye => Err(Unanswered::Broken(words(outcome))),
                };
            }
            Response::Data { status: Status::Bye, outcome } => bye = Some(words(outcome)),
            other => take(other),
        }
    }
}

async fn in_time<T, E: Display>(asked: impl Future<Output = Result<T, E>>) -> Result<T, Unanswered> {
    match timeout(ANSWER, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(Unanswered::Broken(error.to_string())),
        Err(_) => Err(Unanswered::Broken("it took too long".to_owned())),
    }
}

fn words(outcome: &Outcome<'_>) -> String {
    outcome.information.as_deref().unwrap_or("it does not say why").to_owned()
}

/// The mail that a response says the size or the time of.
pub(super) fn lying(response: &Response<'_>) -> Option<Lying> {
    let Response::Fetch(_, attributes) = response else { return None };
    let (mut size, mut date) = (None, None);
    for one in attributes {
        match one {
            AttributeValue::Rfc822Size(bytes) => size = Some(u64::from(*bytes)),
            AttributeValue::InternalDate(said) => date = Some(&**said),
            _ => {}
        }
    }
    // Somebody marked it as read meanwhile: that is no answer, and knows neither.
    if size.is_none() && date.is_none() {
        return None;
    }
    Some(Lying { uid: uid(attributes)?, size: size.unwrap_or(0), at: date.and_then(moment) })
}

/// The number of the mail that a response brings the bytes of, or some of them, and those; no bytes where the server says that there are
/// none.
pub(super) fn body<'a>(response: &'a Response<'_>) -> Option<(i64, Option<&'a [u8]>)> {
    let Response::Fetch(_, attributes) = response else { return None };
    let body = attributes.iter().find_map(|one| match one {
        AttributeValue::BodySection { section: None, data, .. } | AttributeValue::Rfc822(data) => Some(data.as_deref()),
        _ => None,
    })?;
    Some((uid(attributes)?, body))
}

fn uid(attributes: &[AttributeValue<'_>]) -> Option<i64> {
    attributes.iter().find_map(|one| match one {
        AttributeValue::Uid(uid) => Some(i64::from(*uid)),
        _ => None,
    })
}

/// A moment as IMAP writes it: ` 7-Feb-2026 21:52:25 +0100`.
fn moment(said: &str) -> Option<Timestamp> {
    let at = jiff::Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", said).ok()?;
    Some(Timestamp(at.as_millisecond()))
}
