//! A member's stream of changes, as server-sent events.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use domain::sessions::IDLE_MS;
use futures::Stream;
use model::{Access, ConversationId, EventBody, MemberId, Storage, Timestamp, WorkspaceId, told_of};
use store::{
    Db,
    clock::random_bytes,
    error::Result,
    event,
    session::{self, Session},
};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch as signal,
    },
    time::{Instant, sleep_until},
};

use super::{
    hub::{Hub, Numbered},
    presence::{Change, Presence},
};

/// How often something is sent, so that proxies and browsers keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A browser that missed more events than this must reload everything.
const CATCH_UP: i64 = 1000;
/// How long a browser waits before it reconnects, in milliseconds. Up to 255 ms are added, so that not all browsers come at once after a
/// restart.
const RETRY_MS: u64 = 500;

/// An event instead of a comment, so that the browser can tell a silent connection from a dead one.
const ALIVE: Bytes = Bytes::from_static(b"event: alive\ndata: {}\n\n");
const SIGNED_OUT: Bytes = Bytes::from_static(b"event: signed-out\ndata: {}\n\n");

/// Tells the browser to reload everything. The reload includes all events up to `last`, so a browser that is disconnected right afterwards
/// continues from there.
fn reset(last: i64) -> Bytes {
    Bytes::from(format!("event: reset\nid: {last}\ndata: {{}}\n\n"))
}

/// The member who receives a stream.
pub struct Watcher {
    workspace: WorkspaceId,
    member: MemberId,
    access: Access,
    token_hash: String,
    /// When the session ends, unless it is used meanwhile.
    ends: Timestamp,
    /// The state of the server's storage. None if nothing watches it.
    storage: Option<signal::Receiver<Storage>>,
}

impl Watcher {
    /// The member of a session. None for the system.
    pub fn of(session: &Session, token_hash: String) -> Option<Self> {
        let (access, member) = session.scope.access()?;
        let (access, ends) = (access.clone(), ends(session));
        Some(Self { workspace: session.scope.workspace(), member, access, token_hash, ends, storage: None })
    }

    /// Also sends the state of the server's storage.
    #[must_use]
    pub fn with_storage(self, storage: signal::Receiver<Storage>) -> Self {
        Self { storage: Some(storage), ..self }
    }
}

fn ends(session: &Session) -> Timestamp {
    session.expires_at.min(session.seen_at.plus(IDLE_MS))
}

/// The state of the server's storage. It has no number, because it belongs to the process and not to the workspace's log.
fn storage_frame(storage: Storage) -> Bytes {
    Bytes::from(format!("event: storage\ndata: {}\n\n", serde_json::to_string(&storage).unwrap_or_default()))
}

/// The next change of the storage's state. Never returns if nothing watches it.
async fn changed(storage: &mut Option<signal::Receiver<Storage>>) -> Storage {
    if let Some(known) = storage
        && known.changed().await.is_ok()
    {
        return *known.borrow_and_update();
    }
    std::future::pending().await
}

struct State {
    db: Db,
    watcher: Watcher,
    events: Receiver<Arc<Numbered>>,
    ready: VecDeque<Bytes>,
    last: i64,
    next_alive: Instant,
    shutdown: signal::Receiver<bool>,
    over: bool,
    presence: Presence,
    present: Receiver<Arc<Vec<Change>>>,
    /// The conversations in which this member was told of somebody.
    told: HashSet<ConversationId>,
}

