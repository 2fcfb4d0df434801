//! S18, S28–S31: unexpected fields and values in requests, generated from the table of server functions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    sessions::{SESSION_MS, web_chat},
    work::make_workspace,
};
use model::{Member, MemberId, Needs, Role, SessionId, Visibility, Workspace, WorkspaceId};
use reqwest::Client;
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use store::{
    Command, Tx,
    clock::{new_id, new_secret, secret_hash},
    error::Result,
    session, workspace,
};

use super::{
    fixture::{App, Person},
    rights::functions,
};

/// Another workspace in the same database, and what names things of it.
struct Other {
    workspace: WorkspaceId,
    member: MemberId,
    channel: model::ChannelId,
    owner: Person,
}

struct AddOther(Other);

#[async_trait]
impl Command for AddOther {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let Other { workspace: id, member, channel, owner } = &self.0;
        let workspace = Workspace {
            id: *id,
            name: "Other".to_owned(),
            chat_enabled: true,
            pending_after_reply: true,
            shows_typing: true,
        };
        make_workspace(tx, &workspace).await?;
        let them = Member {
            id: *member,
            name: "Their owner".to_owned(),
            email: "owner@other.example".to_owned(),
            role: Role::Owner,
            visibility: Visibility::All,
            chat_on: true,
            disabled: false,
            teams: Vec::new(),
        };
        workspace::add_member(tx, *id, &them).await?;
        workspace::add_channel(tx, *id, &model::Channel { id: *channel, ..web_chat("Theirs") }).await?;
        let new = session::NewSession {
            token_hash: secret_hash(&owner.secret),
            workspace: *id,
            member: *member,
            id: SessionId::new(new_id()),
            user_agent: "test".to_owned(),
            expires_at: tx.now().plus(SESSION_MS),
        };
        Ok(session::add(tx, &new).await?)
    }
}

async fn other(app: &App) -> Other {
    let make = || Other {
        workspace: WorkspaceId::new(new_id()),
        member: MemberId::new(new_id()),
        channel: model::ChannelId::new(new_id()),
        owner: Person { secret: new_secret() },
    };
    let other = make();
    let Other { workspace, member, channel, owner } = &other;
    let add = Other { workspace: *workspace, member: *member, channel: *channel, owner: owner.clone() };
    app.db.write_global(AddOther(add)).await.unwrap();
    other
}

/// What says whose something is or who may do it, under every name it has here or elsewhere.
fn extras(other: &Other) -> Map<String, Value> {
    let (workspace, member, channel) = (json!(other.workspace), json!(other.member), json!(other.channel));
    let mut fields = Map::new();
    for name in ["workspace_id", "workspace", "tenant", "tenant_id", "account_id", "account", "organization_id"] {
        fields.insert(name.to_owned(), workspace.clone());
    }
    for name in [
        "member_id",
        "member",
        "user_id",
        "owner_id",
        "owner",
        "author_id",
        "author",
        "assignee_id",
        "assignee",
        "created_by",
        "maker_id",
        "who",
        "uploader",
        "sender",
        "pen",
        "me",
    ] {
        fields.insert(name.to_owned(), member.clone());
    }
    for name in ["channel_id", "channel", "contact_id", "identity_id", "team_id", "conversation_id", "message_id"] {
        fields.insert(name.to_owned(), channel.clone());
    }
    for (name, value) in [
        ("role", json!("owner")),
        ("granted", json!(["administer", "own"])),
        ("permissions", json!(["own"])),
        ("is_admin", json!(true)),
        ("visibility", json!("all")),
        ("disabled", json!(false)),
        ("disabled_at", json!(null)),
        ("chat_on", json!(true)),
        ("email", json!("canary@extra.example")),
        ("email_key", json!("canary@extra.example")),
        ("password_hash", json!("canary-extra")),
        ("token_hash", json!("canary-extra")),
        ("public_key", json!("canary-extra")),
        ("secret", json!("canary-extra")),
        ("expires_at", json!(9_000_000_000_000_000_i64)),
        ("created_at", json!(77_777)),
        ("at", json!(77_777)),
        ("n", json!(77_777)),
        ("version", json!(77_777)),
        ("event_seq", json!(77_777)),
        ("direction", json!("incoming")),
        ("kind", json!("canary-extra")),
        ("provider_id", json!("canary-extra")),
        ("digest", json!("canary-extra")),
        ("address", json!("canary@extra.example")),
    ] {
        fields.insert(name.to_owned(), value);
    }
    fields
}

