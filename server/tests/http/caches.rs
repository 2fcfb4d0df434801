//! S24: no browser and no proxy caches personal data, for any request, any person and any result.

use data_encoding::BASE64URL_NOPAD;
use domain::{
    files::Files,
    mail::{Arrived, BeginFolder, ReceiveMails},
    vault::Vault,
};
use model::{ChannelId, MailId};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use server::http::{INSTALLED, routes};
use store::{
    Scope,
    clock::{new_id, new_secret},
    mail::{Place, Step},
};

use super::fixture::{App, Person};

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";
const MAIL: &str = "From: Anna <anna@customer.example>\r\nTo: support@acme.example\r\nSubject: The order\r\nMessage-ID: <1@customer.example>\r\n\
    Content-Type: text/html; charset=utf-8\r\n\r\n<p>Where is <b>it</b>?</p>\r\n";

/// What is everybody's, the same for all, and may be kept.
fn is_an_asset(path: &str) -> bool {
    const NAMED: [&str; 4] = ["/widget.js", "/mark.svg", "/sw.js", "/offline.html"];
    path.starts_with("/assets/") || NAMED.contains(&path) || INSTALLED.iter().any(|(asset, _)| *asset == path)
}

/// A mail in a conversation, the way a mailbox would have brought it; the message's id, and that of a mail that cannot be read.
pub async fn a_mail(app: &App) -> (String, MailId) {
    let channel = json!(new_id());
    let host = json!({ "name": "localhost", "port": 1, "security": "tls" });
    let settings = json!({
        "address": "support@acme.example", "name": "", "user": "support@acme.example", "imap": host, "smtp": host,
        "folder": "INBOX", "sent_folder": null, "takes_plus": false, "signature": "",
    });
    let mailbox = json!({ "mailbox": { "id": channel, "settings": settings, "password": "correct horse" } });
    assert_eq!(app.call(Some(&app.admin), "connect_mailbox", mailbox).await.status(), 200);
    let files = Files::open(app.data().join("files")).unwrap();
    let (digest, size, _) = files.keep(MAIL.into()).await.unwrap();
    let id: ChannelId = channel.as_str().unwrap().parse().unwrap();
    let scope = Scope::system(app.boot["workspace"]["id"].as_str().unwrap().parse().unwrap(), "test");
    let (name, since) = ("INBOX".to_owned(), app.db.clock().now());
    let begin = BeginFolder { channel: id, name: name.clone(), uid_validity: 1, last_uid: 0, first_uid: 0, since };
    app.db.write(&scope, begin).await.unwrap();
    let mails: Vec<MailId> = (0..2).map(|_| MailId::new(new_id())).collect();
    let arrived = mails.iter().zip(1..).map(|(id, uid)| Arrived {
        id: *id,
        uid,
        digest: digest.clone(),
        size: i64::try_from(size).unwrap(),
        old: false,
        letter: Err("It cannot be read.".to_owned()),
    });
    let place = Place { folder: name, uid_validity: 1 };
    let take = ReceiveMails { channel: id, place, step: Some(Step { from: 0, to: 2 }), mails: arrived.collect() };
    app.db.write(&scope, take).await.unwrap();
    let again = app.call(Some(&app.admin), "read_mail_again", json!({ "id": mails[0] })).await;
    assert_eq!(again.status(), 200, "{}", again.text().await.unwrap());
    let page = json!({ "filter": { "view": "all" }, "after": null });
    let page: Value = app.call(Some(&app.admin), "inbox_page", page).await.json().await.unwrap();
    let thread = json!({ "id": page["rows"][0]["id"] });
    let thread: Value = app.call(Some(&app.admin), "thread", thread).await.json().await.unwrap();
    (thread["messages"][0]["id"].as_str().unwrap().to_owned(), mails[1])
}

/// A link to a picture, as a mail's frame has it.
async fn a_picture(app: &App) -> String {
    let files = Files::open(app.data().join("files")).unwrap();
    let (digest, ..) = files.keep(PIXEL.into()).await.unwrap();
    let until = app.db.clock().now().0 + 60_000;
    let proof = Vault::of_tests().proof("picture", &[b"d", digest.as_bytes(), &until.to_be_bytes()]);
    let (what, proof) = (BASE64URL_NOPAD.encode(digest.as_bytes()), BASE64URL_NOPAD.encode(&proof[..16]));
    format!("/mail/picture/d.{what}.{until}.{proof}")
}

