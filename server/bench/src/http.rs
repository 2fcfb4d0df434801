//! A small HTTP/1.1 client. The load shares the machine with the server it measures, so it does as little as it can: requests are bytes
//! made beforehand, answers are read to their end and only their status is looked at.

use std::{
    io::{Error, ErrorKind, Result},
    net::{IpAddr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// The bytes of a GET.
pub fn get(addr: SocketAddr, path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: {addr}\r\ncookie: tandem={cookie}\r\n\r\n").into_bytes()
}

/// The bytes of a POST as our own pages send it.
pub fn post(addr: SocketAddr, path: &str, cookie: &str, kind: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {addr}\r\norigin: http://{addr}\r\ncookie: tandem={cookie}\r\naccept: application/json\r\n\
         content-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// The bytes of a POST of JSON.
pub fn post_json(addr: SocketAddr, path: &str, cookie: &str, body: &str) -> Vec<u8> {
    post(addr, path, cookie, "application/json", body)
}

/// Connects, from a chosen address when one machine needs more sockets than an address has ports.
///
/// # Errors
/// When that is refused.
pub async fn connect(addr: SocketAddr, from: Option<IpAddr>, receive_buffer: Option<u32>) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(from) = from {
        // The port is chosen when connecting, so that every server sees all ports of this address.
        socket.set_reuseaddr(true)?;
        socket.bind((from, 0).into())?;
    }
    if let Some(size) = receive_buffer {
        socket.set_recv_buffer_size(size)?;
    }
    let stream = socket.connect(addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// One kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Opens it.
    ///
    /// # Errors
    /// When that is refused.
    pub async fn open(addr: SocketAddr, from: Option<IpAddr>) -> Result<Self> {
        Ok(Self { stream: connect(addr, from, None).await?, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads the whole answer: its status and its body (chunk sizes taken out).
    ///
    /// # Errors
    /// When the connection breaks or the answer makes no sense.
    pub async fn ask(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(self.buffer.get(..head).unwrap_or_default()).to_ascii_lowercase();
        let status = text.get(9..12).and_then(|code| code.parse().ok()).ok_or(ErrorKind::InvalidData)?;
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let Some(length) = value("content-length:").and_then(|n| n.parse::<usize>().ok()) {
            while self.buffer.len() < head + length {
                self.more().await?;
            }
            return Ok((status, self.buffer.split_off(head)));
        }
        if value("transfer-encoding:").is_some_and(|how| how.contains("chunked")) {
            return Ok((status, self.chunks(head).await?));
        }
        Ok((status, Vec::new()))
    }

    async fn chunks(&mut self, mut at: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                match find(self.buffer.get(at..).unwrap_or_default(), b"\r\n") {
                    Some(end) => break at + end,
                    None => self.more().await?,
                }
            };
            let size = std::str::from_utf8(self.buffer.get(at..line).unwrap_or_default()).unwrap_or_default();
            let size = usize::from_str_radix(size.trim(), 16).map_err(|_| ErrorKind::InvalidData)?;
            let (from, to) = (line + 2, line + 2 + size);
            while self.buffer.len() < to + 2 {
                self.more().await?;
            }
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(self.buffer.get(from..to).unwrap_or_default());
            at = to + 2;
        }
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Error::from(ErrorKind::UnexpectedEof)),
            _ => Ok(()),
        }
    }
}

/// Where a short text begins.
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
