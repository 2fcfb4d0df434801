//! R1 and R2: what was acknowledged outlives `kill -9` and a power cut, and nothing of it is there twice (R3, R6).
//!
//! The real binary serves real clients here. `kills` ends it at moments that dice choose and starts it again; `cuts` writes down
//! what it tells its disk, takes the plug out at five hundred places of that, and looks what a disk would have kept.
//!
//! `TANDEM_KILLS` says how often to kill (20), `TANDEM_SEED` repeats the dice of a failure, `TANDEM_BIN` names another binary to
//! try. The PostgreSQL half needs `TANDEM_TEST_POSTGRES`, as the contract tests do. Linux only: the clients write from several
//! loopback addresses, and the recorder is put in front of the system's own library.
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
