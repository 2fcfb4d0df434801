//! The durable queue's workers: lease, do, write down, again.

mod handlers;
mod purge;
mod read_again;
mod send;
mod trim;
mod worker;

pub use worker::Worker;
