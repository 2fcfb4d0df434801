//! A connection to a mail server, as SMTP and IMAP use it. It is read by lines and by pieces, each limited in bytes and in time, before and
//! after TLS (S55). The caller sets the limits. Nothing beyond them is stored.

use std::{fmt::Debug, io, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout_at},
};

/// How long a server may be silent, unless the caller allows more.
pub const SILENCE: Duration = Duration::from_secs(60);
/// How many bytes are read at once.
const CHUNK: usize = 8 * 1024;

/// The stream to a server: a socket, TLS on a socket, or a substitute in tests.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Debug + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Debug + Send> Line for T {}

/// Why a connection cannot be used any more.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The server closed the connection.
    #[error("it hung up")]
    HungUp,
    /// Nothing came for too long, or too little in the whole time.
    #[error("it took too long")]
    Slow,
    /// A line is longer than its limit.
    #[error("it sent a line of more than {0} bytes")]
    LongLine(usize),
    /// An error of the system.
    #[error("{0}")]
    Io(io::Error),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::HungUp,
            _ => Self::Io(error),
        }
    }
}

/// A connection, and the bytes that were read from it and not used yet.
#[derive(Debug)]
pub struct Wire<W> {
    stream: W,
    held: BytesMut,
    end: Instant,
    silence: Duration,
}

impl<W: Line> Wire<W> {
    /// Wraps a stream. Until [`Self::until`] is called, the limit is the time of one answer.
    pub fn over(stream: W) -> Self {
        Self { stream, held: BytesMut::new(), end: Instant::now() + SILENCE, silence: SILENCE }
    }

    /// Sets the time at which any operation fails.
    pub const fn until(&mut self, end: Instant) {
        self.end = end;
    }

    /// Sets how long the server may be silent from now on. Operations still fail at [`Self::until`].
    pub const fn silent_for(&mut self, silence: Duration) {
        self.silence = silence;
    }

    /// Reads the next line, without its end (CR LF, or LF alone).
    ///
    /// # Errors
    /// When the line has more than `most` bytes, or the connection ends.
    pub async fn line(&mut self, most: usize) -> Result<Bytes, WireError> {
        let mut seen = 0;
        loop {
            if let Some(at) = self.held[seen..].iter().position(|byte| *byte == b'\n') {
                let mut line = self.held.split_to(seen + at + 1).freeze();
                line.truncate(seen + at);
                if line.last() == Some(&b'\r') {
                    line.truncate(line.len() - 1);
                }
                return if line.len() > most { Err(WireError::LongLine(most)) } else { Ok(line) };
            }
            seen = self.held.len();
            // One more byte for the CR.
            if seen > most + 1 {
                return Err(WireError::LongLine(most));
            }
            self.more().await?;
        }
    }

    /// Reads the next `count` bytes. They use memory as they come, not when they are announced. The caller limits `count`.
    ///
    /// # Errors
    /// When the connection ends first.
    pub async fn bytes(&mut self, count: usize) -> Result<Bytes, WireError> {
        let mut taken = Vec::with_capacity(count.min(CHUNK));
        loop {
            let some = self.held.len().min(count - taken.len());
            taken.extend_from_slice(&self.held[..some]);
            self.held.advance(some);
            if taken.len() == count {
                return Ok(taken.into());
            }
            self.more().await?;
        }
    }

    /// Whether bytes came that were not used yet.
    pub fn holds_more(&self) -> bool {
        !self.held.is_empty()
    }

    /// Waits until there is something to read. False if nothing came before `until`.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn something_comes(&mut self, until: Instant) -> Result<bool, WireError> {
        if self.holds_more() {
            return Ok(true);
        }
        self.held.reserve(CHUNK);
        match timeout_at(until, self.stream.read_buf(&mut self.held)).await {
            Ok(read) => {
                if read? == 0 {
                    Err(WireError::HungUp)
                } else {
                    Ok(true)
                }
            }
            Err(_) => Ok(false),
        }
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// When the connection ends, or the server does not accept them in time.
    pub async fn say(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        let said = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout_at(self.end, said).await.map_err(|_| WireError::Slow)??;
        Ok(())
    }

