//! E-mail: what a mail says, out of its bytes. Pure functions, without disk, network or clock; connecting to mailboxes comes on top.

pub mod chain;
pub mod fold;
pub mod mail;
pub mod report;
pub mod writer;
