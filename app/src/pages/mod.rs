//! One file per page. Set-up, sign-in and invitation are plain forms that need no script. Only the server contains them.

pub mod inbox;
#[cfg(feature = "ssr")]
pub mod invite;
pub mod settings;
#[cfg(feature = "ssr")]
pub mod setup;
#[cfg(feature = "ssr")]
pub mod sign_in;
#[cfg(all(feature = "ssr", debug_assertions))]
pub mod styleguide;
