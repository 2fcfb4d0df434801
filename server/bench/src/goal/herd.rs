//! R12: 10,000 live connections, in processes of their own. A quarter stops existing (its process is killed), a quarter stops reading
//! and never answers again (its process is stopped: what a laptop does whose lid was closed); then as many come back at once; then
//! some read too slowly. Nobody may have a gap, and sockets and memory must be where they were within two minutes.

use std::{
    io::{BufRead, BufReader, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use clap::Args;
use rustix::process::Signal;

use crate::{
    Bench,
    bed::Bed,
    crowd::{Crowd, Plan, Status},
    error::{Error, Result},
    goal::live,
    load::{self, Make},
    machine::{cpu_ms, memory_kib, open_files, raise_open_files},
    process::{Process, signal},
    publish::{Publisher, send_message},
};

/// Connections of each of the four processes.
const QUARTER: usize = 2500;
/// Readers that are too slow.
const SLOW: usize = 200;
/// More than the server keeps for a slow reader.
const FLOOD: u64 = 3000;
/// How long it may take until all is as before.
const SETTLE: u64 = 120;
/// A receive buffer that is full at once.
const NARROW: u32 = 4096;

/// Subscribers in a process of their own.
#[derive(Debug, Clone, Args)]
pub struct Outside {
    #[arg(long)]
    addr: SocketAddr,
    #[arg(long)]
    path: String,
    #[arg(long)]
    cookie: String,
    #[arg(long)]
    count: usize,
    #[arg(long)]
    from: IpAddr,
    #[arg(long)]
    since: i64,
    #[arg(long)]
    receive_buffer: Option<u32>,
}

/// Subscribes and tells on the standard output how it goes, until it is killed.
///
/// # Errors
/// When nobody listens any more.
pub async fn outside(outside: Outside) -> Result<()> {
    raise_open_files();
    let Outside { addr, path, cookie, count, from, since, receive_buffer } = outside;
    let plan =
        Plan { addr, path, cookies: vec![cookie], count, from: Some(from), receive_buffer, sees_all: true, since };
    let crowd = Crowd::start(&plan);
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&crowd.status())?)?;
        out.flush()?;
    }
}

/// Such a process, seen from here.
struct Band {
    child: Child,
    latest: Arc<Mutex<Status>>,
    count: usize,
}

