//! The client's store: what is shown, the event cursor, optimistic commands, drafts, the offline outbox.

mod house;

pub use house::{House, use_house, use_now};
