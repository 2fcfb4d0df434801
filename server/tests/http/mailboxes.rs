//! H9: what an administrator may do with a mailbox's stored password without knowing it.

use reqwest::Response;
use serde_json::{Value, json};
use store::clock::new_id;

use super::fixture::App;

const USER: &str = "support@acme.example";

/// A mailbox at places that the guard lets nobody reach: the test of it ends at its first step.
fn mailbox(id: &Value, imap: &str, smtp: &str, user: &str, password: Option<&str>) -> Value {
    let host = |name: &str| json!({ "name": name, "port": 1, "security": "tls" });
    let settings = json!({
        "address": USER, "name": "", "user": user, "imap": host(imap), "smtp": host(smtp),
        "folder": "INBOX", "sent_folder": null, "takes_plus": false, "signature": "",
    });
    json!({ "mailbox": { "id": id, "settings": settings, "password": password } })
}

#[tokio::test]
async fn s25_a_stored_password_goes_where_it_was_entered_for() {
    let app = App::start().await;
    let id = json!(new_id());
    let give = async |function: &str, body: Value| -> Response { app.call(Some(&app.admin), function, body).await };
    let none = give("connect_mailbox", mailbox(&id, "localhost", "localhost", USER, None)).await;
    assert_eq!(none.status(), 422, "nothing is stored yet");
    let made = give("connect_mailbox", mailbox(&id, "localhost", "localhost", USER, Some("correct horse"))).await;
    assert_eq!(made.status(), 200, "{}", made.text().await.unwrap());
    for function in ["check_mailbox", "connect_mailbox"] {
        for (imap, smtp, user) in [
            ("127.0.0.1", "localhost", USER),
            ("localhost", "127.0.0.1", USER),
            ("localhost", "localhost", "anna@acme.example"),
        ] {
            let refused = give(function, mailbox(&id, imap, smtp, user, None)).await;
            assert_eq!(refused.status(), 422, "{function} {imap} {smtp} {user}");
            let said = refused.text().await.unwrap();
            assert!(said.contains("Enter the password again"), "{said}");
        }
        // Behind another port of the same machine somebody else may listen.
        for server in ["imap", "smtp"] {
            for (field, other) in [("port", json!(2)), ("security", json!("starttls"))] {
                let mut moved = mailbox(&id, "localhost", "localhost", USER, None);
                moved["mailbox"]["settings"][server][field] = other;
                let refused = give(function, moved).await;
                assert_eq!(refused.status(), 422, "{function} {server} {field}");
                let said = refused.text().await.unwrap();
                assert!(said.contains("Enter the password again"), "{said}");
            }
        }
        let same = give(function, mailbox(&id, "LocalHost.", "localhost", USER, None)).await;
        assert_eq!(same.status(), 200, "{function}: {}", same.text().await.unwrap());
    }
    // Whoever enters it again may take it anywhere.
    for function in ["check_mailbox", "connect_mailbox"] {
        let moved = give(function, mailbox(&id, "127.0.0.1", "127.0.0.1", USER, Some("another"))).await;
        assert_eq!(moved.status(), 200, "{function}: {}", moved.text().await.unwrap());
    }
}

/// S32: what stands behind the @ is a host's name, and so is a server.
#[tokio::test]
async fn s32_a_mailbox_is_at_a_host() {
    let app = App::start().await;
    for address in
        ["a@127.0.0.1:18443/admin?x.y", "a@127.0.0.1", "a@x.example:80", "a@x.example/y", "a@x.example#y.z", "a@[::1]"]
    {
        let found = app.call(Some(&app.admin), "find_mailbox", json!({ "address": address })).await;
        assert_eq!(found.status(), 422, "{address}");
    }
    let id = json!(new_id());
    for host in [
        "127.0.0.1:25",
        "x.example/y",
        "user@x.example",
        "127.1",
        "0x7f000001",
        "x..example",
        "imap://x.example",
        "[x]",
        "a b",
    ] {
        for (imap, smtp) in [(host, "localhost"), ("localhost", host)] {
            for function in ["check_mailbox", "connect_mailbox"] {
                let given = app.call(Some(&app.admin), function, mailbox(&id, imap, smtp, USER, Some("x"))).await;
                assert_eq!(given.status(), 422, "{function} {host}");
            }
        }
    }
}

/// The address that a mailbox has is one at a host as well, whatever is done with it.
#[tokio::test]
async fn s32_a_mailboxs_own_address_is_at_a_host() {
    let app = App::start().await;
    let id = json!(new_id());
    for address in ["a@127.0.0.1:18443/admin?x.y", "a@127.0.0.1", "a@x.example:80", "a@x.example/y", "a@x.example#y.z"]
    {
        for function in ["check_mailbox", "connect_mailbox"] {
            let mut asked = mailbox(&id, "localhost", "localhost", USER, Some("x"));
            asked["mailbox"]["settings"]["address"] = json!(address);
            let given = app.call(Some(&app.admin), function, asked).await;
            assert_eq!(given.status(), 422, "{function} {address}");
        }
    }
}

#[tokio::test]
async fn h1_any_number_of_days_is_a_time() {
    let app = App::start().await;
    let id = json!(new_id());
    let made =
        app.call(Some(&app.admin), "connect_mailbox", mailbox(&id, "localhost", "localhost", USER, Some("x"))).await;
    assert_eq!(made.status(), 200);
    for days in [0, 30, 1_000_000, u32::MAX] {
        let asked = app.call(Some(&app.admin), "backfill", json!({ "id": id, "days": days })).await;
        assert_eq!(asked.status(), 409, "{days}: the mailbox was not read yet");
    }
}
