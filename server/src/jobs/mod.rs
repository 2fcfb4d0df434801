//! The workers of the durable job queue: lease a job, run it, store the result.

mod handlers;
mod index_older;
mod purge;
mod read_again;
mod send;
mod sweep;
mod trim;
mod worker;

pub use worker::Worker;
