//! S6, S34, S40: hostile input in every place of a request never appears as ours, and never causes an error 500.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use server::http::routes;
use store::clock::new_secret;

use super::{
    fixture::{App, PASSWORD},
    rights::functions,
};

#[tokio::test]
async fn s34_a_name_that_others_can_lead_here_is_refused_on_every_route() {
    let app = App::start().await;
    for route in routes() {
        let path =
            route.path.replace("{id}", "x").replace("{key}", &app.key).replace("{part}", "x").replace("{name}", "x");
        for method in route.methods {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            for host in ["evil.example", &format!("evil.example:{}", app.address.port()), "127.0.0.1.evil.example"] {
                let request = Client::new().request(method.clone(), app.url(&path)).header("host", host);
                let answer = request.header("origin", format!("http://{host}")).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{method} {path} as {host}");
            }
        }
    }
    for host in ["localhost", &format!("localhost:{}", app.address.port()), "[::1]:80", "127.0.0.1"] {
        let answer = Client::new().get(app.url("/healthz")).header("host", host).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{host}");
    }
}

#[tokio::test]
async fn s6_text_in_an_address_is_never_shown_as_ours() {
    let app = App::start().await;
    let lie = "Call-555-0100-to-unlock";
    let errors = [
        json!({ "invalid": { "field": "", "message": lie } }),
        json!({ "invalid": { "field": "email", "message": lie } }),
        json!({ "conflict": { "message": lie } }),
        json!({ "internal": { "incident": lie } }),
        json!(lie),
    ];
    for (page, function) in [("/sign-in", "sign_in"), ("/setup", "set_up"), ("/invite", "accept_invite")] {
        for error in &errors {
            let error = base64(&error.to_string());
            let path = format!("{page}?token=x&__path=%2Fapi%2Ffn%2F{function}&__err={error}");
            let html = app.get(&path, None).await.text().await.unwrap();
            assert!(html.contains("type=\"password\""), "{page} is the form");
            assert!(!html.contains(lie), "{path}");
        }
    }
    // In any parameter of any page: as the value of a field at most.
    let queries = ["next", "token", "view", "error", "message", "q", "name", "email", "__err", "__path", "title"];
    for page in ["/sign-in", "/setup", "/invite", "/inbox", "/settings", "/settings/members", "/nothing"] {
        for query in queries {
            let html = app.get(&format!("{page}?{query}={lie}"), Some(&app.owner)).await.text().await.unwrap();
            for (at, _) in html.match_indices(lie) {
                let before = &html[..at];
                let inside = before.rfind('<') > before.rfind('>');
                let script = before.rfind("<script") > before.rfind("</script");
                assert!(inside || script, "{page}?{query}: …{}", &before[before.len().saturating_sub(200)..]);
            }
        }
    }
}

fn base64(text: &str) -> String {
    use std::fmt::Write;
    // URL-safe, as the address has it.
    let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        for n in 0..4 {
            let letter = if n <= three.len() { letters[bits >> (18 - 6 * n) & 63] } else { '=' };
            write!(out, "{}", if letter == '=' { "%3D".to_owned() } else { letter.to_string() }).unwrap();
        }
    }
    out
}

#[tokio::test]
async fn a_form_that_was_refused_says_why_without_scripts() {
    let app = App::start().await;
    let browser = Client::builder().cookie_store(true).build().unwrap();
    let posts = async |password: &str| {
        let request = browser.post(app.url("/api/fn/sign_in")).header("origin", app.origin());
        let request = request.header("referer", app.url("/sign-in")).header("accept", "text/html");
        let body = format!("email=owner%40example.com&password={}", password.replace(' ', "+"));
        request.header("content-type", "application/x-www-form-urlencoded").body(body).send().await.unwrap()
    };
    let page = posts("wrong").await;
    assert!(page.url().path() == "/sign-in" && page.url().query().unwrap().contains("__path"), "{}", page.url());
    let html = page.text().await.unwrap();
    assert!(
        html.contains("The e-mail address or the password is wrong.") && html.contains("owner@example.com"),
        "{html}"
    );
    // The other forms were not refused.
    let html = browser.get(app.url("/invite?token=x")).send().await.unwrap().text().await.unwrap();
    assert!(!html.contains("password is wrong"));
    assert_eq!(posts(PASSWORD).await.url().path(), "/inbox");
    let again = browser.get(app.url("/sign-in?__path=%2Fapi%2Ffn%2Fsign_in")).send().await.unwrap();
    assert!(!again.text().await.unwrap().contains("password is wrong"), "the reason is shown once");
}

const EDGES: [i64; 6] = [i64::MAX, i64::MIN, i64::MAX - 1, -1, 0, 9_007_199_254_740_993];

