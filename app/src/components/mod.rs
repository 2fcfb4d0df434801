//! The components that know the product's data.

pub mod acting;
pub mod begin;
pub mod browser_notice;
pub mod composer;
pub mod details;
pub mod entry;
pub mod finding;
pub mod frame;
pub mod here;
pub mod list;
pub mod mail;
pub mod row;
pub mod search;
pub mod tags;
pub mod thread;
pub mod ui;
pub mod words;
