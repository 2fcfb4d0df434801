//! The pressed key, independent of the keyboard layout.

/// The character of a key for shortcuts and menus. A key that types a Latin letter, a digit or a sign gives that character. With a
/// Cyrillic, Greek or Korean layout, a dead key or an input method, the result is the Latin letter or digit at the same position. None for
/// keys that type nothing.
pub fn typed_key(key: &str, code: &str) -> Option<char> {
    let mut chars = key.chars();
    match (chars.next(), chars.next()) {
        (Some(one), None) if one.is_ascii() => Some(one),
        (Some(one), None) => Some(in_place(code).unwrap_or(one)),
        _ if matches!(key, "Dead" | "Process" | "Unidentified") => in_place(code),
        _ => None,
    }
}

/// The character printed on the key in a Latin layout.
fn in_place(code: &str) -> Option<char> {
    let place = code.strip_prefix("Key").or_else(|| code.strip_prefix("Digit"))?;
    let mut chars = place.chars();
    chars.next().filter(|_| chars.next().is_none()).map(|one| one.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::typed_key;

    #[test]
    fn l6_letters_count_by_what_they_type_where_that_is_latin_and_else_by_their_place() {
        for (key, code, typed) in [
            ("c", "KeyC", Some('c')),
            ("C", "KeyC", Some('C')),
            ("j", "KeyC", Some('j')),         // Dvorak: the letter counts, not its place
            ("q", "KeyA", Some('q')),         // AZERTY
            ("1", "Digit1", Some('1')),       // AZERTY with Shift
            ("&", "Digit1", Some('&')),       // AZERTY without: a sign, which nothing takes for a digit
            (";", "KeyZ", Some(';')),         // Dvorak: a sign is no letter
            ("\u{441}", "KeyC", Some('c')),   // Russian es, which looks like a c
            ("\u{43e}", "KeyJ", Some('j')),   // Russian o
            ("\u{3c8}", "KeyC", Some('c')),   // Greek psi
            ("\u{314a}", "KeyC", Some('c')),  // Korean
            ("\u{624}", "KeyC", Some('c')),   // Arabic
            ("\u{5d1}", "KeyC", Some('c')),   // Hebrew
            ("\u{11b}", "Digit2", Some('2')), // Czech
            ("Dead", "KeyJ", Some('j')),
            ("Dead", "Quote", None),
            ("Process", "KeyK", Some('k')),
            ("\u{e9}", "", Some('\u{e9}')), // no place is known
            ("ArrowDown", "ArrowDown", None),
            ("Enter", "NumpadEnter", None),
            ("Unidentified", "", None),
        ] {
            assert_eq!(typed_key(key, code), typed, "{key} at {code}");
        }
    }
}