/// The events after `since`, without gaps and repetitions, until the member's access ends or the process stops.
///
/// # Errors
/// When the missed events cannot be read.
pub async fn watch(
    db: Db,
    hub: &Hub,
    watcher: Watcher,
    since: i64,
    shutdown: signal::Receiver<bool>,
) -> Result<impl Stream<Item = Result<Bytes, std::convert::Infallible>> + use<>> {
    // Subscribe first: an event that is committed during the read is in the channel, and is skipped if it was read.
    let events = hub.subscribe(&db, watcher.workspace).await?;
    let (mut ready, last) = missed(&db, &watcher, since).await?;
    ready.push_front(Bytes::from(format!("retry: {}\n\n", RETRY_MS + u64::from(random_bytes::<1>()[0]))));
    let next_alive = Instant::now() + KEEP_ALIVE;
    let presence = hub.presence().clone();
    let (present, _) = presence.follow(watcher.workspace);
    let told = HashSet::new();
    let mut state =
        State { db, watcher, events, ready, last, next_alive, shutdown, over: false, presence, present, told };
    // Before the browser says that it is live.
    state.show_everybody();
    state.ready.push_back(Bytes::from(format!("event: ready\ndata: {{\"seq\":{last}}}\n\n")));
    let storage = state.watcher.storage.as_mut();
    state.ready.extend(storage.map(|storage| storage_frame(*storage.borrow_and_update())));
    Ok(futures::stream::unfold(state, |mut state| async move { state.next().await.map(|frame| (Ok(frame), state)) }))
}

async fn missed(db: &Db, watcher: &Watcher, since: i64) -> Result<(VecDeque<Bytes>, i64)> {
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let last = event::last(conn, watcher.workspace).await?.unwrap_or_default();
    // A client may send any number.
    let known = (0..=last).contains(&since) && last - since <= CATCH_UP;
    let kept = event::oldest(conn, watcher.workspace).await?.is_some_and(|oldest| oldest - 1 <= since) || since == last;
    if !known || !kept {
        return Ok((VecDeque::from([reset(last)]), last));
    }
    let events = event::after(conn, watcher.workspace, since, CATCH_UP).await?;
    // The member's access changed meanwhile, so they may not be allowed to see what they were shown before (S20).
    let begins_anew = |body: &EventBody| match body {
        EventBody::Access { member } => *member == watcher.member,
        EventBody::Unreadable => true,
        _ => false,
    };
    if events.iter().any(|(_, body)| begins_anew(body)) {
        return Ok((VecDeque::from([reset(last)]), last));
    }
    let frames = events.into_iter().filter_map(|(seq, body)| Numbered::new(seq, body).frame(&watcher.access)).collect();
    Ok((frames, last))
}

