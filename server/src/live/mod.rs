//! From the log of events to whoever watches: subscribe, read what was missed, then forward (Promise 1).

mod hub;
mod lobby;
mod relay;
mod stream;

pub use hub::{Hub, Numbered};
pub use lobby::Lobby;
pub use relay::Relay;
pub use stream::{Watcher, watch};
