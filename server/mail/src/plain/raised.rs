//! Superscript and subscript: `12<sup>99</sup>` must not read as 1299.

/// The most characters that are examined. Longer ones are small print, and not part of a number or a name.
const MOST: usize = 12;
/// Characters that have a superscript form, and these forms.
const ABOVE: (&str, &str) = ("0123456789+-−–=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ");
/// Characters that have a subscript form, and these forms.
const BELOW: (&str, &str) = ("0123456789+-−–=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎");

/// An open superscript or subscript.
#[derive(Clone, Copy)]
pub(super) struct Raised {
    is_above: bool,
    /// The start of its words in the text.
    pub from: usize,
    /// Whether it begins a line, before which quote marks may still be inserted.
    begins_line: bool,
}

impl Raised {
    /// By the name of an element, if it is one.
    pub fn of(name: &str, from: usize, begins_line: bool) -> Option<Self> {
        matches!(name, "sup" | "sub").then_some(Self { is_above: name == "sup", from, begins_line })
    }

    /// Writes the words at the end of a text so that they keep their meaning. Unicode's own forms read best, and search treats them like
    /// the usual ones. If a character has none, a marker is put before the words.
    pub fn settle(self, text: &mut String) {
        let Some(said) = text.get(self.from..) else { return };
        let marks = |c: char| c.is_whitespace() || (self.begins_line && c == '>');
        let words = said.trim_start_matches(marks);
        let begin = text.len() - words.len();
        // Words that are separate from the word before are read by themselves.
        let is_attached =
            begin == self.from && text[..begin].ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']'));
        let words = words.trim_end();
        if words.is_empty() || words.chars().take(MOST + 1).count() > MOST || words.contains('\n') {
            return;
        }
        let written = match self.in_own_characters(words) {
            Some(written) => written,
            None if is_attached => self.marked(words),
            None => return,
        };
        let end = begin + words.len();
        text.replace_range(begin..end, &written);
    }

    fn in_own_characters(self, words: &str) -> Option<String> {
        let (usual, own) = if self.is_above { ABOVE } else { BELOW };
        let own = |c: char| usual.chars().position(|one| one == c).and_then(|at| own.chars().nth(at));
        words.chars().map(own).collect()
    }

    fn marked(self, words: &str) -> String {
        let mark = if self.is_above { '^' } else { '_' };
        let is_word = words.chars().all(char::is_alphabetic);
        let counts = words.contains(|c: char| c.is_alphanumeric());
        match () {
            // "*" and "®" are readable unchanged, and so are "[1]" and ",99".
            () if !counts || words.starts_with(['[', ',', '.', '*', '~']) => words.to_owned(),
            // "23rd", "1er", "2e"; but "10^x".
            () if self.is_above && is_word && !matches!(words, "x" | "y" | "z" | "k") => words.to_owned(),
            () if is_word => format!("{mark}{words}"),
            () => format!("{mark}({words})"),
        }
    }
}
