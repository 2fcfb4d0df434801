//! The marks before the entries of a list.

use crate::channels::email::tags::Tag;

/// How entries are counted.
#[derive(Clone, Copy)]
enum Style {
    /// Not at all: each has the same mark.
    Same,
    /// Not at all, and there is no mark.
    None,
    Numbers,
    Letters,
    CapitalLetters,
    Roman,
    CapitalRoman,
}

/// A list that is open.
pub(super) struct List {
    style: Style,
    next: i64,
    step: i64,
}

impl List {
    /// By its tag; `no_marks`: its style leaves them out.
    pub fn of(tag: &Tag<'_>, no_marks: bool) -> Self {
        let style = match tag.attribute("type").as_deref() {
            _ if no_marks => Style::None,
            _ if tag.name == "ul" => Style::Same,
            Some("a") => Style::Letters,
            Some("A") => Style::CapitalLetters,
            Some("i") => Style::Roman,
            Some("I") => Style::CapitalRoman,
            _ => Style::Numbers,
        };
        let start = tag.attribute("start").and_then(|start| start.trim().parse::<i32>().ok());
        let step = if start.is_some() && tag.attribute("reversed").is_some() { -1 } else { 1 };
        Self { style, next: start.map_or(1, i64::from), step }
    }

    /// The mark before the next entry, which may say its own number.
    pub fn mark(&mut self, entry: &Tag<'_>) -> Option<String> {
        let own = entry.attribute("value").and_then(|value| value.trim().parse::<i32>().ok());
        let number = own.map_or(self.next, i64::from);
        self.next = number + self.step;
        Some(match self.style {
            Style::None => return None,
            Style::Same => "-".to_owned(),
            Style::Numbers => format!("{number}."),
            Style::Letters => format!("{}.", letters(number)),
            Style::CapitalLetters => format!("{}.", letters(number).to_uppercase()),
            Style::Roman => format!("{}.", roman(number)),
            Style::CapitalRoman => format!("{}.", roman(number).to_uppercase()),
        })
    }
}

/// a, b, … z, aa, ab, …
fn letters(number: i64) -> String {
    let mut letters = Vec::new();
    let mut left = number;
    while left > 0 {
        let at = u8::try_from((left - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'a' + at));
        left = (left - 1) / 26;
    }
    if letters.is_empty() { number.to_string() } else { letters.iter().rev().collect() }
}

fn roman(number: i64) -> String {
    const SIGNS: [(i64, &str); 13] = [
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
        (50, "l"),
        (40, "xl"),
        (10, "x"),
        (9, "ix"),
        (5, "v"),
        (4, "iv"),
        (1, "i"),
    ];
    if !(1..4000).contains(&number) {
        return number.to_string();
    }
    let (mut roman, mut left) = (String::new(), number);
    for (value, sign) in SIGNS {
        while left >= value {
            roman.push_str(sign);
            left -= value;
        }
    }
    roman
}