/// Adds fields to every object of a body, where there is none of that name. What an enum is written as takes none.
fn add_to_all(body: &mut Value, fields: &Map<String, Value>) {
    match body {
        Value::Object(object) => {
            for value in object.values_mut() {
                add_to_all(value, fields);
            }
            for (name, value) in fields {
                object.entry(name).or_insert_with(|| value.clone());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_to_all(item, fields)),
        _ => {}
    }
}

/// Every row of every table, as text.
async fn rows(app: &App) -> BTreeMap<String, Vec<String>> {
    let url = format!("sqlite:{}", app.data().join("t.db").display());
    let mut conn = SqliteConnection::connect(&url).await.unwrap();
    let tables: Vec<(String,)> = sqlx::query_as(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%search%' AND name NOT LIKE '\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    let mut all = BTreeMap::new();
    for (table,) in tables {
        let columns: Vec<(String,)> =
            sqlx::query_as("SELECT name FROM pragma_table_info($1)").bind(&table).fetch_all(&mut conn).await.unwrap();
        let values: Vec<String> = columns.iter().map(|(name,)| format!("'{name}=' || quote({name})")).collect();
        let sql = format!("SELECT {} FROM {table}", values.join(" || ' ' || "));
        let found: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut conn).await.unwrap();
        all.insert(table, found.into_iter().map(|(row,)| row).collect());
    }
    all
}

fn of<'r>(rows: &'r BTreeMap<String, Vec<String>>, what: &'r str) -> impl Iterator<Item = (&'r str, &'r String)> {
    let all = rows.iter().flat_map(|(table, rows)| rows.iter().map(move |row| (table.as_str(), row)));
    all.filter(move |(_, row)| row.contains(what))
}

#[tokio::test]
async fn s18_fields_that_say_whose_it_is_change_nothing() {
    let app = App::start().await;
    let other = other(&app).await;
    let visitor = new_secret();
    let conversation = app.visitor_writes(&visitor, "hello").await;
    let fields = extras(&other);
    let names = [json!(other.workspace), json!(other.member), json!(other.channel), json!("canary")];
    let names: Vec<String> = names.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let before = rows(&app).await;
    let told = |rows: &BTreeMap<String, Vec<String>>| -> Vec<String> {
        names.iter().flat_map(|name| of(rows, name)).map(|(table, row)| format!("{table}: {row}")).collect()
    };
    let members = |rows: &BTreeMap<String, Vec<String>>| rows["member"].clone();
    for who in [&app.agent, &app.admin] {
        let (plain, augmented) = (functions(&conversation, &app), functions(&conversation, &app));
        for ((name, plain, _), (_, mut body, _)) in plain.into_iter().zip(augmented) {
            if plain.is_null() || name == "sign_out" || name == "audit_log" {
                continue;
            }
            let expected = app.call(Some(who), name, plain).await.status().as_u16();
            let rights = members(&rows(&app).await);
            add_to_all(&mut body, &fields);
            let status = app.call(Some(who), name, body).await.status().as_u16();
            // Refused for what was added, or as good as without it. (Assigning to who has it already, say, is a conflict the second time.)
            let same = status == expected || matches!(status, 400 | 409 | 422);
            assert!(same, "{name}: {status} with more fields, {expected} without");
            let after = rows(&app).await;
            assert_eq!(told(&after), told(&before), "{name}");
            assert_eq!(members(&after).len(), rights.len(), "{name}");
            // A member's row changes by what they were asked for alone: set_chat, here.
            if name != "set_chat" {
                assert_eq!(members(&after), rights, "{name}");
            }
        }
    }
    // Visitors, uploads, streams: what stands in the address, and in what they send.
    let mut body = json!({ "id": new_id(), "text": "more" });
    add_to_all(&mut body, &fields);
    let status = app.chat_post(&visitor, "messages", body).await.status().as_u16();
    assert!(matches!(status, 200 | 400 | 422), "{status}");
    let mut seen = json!({ "n": 1 });
    add_to_all(&mut seen, &fields);
    app.chat_post(&visitor, "seen", seen).await;
    let query: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("1"))).collect();
    let query = query.join("&");
    for (path, who) in [
        ("/api/files?name=a.txt", Some(&app.agent)),
        (format!("/api/chat/{}/attachments?name=a.txt", app.key).as_str(), None),
    ] {
        let mut request =
            Client::new().post(app.url(&format!("{path}&{query}"))).header("origin", app.origin()).body("bytes");
        request = match who {
            Some(person) => request.header("cookie", format!("tandem={}", person.secret)),
            None => request.bearer_auth(&visitor),
        };
        let status = request.send().await.unwrap().status().as_u16();
        assert!(matches!(status, 200 | 201 | 400), "{path}: {status}");
    }
    let stream = app.get(&format!("/api/live?since=0&{query}"), Some(&app.viewer)).await.status().as_u16();
    assert!(matches!(stream, 200 | 400), "{stream}");
    assert_eq!(told(&rows(&app).await), told(&before));
    // And they still have what they had.
    let theirs =
        app.call(Some(&other.owner), "inbox_page", json!({ "filter": { "view": "all" }, "after": null })).await;
    let theirs: Value = theirs.json().await.unwrap();
    assert_eq!(theirs["rows"], json!([]));
}

