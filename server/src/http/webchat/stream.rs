//! A visitor's stream: first the existing messages, then new ones. A browser that reconnects gets the existing messages again.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use model::{ConversationId, EventBody};
use serde_json::{Value, json};
use store::error::Error;
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    time::{Instant, sleep_until},
};

use super::{super::live::event_stream, Chat, Visitor, for_visitor, history, shown, slots::StreamSlot};
use crate::{
    http::{client::Client, error::Refusal, state::Http},
    live::{Attendance, Numbered},
};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

struct Visit {
    http: Http,
    chat: Chat,
    visitor: Visitor,
    conversation: Option<ConversationId>,
    attendance: Arc<Attendance>,
    _place: StreamSlot,
    events: Receiver<Arc<Numbered>>,
    replies: Receiver<Arc<Vec<(ConversationId, bool)>>>,
    ready: VecDeque<Bytes>,
    next_alive: Instant,
    shutdown: watch::Receiver<bool>,
}

/// `GET …/stream`
pub async fn stream(
    State(http): State<Http>,
    client: Client,
    visitor: Visitor,
    chat: Chat,
) -> Result<Response, Refusal> {
    let place = http.visits().take(client, &visitor.address)?;
    // Subscribe first: a message that is committed during the read comes twice, with the same id.
    let events = http.hub.subscribe(&http.db, chat.scope.workspace()).await.map_err(Error::from)?;
    let replies = http.hub.presence().follow_replies(chat.scope.workspace());
    let shutdown = http.shutdown.clone();
    let next_alive = Instant::now() + KEEP_ALIVE;
    let attendance = Arc::new(Attendance::read(&http.db, &chat.scope).await?);
    let mut visit = Visit {
        http,
        chat,
        visitor,
        conversation: None,
        attendance,
        _place: place,
        events,
        replies,
        ready: VecDeque::new(),
        next_alive,
        shutdown,
    };
    visit.begin().await?;
    let frames = futures::stream::unfold(visit, |mut visit| async move {
        visit.next().await.map(|frame| (Ok::<_, std::convert::Infallible>(frame), visit))
    });
    Ok(event_stream(Body::from_stream(frames)))
}

fn frame(event: &str, data: &Value) -> Bytes {
    Bytes::from(format!("event: {event}\ndata: {data}\n\n"))
}

impl Visit {
    async fn begin(&mut self) -> Result<(), Error> {
        self.conversation = self.visitor.conversation(&self.http, &self.chat).await?;
        let (messages, more) = match self.conversation {
            Some(conversation) => history(&self.http, &self.chat, conversation, i64::MAX).await?,
            None => (Vec::new(), false),
        };
        self.ready.push_back(frame(
            "snapshot",
            &json!({ "messages": messages, "more": more, "online": self.attendance.online }),
        ));
        let presence = self.http.hub.presence();
        if self.conversation.is_some_and(|id| presence.is_replying(self.chat.scope.workspace(), id)) {
            self.say_typing(true);
        }
        Ok(())
    }

    /// Tells whether a member writes a reply. Who they are, and that they write a note, is said to nobody outside.
    fn say_typing(&mut self, on: bool) {
        if self.attendance.shows_typing || !on {
            self.ready.push_back(frame("typing", &json!({ "on": on })));
        }
    }

    /// Starts again after the subscriber was too slow.
    async fn begin_anew(&mut self) -> Option<()> {
        let anew = async {
            self.attendance = Arc::new(Attendance::read(&self.http.db, &self.chat.scope).await?);
            self.begin().await
        };
        anew.await.inspect_err(|error: &Error| tracing::error!(%error, "could not restart a visitor's stream")).ok()
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                self.next_alive = Instant::now() + KEEP_ALIVE;
                return Some(frame);
            }
            if *self.shutdown.borrow() {
                return None;
            }
            tokio::select! {
                received = self.events.recv() => match received {
                    Ok(event) => self.take(&event).await?,
                    Err(RecvError::Lagged(_)) => self.begin_anew().await?,
                    Err(RecvError::Closed) => return None,
                },
                turns = self.replies.recv() => match turns {
                    Ok(turns) => {
                        let mine = turns.iter().find(|(id, _)| Some(*id) == self.conversation);
                        if let Some((_, on)) = mine {
                            self.say_typing(*on);
                        }
                    }
                    Err(RecvError::Lagged(_)) => {
                        let (presence, workspace) = (self.http.hub.presence(), self.chat.scope.workspace());
                        let on = self.conversation.is_some_and(|id| presence.is_replying(workspace, id));
                        self.say_typing(on);
                    }
                    Err(RecvError::Closed) => return None,
                },
                () = sleep_until(self.next_alive) => self.ready.push_back(Bytes::from_static(b": alive\n\n")),
                _ = self.shutdown.changed() => return None,
            }
        }
    }

    /// None when the stream must end because the database could not be read.
    async fn take(&mut self, event: &Numbered) -> Option<()> {
        let (db, scope) = (&self.http.db, &self.chat.scope);
        if let Some(attendance) = event.attendance(db, scope).await? {
            let before = std::mem::replace(&mut self.attendance, attendance);
            if self.attendance.online != before.online {
                self.ready.push_back(frame("status", &json!({ "online": self.attendance.online })));
            }
        }
        if let EventBody::Conversation { before: None, row, .. } = &event.body
            && self.conversation.is_none()
            && row.channel == self.chat.channel.id
            // It may be this visitor's first message, written in another tab.
            && event.written_by(db, scope, row.id).await? == Some(self.visitor.address.as_str())
        {
            self.conversation = Some(row.id);
        }
        let Some(conversation) = self.conversation else { return Some(()) };
        for message in for_visitor(&event.body, conversation) {
            if let Some(message) = shown(message.clone(), &self.chat.channel, &self.attendance.members) {
                self.ready.push_back(frame("message", &json!(message)));
            }
        }
        Some(())
    }
}
