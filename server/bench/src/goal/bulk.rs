//! An act on everything in a view (L7), while streams are open and a member works on: how long it takes, how long others wait, and that no
//! browser is told to read afresh.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    Bench,
    bed::{Bed, message_id},
    crowd::Crowd,
    error::{Result, wrong},
    figures::quantile,
    goal::live::plan,
    http::{Connection, post_json},
    machine::millis,
};

/// How many streams are open.
const STREAMS: usize = 50;
/// How long it may take for 10,000 conversations.
const AIM: Duration = Duration::from_secs(10);
/// How long no other request may take.
const OTHERS: Duration = Duration::from_millis(100);
/// How long a member rests between two requests.
const REST: Duration = Duration::from_millis(20);

/// Assigns every open conversation to the owner.
///
/// # Errors
/// When the server does not answer, or refuses it.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let server = bench.start(bed).await?;
    let crowd = Crowd::start(&plan(bed, &server, STREAMS, false).await?);
    crowd.until("all to be ready", 60, |status| status.ready == STREAMS).await?;
    let mut line = Connection::open(server.addr, None).await?;
    let id = message_id(0);
    let ask =
        |name: &str, body: Value| post_json(server.addr, &format!("/api/fn/{name}"), &bed.owner, &body.to_string());
    let page = ask("inbox_page", json!({ "filter": { "view": "all" }, "sort": "last", "after": null }));
    let begin = json!({ "id": id, "filter": { "view": "all" }, "act": { "assign": bed.owner_id } });
    let begun = Instant::now();
    let (status, answer) = line.ask(&ask("begin_sweep", begin)).await?;
    if status != 200 {
        return wrong(format!("begin_sweep: {status} {}", String::from_utf8_lossy(&answer)));
    }
    let (mut others, progress) = (Vec::new(), ask("progress_of_sweep", json!({ "id": id })));
    let (changed, took) = loop {
        let asked = Instant::now();
        let (status, _) = line.ask(&page).await?;
        others.push(asked.elapsed());
        bench.report.failed(usize::from(status != 200));
        let (_, answer) = line.ask(&progress).await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        if answer.get("ended").is_some_and(|ended| !ended.is_null()) {
            break (answer.get("changed").and_then(Value::as_i64).unwrap_or_default(), begun.elapsed());
        }
        tokio::time::sleep(REST).await;
    };
    let (p50, p95) = (quantile(&mut others, 0.5), quantile(&mut others, 0.95));
    let most = others.iter().max().copied().unwrap_or_default();
    let resets = crowd.status().resets;
    let text = format!(
        "{changed} conversations in {:.1} s (aim 10 s for 10,000); a page meanwhile p50 {:.1}, p95 {:.1}, at most {:.1} ms (aim 100); {resets} resets",
        took.as_secs_f64(),
        millis(p50),
        millis(p95),
        millis(most)
    );
    let for_ten_thousand = took.mul_f64(10_000.0 / changed.max(1) as f64);
    bench.report.goal("L7 everything in a view", for_ten_thousand <= AIM && most <= OTHERS && resets == 0, text);
    Ok(())
}
