//! Goal 3: a conversation with its last 50 entries, as JSON and as a rendered page.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    Bench,
    bed::Bed,
    duel::duel,
    error::Result,
    http::{get, post_json},
    load::{self, Make},
};

/// django-helpdesk's ticket page on this kind of machine, in requests per second.
const HELPDESK: f64 = 29.0;

/// Asks for one conversation after another.
pub fn thread(addr: SocketAddr, bed: &Bed) -> Make {
    let ask = |id: &String| post_json(addr, "/api/fn/thread", &bed.owner, &format!(r#"{{"id":"{id}"}}"#));
    in_turn(bed.long.iter().map(ask).collect())
}

fn pages(addr: SocketAddr, bed: &Bed, path: &str) -> Make {
    in_turn(bed.long.iter().map(|id| get(addr, &format!("{path}/{id}"), &bed.owner)).collect())
}

fn in_turn(requests: Vec<Vec<u8>>) -> Make {
    Arc::new(move |number| {
        let place = usize::try_from(number).unwrap_or_default() % requests.len().max(1);
        requests.get(place).cloned().unwrap_or_default()
    })
}

/// Measures both.
///
/// # Errors
/// When a server does not answer.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let ours = bench.tandem.start(&bed.folder).await?;
    let raw = bench.raw.start(&bed.folder).await?;
    let our_thread = thread(ours.addr, bed);
    let raw_thread = pages(raw.addr, bed, "/conversation");
    let our_page = pages(ours.addr, bed, "/inbox");

    duel(bench, "open JSON", 1, (&ours, &our_thread), (&raw, &raw_thread)).await?;
    let json = duel(bench, "open JSON", 32, (&ours, &our_thread), (&raw, &raw_thread)).await?;
    let mut tails = Vec::new();
    let mut rates = Vec::new();
    for (connections, field) in [(1, &mut tails), (32, &mut rates)] {
        for _ in 0..bench.rounds {
            let round = load::run(&ours, connections, bench.lasting, &our_page).await?;
            bench.report.line(format!("{:18} c={connections:<3} us   {round}", "open page"));
            bench.report.failed(round.bad);
            field.push(round);
        }
    }
    let (tail, rate) = (crate::figures::Figures::middle(&tails), crate::figures::Figures::middle(&rates));
    bench.report.less_is_better("open page c=32 CPU ms", rate.cpu);
    let part = json.throughput();
    bench.report.goal("3 open, JSON", part >= 0.4, format!("{part:.2} x raw (aim 0.4)"));
    bench.report.goal(
        "3 open, page",
        rate.per_second >= 25.0 * HELPDESK && tail.p99 <= 20.0,
        format!(
            "{:.0} x django-helpdesk (aim 25), p99 at c=1 {:.1} ms (aim 20), CPU {:.2} ms",
            rate.per_second / HELPDESK,
            tail.p99,
            rate.cpu
        ),
    );
    Ok(())
}
