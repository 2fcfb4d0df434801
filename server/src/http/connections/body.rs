//! The bodies of requests and answers.

use std::{
    io::{Error, ErrorKind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Body, HttpBody},
    extract::Request,
};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::table::{Line, Phase};

/// Whether a body arrived too slowly.
#[derive(Clone, Default)]
pub struct Slow(Arc<AtomicBool>);

impl Slow {
    pub fn was(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of a request. It fails when too little of it arrived for too long.
pub struct Received {
    body: Incoming,
    line: Arc<Line>,
    slow: Slow,
    /// The total waiting time for each `pace` bytes.
    most: Duration,
    pace: u64,
    /// How much of that time is left, and how many of those bytes arrived.
    left: Duration,
    came: u64,
    /// The start and the end of the current wait.
    since: Option<Instant>,
    until: Option<Pin<Box<Sleep>>>,
}

impl Received {
    /// A request whose body is watched.
    pub fn of(request: Request<Incoming>, line: &Arc<Line>, most: Duration, pace: u64) -> (Request, Slow) {
        let slow = Slow::default();
        let request = request.map(|body| {
            if body.is_end_stream() {
                line.set(Phase::Answer);
                return Body::empty();
            }
            line.set(Phase::Body);
            let (line, slow) = (Arc::clone(line), slow.clone());
            Body::new(Self { body, line, slow, most, pace, left: most, came: 0, since: None, until: None })
        });
        (request, slow)
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        if self.since.is_none() {
            self.since = Some(Instant::now());
            self.until = Some(Box::pin(sleep(self.left)));
        }
        if let Some(until) = &mut self.until {
            ready!(until.as_mut().poll(cx));
        }
        self.slow.0.store(true, Ordering::Relaxed);
        Poll::Ready(Error::new(ErrorKind::TimedOut, "the body of the request came too slowly"))
    }

    fn came(&mut self, bytes: u64) {
        self.until = None;
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        self.came = self.came.saturating_add(bytes);
        if self.came >= self.pace {
            (self.came, self.left) = (0, self.most);
        }
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.came(frame.data_ref().map_or(0, |data| data.len() as u64));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.wait(cx).map(|error| Some(Err(error.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.line.came();
    }
}

/// The body of an answer. Dropping it lets the connection read the next request.
pub struct Answer {
    body: Body,
    line: Arc<Line>,
}

impl Answer {
    /// Without a body yet.
    pub fn of(line: Arc<Line>) -> Self {
        Self { body: Body::empty(), line }
    }

    pub fn with(mut self, body: Body) -> Self {
        self.body = body;
        self
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.line.set_stream(false);
        self.line.set(Phase::Head);
    }
}
