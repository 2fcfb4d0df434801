//! Tandem's server: domain, store, jobs, channels, live stream, HTTP. `http, channels, jobs → domain → store`; nothing points back up.

pub mod auth;
pub mod channels;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod error;
pub mod http;
pub mod jobs;
pub mod live;
mod memory;
pub mod network;
mod private;
pub mod seed;
pub mod serve;
pub mod start;
pub mod storage;
pub mod store;
pub mod vault;
