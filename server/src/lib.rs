//! Tandem's server: domain, store, jobs, channels, live stream, HTTP. `http, channels, jobs → domain → store`; nothing points back up.

pub mod auth;
pub mod channels;
pub mod clock;
pub mod domain;
pub mod error;
pub mod jobs;
pub mod live;
pub mod store;
