//! Goal 9: a hundred times the data must not cost more than half as much again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    Bench,
    bed::{Bed, Size},
    error::Result,
    figures::Figures,
    goal::{filters, list, open},
    http::post_json,
    load::{self, Make},
};

/// How long is assigned: what the small data has to assign lasts for about two seconds.
const ASSIGNING: Duration = Duration::from_secs(1);

/// Assigns one conversation after another to the owner, and takes it away again the next time round.
async fn assignments(addr: SocketAddr, bed: &Bed) -> Result<Make> {
    let mut conn = bed.connect().await?;
    let found: Vec<(String, i64)> = sqlx::query_as(
        "SELECT id, inbound_count FROM conversation WHERE status = 'open' AND assignee_id IS NULL ORDER BY id LIMIT 20000",
    )
    .fetch_all(&mut conn)
    .await?;
    let (cookie, owner) = (bed.owner.clone(), bed.owner_id.clone());
    // Asked again it is done already, and answered without a write: so there must be enough of them.
    Ok(Arc::new(move |number| {
        let (id, inbound) = found.get(usize::try_from(number).unwrap_or_default()).cloned().unwrap_or_default();
        let seen = json!({ "status": "open", "assignee": null, "inbound": inbound });
        let body = json!({ "conversation": id, "seen": seen, "act": { "assign": owner } });
        post_json(addr, "/api/fn/change_state", &cookie, &body.to_string())
    }))
}

/// Measures small against large.
///
/// # Errors
/// When the data cannot be made or the server does not answer.
pub async fn measure(bench: &mut Bench) -> Result<()> {
    let mut sides = Vec::new();
    for size in [Size::SMALL, Size::LARGE] {
        // One copy at a time: they are called the same.
        let bed = bench.bed(size).await?;
        sides.push(one(bench, &bed, size).await?);
        if size.conversations == Size::LARGE.conversations {
            filters::measure(bench, &bed, ("1,000,000", 80)).await?;
        }
    }
    let [small, large] = sides.as_slice() else { return Ok(()) };
    for ((name, before), (_, after)) in small.iter().zip(large) {
        let times = after.p50 / before.p50;
        bench.report.less_is_better(format!("growth {name}"), times);
        bench.report.goal(
            &format!("9 flat growth, {name}"),
            times <= 1.5,
            format!("p50 {:.2} ms, then {:.2} ms: {times:.2} x (aim 1.5)", before.p50, after.p50),
        );
    }
    Ok(())
}

async fn one(bench: &mut Bench, bed: &Bed, size: Size) -> Result<Vec<(&'static str, Figures)>> {
    let server = bench.tandem.start(&bed.folder).await?;
    let makes = [
        ("list", list::list(server.addr, &bed.owner)),
        ("open", open::thread(server.addr, bed)),
        ("assign", assignments(server.addr, bed).await?),
    ];
    let mut figures = Vec::new();
    for (name, make) in makes {
        // Assigning cannot be repeated on the same conversations, and the small data has two thousand that can be: one second, once.
        let (rounds, lasting) = if name == "assign" { (1, ASSIGNING) } else { (bench.rounds, bench.lasting) };
        let mut taken = Vec::new();
        for _ in 0..rounds {
            taken.push(load::run(&server, 1, lasting, &make).await?);
        }
        let middle = Figures::middle(&taken);
        bench.report.line(format!("{:18} c=1   {:>9}  {middle}", name, size.conversations));
        bench.report.failed(middle.bad);
        figures.push((name, middle));
    }
    Ok(figures)
}
