//! The server as browsers and attackers see it: every route and server function, as every role and as a stranger.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test that fails should say where"
)]

mod accounts;
mod caches;
mod clients;
mod connections;
mod fields;
mod fixture;
mod lesser;
mod mailboxes;
mod outside;
mod pages;
mod presence;
mod private;
mod rights;
mod secrets;
mod start;
mod storage;
mod visitors;
