//! Goals 1 and 2: the list, as JSON and as a rendered page.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    Bench,
    bed::Bed,
    duel::duel,
    error::Result,
    http::{get, post_json},
    load::{self, Make},
};

/// Redmine's list on this kind of machine, in requests per second: JSON and page.
const REDMINE_JSON: f64 = 6.8;
const REDMINE_PAGE: f64 = 7.9;

/// Asks for the first page of the list.
pub fn list(addr: SocketAddr, cookie: &str) -> Make {
    let request = post_json(addr, "/api/fn/inbox_page", cookie, r#"{"filter":{"view":"all"},"after":null}"#);
    Arc::new(move |_| request.clone())
}

/// Asks for the inbox as a page.
pub fn page(addr: SocketAddr, cookie: &str) -> Make {
    let request = get(addr, "/inbox", cookie);
    Arc::new(move |_| request.clone())
}

fn fixed(addr: SocketAddr, path: &str, cookie: &str) -> Make {
    let request = get(addr, path, cookie);
    Arc::new(move |_| request.clone())
}

/// Measures both.
///
/// # Errors
/// When a server does not answer.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let ours = bench.tandem.start(&bed.folder).await?;
    let raw = bench.raw.start(&bed.folder).await?;
    let our_list = list(ours.addr, &bed.owner);
    let our_page = page(ours.addr, &bed.owner);
    let raw_list = fixed(raw.addr, "/list.json", &bed.owner);
    let raw_page = fixed(raw.addr, "/list.html", &bed.owner);

    duel(bench, "list JSON", 1, (&ours, &our_list), (&raw, &raw_list)).await?;
    let json = duel(bench, "list JSON", 32, (&ours, &our_list), (&raw, &raw_list)).await?;
    duel(bench, "list page", 1, (&ours, &our_page), (&raw, &raw_page)).await?;
    let page = duel(bench, "list page", 32, (&ours, &our_page), (&raw, &raw_page)).await?;
    let compressed = String::from_utf8_lossy(&our_page(0)).replace("\r\n\r\n", "\r\naccept-encoding: br, gzip\r\n\r\n");
    let compressed: Make = Arc::new(move |_| compressed.clone().into_bytes());
    let browser = load::run(&ours, 32, bench.lasting, &compressed).await?;
    bench.report.line(format!("{:18} c=32  us   {browser}", "page, compressed"));

    let (part, tail) = (json.throughput(), json.ours.p99 / json.raw.p99);
    bench.report.goal(
        "1 list API",
        part >= 0.5 && tail <= 2.0 && json.ours.per_second >= 250.0 * REDMINE_JSON,
        format!(
            "{part:.2} x raw (aim 0.5), p99 {tail:.2} x raw (aim 2), {:.0} x Redmine (aim 250)",
            json.ours.per_second / REDMINE_JSON
        ),
    );
    let part = page.throughput();
    bench.report.goal(
        "2 list page",
        part >= 0.25 && page.ours.cpu <= 1.5 && page.ours.per_second >= 100.0 * REDMINE_PAGE,
        format!(
            "{part:.2} x raw (aim 0.25), CPU {:.2} ms (aim 1.5), {:.0} x Redmine (aim 100)",
            page.ours.cpu,
            page.ours.per_second / REDMINE_PAGE
        ),
    );
    Ok(())
}
