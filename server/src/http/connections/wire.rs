//! The bytes of a connection, with a record of what its client reads. A client that reads an answer at a fair rate delays nobody. A client
//! that hardly reads is disconnected, or it would keep its slot for as long as it likes.

use std::{
    io::{Error, ErrorKind, IoSlice, Result},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use super::table::Line;

pub struct Wire {
    stream: TcpStream,
    line: Arc<Line>,
    pace: Pace,
}

/// The rate at which a client reads answers. Only the time in which we wait for the client counts, not the time we take ourselves.
struct Pace {
    /// How far the client may fall behind…
    most: Duration,
    /// …this many bytes per second.
    bytes: u64,
    /// The remaining time. Waiting uses it up, and reading gives it back.
    left: Duration,
    /// The start and the end of the current wait.
    since: Option<Instant>,
    until: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    fn new(most: Duration, bytes: u64) -> Self {
        Self { most, bytes: bytes.max(1), left: most, since: None, until: None }
    }

    fn took(&mut self, bytes: usize) {
        self.stop();
        let millis = (bytes as u64).saturating_mul(1000) / self.bytes;
        self.left = self.left.saturating_add(Duration::from_millis(millis)).min(self.most);
    }

    fn stop(&mut self) {
        self.until = None;
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }

    /// Ready when the client took too long.
    fn wait(&mut self, line: &Line, cx: &mut Context<'_>) -> Poll<()> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            self.until = Some(Box::pin(sleep(self.left)));
            line.set_due(Some(now + self.left));
        }
        self.until.as_mut().map_or(Poll::Ready(()), |until| until.as_mut().poll(cx))
    }
}

impl Wire {
    pub fn new(stream: TcpStream, line: Arc<Line>, most: Duration, pace: u64) -> Self {
        Self { stream, line, pace: Pace::new(most, pace) }
    }

    fn noted(&mut self, taken: Poll<Result<usize>>, cx: &mut Context<'_>) -> Poll<Result<usize>> {
        match taken {
            Poll::Ready(Ok(bytes @ 1..)) => {
                self.line.took(true);
                self.line.set_due(None);
                self.pace.took(bytes);
            }
            Poll::Pending => {
                self.line.took(false);
                if self.line.is_stream() {
                    self.line.set_due(None);
                    self.pace.stop();
                } else if self.pace.wait(&self.line, cx).is_ready() {
                    return Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the answer was taken too slowly")));
                }
            }
            Poll::Ready(_) => {}
        }
        taken
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.noted(taken, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let taken = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.noted(taken, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
