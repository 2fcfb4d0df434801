//! Goal 7: memory when idle, per subscriber, and after everything was done at once.

use std::time::Duration;

use crate::{
    Bench,
    bed::Bed,
    crowd::Crowd,
    error::Result,
    goal::{accept, list, live, open},
    load,
    machine::memory_kib,
    publish::Publisher,
};

const SUBSCRIBERS: usize = 5000;
/// Redmine's application processes after the same kind of run, in MiB.
const REDMINE: f64 = 654.0;

/// After this memory is as it stays: what a crowd's coming or going left behind was given back (`server/src/memory.rs`).
const SETTLED: Duration = Duration::from_secs(6);

/// Measures it.
///
/// # Errors
/// When the server does not answer.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let server = bench.tandem.start(&bed.folder).await?;
    tokio::time::sleep(SETTLED).await;
    let idle = memory_kib(server.pid(), "VmRSS")? / 1024.0;

    let anonymous = || memory_kib(server.pid(), "RssAnon");
    let before = anonymous()?;
    let crowd = Crowd::start(&live::plan(bed, &server, SUBSCRIBERS, false).await?);
    crowd.until("all to be ready", 60, |status| status.ready == SUBSCRIBERS).await?;
    tokio::time::sleep(SETTLED).await;
    let each = (anonymous()? - before) / SUBSCRIBERS as f64;

    // Everything at once, while they watch; then without them, at full speed.
    let mut publisher = Publisher::to(bed, server.addr, false).await?;
    for number in 0..50 {
        publisher.publish(number).await?;
    }
    drop(crowd);
    let mut posted = 0;
    let work = [
        list::list(server.addr, &bed.owner),
        list::page(server.addr, &bed.owner),
        open::thread(server.addr, bed),
        accept::replies(server.addr, bed),
    ];
    for make in &work {
        let lasting = bench.lasting * 3;
        let figures = load::run(&server, 32, lasting, make).await?;
        bench.report.failed(figures.bad);
        posted = figures.good;
    }
    tokio::time::sleep(SETTLED).await;
    let after = anonymous()? / 1024.0;
    bench.report.line(format!(
        "memory             idle {idle:.1} MiB RSS  {each:.1} KiB per idle stream ({SUBSCRIBERS})  after load, {posted} replies among it: \
         {after:.1} MiB anonymous"
    ));
    bench.report.less_is_better("memory idle MiB", idle);
    bench.report.less_is_better("memory per stream KiB", each);
    bench.report.less_is_better("memory after load MiB", after);
    bench.report.goal("7 memory, idle", idle <= 64.0, format!("{idle:.1} MiB RSS (aim 64)"));
    bench.report.goal("7 memory, a stream", each <= 40.0, format!("{each:.1} KiB each (aim 40, stretch 8)"));
    bench.report.goal(
        "7 memory, after load",
        after <= f64::min(160.0, REDMINE / 4.0),
        format!("{after:.1} MiB anonymous (aim 160, and a quarter of Redmine's {REDMINE:.0})"),
    );
    Ok(())
}
