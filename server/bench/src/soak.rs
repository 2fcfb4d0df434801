//! `make soak`: everything at once for a long time, and an eye on memory.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    Bench, Common,
    bed::Size,
    crowd::Crowd,
    error::Result,
    figures::median,
    goal::{accept, list, live, open},
    load,
    machine::{memory_kib, open_files},
};

const SUBSCRIBERS: usize = 200;
/// Memory may be this much higher at the end than after the beginning: once for what is rare, and a part for scatter.
const SLACK_MIB: f64 = 8.0;
const SLACK_PART: f64 = 1.10;

/// Runs it; whether memory stayed where it was.
///
/// # Errors
/// When the server does not answer.
pub async fn run(common: &Common, minutes: u64) -> Result<bool> {
    let mut bench = Bench::new(common)?;
    let bed = bench.bed(Size::USUAL).await?;
    let server = bench.tandem.start(&bed.folder).await?;
    let work = [
        ("list", list::list(server.addr, &bed.owner)),
        ("page", list::page(server.addr, &bed.owner)),
        ("open", open::thread(server.addr, &bed)),
        ("accept", accept::replies(server.addr, &bed)),
    ];
    let began = Instant::now();
    let mut seen = Vec::new();
    while began.elapsed() < Duration::from_secs(minutes * 60) {
        // They come and go: a stream that leaves something behind shows.
        let crowd = Crowd::start(&live::plan(&bed, &server, SUBSCRIBERS, false).await?);
        for (name, make) in &work {
            let figures = load::run(&server, 8, bench.lasting, make).await?;
            bench.report.line(format!("{name:18} c=8        {figures}"));
            bench.report.failed(figures.bad);
        }
        drop(crowd);
        let memory = memory_kib(server.pid(), "RssAnon")? / 1024.0;
        let minute = began.elapsed().as_secs_f64() / 60.0;
        let files = open_files(server.pid())?;
        bench.report.line(format!(
            "after {minute:.1} min      {memory:.1} MiB anonymous, {files} files open, {}",
            size(&bed.file())
        ));
        seen.push(memory);
    }
    let (early, late) = ends(&seen);
    bench.report.goal("soak", !grows(early, late), format!("{early:.1} MiB early, {late:.1} MiB late"));
    let well = bench.report.finish(&bench.kept, common.accept)?;
    Ok(well && !grows(early, late))
}

fn size(file: &Path) -> String {
    let mib = |path: &Path| std::fs::metadata(path).map_or(0, |data| data.len() / (1024 * 1024));
    format!("database {} MiB, WAL {} MiB", mib(file), mib(&file.with_extension("db-wal")))
}

/// The middle of the second fifth (the first one is warming up) and of the last.
fn ends(seen: &[f64]) -> (f64, f64) {
    let fifth = (seen.len() / 5).max(1);
    let early = seen.iter().skip(fifth).take(fifth).copied().collect();
    let late = seen.iter().rev().take(fifth).copied().collect();
    (median(early), median(late))
}

fn grows(early: f64, late: f64) -> bool {
    late > early * SLACK_PART + SLACK_MIB
}

#[cfg(test)]
mod tests {
    use super::{ends, grows};

    #[test]
    fn what_keeps_growing_is_told_from_what_settles() {
        let settles: Vec<f64> = (0..50).map(|n| if n < 8 { 20.0 + f64::from(n) * 10.0 } else { 100.0 }).collect();
        let leaks: Vec<f64> = (0..50).map(|n| 50.0 + f64::from(n)).collect();
        let (early, late) = ends(&settles);
        assert!(!grows(early, late));
        let (early, late) = ends(&leaks);
        assert!(grows(early, late));
    }
}
