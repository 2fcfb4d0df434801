//! The markers of list entries.

use std::collections::HashMap;

use super::MOST_OPEN;
use crate::{
    html::look::Marks,
    tags::{Part, Tag, parts},
};

/// An open list.
pub(super) struct List {
    style: Marks,
    next: i64,
    step: i64,
}

impl List {
    /// Made from its tag, its style, and the number of its entries if it is reversed.
    pub fn of(tag: &Tag<'_>, style: Option<Marks>, length: Option<i64>) -> Self {
        let usual = if tag.name == "ul" { Marks::Same } else { by_type(tag).unwrap_or(Marks::Numbers) };
        let start = tag.attribute("start").and_then(|start| start.trim().parse::<i32>().ok()).map(i64::from);
        let is_down = tag.attribute("reversed").is_some() && (start.is_some() || length.is_some());
        Self {
            style: style.unwrap_or(usual),
            next: start.or(length.filter(|_| is_down)).unwrap_or(1),
            step: if is_down { -1 } else { 1 },
        }
    }

    /// The marker of the next entry, which may have its own number and style.
    pub fn mark(&mut self, entry: &Tag<'_>, own_style: Option<Marks>) -> Option<String> {
        let own = entry.attribute("value").and_then(|value| value.trim().parse::<i32>().ok());
        let number = own.map_or(self.next, i64::from);
        self.next = number + self.step;
        Some(match own_style.or_else(|| by_type(entry)).unwrap_or(self.style) {
            Marks::None => return None,
            Marks::Same => "-".to_owned(),
            Marks::Numbers => format!("{number}."),
            Marks::Letters => format!("{}.", letters(number)),
            Marks::CapitalLetters => format!("{}.", letters(number).to_uppercase()),
            Marks::Roman => format!("{}.", roman(number)),
            Marks::CapitalRoman => format!("{}.", roman(number).to_uppercase()),
        })
    }
}

fn by_type(tag: &Tag<'_>) -> Option<Marks> {
    match tag.attribute("type").as_deref() {
        Some("1") => Some(Marks::Numbers),
        Some("a") => Some(Marks::Letters),
        Some("A") => Some(Marks::CapitalLetters),
        Some("i") => Some(Marks::Roman),
        Some("I") => Some(Marks::CapitalRoman),
        _ => None,
    }
}

/// The number of entries of reversed lists, by position: it is their first number. The HTML is read once for all of them, and only if there
/// may be one.
pub(super) fn lengths(html: &str) -> HashMap<usize, i64> {
    let mut lengths = HashMap::new();
    if !html.as_bytes().windows(8).any(|word| word.eq_ignore_ascii_case(b"reversed")) {
        return lengths;
    }
    // The open lists: their position and name.
    let mut open: Vec<(usize, String)> = Vec::new();
    for (at, part) in parts(html) {
        let Part::Tag(tag) = part else { continue };
        match (tag.name.as_str(), tag.is_end) {
            ("ol" | "ul", false) if open.len() < MOST_OPEN => {
                open.push((at, tag.name.clone()));
                if tag.name == "ol" && tag.attribute("reversed").is_some() {
                    lengths.insert(at, 0);
                }
            }
            ("ol" | "ul", true) => {
                if let Some(begin) = open.iter().rposition(|(_, name)| *name == tag.name) {
                    open.truncate(begin);
                }
            }
            ("li", false) => {
                if let Some(length) = open.last().and_then(|(begin, _)| lengths.get_mut(begin)) {
                    *length += 1;
                }
            }
            _ => {}
        }
    }
    lengths
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
