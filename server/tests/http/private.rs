//! Files on the disk are readable only by the account that runs Tandem, whatever the umask is, and whatever modes existing files had.
#![cfg(unix)]

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// As an operator's shell with a generous umask starts it.
fn tandem(data: &Path, arguments: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!("umask 000; exec \"$0\" --addr 127.0.0.1:0 --log warn --data \"$1\" {arguments}");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_tandem")]).arg(data).current_dir(data.parent().unwrap());
    for name in ["TANDEM_PUBLIC_URL", "TANDEM_ROLES", "TANDEM_DATABASE_URL", "TANDEM_SECRET_FILE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Started, and listening.
fn serving(data: &Path) -> Child {
    let mut child = tandem(data, "serve").stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let said: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.starts_with("listening on")).collect();
    assert!(child.try_wait().unwrap().is_none(), "the process ended: {said:?}");
    child
}

/// Everything in and below a folder, with its rights.
fn rights(path: &Path) -> Vec<(PathBuf, u32)> {
    let found = std::fs::symlink_metadata(path).unwrap();
    let mut all = vec![(path.to_owned(), found.permissions().mode() & 0o777)];
    if found.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            all.extend(rights(&entry.unwrap().path()));
        }
    }
    all
}

fn assert_private(data: &Path) {
    let all = rights(data);
    let names: Vec<String> =
        all.iter().map(|(path, _)| path.strip_prefix(data).unwrap().display().to_string()).collect();
    for expected in ["tandem.db", "tandem.db-wal", "tandem.db-shm", "secret.key", "files", "files/incoming"] {
        assert!(names.iter().any(|name| name == expected), "no {expected} in {names:?}");
    }
    assert!(all.len() > 10, "files of conversations too: {names:?}");
    for (path, mode) in all {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{} has mode {mode:o}", path.display());
    }
}

#[test]
fn the_data_folder_is_closed_to_others_from_the_start_and_after_an_update() {
    let outer = tempfile::tempdir().unwrap();
    let data = outer.path().join("data");
    let seeded = tandem(&data, "seed --conversations 40 --messages 400").status().unwrap();
    assert!(seeded.success());
    let mut child = serving(&data);
    assert_private(&data);
    child.kill().unwrap();
    child.wait().unwrap();

    // As an older version left it.
    for (path, _) in rights(&data) {
        let open = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(open)).unwrap();
    }
    let mut child = serving(&data);
    assert_private(&data);
    child.kill().unwrap();
    child.wait().unwrap();
}
