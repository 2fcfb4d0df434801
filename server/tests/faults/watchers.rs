//! Clients that watch: a member's live stream, resumed by `Last-Event-ID` after every end.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use model::{LiveBody, LiveEvent};
use reqwest::Client;
use tokio::sync::watch;

use super::{clients::Site, dice::Dice};

/// What a stream showed.
#[derive(Default)]
pub struct Watched {
    pub since: i64,
    /// Number and digest of every change, as they came.
    pub got: Vec<(i64, u64)>,
    /// Told to read afresh: from the last number seen, up to the first one after it.
    pub resets: Vec<(i64, i64)>,
    /// How often the stream began.
    pub streams: usize,
}

/// A hash of what the log keeps of an event. The rest is read back as it is later.
pub fn digest(event: &LiveEvent) -> u64 {
    let kept = match &event.body {
        LiveBody::Conversation { before, after, row, messages, .. } => {
            let messages: Vec<_> = messages.iter().map(|message| message.id).collect();
            format!("{} {before:?} {:?} {messages:?}", row.id, after.unwrap_or_else(|| row.facts()))
        }
        LiveBody::Contact(contact) => format!("contact {}", contact.id),
        LiveBody::Draft { conversation, draft } => format!("draft {conversation} {:?}", draft.mode),
        other => format!("{other:?}"),
    };
    let mut hasher = DefaultHasher::new();
    (event.seq, kept).hash(&mut hasher);
    hasher.finish()
}

impl Watched {
    fn last(&self) -> i64 {
        let told = self.resets.last().map_or(0, |(_, to)| *to);
        self.got.last().map_or(self.since, |(seq, _)| *seq).max(told)
    }

    fn take(&mut self, frame: &str, afresh: &mut bool, heard: &impl Fn(i64)) {
        let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
        match field("event: ") {
            Some("change") => {
                let seq = field("id: ").unwrap().parse().unwrap();
                if std::mem::take(afresh) {
                    self.resets.push((self.last(), seq - 1));
                }
                heard(seq);
                let event: LiveEvent = serde_json::from_str(field("data: ").unwrap()).unwrap();
                self.got.push((seq, digest(&event)));
            }
            Some("reset") => *afresh = true,
            Some("ready") => {
                let ready: serde_json::Value = serde_json::from_str(field("data: ").unwrap()).unwrap();
                if std::mem::take(afresh) {
                    self.resets.push((self.last(), ready["seq"].as_i64().unwrap()));
                }
            }
            Some("alive" | "storage" | "presence") => {}
            None if field("retry: ").is_some() => {}
            _ => panic!("unexpected frame in the stream: {frame:?}"),
        }
    }
}

/// Watches until it has seen the number that `until` names; now and then hangs up by itself.
/// `heard` is told of each number as it comes.
pub async fn watch(
    site: Site,
    secret: String,
    since: i64,
    mut until: watch::Receiver<Option<i64>>,
    mut dice: Dice,
    heard: impl Fn(i64) + Send,
) -> Watched {
    let client = Client::builder().build().unwrap();
    let mut seen = Watched { since, ..Watched::default() };
    let enough = |seen: &Watched, until: &Option<i64>| until.is_some_and(|last| seen.last() >= last);
    while !enough(&seen, &until.borrow()) {
        let address = site.up().await;
        let mut request = client.get(format!("http://{address}/api/live?since={since}"));
        if seen.last() > since {
            request = request.header("last-event-id", seen.last());
        }
        let answer = match request.header("cookie", format!("tandem={secret}")).send().await {
            Ok(answer) if answer.status() == 200 => answer,
            // As a browser's own retry, only sooner.
            _ => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
        };
        seen.streams += 1;
        let (mut answer, mut waiting, mut afresh) = (answer, Vec::new(), false);
        loop {
            let chunk = tokio::select! {
                chunk = answer.chunk() => chunk,
                changed = until.changed() => {
                    changed.unwrap();
                    if enough(&seen, &until.borrow()) { break }
                    continue;
                }
            };
            // An end without a word, or in the middle of one: what is not whole is not taken.
            let Ok(Some(bytes)) = chunk else { break };
            waiting.extend_from_slice(&bytes);
            while let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
                seen.take(std::str::from_utf8(&waiting[..end]).unwrap(), &mut afresh, &heard);
                waiting.drain(..end + 2);
            }
            if enough(&seen, &until.borrow()) || dice.once_in(400) {
                break;
            }
        }
    }
    seen
}
