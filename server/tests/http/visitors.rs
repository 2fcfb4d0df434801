//! Visitors of a web chat: their messages are stored once, and they see only their own data.

use reqwest::Client;
use serde_json::{Value, json};
use store::clock::{new_id, new_secret};

use super::fixture::App;

async fn messages(app: &App, token: &str) -> Vec<Value> {
    let url = app.url(&format!("/api/chat/{}/messages", app.key));
    let answer: Value = Client::new().get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    answer["messages"].as_array().unwrap().clone()
}

#[tokio::test]
async fn r3_r6_the_same_message_fifty_times_is_one() {
    let app = App::start().await;
    let (token, id) = (new_secret(), new_id());
    let sends = (0..30).map(|_| app.chat_post(&token, "messages", json!({ "id": id, "text": "once" })));
    for answer in futures::future::join_all(sends).await {
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(messages(&app, &token).await.len(), 1);
    let other = app.chat_post(&token, "messages", json!({ "id": id, "text": "twice" })).await;
    assert_eq!(other.status(), 409);
    let stranger = app.chat_post(&new_secret(), "messages", json!({ "id": id, "text": "once" })).await;
    assert_eq!(stranger.status(), 409, "another visitor's id gives access to nothing");
}

#[tokio::test]
async fn s22_s48_a_visitor_sees_their_own_conversation_without_notes() {
    let app = App::start().await;
    let (anna, ben) = (new_secret(), new_secret());
    let row = app.visitor_writes(&anna, "I am Anna").await;
    let send = |mode: &str, text: &str| json!({ "new": { "id": new_id(), "conversation": row["id"], "mode": mode, "text": text, "attachments": [] } });
    assert_eq!(app.call(Some(&app.agent), "send_message", send("note", "canary-note")).await.status(), 200);
    assert_eq!(app.call(Some(&app.agent), "send_message", send("reply", "Hello Anna")).await.status(), 200);
    let seen = async || {
        for _ in 0..200 {
            let all = messages(&app, &anna).await;
            if all.len() == 2 {
                return all;
            }
            tokio::task::yield_now().await;
        }
        messages(&app, &anna).await
    };
    let all = seen().await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(!json!(all).to_string().contains("canary-note"));
    assert_eq!((all[1]["text"].as_str(), all[1]["author"].as_str()), (Some("Hello Anna"), Some("The agent")));
    assert!(messages(&app, &ben).await.is_empty(), "another token sees nothing");
    let short = Client::new()
        .get(app.url(&format!("/api/chat/{}/messages", app.key)))
        .bearer_auth("guess")
        .send()
        .await
        .unwrap();
    assert_eq!(short.status(), 401);
    let nowhere = Client::new().get(app.url("/api/chat/nokey/messages")).bearer_auth(&anna).send().await.unwrap();
    assert_eq!(nowhere.status(), 404);
}

#[tokio::test]
async fn s8_s9_files_are_inert_and_private() {
    let app = App::start().await;
    let (anna, ben) = (new_secret(), new_secret());
    let upload = async |token: &str, name: &str, bytes: &'static [u8]| {
        let url = app.url(&format!("/api/chat/{}/attachments?name={name}", app.key));
        Client::new().post(url).header("origin", app.origin()).bearer_auth(token).body(bytes).send().await.unwrap()
    };
    let answer =
        upload(&anna, "..%2F..%2Fevil%0D%0A.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").await;
    assert_eq!(answer.status(), 201);
    let file: Value = answer.json().await.unwrap();
    assert_eq!((file["name"].as_str(), file["type"].as_str()), (Some("evil.svg"), Some("application/octet-stream")));
    let id = file["id"].as_str().unwrap();
    let get = async |token: &str| {
        Client::new()
            .get(app.url(&format!("/api/chat/{}/attachments/{id}", app.key)))
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(get(&ben).await.status(), 404);
    // Another visitor cannot make it part of their message either.
    let stolen = app.chat_post(&ben, "messages", json!({ "id": new_id(), "text": "", "attachments": [id] })).await;
    assert_eq!(stolen.status(), 422);
    let sent = app.chat_post(&anna, "messages", json!({ "id": new_id(), "text": "see", "attachments": [id] })).await;
    assert_eq!(sent.status(), 200);
    let answer = app.get(&format!("/api/files/{id}"), Some(&app.agent)).await;
    assert_eq!(answer.status(), 200);
    let head = answer.headers();
    assert!(head["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"evil.svg\""));
    assert!(head["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(head["x-content-type-options"], "nosniff");
    assert_eq!(app.get(&format!("/api/files/{id}"), None).await.status(), 401);
}
