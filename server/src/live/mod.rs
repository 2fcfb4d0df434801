//! Brings the event log to open streams: subscribe, read the missed events, then forward new ones (Promise 1).

mod attendance;
mod hub;
mod presence;
mod relay;
mod stream;

pub use attendance::Attendance;
pub use hub::{Hub, Numbered};
pub use presence::{Change, Heard, Placed, Presence};
pub use relay::Relay;
pub use stream::{Watcher, watch};
