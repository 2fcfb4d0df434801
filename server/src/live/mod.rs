//! From the log of events to whoever watches: subscribe, read what was missed, then forward (Promise 1).

mod attendance;
mod hub;
mod relay;
mod stream;

pub use attendance::Attendance;
pub use hub::{Hub, Numbered};
pub use relay::Relay;
pub use stream::{Watcher, watch};
