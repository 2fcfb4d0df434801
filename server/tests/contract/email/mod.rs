//! E-mail with real IMAP and SMTP servers: receiving, threading, sending (H1, T3, T5, T8).

mod canary;
mod coming;
pub mod desk;
mod going;
mod hidden;
mod mailbox;
mod moods;
mod office;
mod outage;
mod parts;
mod quoting;
mod reread;
mod samples;
mod sender;
mod threading;
mod turns;
mod withheld;