impl Band {
    async fn start(bed: &Bed, server: &Process, count: usize, place: u8, receive_buffer: Option<u32>) -> Result<Self> {
        let since = bed.last_event().await?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["crowd", "--path", &format!("/api/live?since={since}"), "--cookie", &bed.owner]);
        command.args(["--addr", &server.addr.to_string(), "--count", &count.to_string()]);
        command.args(["--since", &since.to_string()]);
        command.args(["--from", &Ipv4Addr::new(127, 0, 1, place).to_string()]);
        if let Some(size) = receive_buffer {
            command.args(["--receive-buffer", &size.to_string()]);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let latest = Arc::new(Mutex::new(Status::default()));
        if let Some(out) = child.stdout.take() {
            let latest = Arc::clone(&latest);
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines().map_while(std::result::Result::ok) {
                    if let Ok(status) = serde_json::from_str(&line) {
                        *latest.lock().unwrap_or_else(PoisonError::into_inner) = status;
                    }
                }
            });
        }
        Ok(Self { child, latest, count })
    }

    fn status(&self) -> Status {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Band {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn until(what: &str, seconds: u64, is: impl Fn() -> Result<bool>) -> Result<Duration> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(seconds) {
        if is()? {
            return Ok(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Error::Waited(seconds, what.to_owned()))
}

async fn all_have(bands: &[&Band], last: i64) -> Result<Duration> {
    let there = |band: &&Band| {
        let status = band.status();
        status.ready == band.count && status.least >= last
    };
    until("all to be ready and to have all", SETTLE, || Ok(bands.iter().all(there))).await
}

async fn publish(bed: &Bed, server: &Process, count: u32) -> Result<i64> {
    let mut publisher = Publisher::to(bed, server.addr, false).await?;
    for number in 0..count {
        publisher.publish(number).await?;
    }
    bed.last_event().await
}

/// Measures it.
///
/// # Errors
/// When the server does not answer, or somebody waits in vain.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let server = bench.tandem.start(&bed.folder).await?;
    // Once round first: what a process takes on first use is not what connections leave behind.
    publish(bed, &server, 20).await?;
    let pid = server.pid();
    let anonymous = || Ok::<_, Error>(memory_kib(pid, "RssAnon")? / 1024.0);
    let (files, memory) = (open_files(pid)?, anonymous()?);

    let stays = Band::start(bed, &server, QUARTER, 1, None).await?;
    let stays_too = Band::start(bed, &server, QUARTER, 2, None).await?;
    let dies = Band::start(bed, &server, QUARTER, 3, None).await?;
    let freezes = Band::start(bed, &server, QUARTER, 4, Some(NARROW)).await?;
    let last = publish(bed, &server, 5).await?;
    let took = all_have(&[&stays, &stays_too, &dies, &freezes], last).await?;
    bench.report.line(format!(
        "herd               {} connected after {:.1} s, {:.0} MiB anonymous ({memory:.0} before)",
        4 * QUARTER,
        took.as_secs_f64(),
        anonymous()?
    ));

    signal(freezes.pid(), Signal::STOP)?;
    drop(dies);
    let gone = Instant::now();
    // Enough to fill what the frozen ones can still take in.
    let last = publish(bed, &server, 150).await?;
    let half = files + 2 * QUARTER + 20;
    let cleared = until("vanished connections to be closed", SETTLE, || Ok(open_files(pid)? <= half)).await;
    let vanished = match &cleared {
        Ok(_) => format!("closed after {:.0} s", gone.elapsed().as_secs_f64()),
        Err(_) => format!("{} files open still", open_files(pid)?),
    };
    bench.report.line(format!("herd               half vanished: {vanished}, {:.0} MiB anonymous", anonymous()?));
    all_have(&[&stays, &stays_too], last).await?;
    drop(freezes);

    // As many come at once, and have something to catch up with.
    let cpu = cpu_ms(pid)?;
    let again = Band::start(bed, &server, QUARTER, 5, None).await?;
    let again_too = Band::start(bed, &server, QUARTER, 6, None).await?;
    let last = publish(bed, &server, 20).await?;
    let came = all_have(&[&stays, &stays_too, &again, &again_too], last).await?;
    bench.report.line(format!(
        "herd               {} came at once: all have all after {:.1} s, CPU {:.1} s",
        2 * QUARTER,
        came.as_secs_f64(),
        (cpu_ms(pid)? - cpu) / 1000.0
    ));
    let gaps: usize = [&stays, &stays_too, &again, &again_too].iter().map(|band| band.status().gaps).sum();
    drop((stays, stays_too, again, again_too));

    let (told, slow_gaps) = slow(bench, bed, &server).await?;
    let ended = Instant::now();
    let back = until("sockets and memory to come back", SETTLE, || {
        Ok(open_files(pid)? <= files + 20 && anonymous()? <= memory + 32.0)
    });
    let back = back.await.is_ok();
    let line = format!(
        "{} files open ({files} before), {:.0} MiB anonymous ({memory:.0} before) {:.0} s after the last has gone",
        open_files(pid)?,
        anonymous()?,
        ended.elapsed().as_secs_f64()
    );
    bench.report.line(format!("herd               {line}"));
    bench.report.goal("R12 vanished", cleared.is_ok(), format!("half of {}: {vanished} (aim {SETTLE} s)", 4 * QUARTER));
    bench.report.goal("R12 slow", told, format!("{SLOW} slow readers, each told to read afresh"));
    bench.report.goal("R12 no gap", gaps + slow_gaps == 0, format!("{gaps} gaps, {slow_gaps} among the slow"));
    bench.report.goal("R12 all comes back", back, line);
    Ok(())
}

/// Some stop reading while more happens than is kept for them, then go on. Whether each was told, and how many had a gap without.
async fn slow(bench: &mut Bench, bed: &Bed, server: &Process) -> Result<(bool, usize)> {
    let slow = Band::start(bed, server, SLOW, 7, Some(NARROW)).await?;
    // A few that keep up, to see that one's slowness is not another's gap.
    let quick = Crowd::start(&Plan {
        cookies: vec![bed.owner.clone()],
        sees_all: true,
        ..live::plan(bed, server, 20, false).await?
    });
    let last = publish(bed, server, 5).await?;
    all_have(&[&slow], last).await?;
    signal(slow.pid(), Signal::STOP)?;
    let (addr, cookie, chats) = (server.addr, bed.owner.clone(), bed.chats.clone());
    let notes: Make = Arc::new(move |number| {
        let place = usize::try_from(number).unwrap_or_default() % chats.len().max(1);
        let long = "A word that makes it long. ".repeat(40);
        send_message(addr, &cookie, chats.get(place).map_or("", String::as_str), "note", number, &long)
    });
    let before = bed.last_event().await?;
    while bed.last_event().await? < before + i64::try_from(FLOOD).unwrap_or(i64::MAX) {
        let figures = load::run(server, 32, Duration::from_millis(500), &notes).await?;
        bench.report.failed(figures.bad);
    }
    let last = bed.last_event().await?;
    signal(slow.pid(), Signal::CONT)?;
    let after = publish(bed, server, 5).await?;
    until("the slow to have all", SETTLE, || Ok(slow.status().least >= after)).await?;
    quick.until("the quick to have all", SETTLE, |status| status.least >= last).await?;
    let status = slow.status();
    Ok((status.resets >= SLOW, status.gaps + quick.status().gaps))
}
