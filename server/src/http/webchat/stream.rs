//! A visitor's stream: what there is, then what comes. A reconnecting browser is simply told what there is again.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use app::model::{ConversationId, EventBody, Member};
use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    time::{Instant, sleep_until},
};

use super::{super::live::event_stream, Chat, Visitor, for_visitor, history, shown};
use crate::{
    error::Error,
    http::{error::Refusal, state::Http},
    live::Numbered,
    store::house,
};

const KEEP_ALIVE: Duration = Duration::from_secs(15);

struct Visit {
    http: Http,
    chat: Chat,
    visitor: Visitor,
    conversation: Option<ConversationId>,
    online: bool,
    members: Vec<Member>,
    events: Receiver<Arc<Numbered>>,
    ready: VecDeque<Bytes>,
    next_alive: Instant,
    shutdown: watch::Receiver<bool>,
}

/// `GET …/stream`
pub async fn stream(State(http): State<Http>, chat: Chat, visitor: Visitor) -> Result<Response, Refusal> {
    // Subscribe first: what is committed while the history is read comes again, and is the same message.
    let events = http.hub.subscribe(&http.db, chat.scope.workspace()).await.map_err(Error::from)?;
    let shutdown = http.shutdown.clone();
    let next_alive = Instant::now() + KEEP_ALIVE;
    let mut visit = Visit {
        http,
        chat,
        visitor,
        conversation: None,
        online: false,
        members: Vec::new(),
        events,
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
        self.look_at_house().await?;
        self.conversation = self.visitor.conversation(&self.http, &self.chat).await?;
        let (messages, more) = match self.conversation {
            Some(conversation) => history(&self.http, &self.chat, conversation, i64::MAX).await?,
            None => (Vec::new(), false),
        };
        self.ready.push_back(frame("snapshot", &json!({ "messages": messages, "more": more, "online": self.online })));
        Ok(())
    }

    async fn look_at_house(&mut self) -> Result<(), Error> {
        let mut snapshot = self.http.db.snapshot().await?;
        let conn = &mut snapshot.conn();
        self.online = house::house(conn, &self.chat.scope).await?.chat_off_since.is_none();
        self.members = house::members(conn, &self.chat.scope).await?;
        Ok(())
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
                received = self.events.recv() => {
                    let taken = match received {
                        Ok(event) => self.take(&event.body).await,
                        // Too slow: told from the beginning.
                        Err(RecvError::Lagged(_)) => self.begin().await,
                        Err(RecvError::Closed) => return None,
                    };
                    if let Err(error) = taken {
                        tracing::error!(%error, "a visitor's stream");
                        return None;
                    }
                }
                () = sleep_until(self.next_alive) => self.ready.push_back(Bytes::from_static(b": alive\n\n")),
                _ = self.shutdown.changed() => return None,
            }
        }
    }

    async fn take(&mut self, body: &EventBody) -> Result<(), Error> {
        match body {
            EventBody::Member(_) | EventBody::Workspace(_) => {
                let before = self.online;
                self.look_at_house().await?;
                if self.online != before {
                    self.ready.push_back(frame("status", &json!({ "online": self.online })));
                }
            }
            EventBody::Conversation { before: None, row, .. }
                if self.conversation.is_none() && row.channel == self.chat.channel.id =>
            {
                // Perhaps it is this visitor's first message, written in another tab.
                self.conversation = self.visitor.conversation(&self.http, &self.chat).await?;
            }
            _ => {}
        }
        let Some(conversation) = self.conversation else { return Ok(()) };
        for message in for_visitor(body, conversation) {
            if let Some(message) = shown(message.clone(), &self.chat.channel, &self.members) {
                self.ready.push_back(frame("message", &json!(message)));
            }
        }
        Ok(())
    }
}
