//! The servers that are measured, each a process of its own so that its time and memory are its own.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    error::{Error, Result, wrong},
    http::{Connection, get},
};

/// A running server; killed when it is dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// Words before the flags.
    pub command: &'static str,
    /// What it answers with 200 when it is ready.
    pub ready: &'static str,
}

impl Program {
    /// The released binary.
    pub fn tandem(path: &Path) -> Self {
        Self { path: path.to_owned(), command: "serve", ready: "/readyz" }
    }

    /// The raw handlers of this very program.
    ///
    /// # Errors
    /// When the system does not say where this program is.
    pub fn raw() -> Result<Self> {
        Ok(Self { path: std::env::current_exe()?, command: "raw", ready: "/ready" })
    }

    /// Starts it on a port of its own and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn start(&self, data: &Path) -> Result<Process> {
        Ok(self.start_at(data, free_port()?, None).await?.0)
    }

    /// The same with a PostgreSQL database.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start_with(&self, data: &Path, database: &str) -> Result<Process> {
        Ok(self.start_at(data, free_port()?, Some(database)).await?.0)
    }

    /// Starts it where it is told to; also how long it took to its first good answer.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start_at(&self, data: &Path, addr: SocketAddr, database: Option<&str>) -> Result<(Process, Duration)> {
        let began = Instant::now();
        let log = std::fs::File::create(data.join(format!("{}.log", self.command)))?;
        let child = Command::new(&self.path)
            .arg(self.command)
            .args(["--addr", &addr.to_string(), "--data"])
            .arg(data)
            // A tandem.toml in the folder where the bench is called must not change what is measured.
            .current_dir(data)
            .env("TANDEM_LOG", "warn")
            // Thousands of clients share a few loopback addresses here: connections are not counted by address.
            .env("TANDEM_TRUSTED_PROXIES", "127.0.0.0/8")
            .env_remove("TANDEM_DATABASE_URL")
            .envs(database.map(|url| ("TANDEM_DATABASE_URL", url)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut process = Process { child, addr };
        let request = get(addr, self.ready, "");
        while began.elapsed() < Duration::from_secs(60) {
            if let Ok(mut connection) = Connection::open(addr, None).await
                && matches!(connection.ask(&request).await, Ok((200, _)))
            {
                return Ok((process, began.elapsed()));
            }
            if let Some(status) = process.child.try_wait()? {
                return wrong(format!("{} ended with {status}: see {}", self.command, data.display()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(Error::Waited(60, format!("{} to answer", self.command)))
    }
}

impl Process {
    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would.
    ///
    /// # Errors
    /// When it has gone already.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Tells it to stop and waits until it has.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn stop(mut self) -> Result<()> {
        signal(self.pid(), Signal::TERM)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that we started.
///
/// # Errors
/// When it has gone.
pub fn signal(pid: u32, signal: Signal) -> Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Error::Wrong("no such process number".to_owned()))?;
    kill_process(pid, signal).map_err(|error| Error::Io(error.into()))
}

/// An address on loopback that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