#[tokio::test]
async fn any_number_may_stand_in_an_address() {
    let app = App::start().await;
    let token = new_secret();
    app.visitor_writes(&token, "hello").await;
    let chat = format!("/api/chat/{}", app.key);
    for n in EDGES.iter().map(ToString::to_string).chain(["9223372036854775808".into(), "1e400".into(), "x".into()]) {
        for path in [format!("/api/live?since={n}"), format!("{chat}/messages?before={n}"), format!("/inbox?view={n}")]
        {
            let client = Client::new();
            let request = client.get(app.url(&path)).header("cookie", format!("tandem={}", app.owner.secret));
            let status = request.bearer_auth(&token).header("last-event-id", &n).send().await.unwrap().status();
            assert!(!status.is_server_error(), "{path}: {status}");
            let request = client.get(app.url(&path)).header("cookie", format!("tandem={}", app.owner.secret));
            let status = request.bearer_auth(&token).send().await.unwrap().status();
            assert!(!status.is_server_error(), "{path}: {status}");
        }
        if let Ok(n) = n.parse::<i64>() {
            let status = app.chat_post(&token, "seen", json!({ "n": n })).await.status();
            assert!(!status.is_server_error(), "seen {n}: {status}");
        }
    }
}

#[tokio::test]
async fn any_number_may_stand_in_what_a_function_is_asked() {
    let app = App::start().await;
    let conversation = app.visitor_writes(&new_secret(), "hello").await;
    for (name, body, _) in functions(&conversation, &app) {
        // What a list or a mark is asked beside what the table has.
        let bodies = match name {
            "inbox_page" => {
                vec![json!({ "filter": { "view": "all" }, "after": { "at": 1, "id": conversation["id"] } })]
            }
            "change_state" => vec![
                json!({ "conversation": conversation["id"], "seen": { "status": "open", "assignee": null, "inbound": 1 }, "act": { "snooze": 1 } }),
                json!({ "conversation": conversation["id"], "seen": { "status": "open", "assignee": null, "inbound": 1 }, "act": { "snooze": { "until": 1 } } }),
            ],
            _ => vec![body],
        };
        for body in bodies {
            for n in EDGES {
                let mut asked = body.clone();
                if !replace(&mut asked, n) || name == "sign_out" {
                    continue;
                }
                let answer = app.call(Some(&app.owner), name, asked.clone()).await;
                assert!(!answer.status().is_server_error(), "{name} {asked}: {}", answer.text().await.unwrap());
            }
        }
    }
}

/// Puts `n` in place of every number; false when there is none.
fn replace(value: &mut Value, n: i64) -> bool {
    match value {
        Value::Number(_) => {
            *value = json!(n);
            true
        }
        Value::Array(all) => all.iter_mut().fold(false, |any, one| replace(one, n) | any),
        Value::Object(all) => all.values_mut().fold(false, |any, one| replace(one, n) | any),
        _ => false,
    }
}

#[tokio::test]
async fn s40_what_is_too_large_or_too_deep_is_cut_with_a_4xx() {
    let app = App::start().await;
    let cookie = format!("tandem={}", app.owner.secret);
    let post = |path: String, kind: &'static str, body: String| {
        let request =
            Client::new().post(app.url(&path)).header("origin", app.origin()).header("cookie", cookie.clone());
        request.header("content-type", kind).body(body).send()
    };
    let form = "application/x-www-form-urlencoded";
    for function in ["sign_in", "set_up", "accept_invite"] {
        let body = format!("email=owner%40example.com&password={}", "x".repeat(10 << 20));
        // It may be cut while it is still being sent.
        if let Ok(answer) = post(format!("/api/fn/{function}"), form, body).await {
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{function}");
        }
    }
    let began = std::time::Instant::now();
    for route in app::api::operations().map(|one| one.name) {
        for deep in ["[", "{\"a\":", "{\"new\":[", "{\"edit\":{\"a\":"] {
            let body = deep.repeat(200_000 / deep.len());
            let answer = post(format!("/api/fn/{route}"), "application/json", body).await.unwrap();
            assert!(answer.status().is_client_error() || route == "sign_out", "{route} {deep}: {}", answer.status());
        }
        let nested = format!("new{}=x&email{0}=x", "[a]".repeat(30_000));
        let answer = post(format!("/api/fn/{route}"), form, nested).await.unwrap();
        assert!(answer.status().is_client_error() || route == "sign_out", "{route}: {}", answer.status());
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(60), "{:?}", began.elapsed());
    for (name, size) in [("x-long", 100_000), ("cookie", 100_000), ("x-forwarded-for", 100_000), ("forwarded", 100_000)]
    {
        let request = Client::new().get(app.url("/healthz")).header(name, "x".repeat(size));
        if let Ok(answer) = request.send().await {
            assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "{name}");
        }
    }
    let mut many = Client::new().get(app.url("/healthz"));
    for n in 0..1000 {
        many = many.header(format!("x-{n}"), "x");
    }
    assert_eq!(many.send().await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(app.get("/healthz", None).await.status(), 200);
}