async fn upload(app: &App, path: &str, who: Option<&Person>, token: &str) -> Value {
    let mut request = Client::new().post(app.url(path)).header("origin", app.origin()).body(PIXEL.to_vec());
    request = match who {
        Some(person) => request.header("cookie", format!("tandem={}", person.secret)),
        None => request.bearer_auth(token),
    };
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

fn assert_not_kept(what: &str, answer: &Response) {
    let told: Vec<_> = answer.headers().get_all("cache-control").iter().collect();
    assert_eq!(told, ["no-store"], "{what}: {}", answer.status());
    assert!(answer.headers().get("etag").is_none(), "{what}: the answer has a validator");
    assert!(answer.headers().get("last-modified").is_none() && answer.headers().get("expires").is_none(), "{what}");
}

#[tokio::test]
async fn s24_what_is_personal_is_never_kept() {
    let app = App::start().await;
    let visitor = new_secret();
    let conversation = app.visitor_writes(&visitor, "hello").await;
    let (message, quarantined) = a_mail(&app).await;
    let mine = upload(&app, "/api/files?name=a.png", Some(&app.owner), "").await;
    let theirs = upload(&app, &format!("/api/chat/{}/attachments?name=a.png", app.key), None, &visitor).await;
    let good = [
        format!("/inbox/{}", conversation["id"].as_str().unwrap()),
        format!("/api/files/{}", mine["id"].as_str().unwrap()),
        format!("/api/mail/{message}/view"),
        format!("/api/mail/{message}/view?pictures=true"),
        format!("/api/mail/{message}/source"),
        format!("/api/quarantine/{quarantined}/source"),
        a_picture(&app).await,
        "/api/live".to_owned(),
    ];
    for path in &good {
        let answer = app.get(path, Some(&app.owner)).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_not_kept(path, &answer);
        for range in ["bytes=0-1", "bytes=999999-"] {
            let part = Client::new().get(app.url(path)).header("cookie", format!("tandem={}", app.owner.secret));
            assert_not_kept(path, &part.header("range", range).header("if-none-match", "*").send().await.unwrap());
        }
    }
    let id = theirs["id"].as_str().unwrap();
    for path in ["messages".to_owned(), format!("attachments/{id}"), format!("stream?token={visitor}")] {
        let path = format!("/api/chat/{}/{path}", app.key);
        let answer = Client::new().get(app.url(&path)).bearer_auth(&visitor).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_not_kept(&path, &answer);
    }
}

/// Every route of the table and some that are not in it, by every method, as everybody: what goes wrong is not kept either.
#[tokio::test]
async fn s24_no_answer_of_any_route_is_kept_but_assets() {
    let app = App::start().await;
    let mut paths: Vec<String> =
        ["/nothing", "/api/nothing", "/api/fn/bootstrap", "/api/fn/sign_out", "/api/fn/no", "/%ff", "/inbox/%00"]
            .map(str::to_owned)
            .into();
    for route in routes() {
        for id in [new_id().to_string(), "nonsense".to_owned()] {
            let path = route.path.replace("{id}", &id).replace("{key}", &app.key).replace("{link}", &id);
            paths.push(path.replace("{part}", "members").replace("{name}", "sign_in"));
        }
    }
    paths.sort();
    paths.dedup();
    let elsewhere = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for path in paths.iter().filter(|path| !is_an_asset(path)) {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"] {
            for who in [None, Some(&app.viewer), Some(&Person { secret: "wrong".to_owned() })] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                let what = format!("{method} {path}");
                assert_not_kept(&what, &app.send(method, path, who, None).await);
            }
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let from = elsewhere.request(method, app.url(path)).header("origin", "https://evil.example");
            assert_not_kept(path, &from.send().await.unwrap());
        }
    }
    for path in ["/assets/missing.js", "/assets/..%2fx"] {
        assert_not_kept(path, &app.get(path, None).await);
    }
}

/// What a browser has of pages goes; what was written and not sent is for its member, and the page itself sees to that.
#[tokio::test]
async fn s24_signing_out_clears_the_cache_and_no_unsent_work() {
    let app = App::start().await;
    let answer = app.call(Some(&app.agent), "sign_out", json!({})).await;
    let told = answer.headers()["clear-site-data"].to_str().unwrap().to_owned();
    assert_eq!(told, "\"cache\"");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("tandem=; Max-Age=0"), "{cookie}");
}
