//! S26, S42, S44, S58 in a browser: links, passwords, sessions, and their entries in the audit log.

use reqwest::{Client, Response};
use serde_json::{Value, json};
use store::clock::{new_id, new_secret};

use super::fixture::{App, PASSWORD, Person};

/// A form as a page without scripts sends it, read by a program.
async fn form(app: &App, function: &str, fields: &[(&str, &str)]) -> Response {
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let request = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let request = request.post(app.url(&format!("/api/fn/{function}"))).header("origin", app.origin());
    request.header("content-type", "application/x-www-form-urlencoded").body(body.join("&")).send().await.unwrap()
}

async fn invite(app: &App, who: &Person, role: &str) -> String {
    let new = json!({ "new": { "role": role, "visibility": "all", "note": "" } });
    let made: Value = app.call(Some(who), "invite", new).await.json().await.unwrap();
    made["link"].as_str().unwrap().split("token=").nth(1).unwrap().to_owned()
}

async fn accept(app: &App, token: &str, email: &str, password: &str) -> u16 {
    let fields = [("token", token), ("name", "Jonas"), ("email", email), ("password", password)];
    form(app, "accept_invite", &fields).await.status().as_u16()
}

/// The newest lines of the audit log: what, from where, more about it.
async fn log(app: &App) -> Vec<(String, String, String)> {
    let page: Value = app.call(Some(&app.owner), "audit_log", json!({ "before": null })).await.json().await.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = page["lines"].as_array().unwrap().iter();
    lines.map(|line| (text(&line["what"]), text(&line["address"]), text(&line["detail"]))).collect()
}

fn id_of(app: &App, role: &str) -> Value {
    let members = app.boot["members"].as_array().unwrap();
    members.iter().find(|member| member["role"] == role).unwrap()["id"].clone()
}

#[tokio::test]
async fn s42_s58_an_invitation_is_for_one_person_and_as_good_as_its_maker() {
    let app = App::start().await;
    let token = invite(&app, &app.admin, "admin").await;
    for wrong in ["", "%00", &new_secret(), &app.owner.secret, &token[1..], &format!("{token} ")] {
        assert_eq!(accept(&app, wrong, "x@acme.example", PASSWORD).await, 422, "{wrong:?}");
        let set_up = [
            ("new[token]", wrong),
            ("new[workspace]", "Mine"),
            ("new[name]", "M"),
            ("new[email]", "m@acme.example"),
            ("new[password]", PASSWORD),
        ];
        assert!(!form(&app, "set_up", &set_up).await.headers().contains_key("set-cookie"), "{wrong:?}");
    }
    assert!(matches!(accept(&app, &token, "jonas@acme.example", PASSWORD).await, 200 | 302));
    assert_eq!(accept(&app, &token, "again@acme.example", PASSWORD).await, 422, "used");

    let token = invite(&app, &app.admin, "admin").await;
    let disable = json!({ "id": id_of(&app, "admin"), "role": "admin", "visibility": "all", "disabled": true });
    assert_eq!(app.call(Some(&app.owner), "edit_member", disable).await.status(), 200);
    assert_eq!(accept(&app, &token, "back@acme.example", PASSWORD).await, 422, "the maker of the link is disabled");
}

/// The page that a link leads to tells its address to no other site.
#[tokio::test]
async fn s42_a_links_secret_leaves_by_no_referrer_and_is_kept_as_a_hash() {
    let app = App::start().await;
    let token = invite(&app, &app.admin, "agent").await;
    let page = app.get(&format!("/invite?token={token}"), None).await;
    assert_eq!(page.headers()["referrer-policy"], "same-origin");
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    for file in ["t.db", "t.db-wal"] {
        let bytes = std::fs::read(app.data().join(file)).unwrap();
        for secret in [&token, &app.owner.secret, &app.agent.secret] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{file} contains a secret");
        }
    }
}

#[tokio::test]
async fn s44_a_new_password_makes_a_new_secret_and_ends_the_rest() {
    let app = App::start().await;
    let link = invite(&app, &app.owner, "agent").await;
    let elsewhere = form(&app, "sign_in", &[("email", "owner@example.com"), ("password", PASSWORD)]).await;
    let secret_in = |answer: &Response| {
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        cookie.trim_start_matches("tandem=").split(';').next().unwrap().to_owned()
    };
    let elsewhere = Person { secret: secret_in(&elsewhere) };
    let wrong = json!({ "old": "not this one", "new": "another long phrase" });
    assert_eq!(app.call(Some(&app.owner), "change_password", wrong).await.status(), 422);
    assert_eq!(app.call(Some(&elsewhere), "bootstrap", json!({})).await.status(), 200, "nothing has changed");
    assert_eq!(log(&app).await[0].0, "password.refused");
    for bad in ["password", "qwertyui", "Acme2026!", "owner@example.com", "The owner 1"] {
        let change = json!({ "old": PASSWORD, "new": bad });
        let answer = app.call(Some(&app.owner), "change_password", change).await;
        assert_eq!(answer.status(), 422, "{bad}");
        assert!(answer.text().await.unwrap().contains("Use another one"), "{bad}");
    }

    let change = json!({ "old": PASSWORD, "new": "another long phrase" });
    let answer = app.call(Some(&app.owner), "change_password", change).await;
    assert_eq!(answer.status(), 200);
    let renewed = Person { secret: secret_in(&answer) };
    assert_ne!(renewed.secret, app.owner.secret);
    for old in [&app.owner, &elsewhere] {
        assert_eq!(app.call(Some(old), "bootstrap", json!({})).await.status(), 401);
    }
    let sessions: Value = app.call(Some(&renewed), "sessions", json!({})).await.json().await.unwrap();
    assert_eq!((sessions.as_array().unwrap().len(), &sessions[0]["this"]), (1, &json!(true)));
    assert_eq!(
        accept(&app, &link, "jonas@acme.example", PASSWORD).await,
        422,
        "a link from before the change of password"
    );
    assert!(
        !form(&app, "sign_in", &[("email", "owner@example.com"), ("password", PASSWORD)])
            .await
            .headers()
            .contains_key("set-cookie")
    );
}

