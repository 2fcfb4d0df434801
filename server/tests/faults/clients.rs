//! Clients that write: members by the page's server functions, visitors by the web chat. Each sends one message after another, repeats it
//! with the same id until it is acknowledged, and sometimes once more on purpose.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use store::clock::{new_id, new_secret};
use tokio::sync::watch;

use super::{
    dice::Dice,
    ledger::{Acked, Kind, Ledger},
};

/// What every client knows of the server.
#[derive(Clone)]
pub struct Site {
    /// Where it answers; none while it is down.
    pub address: watch::Receiver<Option<SocketAddr>>,
    /// Turns true when no new message is to be begun.
    pub closing: watch::Receiver<bool>,
    pub key: Arc<str>,
    pub ledger: Arc<Ledger>,
    /// The conversations that members know of.
    pub rooms: Arc<Mutex<Vec<String>>>,
}

impl Site {
    pub fn is_open(&self) -> bool {
        !*self.closing.borrow()
    }

    /// Where the server answers, as soon as it does.
    pub async fn up(&self) -> SocketAddr {
        let mut address = self.address.clone();
        let up = super::within(60, "the server is back", address.wait_for(Option::is_some)).await;
        (*up.unwrap()).unwrap()
    }

    /// Asks until there is an answer that is not a fault of the server's.
    pub async fn ask(&self, request: impl Fn(&str) -> RequestBuilder) -> (StatusCode, Value) {
        let mut first = true;
        loop {
            let address = self.up().await;
            if !std::mem::take(&mut first) {
                self.ledger.repeats.lock().unwrap().0 += 1;
            }
            let origin = format!("http://{address}");
            if let Ok(answer) = request(&origin).header("origin", &origin).send().await {
                let status = answer.status();
                // The answer may break off after its head: then nobody was told anything.
                if let (false, Ok(body)) = (status.is_server_error(), answer.bytes().await) {
                    return (status, serde_json::from_slice(&body).unwrap_or(Value::Null));
                }
            }
            // As every client does before it tries again.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A server function, as the page of a member calls it.
    pub async fn call(&self, client: &Client, secret: &str, function: &str, body: &Value) -> (StatusCode, Value) {
        let cookie = format!("tandem={secret}");
        self.ask(|origin| client.post(format!("{origin}/api/fn/{function}")).header("cookie", &cookie).json(body)).await
    }

    /// Looks for conversations that it does not know of yet.
    pub async fn look_around(&self, client: &Client, secret: &str) {
        let (status, page) =
            self.call(client, secret, "inbox_page", &json!({ "filter": { "view": "all" }, "after": null })).await;
        assert_eq!(status, 200, "{page}");
        let mut rooms = self.rooms.lock().unwrap();
        for row in page["rows"].as_array().unwrap() {
            let id = row["id"].as_str().unwrap();
            if !rooms.iter().any(|known| known == id) {
                rooms.push(id.to_owned());
            }
        }
    }
}

fn again_on_purpose(site: &Site) {
    site.ledger.repeats.lock().unwrap().1 += 1;
}

/// A member at work.
pub async fn member(site: Site, who: usize, secret: String, mut dice: Dice) {
    let client = client(1);
    let mut remembered: Option<(Value, Acked)> = None;
    let mut turn = 0;
    while site.is_open() {
        if dice.once_in(40) {
            site.look_around(&client, &secret).await;
        }
        let room = dice.of(&site.rooms.lock().unwrap()).clone();
        let (kind, mode) = if dice.once_in(6) { (Kind::Note, "note") } else { (Kind::Reply, "reply") };
        turn += 1;
        let text = format!("member {who} message {turn}");
        let new =
            json!({ "new": { "id": new_id(), "conversation": room, "mode": mode, "text": text, "attachments": [] } });
        let (status, answer) = site.call(&client, &secret, "send_message", &new).await;
        assert_eq!(status, 200, "{new}: {answer}");
        let acked = Acked::read(who, kind, &answer);
        assert_eq!((answer["id"].as_str(), acked.text.as_str()), (new["new"]["id"].as_str(), text.as_str()));
        site.ledger.ack(acked.clone());
        // R6: the same request is answered the same, now or long after, by this process or a later one; another one is refused.
        if let Some((request, acked)) = &remembered
            && dice.once_in(8)
        {
            again_on_purpose(&site);
            let (status, answer) = site.call(&client, &secret, "send_message", request).await;
            assert!(status == 200 && acked.same(&answer), "{acked:?} repeated: {status} {answer}");
            let mut other = request.clone();
            other["new"]["text"] = json!("something else");
            let (status, answer) = site.call(&client, &secret, "send_message", &other).await;
            assert_eq!(status, 409, "another message under the id of {acked:?}: {answer}");
        }
        if remembered.is_none() || dice.once_in(10) {
            remembered = Some((new, acked));
        }
        if dice.once_in(15) {
            put_away(&site, &client, &secret, &room, &mut dice).await;
        }
    }
}

/// Closes, opens again or assigns a conversation: the counters above the list move.
async fn put_away(site: &Site, client: &Client, secret: &str, room: &str, dice: &mut Dice) {
    let (status, thread) = site.call(client, secret, "thread", &json!({ "id": room })).await;
    assert_eq!(status, 200, "{thread}");
    let act = dice.of(&[json!({ "close": "resolved" }), json!("reopen"), json!({ "assign": null })]).clone();
    let request = json!({ "conversation": room, "seen": { "status": thread["row"]["state"]["status"], "assignee": thread["row"]["state"]["assignee"], "inbound": thread["row"]["inbound_count"] }, "act": act });
    let (status, answer) = site.call(client, secret, "change_state", &request).await;
    // Somebody may have been quicker, or it may have been done already by this very request before a kill.
    assert!(matches!(status.as_u16(), 200 | 409 | 422), "{request}: {status} {answer}");
}

/// A visitor's browser, or several of one office: each writes from an address of its own.
pub async fn visitors(site: Site, who: usize, mut dice: Dice) {
    let client = client(u8::try_from(who % 200).unwrap() + 2);
    let mut tokens: Vec<String> = (0..8).map(|_| new_secret()).collect();
    let mut remembered: Option<(String, Value, Acked)> = None;
    let mut turn = 0;
    while site.is_open() {
        // Now and then somebody new: a first message makes an address, a conversation, sometimes a contact.
        if dice.once_in(50) {
            tokens[dice.below(8)] = new_secret();
        }
        let token = dice.of(&tokens).clone();
        turn += 1;
        let text = format!("visitor {who} message {turn}");
        let mut body = json!({ "id": new_id(), "text": text });
        if dice.once_in(4) {
            body["name"] = json!(format!("Anna {who} {turn}"));
        }
        let (answer, again) = if dice.once_in(5) {
            again_on_purpose(&site);
            let (one, other) = tokio::join!(post(&site, &client, &token, &body), post(&site, &client, &token, &body));
            (one, Some(other))
        } else {
            (post(&site, &client, &token, &body).await, None)
        };
        let acked = Acked::read(who, Kind::Incoming, &answer);
        assert_eq!((answer["id"].as_str(), acked.text.as_str()), (body["id"].as_str(), text.as_str()));
        site.ledger.ack(acked.clone());
        if let Some(again) = again {
            assert!(acked.same(&again), "posted twice: {acked:?} and {again}");
        }
        // R3: also long after, by a later process, what came in before is known.
        if let Some((token, body, acked)) = &remembered
            && dice.once_in(8)
        {
            again_on_purpose(&site);
            let answer = post(&site, &client, token, body).await;
            assert!(acked.same(&answer), "posted again: {acked:?} and {answer}");
        }
        if remembered.is_none() || dice.once_in(10) {
            remembered = Some((token, body, acked));
        }
    }
}

/// Posts until it is taken. Who writes too much waits for the next process: it has forgotten.
async fn post(site: &Site, client: &Client, token: &str, body: &Value) -> Value {
    loop {
        let mut address = site.address.clone();
        let at = *address.borrow_and_update();
        let path = format!("/api/chat/{}/messages", site.key);
        let (status, mut answer) =
            site.ask(|origin| client.post(format!("{origin}{path}")).bearer_auth(token).json(body)).await;
        if status != 429 {
            assert_eq!(status, 200, "{body}: {answer}");
            return answer["message"].take();
        }
        let other = address.wait_for(|now| now.is_some() && *now != at);
        super::within(60, "another process after too many messages", other).await.unwrap();
    }
}

fn client(last: u8) -> Client {
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    Client::builder().local_address(from).timeout(Duration::from_secs(20)).build().unwrap()
}
