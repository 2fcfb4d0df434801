//! Invisible characters: those that join or separate letters, and those with which mass mailings fill the first line.

/// Whether a character is invisible. Spaces count as invisible.
pub fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_filler(c)
}

/// A name as it is stored: without characters that only make it look like another name or turn its direction, and with single spaces. The
/// joiners that emoji and some scripts need stay.
pub fn visible_name(name: &str) -> String {
    let kept: String = name.chars().filter(|c| !is_filler(*c) || matches!(c, '\u{200c}' | '\u{200d}')).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character is a picture that people search for like a word.
pub const fn is_emoji(c: char) -> bool {
    matches!(c as u32, 0x2300..=0x23FF | 0x2600..=0x27BF | 0x2B00..=0x2BFF | 0x1F000..=0x1F3FA | 0x1F400..=0x1FAFF)
}

/// Whether a character is invisible and no space.
pub fn is_filler(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}')
}
