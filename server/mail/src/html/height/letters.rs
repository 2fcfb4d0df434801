//! The width of words: letter widths of a usual sans-serif font, as parts of the font size.

use crate::html::look::Space;

/// The width of a space.
pub(super) const SPACE: f32 = 0.28;

/// A unit of the layout.
pub(super) enum Word<'t> {
    /// Characters without a space.
    Run(&'t str),
    /// This many spaces.
    Space(f32),
    /// A line end that is kept.
    End,
}

/// Splits a text into units.
pub(super) fn words<'t>(text: &'t str, space: Space, mut each: impl FnMut(Word<'t>)) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_space = c.is_ascii_whitespace();
        let end = rest.find(|c: char| c.is_ascii_whitespace() != is_space).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        rest = behind;
        if !is_space {
            parts(run, &mut each);
            continue;
        }
        match space {
            Space::None => each(Word::Space(1.0)),
            Space::Lines | Space::All => {
                let ends = run.matches('\n').count();
                (0..ends).for_each(|_| each(Word::End));
                let behind = run.rsplit('\n').next().unwrap_or_default().len();
                if behind > 0 {
                    each(Word::Space(if space == Space::All { behind as f32 } else { 1.0 }));
                }
            }
        }
    }
}

/// Scripts without spaces can be broken between any two characters.
fn parts<'t>(run: &'t str, each: &mut impl FnMut(Word<'t>)) {
    let mut from = 0;
    for (at, c) in run.char_indices() {
        if is_wide(c) {
            if from < at {
                each(Word::Run(&run[from..at]));
            }
            from = at + c.len_utf8();
            each(Word::Run(&run[at..from]));
        }
    }
    if from < run.len() {
        each(Word::Run(&run[from..]));
    }
}

/// The width of a word, in CSS pixels.
pub(super) fn width(word: &str, size: f32, is_bold: bool) -> f32 {
    let width: f32 = word.chars().map(one).sum();
    width * size * if is_bold { 1.06 } else { 1.0 }
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{2fffd}')
}

fn one(c: char) -> f32 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.23,
        'f' | 't' | 'I' | '.' | ',' | ':' | ';' | '!' | '/' | ' ' | '\u{a0}' | '[' | ']' => 0.28,
        'r' | '(' | ')' | '-' | '"' => 0.34,
        'm' | 'M' | '%' | '—' => 0.86,
        'w' | 'W' | '@' => 0.85,
        'k' | 's' | 'c' | 'v' | 'x' | 'y' | 'z' | 'J' => 0.5,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{300}'..='\u{36f}' => 0.0,
        c if is_wide(c) => 1.0,
        c if c.is_uppercase() => 0.68,
        _ => 0.556,
    }
}
