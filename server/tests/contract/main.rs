//! Tests of the database half of Tandem, on SQLite and on PostgreSQL.
//!
//! Each test runs once per engine, in its own database, with a clock that only the test moves. The PostgreSQL half needs
//! `TANDEM_TEST_POSTGRES` (the URL of a cluster, see `scripts/postgres`). Without it, that half prints a note and is skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test that cannot go on says so by panicking, and its name is its documentation"
)]

/// Runs each named `async fn(World)` of the module on both engines, as `sqlite::name` and `postgres::name`.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { $crate::world::run(store::Engine::Sqlite, |world| Box::pin(super::$name(world))).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { $crate::world::run(store::Engine::Postgres, |world| Box::pin(super::$name(world))).await; })+
        }
    };
}

mod as_typed;
mod attempts;
mod attendance;
mod audit;
mod audit_log;
mod closing;
mod converge;
mod costs;
mod dice;
mod email;
mod expiry;
mod filters;
mod finding;
mod hidden;
mod history;
mod indexing;
mod inputs;
mod keys;
mod links;
mod live;
mod notices;
mod outbox;
mod plain;
mod plans;
mod presence;
mod rights;
mod sample;
mod schedules;
mod searching;
mod slots;
mod snooze;
mod state;
mod statements;
mod storage;
mod storms;
mod sweep;
mod tags;
mod tenants;
mod trim;
mod two;
mod undo;
mod undo_acts;
mod unsent;
mod uploads;
mod visible;
mod wakes;
mod walk;
mod world;
mod writing;
