//! S17–S26, S34–S37, S40–S45: who has access, what they may do, and what every answer contains.

use std::collections::{BTreeMap, BTreeSet};

use model::Needs;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use server::http::{Gate, routes};
use store::clock::{new_id, new_secret};

use super::fixture::{App, PASSWORD, Person};

/// An input that is well formed, for every operation. What each needs is what it declares.
pub fn functions(conversation: &Value, app: &App) -> Vec<(&'static str, Value, Needs)> {
    let id = || json!(new_id());
    let c = conversation["id"].clone();
    let me = app.boot["me"]["member"]["id"].clone();
    let channel = app.boot["channels"][0]["id"].clone();
    // At an address that the guard lets nobody reach: the test of it ends at its first step.
    let host = json!({ "name": "127.0.0.1", "port": 1, "security": "tls" });
    let mailbox = || {
        let settings = json!({
            "address": "support@acme.example", "name": "", "user": "support@acme.example", "imap": host, "smtp": host,
            "folder": "INBOX", "sent_folder": null, "takes_plus": false, "signature": "",
        });
        json!({ "id": id(), "settings": settings, "password": "correct horse" })
    };
    let inputs = vec![
        ("accept_invite", json!(null)),
        ("set_up", json!(null)),
        ("sign_in", json!(null)),
        ("sign_out", json!(null)),
        ("bootstrap", json!({})),
        ("sessions", json!({})),
        ("end_session", json!({ "id": id() })),
        ("change_password", json!({ "old": "wrong", "new": "another long phrase" })),
        ("inbox_page", json!({ "filter": { "view": "all" }, "after": null })),
        ("thread", json!({ "id": c })),
        ("older", json!({ "id": c, "before": 1 })),
        ("search", json!({ "text": "hello", "after": null, "east": 0 })),
        ("thread_around", json!({ "id": c, "n": 1 })),
        ("newer", json!({ "id": c, "after": 0 })),
        ("mark_read", json!({ "conversation": c, "read_count": 0 })),
        (
            "send_message",
            json!({ "new": { "id": id(), "conversation": c, "mode": "note", "text": "x", "attachments": [] } }),
        ),
        ("cancel_message", json!({ "id": id() })),
        ("send_now", json!({ "id": id() })),
        (
            "change_state",
            json!({ "conversation": c, "seen": { "status": "open", "assignee": null, "inbound": 0 }, "act": "reopen" }),
        ),
        ("begin_sweep", json!({ "id": c, "filter": { "view": "mine" }, "act": "reopen" })),
        ("progress_of_sweep", json!({ "id": c })),
        ("cancel_sweep", json!({ "id": c })),
        ("act_on_many", json!({ "conversations": [[c, 1]], "act": "reopen" })),
        ("undo", json!({ "id": id() })),
        ("save_draft", json!({ "conversation": c, "mode": "reply", "text": "x" })),
        ("edit_contact", json!({ "id": id(), "field": "name", "value": "x", "seen": 1 })),
        ("make_contact", json!({ "conversation": c, "id": id(), "field": "name", "value": "x" })),
        ("set_chat", json!({ "on": true })),
        ("say_where", json!({ "tab": id(), "conversation": c, "doing": "looking" })),
        ("hide_me", json!({ "hidden": false })),
        ("support_address", json!({})),
        ("set_keys", json!({ "keys": "close=d" })),
        ("invite", json!({ "new": { "role": "agent", "visibility": "all", "note": "" } })),
        ("invites", json!({})),
        ("revoke_invite", json!({ "id": id() })),
        ("edit_member", json!({ "id": id(), "role": "agent", "visibility": "all", "disabled": false })),
        ("add_reason", json!({ "name": "Wrong number", "blocks": false })),
        ("edit_reason", json!({ "id": "spam", "name": "Spam", "blocks": true, "archived": false })),
        ("order_reasons", json!({ "order": ["spam", "resolved"] })),
        ("blocked_senders", json!({ "after": null })),
        ("unblock_sender", json!({ "id": id() })),
        (
            "close_with",
            json!({ "conversation": id(), "seen": { "status": "open", "assignee": null, "inbound": 0 }, "reason": "resolved", "words": { "id": id(), "mode": "reply", "text": "Bye", "seen": null }, "undo": id() }),
        ),
        ("add_tag", json!({ "name": "VIP", "color": null })),
        ("edit_tag", json!({ "id": 1, "name": "VIP", "color": "red", "archived": false })),
        ("merge_tag", json!({ "id": 1, "into": 2 })),
        ("tag_uses", json!({})),
        ("tag_contact", json!({ "id": id(), "tag": 1, "add": true })),
        (
            "save_view",
            json!({ "view": { "id": id(), "owner": me, "audience": "private", "name": "Mine", "icon": "star", "listing": { "filter": { "view": "all" } } } }),
        ),
        ("delete_view", json!({ "id": id() })),
        ("notices", json!({})),
        ("see_notices", json!({ "seen": { "up_to": 1 } })),
        ("switch_notices", json!({ "switches": { "listed": 15, "browser": 0 } })),
        ("order_views", json!({ "order": [id()] })),
        ("count_lists", json!({ "filters": [{ "view": "all" }] })),
        ("add_team", json!({ "id": id(), "name": "Support" })),
        ("set_in_team", json!({ "member": me, "team": id(), "inside": true })),
        ("set_team_channels", json!({ "team": id(), "channels": [channel] })),
        (
            "edit_channel",
            json!({ "edit": { "id": id(), "name": "x", "greeting": "", "auto_reply": "", "origins": [] } }),
        ),
        ("edit_workspace", json!({ "edit": { "name": "Acme", "chat_enabled": true, "pending_after_reply": true } })),
        ("audit_log", json!({ "before": null })),
        ("system_status", json!({})),
        ("revive_job", json!({ "id": id() })),
        ("find_mailbox", json!({ "address": "anna@gmail.com" })),
        ("check_mailbox", json!({ "mailbox": mailbox() })),
        ("connect_mailbox", json!({ "mailbox": mailbox() })),
        ("mailbox_status", json!({ "id": id() })),
        ("pause_channel", json!({ "id": id(), "paused": true })),
        ("backfill", json!({ "id": id(), "days": 30 })),
        ("read_mail_again", json!({ "id": id() })),
    ];
    let needs: BTreeMap<_, _> = app::api::operations().map(|one| (one.name, one.needs)).collect();
    let listed: BTreeSet<_> = inputs.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, needs.keys().copied().collect(), "an operation without an input here is tried by no test");
    inputs.into_iter().map(|(name, input)| (name, input, needs[name])).collect()
}

