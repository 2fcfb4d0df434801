//! Goal 6: from the commit into the sockets of everybody who watches. Half of them see everything, half by their team: every event passes
//! the rights of each.

use std::time::{Duration, Instant};

use crate::{
    Bench,
    bed::Bed,
    crowd::{Crowd, Plan},
    error::{Error, Result},
    figures::{median, quantile},
    machine::{cpu_ms, memory_kib, millis},
    process::Process,
    publish::Publisher,
};

/// Events per round.
const EVENTS: u32 = 40;
/// Synapse's `/sync` with 100 clients, in milliseconds.
const SYNAPSE: f64 = 438.0;

#[derive(Clone, Copy)]
struct Delivery {
    /// From the commit until half of all deliveries were made, in milliseconds.
    p50: f64,
    /// From the request, with its commit, until all but a hundredth were made.
    p99: f64,
    /// Processor time per delivery, in microseconds.
    cpu: f64,
    rss_mib: f64,
}

/// Measures it for 1,000 and 5,000 subscribers.
///
/// # Errors
/// When a server does not answer.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    for subscribers in [1000, 5000] {
        let (mut our_rounds, mut raw_rounds) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            for raw in [false, true] {
                let program = if raw { &bench.raw } else { &bench.tandem };
                let server = program.start(&bed.folder).await?;
                let delivery = round(bed, &server, subscribers, raw).await?;
                if raw { raw_rounds.push(delivery) } else { our_rounds.push(delivery) }
            }
        }
        let (ours, raw) = (middle(&our_rounds), middle(&raw_rounds));
        for (name, Delivery { p50, p99, cpu, rss_mib }) in [("us ", ours), ("raw", raw)] {
            bench.report.line(format!(
                "live, {subscribers} streams {name}  commit to socket p50 {p50:6.1} ms  request to socket p99 {p99:6.1} ms  \
                 CPU {cpu:5.1} us per delivery  RSS {rss_mib:.0} MiB"
            ));
        }
        let part = ours.p50 / raw.p50;
        bench.report.less_is_better(format!("live {subscribers} p50, parts of raw"), part);
        bench.report.less_is_better(format!("live {subscribers} CPU us"), ours.cpu);
        if subscribers == 1000 {
            bench.report.goal(
                "6 live delivery",
                part <= 1.5 && ours.p99 <= 100.0 && ours.p50 * 10.0 <= SYNAPSE,
                format!(
                    "p50 {:.1} ms, {part:.2} x raw (aim 1.5), p99 {:.0} ms with the commit (aim 100), {:.0} x faster than Synapse (aim 10)",
                    ours.p50,
                    ours.p99,
                    SYNAPSE / ours.p50
                ),
            );
        }
    }
    Ok(())
}

fn middle(rounds: &[Delivery]) -> Delivery {
    let of = |field: fn(&Delivery) -> f64| median(rounds.iter().map(field).collect());
    Delivery { p50: of(|d| d.p50), p99: of(|d| d.p99), cpu: of(|d| d.cpu), rss_mib: of(|d| d.rss_mib) }
}

/// The subscribers of a server: every other one sees by team.
pub async fn plan(bed: &Bed, server: &Process, count: usize, raw: bool) -> Result<Plan> {
    let since = bed.last_event().await?;
    let mates = bed.team_mates.iter().flat_map(|mate| [bed.owner.clone(), mate.clone()]);
    Ok(Plan {
        addr: server.addr,
        path: if raw { "/live".to_owned() } else { format!("/api/live?since={since}") },
        cookies: if bed.team_mates.is_empty() { vec![bed.owner.clone()] } else { mates.collect() },
        count,
        from: None,
        receive_buffer: None,
        sees_all: false,
        since,
    })
}

async fn round(bed: &Bed, server: &Process, count: usize, raw: bool) -> Result<Delivery> {
    let mut publisher = Publisher::to(bed, server.addr, raw).await?;
    let mut commits = Vec::new();
    for number in 0..EVENTS {
        commits.push(publisher.publish(number).await?.elapsed());
    }
    // What the request and its commit take when there is nobody to tell.
    let commit = millis(quantile(&mut commits, 0.5));

    let crowd = Crowd::start(&plan(bed, server, count, raw).await?);
    crowd.until("all to be ready", 60, |status| status.ready == count).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cpu = cpu_ms(server.pid())?;
    let mut times = Vec::new();
    for number in 0..EVENTS {
        let sent = publisher.publish(number).await?;
        let waiting = Instant::now();
        while crowd.arrived() < count {
            if waiting.elapsed() > Duration::from_secs(20) {
                return Err(Error::Waited(20, format!("{} of {count} to get an event", crowd.arrived())));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.extend(crowd.arrivals().into_iter().map(|(_, at)| at.saturating_duration_since(sent)));
    }
    let cpu = cpu_ms(server.pid())? - cpu;
    Ok(Delivery {
        p50: (millis(quantile(&mut times, 0.5)) - commit).max(0.1),
        p99: millis(quantile(&mut times, 0.99)),
        cpu: cpu * 1000.0 / times.len() as f64,
        rss_mib: memory_kib(server.pid(), "VmRSS")? / 1024.0,
    })
}
