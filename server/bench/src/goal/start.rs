//! Goal 12: from the start of the process to its first good answer; and from a kill to the moment when everybody who watched has all.

use std::time::Instant;

use crate::{
    Bench,
    bed::Bed,
    crowd::{Crowd, Plan},
    error::Result,
    figures::median,
    goal::live,
    machine::{cpu_ms, millis},
    process::{Process, Program, free_port},
    publish::Publisher,
};

const STARTS: usize = 7;
const SUBSCRIBERS: usize = 1000;
/// Events that happen while nobody is connected.
const MISSED: u32 = 20;

/// Measures both.
///
/// # Errors
/// When a server does not answer.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        ours.push(start(&bench.tandem, bed).await?);
        raw.push(start(&bench.raw, bed).await?);
    }
    let (ours, raw) = (median(ours), median(raw));
    bench.report.line(format!("start              to the first 200: us {ours:.0} ms  raw {raw:.0} ms"));
    bench.report.less_is_better("start ms", ours);
    bench.report.goal("12 start", ours <= 150.0, format!("{ours:.0} ms to the first 200 (aim 150, raw {raw:.0})"));

    let (mut times, mut cpus, mut gaps, mut resets) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..bench.rounds {
        let Herd { seconds, cpu, gaps: missed, resets: read_afresh } = recover(bench, bed).await?;
        bench.report.line(format!(
            "kill -9            {seconds:.2} s until all {SUBSCRIBERS} have all, CPU {cpu:.2} s, {missed} gaps"
        ));
        times.push(seconds);
        cpus.push(cpu);
        gaps += missed;
        resets += read_afresh;
    }
    let (seconds, cpu) = (median(times), median(cpus));
    bench.report.less_is_better("recovery CPU s", cpu);
    bench.report.goal(
        "12 recover",
        seconds <= 2.0 && cpu <= 2.0 && gaps == 0 && resets == 0,
        format!("{seconds:.2} s after the restart (aim 2), CPU {cpu:.2} s (aim 2), {gaps} gaps, {resets} full reloads (aim 0)"),
    );
    Ok(())
}

async fn start(program: &Program, bed: &Bed) -> Result<f64> {
    let (process, took) = program.start_at(&bed.folder, free_port()?, None).await?;
    process.stop()?;
    Ok(millis(took))
}

struct Herd {
    seconds: f64,
    cpu: f64,
    gaps: usize,
    resets: usize,
}

async fn recover(bench: &Bench, bed: &Bed) -> Result<Herd> {
    let addr = free_port()?;
    let (server, _) = bench.tandem.start_at(&bed.folder, addr, None).await?;
    let plan = Plan {
        cookies: vec![bed.owner.clone()],
        sees_all: true,
        ..live::plan(bed, &server, SUBSCRIBERS, false).await?
    };
    let crowd = Crowd::start(&plan);
    crowd.until("all to be ready", 60, |status| status.ready == SUBSCRIBERS).await?;
    publish(bed, &server).await?;
    let last = bed.last_event().await?;
    crowd.until("all to have all", 60, |status| status.least >= last).await?;

    server.kill()?;
    let killed = Instant::now();
    let (server, _) = bench.tandem.start_at(&bed.folder, addr, None).await?;
    // What they must catch up with happens before the first of them is back.
    publish(bed, &server).await?;
    let last = bed.last_event().await?;
    let all = |status: &crate::crowd::Status| status.ready == SUBSCRIBERS && status.least >= last;
    crowd.until("all to be back and to have all", 60, all).await?;
    let seconds = killed.elapsed().as_secs_f64();
    let cpu = cpu_ms(server.pid())? / 1000.0;
    let status = crowd.status();
    Ok(Herd { seconds, cpu, gaps: status.gaps, resets: status.resets })
}

async fn publish(bed: &Bed, server: &Process) -> Result<()> {
    let mut publisher = Publisher::to(bed, server.addr, false).await?;
    for number in 0..MISSED {
        publisher.publish(number).await?;
    }
    Ok(())
}
