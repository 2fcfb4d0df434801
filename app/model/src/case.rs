//! Small and capital letters of all scripts. In a browser its own tables are used: those of Rust would be 20 kB of the program.

/// A text in small letters.
#[cfg(not(feature = "browser"))]
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// A text in capital letters.
#[cfg(not(feature = "browser"))]
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// A text in small letters.
#[cfg(feature = "browser")]
pub fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { js_sys::JsString::from(text).to_lower_case().into() }
}

/// A text in capital letters.
#[cfg(feature = "browser")]
pub fn upper(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { js_sys::JsString::from(text).to_upper_case().into() }
}