#[tokio::test]
async fn s17_every_function_asks_who_and_may() {
    let app = App::start().await;
    let conversation = app.visitor_writes(&new_secret(), "hello").await;
    let table = functions(&conversation, &app);
    for (name, body, needs) in &table {
        if matches!(needs, Needs::Nothing) || *name == "sign_out" {
            continue;
        }
        let status = app.call(None, name, body.clone()).await.status();
        assert_eq!(status, 401, "{name} as a stranger");
        for (who, role) in
            [(&app.viewer, model::Role::Viewer), (&app.agent, model::Role::Agent), (&app.admin, model::Role::Admin)]
        {
            let status = app.call(Some(who), name, body.clone()).await.status().as_u16();
            let allowed = match needs {
                Needs::May(permission) => role.may(*permission, &[]),
                _ => true,
            };
            // What is allowed may still meet an id that does not exist, or an input that is refused; never a 401, 403 or a fault.
            let fine = if allowed { matches!(status, 200 | 404 | 409 | 422) } else { status == 403 };
            assert!(fine, "{name} as {role:?}: {status}");
        }
    }
}

#[tokio::test]
async fn registered_functions_are_listed() {
    let _ = App::start().await;
    let registered: BTreeSet<String> = leptos::server_fn::axum::server_fn_paths()
        .map(|(path, _)| path.trim_start_matches("/api/fn/").to_owned())
        .collect();
    assert_eq!(registered, app::api::operations().map(|one| one.name.to_owned()).collect());
}

