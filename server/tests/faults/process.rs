//! The binary as a separate process: started, connected to, killed.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use tokio::sync::oneshot;

/// How a process is started: the same way each time.
pub struct Launch {
    pub data: PathBuf,
    pub url: String,
    /// Further variables: settings, or a library to load first and what it reads.
    pub env: Vec<(&'static str, OsString)>,
}

pub struct Process {
    child: Child,
    listening: Option<oneshot::Receiver<SocketAddr>>,
    log: Arc<Mutex<VecDeque<String>>>,
}

impl Launch {
    /// Starts it, and does not wait until it answers.
    pub fn spawn(&self) -> Process {
        let binary = std::env::var_os("TANDEM_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_tandem").into());
        let mut command = Command::new(binary);
        command.args(["--addr", "127.0.0.1:0", "--log", "warn", "--database-url", &self.url, "--data"]).arg(&self.data);
        // Neither somebody's tandem.toml nor their environment.
        command.current_dir(&self.data).env_remove("TANDEM_PUBLIC_URL").env_remove("TANDEM_ROLES");
        // Many clients share a few loopback addresses here.
        command.env("TANDEM_TRUSTED_PROXIES", "127.0.0.0/8");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
        let (tell, listening) = oneshot::channel();
        let log = Arc::new(Mutex::new(VecDeque::new()));
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        std::thread::spawn(move || {
            let mut tell = Some(tell);
            for line in lines.map_while(Result::ok) {
                if let Some(address) = line.strip_prefix("listening on http://")
                    && let Some(tell) = tell.take()
                {
                    let _ = tell.send(address.parse().expect("an address"));
                }
                let mut kept = kept.lock().unwrap();
                if kept.len() == 40 {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
        });
        Process { child, listening: Some(listening), log }
    }
}

impl Process {
    /// Where it answers, once it does.
    pub async fn ready(&mut self) -> SocketAddr {
        let listening = self.listening.take().expect("asked once");
        match super::within(30, "the process answers", listening).await {
            Ok(address) => address,
            Err(_) => panic!("the process ended at its start:\n{}", self.said()),
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has a file of this name open (proc(5), `fd`).
    pub fn has_open(&self, name: &str) -> bool {
        let Ok(files) = std::fs::read_dir(format!("/proc/{}/fd", self.pid())) else { return false };
        files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|path| path.ends_with(name)))
    }

    /// The last lines of its log.
    pub fn said(&self) -> String {
        self.log.lock().unwrap().iter().map(|line| format!("    {line}\n")).collect()
    }

    /// `kill -9`
    pub fn kill(mut self) {
        self.end();
    }

    /// As an operator stops it: it finishes what it has begun.
    pub async fn stop(mut self) {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill can be called");
        let ended = tokio::task::spawn_blocking(move || (self.child.wait().unwrap(), self));
        let (status, process) = super::within(30, "the process stops", ended).await.unwrap();
        assert!(status.success(), "it stopped with {status}:\n{}", process.said());
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
