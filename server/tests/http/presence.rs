//! T12: who looks or writes is told at once, to those who may know it, and kept nowhere.

use std::time::Duration;

use model::{Role, Visibility};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use store::clock::{new_id, new_secret};

use super::fixture::{App, Person};

/// An open stream, and what was told on it.
struct Listener {
    stream: Response,
    told: String,
}

impl Listener {
    async fn of(app: &App, who: &Person) -> Self {
        Self::on(app.get("/api/live?since=0", Some(who)).await)
    }

    async fn visitor(app: &App, token: &str) -> Self {
        let url = app.url(&format!("/api/chat/{}/stream", app.key));
        let mut it = Self::on(Client::new().get(url).bearer_auth(token).send().await.unwrap());
        it.until("event: snapshot").await;
        it
    }

    fn on(stream: Response) -> Self {
        assert_eq!(stream.status(), 200);
        Self { stream, told: String::new() }
    }

    /// Waits until this is told, and forgets it with what came before, which is the answer.
    async fn until(&mut self, what: &str) -> String {
        loop {
            if let Some(at) = self.told.find(what) {
                let rest = self.told.split_off(at + what.len());
                let mut before = std::mem::replace(&mut self.told, rest);
                before.truncate(at);
                return before;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.stream.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("\"{what}\" is told in time, not only: {}", self.told));
            self.told.push_str(&String::from_utf8_lossy(&chunk.unwrap().expect("the stream stays open")));
        }
    }

    /// What is told next of a conversation, without its id.
    async fn next_of(&mut self, conversation: &str) -> String {
        self.until(&format!("event: presence\ndata: {conversation}")).await;
        self.until("\n").await.trim().to_owned()
    }
}

struct World {
    app: App,
    anna: String,
    conversation: String,
}

async fn world() -> World {
    let app = App::start().await;
    let anna = new_secret();
    let row = app.visitor_writes(&anna, "Hello").await;
    World { conversation: row["id"].as_str().unwrap().to_owned(), app, anna }
}

impl World {
    async fn say(&self, who: &Person, conversation: Option<&str>, doing: &str) -> u16 {
        self.say_in(who, &new_id().to_string(), conversation, doing).await
    }

    async fn say_in(&self, who: &Person, tab: &str, conversation: Option<&str>, doing: &str) -> u16 {
        let said = json!({ "tab": tab, "conversation": conversation, "doing": doing });
        self.app.call(Some(who), "say_where", said).await.status().as_u16()
    }

    async fn me(&self, who: &Person) -> String {
        let boot: Value = self.app.call(Some(who), "bootstrap", json!({})).await.json().await.unwrap();
        boot["me"]["member"]["id"].as_str().unwrap().to_owned()
    }

    async fn last_event(&self) -> i64 {
        let boot: Value = self.app.call(Some(&self.app.owner), "bootstrap", json!({})).await.json().await.unwrap();
        boot["seq"].as_i64().unwrap()
    }

    async fn assign(&self, to: &str) {
        let thread: Value = self
            .app
            .call(Some(&self.app.owner), "thread", json!({ "id": self.conversation }))
            .await
            .json()
            .await
            .unwrap();
        let seen = json!({ "status": "open", "assignee": thread["row"]["state"]["assignee"], "inbound": 1 });
        let act = json!({ "conversation": self.conversation, "seen": seen, "act": { "assign": to } });
        let answer = self.app.call(Some(&self.app.owner), "change_state", act).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn t12_who_looks_and_writes_is_told_and_is_in_no_log() {
    let world = world().await;
    let (app, c) = (&world.app, world.conversation.as_str());
    let (agent, tab) = (world.me(&app.agent).await, new_id().to_string());
    let mut owner = Listener::of(app, &app.owner).await;
    owner.until("event: presence\ndata: =\n").await;
    let before = world.last_event().await;
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "looking").await, 200);
    assert_eq!(owner.next_of(c).await, format!("l{agent}"));
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "reply").await, 200);
    assert_eq!(owner.next_of(c).await, format!("r{agent}"));
    // Whoever connects is told what there is.
    let mut late = Listener::of(app, &app.admin).await;
    late.until(&format!("event: presence\ndata: ={c} r{agent}\n")).await;
    // Who only reads may look and not write.
    assert_eq!(world.say(&app.viewer, Some(c), "reply").await, 403);
    assert_eq!(world.say(&app.viewer, Some(c), "note").await, 403);
    assert_eq!(world.say(&app.viewer, Some(c), "looking").await, 200);
    assert!(owner.next_of(c).await.contains(&format!("r{agent}")));
    assert_eq!(world.say_in(&app.agent, &tab, None, "looking").await, 200);
    assert!(!owner.next_of(c).await.contains(&agent), "gone at once when they say so");
    assert_eq!(world.last_event().await, before, "no event");
    // A member who hides is in the next thing they say.
    assert_eq!(app.call(Some(&app.agent), "hide_me", json!({ "hidden": true })).await.status(), 200);
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "reply").await, 200);
    assert_eq!(app.chat_post(&world.anna, "typing", json!({ "on": true })).await.status(), 204);
    let told = owner.next_of(c).await;
    assert!(told.starts_with("r ") && !told.contains(&agent), "{told}");
}

