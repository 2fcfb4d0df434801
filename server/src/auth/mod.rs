//! Who is asking: passwords and cookies.

mod cookie;
mod password;

pub use cookie::{Cookies, from_header};
pub use password::{Passwords, check as check_password};
