//! R1 and R2: acknowledged data survives `kill -9` and power cuts, and nothing is stored twice (R3, R6).
//!
//! The real binary serves real clients here. `kills` ends it at random times and starts it again. `cuts` records what it tells its disk,
//! cuts the power at five hundred places, and checks what a disk would have kept.
//!
//! `TANDEM_KILLS` is the number of kills (20), `TANDEM_SEED` repeats the random numbers of a failure, `TANDEM_BIN` names another binary.
//! The PostgreSQL half needs `TANDEM_TEST_POSTGRES`, like the contract tests. Linux only: the clients use several loopback addresses, and
//! the recorder is preloaded before the system's library.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test that cannot go on says so by panicking, and its name is its documentation"
)]

mod clients;
mod cuts;
mod deployment;
#[path = "../contract/dice.rs"]
mod dice;
mod flood;
mod kills;
mod ledger;
mod mails;
mod process;
mod verdict;
mod watchers;

/// Straight to the terminal: what a passing test prints is kept back.
fn say(line: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("\n{line}\n").as_bytes());
}

/// Where the dice start: chosen by chance, so that no two runs are alike, and said when something fails.
fn seed() -> u64 {
    match std::env::var("TANDEM_SEED") {
        Ok(seed) => seed.parse().expect("TANDEM_SEED is a number"),
        Err(_) => u64::from_le_bytes(store::clock::random_bytes()),
    }
}

/// Waits for what must happen soon; says what did not.
async fn within<T>(seconds: u64, what: &str, happens: impl Future<Output = T>) -> T {
    let limit = std::time::Duration::from_secs(seconds);
    tokio::time::timeout(limit, happens).await.unwrap_or_else(|_| panic!("{what}: not within {seconds} s"))
}
