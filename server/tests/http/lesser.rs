//! S21: data that a lower role may not see is absent from its answers, not only hidden by the page.

use model::{Role, Visibility};
use serde_json::{Value, json};
use store::clock::{new_id, new_secret};

use super::{
    fixture::{App, Person},
    rights::functions,
};

/// What only who administers may know, each with words of its own.
async fn plant(app: &App) -> Vec<&'static str> {
    let invite = json!({ "new": { "role": "agent", "visibility": "all", "note": "canary-invited" } });
    assert_eq!(app.call(Some(&app.admin), "invite", invite).await.status(), 200);
    let host = |name: &str| json!({ "name": name, "port": 1, "security": "tls" });
    let settings = json!({
        "address": "support@acme.example", "name": "", "user": "canary-user", "imap": host("localhost"), "smtp": host("localhost"),
        "folder": "canary-folder", "sent_folder": null, "takes_plus": false, "signature": "",
    });
    let mailbox = json!({ "mailbox": { "id": new_id(), "settings": settings, "password": "canary-password" } });
    let made = app.call(Some(&app.admin), "connect_mailbox", mailbox).await;
    assert_eq!(made.status(), 200, "{}", made.text().await.unwrap());
    let team = json!({ "edit": { "name": "Acme canary-edit", "chat_enabled": true, "pending_after_reply": true } });
    assert_eq!(app.call(Some(&app.admin), "edit_workspace", team).await.status(), 200);
    let back = json!({ "edit": { "name": "Acme", "chat_enabled": true, "pending_after_reply": true } });
    assert_eq!(app.call(Some(&app.admin), "edit_workspace", back).await.status(), 200);
    vec!["canary-invited", "canary-user", "canary-folder", "canary-password", "canary-edit"]
}

/// Everything that somebody is answered, pages included.
async fn answers(app: &App, who: &Person, conversation: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, body, _) in functions(conversation, app) {
        if body.is_null() || ["sign_out", "invite"].contains(&name) {
            continue;
        }
        all.push((name.to_owned(), app.call(Some(who), name, body).await.text().await.unwrap()));
    }
    for part in ["channels", "members", "teams", "workspace", "system", "audit", "sessions"] {
        let path = format!("/settings/{part}");
        all.push((path.clone(), app.get(&path, Some(who)).await.text().await.unwrap()));
    }
    all.push(("/inbox".to_owned(), app.get("/inbox", Some(who)).await.text().await.unwrap()));
    all
}

#[tokio::test]
async fn s21_a_lower_role_is_told_nothing_that_is_for_admins() {
    let app = App::start().await;
    let conversation = app.visitor_writes(&new_secret(), "hello").await;
    let canaries = plant(&app).await;
    for canary in ["canary-invited", "canary-edit"] {
        let known = answers(&app, &app.admin, &conversation).await.iter().any(|(_, said)| said.contains(canary));
        assert!(known, "{canary} exists, so that the test can find it");
    }
    for who in [&app.agent, &app.viewer] {
        for (asked, said) in answers(&app, who, &conversation).await {
            for canary in &canaries {
                assert!(!said.contains(canary), "{asked} reveals {canary}");
            }
        }
    }
}

/// Numbers, names and drafts tell of a conversation as much as its text.
#[tokio::test]
async fn s21_who_does_not_see_a_conversation_is_told_nothing_of_it() {
    let app = App::start().await;
    let hash = server::auth::Passwords::new().unwrap().hash(super::fixture::PASSWORD, &[]).await.unwrap();
    let mine = app.member(Role::Agent, Visibility::Mine, &hash).await;
    let conversation = app.visitor_writes(&new_secret(), "canary-text").await;
    let make = json!({ "conversation": conversation["id"], "id": new_id(), "field": "name", "value": "canary-name" });
    assert_eq!(app.call(Some(&app.owner), "make_contact", make).await.status(), 200);
    let note = json!({ "new": { "id": new_id(), "conversation": conversation["id"], "mode": "note", "text": "canary-note", "attachments": [] } });
    assert_eq!(app.call(Some(&app.owner), "send_message", note).await.status(), 200);
    let draft = json!({ "conversation": conversation["id"], "mode": "reply", "text": "canary-draft" });
    assert_eq!(app.call(Some(&app.owner), "save_draft", draft).await.status(), 200);
    for (asked, said) in answers(&app, &mine, &conversation).await {
        for canary in ["canary-text", "canary-name", "canary-note", "canary-draft"] {
            assert!(!said.contains(canary), "{asked} reveals {canary}");
        }
    }
    let page: Value = app
        .call(Some(&mine), "inbox_page", json!({ "filter": { "view": "all" }, "after": null }))
        .await
        .json()
        .await
        .unwrap();
    let numbers = page["counts"].to_string();
    assert!(!numbers.chars().any(|c| ('1'..='9').contains(&c)), "a number counts hidden data: {numbers}");
    // A draft is its writer's alone, also among those who see the conversation.
    let thread: String =
        app.call(Some(&app.agent), "thread", json!({ "id": conversation["id"] })).await.text().await.unwrap();
    assert!(thread.contains("canary-text") && !thread.contains("canary-draft"));
}