// Database reads are boxed, here and below: thousands of streams spend most of their time waiting, and each is as large as the largest
// thing it might do.
impl State {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                self.next_alive = Instant::now() + KEEP_ALIVE;
                return Some(frame);
            }
            if self.over || *self.shutdown.borrow() {
                return None;
            }
            tokio::select! {
                received = self.events.recv() => match received {
                    Ok(event) => self.take(&event).await,
                    // Too slow: the browser is told, so no event is dropped silently.
                    Err(RecvError::Lagged(_)) => self.begin_anew().await,
                    Err(RecvError::Closed) => return None,
                },
                () = sleep_until(self.next_alive) => {
                    self.check_end().await;
                    if !self.over {
                        self.ready.push_back(ALIVE);
                    }
                }
                changes = self.present.recv() => match changes {
                    Ok(changes) => self.show_present("", &changes),
                    Err(_) => self.show_everybody(),
                },
                storage = changed(&mut self.watcher.storage) => self.ready.push_back(storage_frame(storage)),
                _ = self.shutdown.changed() => return None,
            }
        }
    }

    /// Tells who is where now, in place of what was told before (T12).
    fn show_everybody(&mut self) {
        let (present, everybody) = self.presence.follow(self.watcher.workspace);
        self.present = present;
        self.told.clear();
        self.show_present("=", &everybody);
    }

    /// Tells who is in the conversations that this member may see (S19), and once that nobody is in one that they see no longer.
    fn show_present(&mut self, first: &str, changes: &[Change]) {
        let mut parts = Vec::new();
        for Change { id, placement, told } in changes {
            if self.watcher.access.sees(placement) {
                self.told.insert(*id);
                parts.push(told.clone());
            } else if self.told.remove(id) {
                parts.push(told_of(*id, &[]));
            }
        }
        // A browser that knew more must hear that there is nothing.
        if !parts.is_empty() || !first.is_empty() {
            self.ready.push_back(Bytes::from(format!("event: presence\ndata: {first}{}\n\n", parts.join(";"))));
        }
    }

    async fn take(&mut self, event: &Numbered) {
        self.check_end().await;
        // Two tasks or processes that commit in sequence may be heard of in another order. The log has the right one.
        let mut read = -1;
        while event.seq > self.last + 1 && self.last > read && !self.over {
            read = self.last;
            self.catch_up().await;
        }
        self.show(event).await;
    }

    async fn catch_up(&mut self) {
        let read = Box::pin(async {
            let mut snapshot = self.db.snapshot().await?;
            event::after(&mut snapshot.conn(), self.watcher.workspace, self.last, CATCH_UP).await
        });
        match read.await {
            Ok(events) if events.first().is_some_and(|(seq, _)| *seq > self.last + 1) => self.begin_anew().await,
            Ok(events) => {
                // What the page shows of a conversation is what it is now, and so for the rights that its member has now (S20).
                let mine =
                    |body: &EventBody| matches!(body, EventBody::Access { member } if *member == self.watcher.member);
                if let Some((seq, _)) = events.iter().rev().find(|(_, body)| mine(body)) {
                    self.last = *seq;
                    self.look_again().await;
                }
                for (seq, body) in events {
                    self.show(&Numbered::new(seq, body)).await;
                }
            }
            Err(_) => self.over = true,
        }
    }

    /// Makes the browser reload everything. Events that the reload includes are not sent again.
    async fn begin_anew(&mut self) {
        // Subscribe at the end of the channel: it is full, so at its start the next event would overrun the subscriber again.
        self.events = self.events.resubscribe();
        let read = Box::pin(async {
            let mut snapshot = self.db.snapshot().await?;
            event::last(&mut snapshot.conn(), self.watcher.workspace).await
        });
        match read.await {
            Ok(last) => {
                self.last = last.unwrap_or(self.last).max(self.last);
                self.ready.push_back(reset(self.last));
            }
            Err(_) => self.over = true,
        }
    }

    async fn show(&mut self, event: &Numbered) {
        if event.seq <= self.last || self.over {
            return;
        }
        if event.soon.contains(&self.watcher.member) {
            self.look_again().await;
        }
        self.last = event.seq;
        if matches!(event.body, EventBody::Unreadable) {
            return self.begin_anew().await;
        }
        if let EventBody::Access { member } = event.body {
            if member == self.watcher.member {
                self.look_again().await;
            }
            return;
        }
        self.ready.extend(event.frame(&self.watcher.access));
    }

    /// Ends the stream of an expired session: before the next event or, on a silent connection, within [`KEEP_ALIVE`].
    async fn check_end(&mut self) {
        if self.over || self.db.clock().now() < self.watcher.ends {
            return;
        }
        match self.session().await {
            // The session was used meanwhile.
            Ok(Some(session)) => self.watcher.ends = ends(&session),
            Ok(None) => self.sign_out(),
            Err(_) => self.over = true,
        }
    }

    fn sign_out(&mut self) {
        self.ready.push_back(SIGNED_OUT);
        self.over = true;
    }

    /// The member's session or rights may have changed. If they may see less, they see less from here on (S20).
    async fn look_again(&mut self) {
        match self.session().await {
            Ok(Some(session)) => {
                if let Some((access, _)) = session.scope.access() {
                    (self.watcher.access, self.watcher.ends) = (access.clone(), ends(&session));
                    self.ready.push_back(reset(self.last));
                    self.show_everybody();
                }
            }
            Ok(None) => self.sign_out(),
            // It is unknown whether they still have access. The browser reconnects.
            Err(_) => self.over = true,
        }
    }

    async fn session(&self) -> Result<Option<Session>> {
        let now = self.db.clock().now();
        let read = Box::pin(async {
            let mut snapshot = self.db.snapshot().await?;
            session::find(&mut snapshot.conn(), &self.watcher.token_hash, now, now.plus(-IDLE_MS)).await
        });
        Ok(read.await?)
    }
}
