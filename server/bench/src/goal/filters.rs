//! Filters (L3): the first page of a thousand different ones, each in some order, and which of them takes longest.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    Bench,
    bed::Bed,
    error::{Result, wrong},
    figures::quantile,
    http::{Connection, post_json},
};

/// How many filters are asked for.
const FILTERS: usize = 1_000;
/// How often each is asked; the fastest counts. One that is slow only once waited for something else.
const TIMES: usize = 3;

/// The same numbers in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n.max(1) as u64).unwrap_or_default()
    }

    fn some(&mut self, of: &[Value], most: usize) -> Vec<Value> {
        let mut chosen: Vec<Value> = Vec::new();
        for _ in 0..=self.below(most) {
            let one = of.get(self.below(of.len())).cloned();
            chosen.extend(one.filter(|one| !chosen.contains(one)));
        }
        chosen
    }
}

/// What filters can name in this data.
struct Known {
    tags: Vec<Value>,
    channels: Vec<Value>,
    members: Vec<Value>,
    last_at: (i64, i64),
}

async fn known(bed: &Bed) -> Result<Known> {
    let mut conn = bed.connect().await?;
    let tags: Vec<i64> = sqlx::query_scalar("SELECT id FROM tag ORDER BY id LIMIT 200").fetch_all(&mut conn).await?;
    let channels: Vec<String> = sqlx::query_scalar("SELECT id FROM channel").fetch_all(&mut conn).await?;
    let members: Vec<String> = sqlx::query_scalar("SELECT id FROM member").fetch_all(&mut conn).await?;
    let last_at = sqlx::query_as("SELECT MIN(last_at), MAX(last_at) FROM conversation").fetch_one(&mut conn).await?;
    let values = |all: Vec<String>| all.into_iter().map(Value::from).collect();
    if tags.is_empty() || channels.is_empty() {
        return wrong("the data has no tags or channels to filter by");
    }
    let tags = tags.into_iter().map(Value::from).collect();
    Ok(Known { tags, channels: values(channels), members: values(members), last_at })
}

/// A filter with one to five conditions, and an order.
fn ask(dice: &mut Dice, known: &Known) -> Value {
    let one = |dice: &mut Dice, of: &[&str]| json!(of.get(dice.below(of.len())).copied().unwrap_or_default());
    let views = ["mine", "unassigned", "all", "closed", "new", "missed", "others"];
    let mut filter = json!({ "view": one(dice, &views) });
    for _ in 0..=dice.below(5) {
        let (key, value) = match dice.below(10) {
            0 => ("tags", json!({ "any": dice.some(&known.tags, 5) })),
            1 => ("tags", json!({ "all": dice.some(&known.tags, 3) })),
            2 => ("tags", json!({ "any": dice.some(&known.tags, 3), "none": dice.some(&known.tags, 5) })),
            3 => ("channels", json!(dice.some(&known.channels, 2))),
            4 => ("kinds", json!([one(dice, &["web_chat", "email"])])),
            5 => ("statuses", json!([one(dice, &["open", "pending", "closed"])])),
            6 => ("assignee", json!({ "member": known.members.get(dice.below(known.members.len())) })),
            7 => ("unread", json!(true)),
            8 => ("waiting", json!(true)),
            _ => {
                let (first, last) = known.last_at;
                let span = usize::try_from(last - first).unwrap_or(1);
                let from = first + i64::try_from(dice.below(span)).unwrap_or_default();
                let long = i64::try_from(dice.below(span)).unwrap_or_default();
                ("last", json!({ "from": from, "until": from.saturating_add(long) }))
            }
        };
        filter[key] = value;
    }
    let sort = one(dice, &["last", "waiting", "oldest", "unread", "risk"]);
    json!({ "filter": filter, "sort": sort, "after": null })
}

/// Measures them for whoever sees all conversations.
///
/// # Errors
/// When the server does not answer, or refuses one.
pub async fn measure(bench: &mut Bench, bed: &Bed, (name, aim): (&str, u64)) -> Result<()> {
    let known = known(bed).await?;
    let server = bench.start(bed).await?;
    let mut line = Connection::open(server.addr, None).await?;
    let mut dice = Dice(42);
    let (mut times, mut worst) = (Vec::new(), (Duration::ZERO, Value::Null));
    for _ in 0..FILTERS {
        let body = ask(&mut dice, &known);
        let request = post_json(server.addr, "/api/fn/inbox_page", &bed.owner, &body.to_string());
        let mut best = Duration::MAX;
        for _ in 0..TIMES {
            let begun = Instant::now();
            let (status, answer) = line.ask(&request).await?;
            if status != 200 {
                return wrong(format!("{body}: {status} {}", String::from_utf8_lossy(&answer)));
            }
            best = best.min(begun.elapsed());
        }
        times.push(best);
        if best > worst.0 {
            worst = (best, body);
        }
    }
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (p50, p95) = (quantile(&mut times, 0.5), quantile(&mut times, 0.95));
    bench.report.line(format!("the worst filter took {:.1} ms: {}", ms(worst.0), worst.1));
    if bed.postgres.is_none() {
        bench.report.less_is_better(format!("filters {name} p95 ms"), ms(p95));
    }
    let text = format!("p50 {:.2} ms, p95 {:.2} ms, worst {:.1} ms (aim {aim} ms)", ms(p50), ms(p95), ms(worst.0));
    bench.report.goal(&format!("filters, {name}"), p95 <= Duration::from_millis(aim), text);
    Ok(())
}
