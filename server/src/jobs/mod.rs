//! The workers of the durable job queue: lease a job, run it, store the result.

mod purge;
mod read_again;
mod send;
mod worker;

pub use worker::Worker;
