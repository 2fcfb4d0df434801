//! Small and capital letters of all scripts, and letters without accents. In a browser its own tables are used: those of Rust would be 20 kB of the program.

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

/// A text in small letters without accents, as people type names that they look for.
pub fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    lower(&decomposed(text)).chars().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).collect()
}

#[cfg(not(feature = "browser"))]
fn decomposed(text: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfd(text).collect()
}

#[cfg(feature = "browser")]
fn decomposed(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFD").into()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_are_compared_without_accents_and_case() {
        for (name, typed) in
            [("Zoë", "zoe"), ("INÈS", "ines"), ("Čapek", "capek"), ("Łukasz", "łukasz"), ("李小龍", "李小龍")]
        {
            assert_eq!(plain(name), plain(typed), "{name}");
        }
    }
}
