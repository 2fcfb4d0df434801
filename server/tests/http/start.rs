//! A failed start names the setting, port or path that is wrong. A process with few file handles keeps serving while others hold
//! connections.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::Connection;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{caches::a_mail, fixture::App};

/// The binary, told nothing by whoever runs the tests.
fn tandem(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TANDEM_")) {
        command.env_remove(name);
    }
    command.current_dir(data).env("TANDEM_DATA", data).env("TANDEM_ADDR", "127.0.0.1:0").stdin(Stdio::null());
    command
}

/// What it says when it ends at its start.
fn refusal(command: &mut Command) -> String {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("tandem: "), "{said}");
    last
}

#[test]
fn a_start_that_fails_names_the_port() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = refusal(tandem(data.path()).env("TANDEM_ADDR", &address));
    assert!(said.contains(&address) && said.contains("in use by another program"), "{said}");
    let said = refusal(tandem(data.path()).env("TANDEM_ADDR", "192.0.2.1:3000").arg("--insecure-http"));
    assert!(said.contains("192.0.2.1:3000") && said.contains("no address of this machine"), "{said}");
    for wrong in ["localhost:3000", "127.0.0.1", "127.0.0.1:99999", "here"] {
        let said = refusal(tandem(data.path()).env("TANDEM_ADDR", wrong));
        assert!(said.contains("TANDEM_ADDR") && said.contains(wrong) && said.contains("as 127.0.0.1:3000"), "{said}");
    }
}

#[test]
fn a_start_that_fails_names_the_setting() {
    let data = tempfile::tempdir().unwrap();
    let said = refusal(tandem(data.path()).args(["--log", "tandem==x"]));
    assert!(said.contains("TANDEM_LOG is \"tandem==x\""), "{said}");
    std::fs::write(data.path().join("tandem.toml"), "adr = \"127.0.0.1:4102\"").unwrap();
    let said = refusal(&mut tandem(data.path()));
    assert!(said.contains("tandem.toml") && said.contains("\"adr\""), "{said}");
}

#[test]
fn a_start_that_fails_names_the_path() {
    let data = tempfile::tempdir().unwrap();
    let inside = |name: &str| data.path().join(name).display().to_string();
    std::fs::write(inside("file"), "not a folder").unwrap();
    std::fs::create_dir(inside("folder")).unwrap();
    std::fs::write(
        inside("odd.db"),
        "this is no database at all, and long enough to be seen for what it is".repeat(50),
    )
    .unwrap();
    std::fs::create_dir(inside("half")).unwrap();
    std::fs::write(inside("half/files"), "in the way").unwrap();
    for (name, value, path, reason) in [
        ("TANDEM_DATA", inside("file"), inside("file"), "A part of this path is a file"),
        ("TANDEM_DATA", inside("file/below"), inside("file/below"), "A part of this path is a file"),
        ("TANDEM_DATA", "/proc/nowhere".to_owned(), "/proc/nowhere".to_owned(), "os error"),
        ("TANDEM_DATA", inside("half"), inside("half/files"), "A part of this path is a file"),
        ("TANDEM_DATABASE_URL", format!("sqlite:{}", inside("odd.db")), inside("odd.db"), "put back a copy"),
        (
            "TANDEM_DATABASE_URL",
            format!("sqlite:{}", inside("folder")),
            inside("folder"),
            "A folder is where the file should be",
        ),
        ("TANDEM_SECRET_FILE", inside("file"), inside("file"), "64 hexadecimal digits"),
        ("TANDEM_SECRET_FILE", inside("folder"), inside("folder"), "directory"),
        ("TANDEM_MAIL_CA", inside("missing.pem"), inside("missing.pem"), "TANDEM_MAIL_CA"),
    ] {
        let said = refusal(tandem(data.path()).env(name, value));
        assert!(said.contains(&path) && said.contains(reason), "{said}");
    }
    std::fs::create_dir(inside("tandem.toml")).unwrap();
    let said = refusal(&mut tandem(data.path()));
    assert!(said.contains("tandem.toml"), "an unreadable settings file must stop the start: {said}");
}

#[test]
fn a_start_that_fails_names_the_database_without_its_password() {
    let data = tempfile::tempdir().unwrap();
    for (url, named, reason) in [
        ("postgres://u:geheim@127.0.0.1:1/db", "postgres://u@127.0.0.1:1/db", "cannot be reached"),
        ("mysql://u:geheim@127.0.0.1/db", "mysql://u@127.0.0.1/db", "sqlite:PATH or postgres://"),
    ] {
        let said = refusal(tandem(data.path()).env("TANDEM_DATABASE_URL", url));
        assert!(said.contains(named) && said.contains(reason) && !said.contains("geheim"), "{said}");
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s57_three_hundred_slow_clients_do_not_stop_a_process_with_three_hundred_files() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 300 && exec \"$0\" serve", env!("CARGO_BIN_EXE_tandem")]).current_dir(data.path());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TANDEM_")) {
        command.env_remove(name);
    }
    command.env("TANDEM_DATA", data.path()).env("TANDEM_ADDR", "127.0.0.1:0").stdin(Stdio::null());
    let mut running = Running(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| line.unwrap().strip_prefix("listening on http://").map(str::to_owned)).unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    let mut held = Vec::new();
    for n in 0..400 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let starts = [
            "GET /healthz HTTP/1.1\r\nhost: localhost\r\nx",
            "",
            "POST /api/fn/sign_in HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n",
        ];
        stream.write_all(starts[n % 3].as_bytes()).await.unwrap();
        held.push(stream);
    }
    for path in ["/healthz", "/readyz", "/setup"].repeat(5) {
        let asked = reqwest::get(format!("http://{address}{path}"));
        let answer = tokio::time::timeout(Duration::from_secs(10), asked).await.expect("the server answers").unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
}

/// The job that reads mails of older rules again is left by the start of a newer version, and by nobody else.
#[tokio::test]
async fn b_mails_that_an_older_version_has_read_are_read_again_after_a_start() {
    let app = App::start().await;
    a_mail(&app).await;
    app.db.close().await;
    let url = format!("sqlite:{}", app.data().join("t.db").display());
    let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let forgotten = sqlx::query("UPDATE mail SET reader = 0 WHERE outcome = 'taken'").execute(&mut database).await;
    assert_eq!(forgotten.unwrap().rows_affected(), 1);
    let mut serve = tandem(app.data());
    serve.arg("serve").env("TANDEM_DATABASE_URL", &url).stdout(Stdio::null()).stderr(Stdio::null());
    let _running = Running(serve.spawn().unwrap());
    let began = Instant::now();
    let left = "SELECT COUNT(*) FROM mail WHERE outcome = 'taken' AND reader = 0";
    while sqlx::query_scalar::<_, i64>(left).fetch_one(&mut database).await.unwrap() > 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "no job reads the mail again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
