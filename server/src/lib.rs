//! What runs: HTTP, the live stream, jobs, the command line. Below it lie the crates `seed` and `channels`, then `domain`, then `store`
//! and `mail`, then `model`; cargo refuses whatever points back up.

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