    /// Returns the stream. Unused bytes are lost: see [`Self::holds_more`].
    pub fn into_stream(self) -> W {
        self.stream
    }

    async fn more(&mut self) -> Result<(), WireError> {
        self.held.reserve(CHUNK);
        let end = Instant::now().checked_add(self.silence).map_or(self.end, |silent| silent.min(self.end));
        match timeout_at(end, self.stream.read_buf(&mut self.held)).await {
            Ok(read) => {
                if read? == 0 {
                    Err(WireError::HungUp)
                } else {
                    Ok(())
                }
            }
            Err(_) => Err(WireError::Slow),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    fn wire() -> (Wire<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(64);
        (Wire::over(ours), theirs)
    }

    #[tokio::test]
    async fn s55_a_line_without_an_end_is_cut_where_it_becomes_too_long() {
        let (mut wire, mut theirs) = wire();
        let flood = tokio::spawn(async move {
            let mut sent = 0;
            while theirs.write_all(&[b'x'; 64]).await.is_ok() {
                sent += 64;
            }
            sent
        });
        assert!(matches!(wire.line(1000).await, Err(WireError::LongLine(1000))));
        assert!(wire.held.capacity() <= 4 * CHUNK, "{}", wire.held.capacity());
        drop(wire);
        assert!(flood.await.unwrap() < 20_000);
    }

    #[tokio::test]
    async fn s55_lines_and_pieces_are_told_apart_however_they_arrive() {
        let (mut wire, mut theirs) = wire();
        let bytes = b"one\r\ntwo\nthree {5}\r\na\r\nbc\r\n\r\nlast";
        tokio::spawn(async move {
            for byte in bytes {
                theirs.write_all(&[*byte]).await.unwrap();
            }
        });
        assert_eq!(wire.line(100).await.unwrap(), "one");
        assert_eq!(wire.line(3).await.unwrap(), "two");
        assert_eq!(wire.line(100).await.unwrap(), "three {5}");
        assert_eq!(wire.bytes(5).await.unwrap(), "a\r\nbc");
        assert_eq!(wire.line(0).await.unwrap(), "");
        assert_eq!(wire.line(0).await.unwrap(), "");
        assert!(matches!(wire.line(100).await, Err(WireError::HungUp)), "half a line is none");
    }

    #[tokio::test]
    async fn s55_one_byte_at_a_time_gains_no_time() {
        let (mut wire, mut theirs) = wire();
        let drip = tokio::spawn(async move {
            let mut every = tokio::time::interval(Duration::from_millis(5));
            while theirs.write_all(b"x").await.is_ok() {
                every.tick().await;
            }
        });
        wire.until(Instant::now() + Duration::from_millis(100));
        assert!(matches!(wire.line(1_000_000).await, Err(WireError::Slow)));
        wire.until(Instant::now() + Duration::from_millis(100));
        assert!(matches!(wire.bytes(1_000_000).await, Err(WireError::Slow)));
        drop(wire);
        drip.await.unwrap();
    }

    #[tokio::test]
    async fn s55_a_server_is_silent_for_as_long_as_it_may_be() {
        let (mut wire, mut theirs) = wire();
        let late = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(150)).await;
            theirs.write_all(b"late\r\n").await.unwrap();
            theirs
        });
        wire.silent_for(Duration::from_millis(10));
        assert!(matches!(wire.line(100).await, Err(WireError::Slow)));
        wire.silent_for(Duration::MAX);
        assert_eq!(wire.line(100).await.unwrap(), "late");
        let _theirs = late.await.unwrap();
        wire.until(Instant::now() + Duration::from_millis(10));
        assert!(matches!(wire.line(100).await, Err(WireError::Slow)), "its end is its end");
    }

    #[tokio::test]
    async fn s55_who_takes_nothing_is_left() {
        let (mut wire, _theirs) = wire();
        wire.until(Instant::now() + Duration::from_millis(50));
        assert!(matches!(wire.say(&[0; 1000]).await, Err(WireError::Slow)));
    }
}