#[tokio::test]
async fn s23_no_route_opens_without_a_session() {
    let app = App::start().await;
    for route in routes().iter().filter(|route| route.gate == Gate::Member) {
        let path = route.path.replace("{id}", &new_id().to_string()).replace("{part}", "members");
        for method in route.methods {
            for cookie in [None, Some(Person { secret: new_secret() }), Some(Person { secret: String::new() })] {
                let answer =
                    app.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, cookie.as_ref(), None).await;
                let status = answer.status().as_u16();
                let to_sign_in =
                    status == 303 && answer.headers()["location"].to_str().unwrap().starts_with("/sign-in");
                assert!(status == 401 || to_sign_in, "{method} {path}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn s24_every_answer_carries_its_headers() {
    let app = App::start().await;
    for path in [
        "/inbox",
        "/sign-in",
        "/api/fn/bootstrap",
        "/healthz",
        "/nothing",
        "/api/live",
        "/chat/x",
        &format!("/widget/{}", app.key),
    ] {
        let head = app.get(path, Some(&app.owner)).await.headers().clone();
        assert_eq!(head["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(head["referrer-policy"], "same-origin", "{path}");
        assert!(head.contains_key("content-security-policy"), "{path}");
        assert_eq!(head["cache-control"], "no-store", "{path}");
        let policy = head["content-security-policy"].to_str().unwrap();
        assert!(
            !policy.contains("'unsafe-eval'") && !policy.contains("script-src 'unsafe-inline'"),
            "{path}: {policy}"
        );
    }
    let page = app.get("/inbox", Some(&app.owner)).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    assert!(nonce.len() >= 16);
    let html = page.text().await.unwrap();
    for script in html.split("<script").skip(1) {
        assert!(
            script.split('>').next().unwrap().contains(&nonce),
            "a script without this answer's nonce: <script{}",
            &script[..script.len().min(80)]
        );
    }
}

#[tokio::test]
async fn s34_s35_other_sites_can_do_nothing() {
    let app = App::start().await;
    let client = Client::new();
    let cookie = format!("tandem={}", app.owner.secret);
    let paths = app::api::operations().map(|one| format!("/api/fn/{}", one.name)).chain(["/api/files".to_owned()]);
    for path in paths {
        for origin in [None, Some("null"), Some("https://evil.example"), Some("http://127.0.0.1:1")] {
            for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
                let mut request =
                    client.post(app.url(&path)).header("cookie", &cookie).header("content-type", kind).body("{}");
                if let Some(origin) = origin {
                    request = request.header("origin", origin);
                }
                assert_eq!(request.send().await.unwrap().status(), 403, "{path} from {origin:?} as {kind}");
            }
        }
        // Reading by GET never runs a function.
        let status = client.get(app.url(&path)).header("cookie", &cookie).send().await.unwrap().status();
        assert_eq!(status, 405, "{path}");
    }
    let foreign = client
        .get(app.url("/api/live"))
        .header("cookie", &cookie)
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), 403);
}

#[tokio::test]
async fn s41_s45_s47_signing_in() {
    let app = App::start().await;
    let sign_in = async |email: &str, password: &str| {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form = [("email", email), ("password", password)];
        let body = form
            .iter()
            .map(|(k, v)| format!("{k}={}", v.replace(' ', "+").replace('\0', "%00").replace('@', "%40")))
            .collect::<Vec<_>>()
            .join("&");
        let request = client
            .post(app.url("/api/fn/sign_in"))
            .header("origin", app.origin())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-for", format!("198.51.100.{}", rand_byte()))
            .body(body);
        let answer = request.send().await.unwrap();
        let cookie = answer.headers().get("set-cookie").map(|c| c.to_str().unwrap().to_owned());
        (answer.status().as_u16(), cookie, answer.text().await.unwrap())
    };
    // An unknown account and a wrong password are told apart by nothing.
    let unknown = sign_in("nobody@example.com", "wrong password").await;
    let wrong = sign_in("owner@example.com", "wrong password").await;
    assert_eq!(unknown, wrong);
    assert!(wrong.1.is_none() && wrong.0 == 422);
    for password in ["", "\0", &format!("{PASSWORD}\0"), &"x".repeat(100_000)] {
        assert!(sign_in("owner@example.com", password).await.1.is_none(), "{password:.20}");
    }
    let (_, cookie, _) = sign_in("OWNER@example.com", PASSWORD).await;
    let cookie = cookie.expect("the right password works");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"));
    // Too often, whatever address the request claims to come from.
    let mut last = 0;
    for _ in 0..12 {
        last = sign_in("owner@example.com", "wrong password").await.0;
    }
    assert_eq!(last, 429);
    assert_eq!(sign_in("owner@example.com", PASSWORD).await.0, 429, "also with the right password");
}

fn rand_byte() -> u8 {
    store::clock::random_bytes::<1>()[0]
}

#[tokio::test]
async fn s44_a_session_ends_for_good() {
    let app = App::start().await;
    assert_eq!(app.call(Some(&app.agent), "bootstrap", json!({})).await.status(), 200);
    let sessions: Value = app.call(Some(&app.agent), "sessions", json!({})).await.json().await.unwrap();
    let id = sessions[0]["id"].clone();
    assert_eq!(
        app.call(Some(&app.owner), "end_session", json!({ "id": id })).await.status(),
        404,
        "a member cannot end another member's session"
    );
    assert_eq!(app.call(Some(&app.agent), "end_session", json!({ "id": id })).await.status(), 200);
    assert_eq!(app.call(Some(&app.agent), "bootstrap", json!({})).await.status(), 401);
}

#[tokio::test]
async fn s26_nobody_raises_themselves() {
    let app = App::start().await;
    let members = app.boot["members"].as_array().unwrap().clone();
    let find = |role: &str| members.iter().find(|m| m["role"] == role).unwrap()["id"].clone();
    let (owner, admin, agent) = (find("owner"), find("admin"), find("agent"));
    let edit = |id: &Value, role: &str| json!({ "id": id, "role": role, "visibility": "all", "disabled": false });
    assert_eq!(app.call(Some(&app.agent), "edit_member", edit(&agent, "admin")).await.status(), 403);
    assert_eq!(app.call(Some(&app.admin), "edit_member", edit(&admin, "owner")).await.status(), 403);
    assert_eq!(app.call(Some(&app.admin), "edit_member", edit(&owner, "viewer")).await.status(), 403);
    assert_eq!(
        app.call(Some(&app.owner), "edit_member", edit(&owner, "viewer")).await.status(),
        422,
        "the last owner cannot be removed"
    );
    let invite = json!({ "new": { "role": "owner", "visibility": "all", "note": "" } });
    assert_eq!(app.call(Some(&app.admin), "invite", invite).await.status(), 403);
}

#[tokio::test]
async fn s5_s6_text_stays_text() {
    let app = App::start().await;
    let payload = "\"><img src=x onerror=alert(1)><script>alert(2)</script>";
    let row = app.visitor_writes(&new_secret(), payload).await;
    let make = json!({ "conversation": row["id"], "id": new_id(), "field": "name", "value": payload });
    assert_eq!(app.call(Some(&app.owner), "make_contact", make).await.status(), 200);
    for path in [
        "/inbox".to_owned(),
        format!("/inbox/{}", row["id"].as_str().unwrap()),
        "/inbox?view=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E".to_owned(),
    ] {
        let html = app.get(&path, Some(&app.owner)).await.text().await.unwrap();
        // Inside an attribute the brackets are harmless as long as the quote cannot be left.
        assert!(!html.contains("\"><img src=x"), "{path}");
    }
    let html = app.get("/sign-in?next=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E", None).await.text().await.unwrap();
    assert!(!html.contains("\"><img src=x"));
}

#[tokio::test]
async fn s40_large_and_odd_requests_are_cut_early() {
    let app = App::start().await;
    let big = json!({ "new": { "id": new_id(), "conversation": new_id(), "mode": "reply", "text": "x".repeat(400_000), "attachments": [] } });
    let status = app.call(Some(&app.owner), "send_message", big).await.status().as_u16();
    assert!((400..500).contains(&status), "{status}");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let answer = Client::new()
        .post(app.url("/api/fn/thread"))
        .header("origin", app.origin())
        .header("cookie", format!("tandem={}", app.owner.secret))
        .header("content-type", "application/json")
        .body(deep)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_client_error(), "{}", answer.status());
}

#[tokio::test]
async fn s36_s37_paths_stay_inside() {
    let app = App::start().await;
    for path in
        ["/assets/..%2f..%2fCargo.toml", "/assets/%2e%2e/manifest.json", "/api/files/..%2f..%2ft.db", "/api/files/%00"]
    {
        let status = app.get(path, Some(&app.owner)).await.status().as_u16();
        assert!(matches!(status, 404 | 400), "{path}: {status}");
    }
}
