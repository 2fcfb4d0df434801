//! Goal 5: a reply is on the disk before it is acknowledged, and many share one trip to it.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::Connection as _;

use crate::{
    Bench,
    bed::Bed,
    error::{Error, Result},
    figures::Figures,
    load::{self, Make},
    machine::{fdatasync_ms, now_ms},
    publish::{raw_message, send_message},
};

const TEXT: &str =
    "Thank you for telling us. The new address is stored, and the parcel leaves the house tomorrow morning.";

/// Replies to one web chat after another, by the way that browsers take: rights, state table, search index, event, and the job that sends it.
pub fn replies(addr: SocketAddr, bed: &Bed) -> Make {
    let (chats, cookie) = (bed.chats.clone(), bed.owner.clone());
    Arc::new(move |number| {
        let place = usize::try_from(number).unwrap_or_default() % chats.len().max(1);
        send_message(addr, &cookie, chats.get(place).map_or("", String::as_str), "reply", number, TEXT)
    })
}

fn raw_messages(addr: SocketAddr, bed: &Bed) -> Make {
    let (chats, cookie) = (bed.chats.clone(), bed.owner.clone());
    Arc::new(move |number| {
        let place = usize::try_from(number).unwrap_or_default() % chats.len().max(1);
        raw_message(addr, &cookie, chats.get(place).map_or("", String::as_str), number, TEXT)
    })
}

/// Measures it.
///
/// # Errors
/// When a server does not answer.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let ours = bench.tandem.start(&bed.folder).await?;
    let raw = bench.raw.start(&bed.folder).await?;
    let (our_make, raw_make) = (replies(ours.addr, bed), raw_messages(raw.addr, bed));
    let mut middles = Vec::new();
    let mut disk = Vec::new();
    for connections in [1, 32] {
        let (mut our_rounds, mut raw_rounds) = (Vec::new(), Vec::new());
        for _ in 0..bench.rounds {
            disk.push(fdatasync_ms(&bed.folder)?);
            our_rounds.push(load::run(&ours, connections, bench.lasting, &our_make).await?);
            let sent = settled(bed).await?;
            bench.report.line(format!("{:18} all sent {:.1} s after the last was taken", "", sent.as_secs_f64()));
            raw_rounds.push(load::run(&raw, connections, bench.lasting, &raw_make).await?);
        }
        let (our_middle, raw_middle) = (Figures::middle(&our_rounds), Figures::middle(&raw_rounds));
        bench.report.line(format!("{:18} c={connections:<3} us   {our_middle}", "accept"));
        bench.report.line(format!("{:18} c={connections:<3} raw  {raw_middle}", "accept, FULL"));
        bench.report.failed(our_middle.bad + raw_middle.bad);
        let part = our_middle.per_second / raw_middle.per_second;
        bench.report.more_is_better(format!("accept c={connections} part of raw"), part);
        bench.report.less_is_better(format!("accept c={connections} CPU ms"), our_middle.cpu);
        middles.push((our_middle, part));
    }
    let disk = crate::figures::median(disk);
    let [(alone, _), (many, part)] = middles.as_slice() else { return Ok(()) };
    let aim = 1.5 * disk + 1.0;
    bench.report.goal(
        "5 durable accept, c=32",
        *part >= 5.0,
        format!("{:.0}/s, {part:.1} x one commit per fsync (aim 5)", many.per_second),
    );
    bench.report.goal(
        "5 durable accept, c=1",
        alone.p50 <= aim,
        format!("p50 {:.2} ms (aim {aim:.2}: fdatasync takes {disk:.2})", alone.p50),
    );
    Ok(())
}

/// Waits until every reply has gone out, so that this work is not done while the other side is measured.
async fn settled(bed: &Bed) -> Result<Duration> {
    let began = Instant::now();
    let mut conn = bed.connect().await?;
    loop {
        let (waiting, next): (i64, i64) = sqlx::query_as(
            "SELECT COUNT(*), COALESCE(MIN(run_at), 0) FROM job WHERE state <> 'dead' AND kind = 'send'",
        )
        .fetch_one(&mut conn)
        .await?;
        if waiting == 0 {
            conn.close().await?;
            return Ok(began.elapsed());
        }
        if began.elapsed() > Duration::from_secs(180) {
            return Err(Error::Waited(180, format!("{waiting} jobs, the next in {} ms", next - now_ms())));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
