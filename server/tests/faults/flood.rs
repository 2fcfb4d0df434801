//! Mails that waited during an outage come in while people work, and mails built to be expensive cost little (R8, S10). `scripts/bench
//! mail` measures with this test: thousands of mails, and the release binary.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use model::ChannelId;
use reqwest::Client;
use serde_json::{Value, json};
use store::{Scope, clock::new_id};

use super::{
    deployment::{Deployment, Place},
    mails::{Post, connect, drop_in, post, wait_until_connected},
    process::Process,
    say, within,
};

/// How many mails wait.
fn waiting() -> usize {
    std::env::var("TANDEM_MAILS").map_or(300, |mails| mails.parse().expect("TANDEM_MAILS is a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_sqlite_the_inbox_is_used_while_mails_flood_in() {
    flood(Place::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r8_postgres_the_inbox_is_used_while_mails_flood_in() {
    flood(Place::Shared).await;
}

/// A deployment with a mailbox that a running server reads.
struct Scene {
    deployment: Deployment,
    channel: ChannelId,
    address: String,
    maildir: PathBuf,
    process: Process,
    at: SocketAddr,
}

impl Scene {
    async fn set(place: Place, post: &Post) -> Option<Self> {
        let mut deployment = Deployment::build(place).await?;
        deployment.launch.env =
            vec![("TANDEM_ALLOW_NETWORKS", "127.0.0.0/8".into()), ("TANDEM_MAIL_CA", post.ca.clone().into_os_string())];
        let name = format!("f{}", new_id().simple());
        let address = format!("{name}@mail.test");
        let channel = connect(&deployment, post, &address).await;
        let mut process = deployment.launch.spawn();
        let at = process.ready().await;
        let maildir = post.mail.join(&name).join("Maildir");
        within(60, "the mailbox is there", async {
            while !maildir.join("new").is_dir() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        wait_until_connected(&deployment, channel).await;
        Some(Self { deployment, channel, address, maildir, process, at })
    }

    /// Asks as the owner does in a browser.
    async fn ask(&self, client: &Client, name: &str, body: Value) -> Value {
        let request = client.post(format!("http://{}/api/fn/{name}", self.at));
        let request = request.header("origin", format!("http://{}", self.at));
        let request = request.header("cookie", format!("tandem={}", self.deployment.members[0])).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        answer.json().await.unwrap()
    }

    /// Up to where the mailbox is read.
    async fn cursor(&self, db: &store::Db, system: &Scope) -> i64 {
        let mut reader = db.reader().await.unwrap();
        let folder = store::mail::folder(&mut reader.conn(), system, self.channel, "INBOX").await.unwrap();
        folder.map_or(0, |folder| folder.last_uid)
    }

    /// The newest conversations as the list shows them, from the newest on.
    async fn texts(&self, client: &Client) -> Vec<String> {
        let (mut texts, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = self.ask(client, "inbox_page", json!({ "filter": { "view": "all" }, "after": after })).await;
            let rows = page["rows"].as_array().unwrap();
            for row in rows.iter().filter(|row| row["channel"] == json!(self.channel)) {
                texts.push(row["preview"]["text"].as_str().unwrap().to_owned());
            }
            if page["more"] != json!(true) {
                return texts;
            }
            let last = rows.last().unwrap();
            after = json!({ "at": last["last_at"], "id": last["id"] });
        }
    }
}

async fn flood(place: Place) {
    let Some(post) = post() else { return };
    let Some(mut scene) = Scene::set(place, &post).await else { return };
    let system = Scope::system(scene.deployment.workspace, "test");
    let db = scene.deployment.open().await;
    let before = scene.cursor(&db, &system).await;
    let mails = waiting();
    // An outage: we are away, the mail is not.
    scene.process.stop().await;
    for n in 0..mails {
        let mail = format!(
            "From: Sender {n} <s{n}@x.example>\r\nTo: {}\r\nSubject: Matter {n}\r\nMessage-ID: <{n}@x.example>\r\n\r\n{n}\r\n",
            scene.address
        );
        drop_in(&scene.maildir, n, mail);
    }
    scene.deployment.end_leases().await;
    scene.process = scene.deployment.launch.spawn();
    scene.at = scene.process.ready().await;

    let client = Client::new();
    let (begun, mut first) = (Instant::now(), None);
    let (mut lists, mut threads) = (Vec::new(), Vec::new());
    let wanted = before + i64::try_from(mails).unwrap();
    within(600, "all have come in", async {
        loop {
            let read = scene.cursor(&db, &system).await;
            if read > before {
                first.get_or_insert_with(Instant::now);
            }
            if read >= wanted {
                return;
            }
            let asked = Instant::now();
            let page = scene.ask(&client, "inbox_page", json!({ "filter": { "view": "all" }, "after": null })).await;
            lists.push(asked.elapsed());
            if let Some(row) = page["rows"].as_array().and_then(|rows| rows.first()) {
                let asked = Instant::now();
                scene.ask(&client, "thread", json!({ "id": row["id"] })).await;
                threads.push(asked.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let took = first.unwrap_or(begun).elapsed();
    say(&format!(
        "flood on {:?}: {mails} mails, {:.1} s from the first on ({:.0}/s), {:.1} s from the start; list {}, thread {}; {} MiB at most",
        scene.deployment.engine,
        took.as_secs_f64(),
        mails as f64 / took.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        spread(&mut lists),
        spread(&mut threads),
        Use::of(scene.process.pid()).peak >> 20,
    ));
    let texts = scene.texts(&client).await;
    let order: Vec<usize> = texts.iter().rev().map(|text| text.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(order.len(), mails, "each mail is one conversation");
    // Those of one moment stand in any order.
    assert!(order.iter().enumerate().all(|(at, n)| at.abs_diff(*n) < 100), "the mails are in order, oldest first");
    db.close().await;
    scene.process.stop().await;
    scene.deployment.tear_down().await;
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: f64| times.get(((times.len() as f64 - 1.0) * part) as usize).map_or(0, Duration::as_millis);
    format!("{} × p50 {} p95 {} max {} ms", times.len(), at(0.5), at(0.95), at(1.0))
}

/// What a process has used.
struct Use {
    /// Processor time, in ticks of 10 ms.
    ticks: u64,
    /// Bytes in memory.
    now: u64,
    /// The most that was in memory, in bytes, since it was asked to forget.
    peak: u64,
}

impl Use {
    /// As the system says (proc(5): `stat`, fields 14 and 15; `status`).
    fn of(pid: u32) -> Self {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
        let stat = read("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let status = read("status");
        let kib = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        Self {
            ticks: fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap(),
            now: kib("VmRSS:") << 10,
            peak: kib("VmHWM:") << 10,
        }
    }

    /// Lets the system forget the most that was in memory (proc(5), `clear_refs`).
    fn forget(pid: u32) {
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    }
}

/// What is built to cost much: its name and its bytes.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let head = |name: &str| format!("From: Eve <eve@x.example>\r\nSubject: {name}\r\n");
    let made = |name: &'static str, body: String| (name, format!("{}{body}", head(name)).into_bytes());
    let packed = |bytes: usize| {
        let line = format!("{}\r\n", "QUJD".repeat(19));
        line.repeat(bytes / 57)
    };
    let with_file = |kind: &str, name: &str, bytes: usize| {
        format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: {kind}\r\n\
             Content-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}--b--\r\n",
            packed(bytes)
        )
    };
    // A picture of its own has its HTML read when it comes in, and not only when somebody looks.
    let with_picture = |html: String| {
        format!(
            "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src=cid:dot>{html}\r\n--b\r\n\
             Content-Type: image/gif\r\nContent-ID: <dot>\r\nContent-Transfer-Encoding: base64\r\n\r\n\
             R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\r\n--b--\r\n"
        )
    };
    let numbered = |front: &str, count: usize| (0..count).map(|n| format!("{front}{n}>")).collect::<String>();
    let deep: String =
        (0..1000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    vec![
        made(
            "10,000 parts",
            format!(
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n",
                "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(10_000)
            ),
        ),
        made("1,000 levels of parts", format!("{deep}Content-Type: text/plain\r\n\r\nx\r\n")),
        made("100,000 mails within", format!("{}x\r\n", "Content-Type: message/rfc822\r\n\r\n".repeat(100_000))),
        ("16 MB undeclared", [format!("{}\r\n", head("16 MB undeclared")).into_bytes(), vec![0xff; 16 << 20]].concat()),
        made("a header of 40 MB", format!("X-Long: {}\r\n\r\nx\r\n", "QUJD".repeat(10 << 20))),
        made("a text of 30 MB", format!("\r\n{}", "A line of a very long letter.\r\n".repeat(1 << 20))),
        made("a file of 25 MB", with_file("application/pdf", "plan.pdf", 25 << 20)),
        made("winmail.dat of 20 MB", with_file("application/ms-tnef", "winmail.dat", 20 << 20)),
        made(
            "200,000 nested elements",
            format!("Content-Type: text/html\r\n\r\n{}x\r\n", "<div><table><tr><td>".repeat(50_000)),
        ),
        made("elements opened anew", with_picture(format!("<p>{}{}", numbered("<b a=", 300), "<p>x".repeat(200_000)))),
        made("ends that end nothing", with_picture("<div></>\r\n".repeat(100_000))),
        made(
            "100,000 attributes",
            with_picture(format!("<p {}>", " a=1".repeat(50_000) + &numbered(" b", 50_000).replace('>', ""))),
        ),
        made("names in a text", with_picture("& ".repeat(500_000))),
        made("100,000 addresses", format!("Cc: {}a@x.example\r\n\r\nx\r\n", "b@x.example,\r\n ".repeat(100_000))),
        made("50,000 names answered", format!("References:{}\r\n\r\nx\r\n", " <a@x.example>\r\n".repeat(50_000))),
    ]
}

/// S10: each arrives; what it costs is printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s10_what_bombs_cost() {
    let Some(post) = post() else { return };
    let Some(scene) = Scene::set(Place::Sqlite, &post).await else { return };
    let client = Client::new();
    let pid = scene.process.pid();
    let mut lines = vec!["bombs:".to_owned()];
    for (n, (name, bytes)) in bombs().into_iter().enumerate() {
        let size = bytes.len() >> 10;
        // A mail before it, so that what is made once is made.
        let small = format!("From: a@x.example\r\nSubject: before {name}\r\n\r\nx\r\n");
        arrives(&scene, &client, 2 * n, small.as_bytes(), name).await;
        Use::forget(pid);
        let before = Use::of(pid);
        arrives(&scene, &client, 2 * n + 1, &bytes, name).await;
        let after = Use::of(pid);
        lines.push(format!(
            "  {name:26} {size:6} kB: {:5} ms, {:4} MiB more at most",
            (after.ticks - before.ticks) * 10,
            after.peak.saturating_sub(before.now) >> 20
        ));
    }
    say(&lines.join("\n"));
    scene.process.stop().await;
    scene.deployment.tear_down().await;
}

/// Puts a mail into the mailbox and waits until it is a conversation.
async fn arrives(scene: &Scene, client: &Client, n: usize, mail: &[u8], what: &str) {
    drop_in(Path::new(&scene.maildir), n, mail);
    within(60, &format!("{what} arrives"), async {
        while scene.texts(client).await.len() <= n {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}
