//! One file per goal.

pub mod accept;
pub mod bulk;
pub mod filters;
pub mod growth;
pub mod herd;
pub mod list;
pub mod live;
pub mod memory;
pub mod open;
pub mod search;
pub mod start;
pub mod timing;