#[tokio::test]
async fn new_members_choose_no_password_that_anybody_would_try() {
    let app = App::start().await;
    let token = invite(&app, &app.admin, "agent").await;
    for bad in ["iloveyou", "jonas@acme.example", "Jonas1234", "acme-acme", "TANDEM2026"] {
        assert_eq!(accept(&app, &token, "jonas@acme.example", bad).await, 422, "{bad}");
    }
    assert!(matches!(accept(&app, &token, "jonas@acme.example", PASSWORD).await, 200 | 302));
}

#[tokio::test]
async fn s26_who_is_refused_leaves_a_line() {
    let app = App::start().await;
    let (owner, admin, agent) = (id_of(&app, "owner"), id_of(&app, "admin"), id_of(&app, "agent"));
    let edit = |id: &Value, role: &str| json!({ "id": id, "role": role, "visibility": "all", "disabled": false });
    let owners_link = json!({ "new": { "role": "owner", "visibility": "all", "note": "" } });
    let attempts = [
        ("edits a role", &app.agent, "edit_member", edit(&admin, "viewer"), 403),
        ("raises themselves", &app.agent, "edit_member", edit(&agent, "admin"), 403),
        ("invites an owner", &app.admin, "invite", owners_link, 403),
        (
            "invites at all",
            &app.viewer,
            "invite",
            json!({ "new": { "role": "viewer", "visibility": "all", "note": "" } }),
            403,
        ),
        ("changes their own role", &app.admin, "edit_member", edit(&admin, "agent"), 422),
        ("is the last owner and leaves", &app.owner, "edit_member", edit(&owner, "viewer"), 422),
        ("reads what is for admins", &app.agent, "audit_log", json!({ "before": null }), 403),
        ("reads the invitations", &app.viewer, "invites", json!({}), 403),
    ];
    for (what, who, function, body, status) in attempts {
        let before = log(&app).await.len();
        assert_eq!(app.call(Some(who), function, body).await.status(), status, "{what}");
        let lines = log(&app).await;
        assert_eq!(lines.len(), before + 1, "{what}");
        assert_eq!(lines[0], ("refused".to_owned(), "127.0.0.1".to_owned(), format!("asked: {function}")), "{what}");
    }
    // Whatever the client says it would rather have.
    let before = log(&app).await.len();
    let sly = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let sly = sly.post(app.url("/api/fn/edit_member")).header("origin", app.origin()).header("accept", "text/html");
    let sly = sly.header("cookie", format!("tandem={}", app.agent.secret)).json(&edit(&agent, "admin"));
    assert_eq!(sly.send().await.unwrap().status(), 403);
    assert_eq!(log(&app).await.len(), before + 1);
    // What is no server function is asked for its rights too.
    let source = format!("/api/quarantine/{}/source", new_id());
    assert_eq!(app.get(&source, Some(&app.agent)).await.status(), 403);
    assert_eq!(log(&app).await[0].2, format!("asked: {source}"));
}

#[tokio::test]
async fn n10_sign_ins_and_refused_ones_are_noted() {
    let app = App::start().await;
    let before = log(&app).await.len();
    form(&app, "sign_in", &[("email", "owner@example.com"), ("password", "not this one")]).await;
    form(&app, "sign_in", &[("email", "nobody@example.com"), ("password", "not this one")]).await;
    // Nobody waits for the line of a refused sign-in: it comes a moment later.
    let noted = async {
        while log(&app).await.len() == before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), noted).await.expect("the refusal is logged");
    assert_eq!(log(&app).await[0], ("session.refused".to_owned(), "127.0.0.1".to_owned(), String::new()));
    form(&app, "sign_in", &[("email", "owner@example.com"), ("password", PASSWORD)]).await;
    let lines = log(&app).await;
    assert_eq!((lines[0].0.as_str(), lines[0].1.as_str(), lines.len()), ("session.began", "127.0.0.1", before + 2));
    let signed_out = app.call(Some(&app.agent), "sign_out", json!({})).await.status().as_u16();
    assert!(matches!(signed_out, 200 | 302), "{signed_out}");
    assert_eq!(log(&app).await[0].0, "session.ended");
}

/// A tab that was left open when somebody else signed in here still has the first one's page, and sends the second one's cookie.
#[tokio::test]
async fn s24_what_one_member_wrote_is_not_sent_as_another() {
    let app = App::start().await;
    let row = app.visitor_writes(&new_secret(), "hello").await;
    let (agent, admin) = (id_of(&app, "agent"), id_of(&app, "admin"));
    let send = |by: &Value| json!({ "new": { "id": new_id(), "conversation": row["id"], "mode": "reply", "text": "Mine", "attachments": [], "by": by } });
    let draft = |by: &Value| json!({ "conversation": row["id"], "mode": "reply", "text": "Mine", "by": by });
    for (function, body) in [("send_message", send(&agent)), ("save_draft", draft(&agent))] {
        assert_eq!(app.call(Some(&app.admin), function, body.clone()).await.status(), 401, "{function}");
        assert_eq!(app.call(Some(&app.agent), function, body).await.status(), 200, "{function}");
    }
    assert_eq!(app.call(Some(&app.admin), "send_message", send(&admin)).await.status(), 200);
}