#[tokio::test]
async fn s19_who_may_not_see_a_conversation_is_told_nothing_and_may_say_nothing() {
    let world = world().await;
    let (app, c) = (&world.app, world.conversation.as_str());
    let hash = server::auth::Passwords::new().unwrap().hash(super::fixture::PASSWORD, &[]).await.unwrap();
    let restricted = app.member(Role::Agent, Visibility::Mine, &hash).await;
    let (agent, theirs) = (world.me(&app.agent).await, world.me(&restricted).await);
    let mut listener = Listener::of(app, &restricted).await;
    listener.until("event: presence\ndata: =\n").await;
    assert_eq!(world.say(&restricted, Some(c), "looking").await, 404);
    assert_eq!(world.say(&app.agent, Some(&new_id().to_string()), "looking").await, 404, "of no workspace, or another");
    let tab = new_id().to_string();
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "looking").await, 200);
    // Now it becomes theirs, and then somebody else's again.
    world.assign(&theirs).await;
    let before = listener.until("event: presence\ndata: ").await;
    assert!(!before.contains(&agent), "not before they see it: {before}");
    assert_eq!(listener.until("\n").await.trim(), format!("{c} l{agent}"));
    world.assign(&agent).await;
    assert_eq!(listener.next_of(c).await, "", "once that nobody is there");
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "reply").await, 200);
    let mut late = Listener::of(app, &restricted).await;
    late.until("event: presence\ndata: =\n").await;
    // Something that they do see comes after what they must not.
    world.assign(&theirs).await;
    let between = listener.until(&format!("{c} r{agent}")).await;
    assert!(!between.contains(&format!("r{agent}")), "{between}");
}

#[tokio::test]
async fn s22_a_visitor_is_told_that_somebody_writes_to_them_and_nothing_else() {
    let world = world().await;
    let (app, c) = (&world.app, world.conversation.as_str());
    let (agent, tab) = (world.me(&app.agent).await, new_id().to_string());
    let mut visitor = Listener::visitor(app, &world.anna).await;
    let stranger_token = new_secret();
    let mut stranger = Listener::visitor(app, &stranger_token).await;
    let mut owner = Listener::of(app, &app.owner).await;
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "note").await, 200);
    owner.next_of(c).await;
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "reply").await, 200);
    let before = visitor.until("event: typing\ndata: {\"on\":true}\n").await;
    assert!(!before.contains("typing") && !before.contains(&agent), "a note is not said: {before}");
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "looking").await, 200);
    let told = visitor.until("event: typing\ndata: {\"on\":false}\n").await;
    assert!(!told.contains(&agent) && !told.contains("The agent"), "{told}");
    // Theirs is told to us, and ends with the message.
    assert_eq!(app.chat_post(&world.anna, "typing", json!({ "on": true })).await.status(), 204);
    owner.until(&format!("{c} r l{agent}\n")).await;
    let message = json!({ "id": new_id(), "text": "There it is" });
    assert_eq!(app.chat_post(&world.anna, "messages", message).await.status(), 200);
    owner.until(&format!("{c} l{agent}\n")).await;
    // Switched off, it is said no more.
    let off =
        json!({ "edit": { "name": "Acme", "chat_enabled": true, "pending_after_reply": true, "shows_typing": false } });
    assert_eq!(app.call(Some(&app.owner), "edit_workspace", off).await.status(), 200);
    assert_eq!(world.say_in(&app.agent, &tab, Some(c), "reply").await, 200);
    owner.until(&format!("{c} r{agent}\n")).await;
    let reply =
        json!({ "new": { "id": new_id(), "conversation": c, "mode": "reply", "text": "The last", "attachments": [] } });
    assert_eq!(app.call(Some(&app.agent), "send_message", reply).await.status(), 200);
    let before = visitor.until("The last").await;
    assert!(!before.contains("\"on\":true"), "{before}");
    // A stranger has nobody to tell, and another visitor hears nothing of all this.
    let other = new_secret();
    assert_eq!(app.chat_post(&other, "typing", json!({ "on": true })).await.status(), 204);
    assert_eq!(
        app.chat_post(&stranger_token, "messages", json!({ "id": new_id(), "text": "My own" })).await.status(),
        200
    );
    let before = stranger.until("My own").await;
    assert!(!before.contains("typing"), "{before}");
}

#[tokio::test]
async fn s53_floods_are_refused_and_a_thousand_tabs_are_one_person() {
    let world = world().await;
    let (app, c) = (&world.app, world.conversation.as_str());
    let typing = async || app.chat_post(&world.anna, "typing", json!({ "on": true })).await.status().as_u16();
    let mut answers = Vec::new();
    for _ in 0..80 {
        answers.push(typing().await);
    }
    assert!(answers.iter().take(60).all(|status| *status == 204) && answers.last() == Some(&429), "{answers:?}");
    let odd = app.chat_post(&world.anna, "typing", json!({ "on": "yes", "conversation": c })).await.status().as_u16();
    assert!((400..500).contains(&odd), "{odd}");
    let guess = app.chat_post("guess", "typing", json!({ "on": true })).await.status();
    assert_eq!(guess, 401);
    let agent = world.me(&app.agent).await;
    let mut told = Vec::new();
    for _ in 0..140 {
        told.push(world.say(&app.agent, Some(c), "looking").await);
    }
    assert!(told.iter().take(120).all(|status| *status == 200) && told.last() == Some(&429), "{told:?}");
    let mut owner = Listener::of(app, &app.owner).await;
    owner.until("event: presence\ndata: =").await;
    let everybody = owner.until("\n").await;
    assert_eq!(everybody.matches(&agent).count(), 1, "{everybody}");
}
