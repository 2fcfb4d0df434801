//! Parses and composes mails. Everything here is pure: bytes and values in, values out, without files, connections or a database. All data
//! from strangers passes through here first, so each part is limited in bytes, depth and work, and is fuzzed.

mod body;
pub mod cards;
pub mod chain;
mod claims;
pub mod compose;
mod dmarc;
mod enclosed;
pub mod fold;
pub mod headers;
pub mod html;
mod nested;
pub mod pictures;
mod plain;
mod read;
pub mod report;
mod sender;
mod tags;
mod tnef;
mod words;
mod writer;

pub use claims::{Claims, FromLine};
pub use dmarc::Dmarc;
pub use enclosed::described;
pub use read::{Mail, MailFile, MessageName, Unreadable, one_line, read, read_beginning};
pub use report::Reported;
pub use writer::Writer;
