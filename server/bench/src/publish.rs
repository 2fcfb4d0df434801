//! Sends messages as a browser does.

use std::{net::SocketAddr, time::Instant};

use serde_json::json;

use crate::{
    bed::{Bed, message_id},
    crowd::marked,
    error::{Result, wrong},
    http::{Connection, post, post_json},
};

/// The request that sends a message.
pub fn send_message(
    addr: SocketAddr,
    cookie: &str,
    conversation: &str,
    mode: &str,
    number: u64,
    text: &str,
) -> Vec<u8> {
    let id = message_id(number);
    let new = json!({ "id": id, "conversation": conversation, "mode": mode, "text": text, "attachments": [] });
    post_json(addr, "/api/fn/send_message", cookie, &json!({ "new": new }).to_string())
}

/// The same for the raw handlers.
pub fn raw_message(addr: SocketAddr, cookie: &str, conversation: &str, number: u64, text: &str) -> Vec<u8> {
    post(addr, &format!("/message/{conversation}/{}", message_id(number)), cookie, "text/plain", text)
}

/// Writes marked notes into the conversation that all subscribers see, one after another.
pub struct Publisher<'b> {
    bed: &'b Bed,
    addr: SocketAddr,
    connection: Connection,
    raw: bool,
}

impl<'b> Publisher<'b> {
    /// To a server.
    ///
    /// # Errors
    /// When it does not listen.
    pub async fn to(bed: &'b Bed, addr: SocketAddr, raw: bool) -> Result<Self> {
        Ok(Self { bed, addr, connection: Connection::open(addr, None).await?, raw })
    }

    /// Writes the one with this number; when it was sent off.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn publish(&mut self, number: u32) -> Result<Instant> {
        let (text, Bed { owner, shared, .. }) = (marked(number), self.bed);
        let request = if self.raw {
            raw_message(self.addr, owner, shared, u64::from(number), &text)
        } else {
            send_message(self.addr, owner, shared, "note", u64::from(number), &text)
        };
        let sent = Instant::now();
        match self.connection.ask(&request).await? {
            (200..=299, _) => Ok(sent),
            (status, body) => wrong(format!("a note got {status}: {}", String::from_utf8_lossy(&body))),
        }
    }
}
