//! What the machine says about itself and about processes: processor time, memory, sockets, the disk's patience.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::{
    error::{Error, Result},
    figures::quantile,
};

/// `/proc` counts in hundredths of a second, whatever the kernel's own clock.
const TICK_MS: f64 = 10.0;

/// Processor time that a process has used, in milliseconds.
///
/// # Errors
/// When there is no such process.
pub fn cpu_ms(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name may contain anything, also spaces; it ends at the last bracket.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    Ok(ticks * TICK_MS)
}

/// A line of `/proc/PID/status` in KiB: `VmRSS`, `RssAnon`.
///
/// # Errors
/// When there is no such process or line.
pub fn memory_kib(pid: u32, line: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let value = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    let number = value.and_then(|v| v.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| Error::Wrong(format!("no {line} of process {pid}")))
}

/// How many files and sockets a process has open.
///
/// # Errors
/// When there is no such process.
pub fn open_files(pid: u32) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// The load average of the last minute.
pub fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

/// What figures are comparable on: processor and number of cores.
pub fn kind() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or_default();
    format!("{cores} x {}", model.trim_start_matches([' ', '\t', ':']))
}

/// Lets this process have as many sockets as it is allowed to.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit });
}

/// How long a 4 KiB page takes to the disk in this folder: the median of many `fdatasync`, in milliseconds.
///
/// # Errors
/// When the disk fails.
pub fn fdatasync_ms(folder: &Path) -> Result<f64> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut taken = Vec::new();
    for place in 0..200u64 {
        file.seek(SeekFrom::Start(place % 16 * 4096))?;
        file.write_all(&[1; 4096])?;
        let began = Instant::now();
        file.sync_data()?;
        taken.push(began.elapsed());
    }
    fs::remove_file(path)?;
    Ok(millis(quantile(&mut taken, 0.5)))
}

/// As a number of milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Milliseconds since 1970, for what is written into the database.
#[expect(clippy::disallowed_methods, reason = "the bench dates its own rows")]
pub fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
