//! One file a page. The ways in (set-up, sign-in, invitation) are plain forms that need no script: the browser's half never draws them.

pub mod inbox;
pub mod invite;
pub mod settings;
pub mod setup;
pub mod sign_in;
#[cfg(all(feature = "ssr", debug_assertions))]
pub mod styleguide;
