//! Search: frequent, rare and absent words, for the owner and for members who see only a part, one after another on one connection.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use serde_json::json;
use sqlx::{AnyConnection, Connection};

use crate::{
    Bench,
    bed::Bed,
    error::{Result, wrong},
    figures::Figures,
    http::post_json,
    load::{self, Make},
};

/// How many texts the words are chosen from, spread over all.
const SAMPLED: i64 = 20_000;
/// How many words of a sort are asked for in turn.
const IN_TURN: usize = 20;

/// Words of each sort.
struct Words {
    frequent: Vec<String>,
    rare: Vec<String>,
}

async fn words(conn: &mut AnyConnection) -> Result<Words> {
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM message").fetch_one(&mut *conn).await?;
    // Conversations are of all lengths, so every n-th message of each is spread over all.
    let sample = "SELECT text FROM message WHERE text <> '' AND n % $1 = 1";
    let every = (count / SAMPLED).max(2);
    let texts: Vec<String> = sqlx::query_scalar(sample).bind(every).fetch_all(&mut *conn).await?;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for text in &texts {
        for word in text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() >= 5) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let mut by_count: Vec<(usize, &str)> = counts.into_iter().map(|(word, n)| (n, word)).collect();
    by_count.sort_unstable();
    let rare: Vec<String> =
        by_count.iter().take_while(|(n, _)| *n <= 2).take(IN_TURN).map(|(_, word)| (*word).to_owned()).collect();
    let frequent: Vec<String> = by_count.iter().rev().take(IN_TURN).map(|(_, word)| (*word).to_owned()).collect();
    if rare.is_empty() || frequent.is_empty() {
        return wrong("the data has no words to search for");
    }
    Ok(Words { frequent, rare })
}

fn searches(addr: SocketAddr, cookie: &str, texts: &[String]) -> Make {
    let ask = |text: &String| post_json(addr, "/api/fn/search", cookie, &json!({ "text": text }).to_string());
    let requests: Vec<Vec<u8>> = texts.iter().map(ask).collect();
    Arc::new(move |number| {
        let place = usize::try_from(number).unwrap_or_default() % requests.len().max(1);
        requests.get(place).cloned().unwrap_or_default()
    })
}

/// The size of the index, and of everything.
async fn sizes(conn: &mut AnyConnection, in_postgres: bool) -> Result<String> {
    let mut all = Vec::new();
    for (name, like) in [
        ("words and marks of messages", "message_find%"),
        ("known words", "search_word%"),
        ("places of messages", "message_search_place"),
        ("similar names", "name_near%"),
        ("contacts", "contact_search%"),
        ("the whole file", "%"),
    ] {
        let size = match in_postgres {
            false => "SELECT COALESCE(SUM(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND name LIKE $1",
            true => {
                "SELECT CAST(COALESCE(SUM(pg_total_relation_size(oid)), 0) AS BIGINT) FROM pg_class \
                 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname LIKE $1"
            }
        };
        let bytes: i64 = sqlx::query_scalar(size).bind(like).fetch_one(&mut *conn).await?;
        all.push(format!("{name} {} MB", bytes / 1_000_000));
    }
    let texts: i64 =
        sqlx::query_scalar("SELECT CAST(SUM(LENGTH(text)) AS BIGINT) FROM message").fetch_one(&mut *conn).await?;
    all.push(format!("texts {} million letters", texts / 1_000_000));
    Ok(all.join(", "))
}

/// Measures all sorts.
///
/// # Errors
/// When the server does not answer or the data has no words.
pub async fn measure(bench: &mut Bench, bed: &Bed) -> Result<()> {
    let mut conn = bed.connect().await?;
    let Words { frequent, rare } = words(&mut conn).await?;
    bench.report.line(sizes(&mut conn, bed.postgres.is_some()).await?);
    let [by_team, by_self, ..] = bed.team_mates.as_slice() else { return wrong("too few members") };
    // One of them sees only what is assigned to them.
    let narrow =
        "UPDATE member SET visibility = 'mine' WHERE id = (SELECT member_id FROM session WHERE token_hash = $1)";
    sqlx::query(narrow).bind(crate::bed::secret_hash(by_self)).execute(&mut conn).await?;
    conn.close().await?;
    bench.report.line(format!("frequent: {}", frequent.join(" ")));
    bench.report.line(format!("rare: {}", rare.join(" ")));
    let beginnings: Vec<String> = frequent.iter().filter_map(|word| word.get(..2).map(str::to_owned)).collect();
    let longer: Vec<String> = frequent.iter().filter_map(|word| word.get(..4).map(str::to_owned)).collect();
    let both: Vec<String> = frequent.iter().zip(&rare).map(|(one, other)| format!("{one} {other}")).collect();
    let absent: Vec<String> = rare.iter().map(|word| format!("zq{word}xz")).collect();
    let filtered: Vec<String> = frequent.iter().map(|word| format!("{word} is:closed")).collect();
    let server = bench.start(bed).await?;
    let sorts = [
        ("frequent", &frequent),
        ("rare", &rare),
        ("absent", &absent),
        ("two letters", &beginnings),
        ("four letters", &longer),
        ("frequent and rare", &both),
        ("frequent is:closed", &filtered),
    ];
    let more = if bed.postgres.is_some() { 3.0 } else { 1.0 };
    for (who, cookie, aim) in
        [("all", &bed.owner, 20.0 * more), ("teams", by_team, 60.0 * more), ("mine", by_self, 60.0 * more)]
    {
        for (name, texts) in sorts {
            let make = searches(server.addr, cookie, texts);
            let mut taken = Vec::new();
            for _ in 0..bench.rounds {
                taken.push(load::run(&server, 1, bench.lasting, &make).await?);
            }
            let middle = Figures::middle(&taken);
            bench.report.line(format!("search {name:18} {who:5} p95 {:8.2} ms  {middle}", middle.p95));
            bench.report.failed(middle.bad);
            // Only runs on SQLite are compared with each other.
            if bed.postgres.is_none() {
                bench.report.less_is_better(format!("search {name} {who} p50 ms"), middle.p50);
            }
            let met = middle.p95 <= aim && (who != "all" || middle.p50 <= 5.0 * more);
            let text = format!("p50 {:.2} ms, p95 {:.2} ms (aim {aim})", middle.p50, middle.p95);
            bench.report.goal(&format!("search, {name}, {who}"), met, text);
        }
    }
    Ok(())
}
