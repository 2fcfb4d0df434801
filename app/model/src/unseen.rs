//! Characters that nobody sees: what joins or parts letters, and what mass mailings fill the first line of their mails with.

/// Whether a character is seen by nobody, spaces among them.
pub fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_filler(c)
}

/// Whether it is no space either.
pub fn is_filler(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}')
}
