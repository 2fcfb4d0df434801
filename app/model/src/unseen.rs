//! Invisible characters: those that join or separate letters, and those with which mass mailings fill the first line.

/// Whether a character is invisible. Spaces count as invisible.
pub fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_filler(c)
}

/// Whether a character is invisible and no space.
pub fn is_filler(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}')
}
