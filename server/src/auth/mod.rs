//! Passwords and cookies, which tell who sent a request.

mod cookie;
mod known;
mod password;

pub use cookie::{Cookies, from_header};
pub use known::{Account, Known};
pub use password::{Passwords, check as check_password};
