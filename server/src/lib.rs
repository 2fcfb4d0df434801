//! The running program: HTTP, the live stream, jobs, the command line. It uses the crates `seed` and `channels`, which use `domain`, which
//! uses `store` and `mail`, which use `model`. Cargo refuses the other direction.

pub mod auth;
pub mod cli;
pub mod config;
pub mod http;
pub mod jobs;
pub mod live;
mod memory;
pub mod serve;
pub mod start;
pub mod storage;