/// What attackers put where a word, a number or an id is expected.
fn hostile() -> Vec<Value> {
    let texts = [
        "'; DROP TABLE member; --",
        "\" OR \"\"=\"",
        "1 OR 1=1",
        "%",
        "_",
        "*)(uid=*",
        "{{7*7}}",
        "${7*7}",
        "assigned_to__password__startswith",
        "password_hash",
        "id; SELECT 1",
        "constructor",
        "__proto__",
        "../../etc/passwd",
        "\u{0}",
        "\r\nX: y",
        "",
        " all",
        "ALL",
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    values.extend([
        json!({ "$regex": ".*" }),
        json!({ "$ne": null }),
        json!({ "like": "%" }),
        json!([]),
        json!(["all", "mine"]),
        json!(null),
        json!(true),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1.5),
        json!(1e300),
    ]);
    values
}

/// Where the values of a body are, as JSON pointers.
fn places(body: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match body {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => return found.push(at.to_owned()),
    };
    for (name, value) in inner {
        places(value, &format!("{at}/{name}"), found);
    }
}

/// Whether only certain words, or ids, may stand somewhere. What is free text says so by not being here.
fn is_closed(place: &str, value: &Value) -> bool {
    let name = place.rsplit('/').next().unwrap_or_default();
    let is_word = ["view", "mode", "act", "field", "role", "visibility", "security"].contains(&name);
    is_word || value.as_str().is_some_and(|text| text.parse::<uuid::Uuid>().is_ok())
}

#[tokio::test]
async fn s28_s31_unknown_values_are_refused_and_never_reach_the_database() {
    let app = App::start().await;
    let conversation = app.visitor_writes(&new_secret(), "hello").await;
    let mut tried = 0;
    for (name, body, _) in functions(&conversation, &app) {
        // Names of servers go to resolvers; what may be asked there is seen in tests of their own (S32).
        if body.is_null() || ["sign_out", "find_mailbox", "check_mailbox", "connect_mailbox"].contains(&name) {
            continue;
        }
        let mut found = Vec::new();
        places(&body, "", &mut found);
        for place in found {
            let is = body.pointer(&place).unwrap().clone();
            for value in hostile() {
                if value == is {
                    continue;
                }
                let mut bent = body.clone();
                *bent.pointer_mut(&place).unwrap() = value.clone();
                let answer = app.call(Some(&app.owner), name, bent).await;
                let (status, said) = (answer.status().as_u16(), answer.text().await.unwrap());
                let what = format!("{name}{place} = {value}: {status} {said}");
                assert!(status < 500, "{what}");
                assert!(!said.to_lowercase().contains("sql") && !said.contains("syntax error"), "{what}");
                if is_closed(&place, &is) && !value.is_null() && status != 429 {
                    assert_eq!(status, 400, "{what}");
                }
                if is.is_number() && value.is_string() && status != 429 {
                    assert_eq!(status, 400, "{what}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
    assert_eq!(app.call(Some(&app.owner), "bootstrap", json!({})).await.status(), 200, "all data is still there");
}

/// Fields that no function has: of a filter, a sort, a page.
#[tokio::test]
async fn s29_no_field_of_a_filter_tells_what_is_hidden() {
    let app = App::start().await;
    app.visitor_writes(&new_secret(), "hello").await;
    let page = |more: Value| {
        let mut body = json!({ "filter": { "view": "all" }, "after": null });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let plain: Value = app.call(Some(&app.agent), "inbox_page", page(json!({}))).await.json().await.unwrap();
    for more in [
        json!({ "filter": { "assigned_to__password__startswith": "$argon2" } }),
        json!({ "assigned_to__password__startswith": "$argon2" }),
        json!({ "sort": "password_hash" }),
        json!({ "order_by": "(SELECT password_hash FROM credential)" }),
        json!({ "limit": 1_000_000 }),
        json!({ "offset": -1 }),
    ] {
        let answer = app.call(Some(&app.agent), "inbox_page", page(more.clone())).await;
        let status = answer.status().as_u16();
        let same = status == 400 || {
            let answer: Value = answer.json().await.unwrap();
            (&answer["rows"], &answer["counts"]) == (&plain["rows"], &plain["counts"])
        };
        assert!(same, "{more}: {status}");
    }
    for query in ["view=password_hash", "view=all%27--", "sort=password", "view=", "q=%00", "view=all&view=mine"] {
        let status = app.get(&format!("/inbox?{query}"), Some(&app.agent)).await.status().as_u16();
        assert!(matches!(status, 200 | 400), "{query}: {status}");
    }
}

/// S31: a function is one of the table, whatever is asked for by name.
#[tokio::test]
async fn s31_only_the_functions_of_the_table_have_names() {
    let app = App::start().await;
    for name in [
        "drop",
        "constructor",
        "__proto__",
        "Bootstrap",
        "bootstrap/",
        "bootstrap%00",
        "..%2fbootstrap",
        "eval",
        "send",
        "toString",
    ] {
        assert!(!app::api::operations().any(|one| one.name == name));
        let status = app.call(Some(&app.owner), name, json!({})).await.status().as_u16();
        assert!(matches!(status, 400 | 404 | 405), "{name}: {status}");
    }
}
