//! What stands at the end of what somebody wrote and is no part of it: how they sign, what their program says of itself, what a mailing
//! list adds.

use super::{
    Line,
    dates::is_direction,
    heads, last_filled,
    signs::{LONGEST_MARK, Sure, introduction, is_forward, is_original, is_rule, is_title},
    words::{DEVICES, EXCUSES, LISTS, MAKERS, ORDINARY, PARTING, PRODUCTS, SENT, SENT_WITH, SHORT_PARTING, THANKS},
};

/// How many lines a signature below its mark may have.
const SIGNATURE: usize = 15;
/// How many lines a list adds at most, and how many follow a parting.
const FOOTER: usize = 10;
/// How long the row is above it at least.
const ROW: usize = 24;
/// The line with which the end begins that is no part of what was written. Something is left above it.
pub fn signature(lines: &[Line<'_>]) -> Option<usize> {
    let mut begin = None;
    let mut rest = lines;
    // From the last of them to the first; each stands there once, or not.
    for part in [footer, mark, device, parting, device] {
        if let Some(n) = part(rest).filter(|&n| last_filled(&rest[..n]).is_some()) {
            begin = Some(n);
            rest = &rest[..n];
        }
    }
    begin
}

/// The line with which begins what a mailing list adds to every mail: a row of dashes, and where the list is found or left.
pub fn footer(lines: &[Line<'_>]) -> Option<usize> {
    let rule = lines.iter().rposition(|line| is_rule(line.text) && line.text.trim().len() >= ROW)?;
    let below = &lines[rule + 1..];
    if last_filled(below)? > 2 * FOOTER {
        return None;
    }
    let filled = below.iter().filter(|line| !line.is_blank()).count();
    let is_place = |word: &str| {
        let word = word.to_lowercase();
        (word.contains('@') || word.contains("://") || word.starts_with("www."))
            && LISTS.iter().any(|mark| word.contains(mark))
    };
    let named = below.iter().any(|line| line.text.split_whitespace().any(is_place));
    ((1..=FOOTER).contains(&filled) && named && is_own(lines, rule + 1)).then_some(rule)
}

/// The line with which a signature begins: `-- ` (RFC 3676, 4.3).
pub fn mark(lines: &[Line<'_>]) -> Option<usize> {
    let mark = lines.iter().rposition(|line| line.is_signature_mark())?;
    (last_filled(lines)? - mark < SIGNATURE && is_own(lines, mark + 1)).then_some(mark)
}

/// Whether nothing of somebody else's stands from a line on: no quotation, and nothing that is handed on.
fn is_own(lines: &[Line<'_>], from: usize) -> bool {
    (from..lines.len()).filter(|&n| !lines[n].is_blank()).all(|n| {
        let text = lines[n].text;
        let foreign = lines[n].is_quoted()
            || is_original(text)
            || is_title(text)
            || is_forward(text)
            || heads::head(lines, n).is_some()
            || introduction(text) >= Some(Sure::IfApart);
        !foreign
    })
}

/// The line with which a program speaks of itself, below all else: "Sent from my iPhone".
fn device(lines: &[Line<'_>]) -> Option<usize> {
    let last = last_filled(lines)?;
    let is_apart = |n: usize| n == 0 || lines[n - 1].is_blank();
    let is_one = |n: usize| is_device(lines[n].text) || (is_apart(n) && is_device_by_form(lines[n].text));
    // The address of what it advertises may stand below.
    let is_link = |n: usize| is_makers_link(lines[n].text) && words(lines[n].text).next().is_none();
    match last.checked_sub(1) {
        Some(first) if is_one(first) && (is_one(last) || is_link(last)) => Some(first),
        _ => is_one(last).then_some(last),
    }
}

/// Whether a line is a program's own word about itself or its device: "Sent from my iPhone".
pub fn is_device(line: &str) -> bool {
    if line.len() > LONGEST_MARK * 2 {
        return false;
    }
    let plain = without_links(line).to_lowercase();
    let plain = plain.trim_matches(|c: char| c.is_whitespace() || is_direction(c) || matches!(c, '.' | '*' | '_'));
    if plain.len() > LONGEST_MARK || !PRODUCTS.iter().any(|product| plain.contains(product)) {
        return false;
    }
    SENT_WITH.iter().any(|(first, last)| {
        plain.starts_with(first) && plain.ends_with(last) && (!last.is_empty() || ends_in_product(plain))
    }) || is_sent(plain)
        || (is_makers_link(line) && plain.split_whitespace().count() <= 6 && !plain.contains(['.', '!', '?', ',']))
}

/// Whether a line has little behind the product that it names, or an excuse: "Sent from my iPhone last week, and nobody answered" goes on.
fn ends_in_product(line: &str) -> bool {
    let end = PRODUCTS.iter().filter_map(|product| Some(line.rfind(product)? + product.len())).max().unwrap_or(0);
    let is_excuse = EXCUSES.iter().any(|stem| line.contains(stem));
    !line.contains('?') && (is_excuse || line[end..].split_whitespace().count() <= 3)
}

/// Whether a line names something sent, in one of many languages, in its first words or its last.
fn is_sent(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_sent = |word: &&str| SENT.iter().any(|stem| word.starts_with(stem));
    let is_sentence = line.contains(['.', '!', '?', ',', ':', ';', '。', '，']);
    let near = words.iter().take(2).chain(words.iter().rev().take(2)).any(is_sent);
    // Scripts without spaces: the line is one word.
    let within = words.len() <= 3 && SENT.iter().any(|stem| !stem.is_ascii() && line.contains(stem));
    words.len() <= 9 && !is_sentence && (near || within)
}

/// Whether a line by itself names a device at its end, in a language that is not known: "Mibgħut mill-iPhone tiegħi".
fn is_device_by_form(line: &str) -> bool {
    let line = line.trim().trim_matches(is_direction);
    let lower = line.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let is_product = |word: &&str| DEVICES.iter().any(|product| word.contains(product));
    (3..=7).contains(&words.len())
        && words[words.len() - 2..].iter().any(is_product)
        && !words[..words.len() - 2].iter().any(is_product)
        && !line.starts_with(char::is_lowercase)
        && !line.contains(|c: char| c.is_numeric() || ".,;:!?…\"()@/".contains(c))
        && !words.iter().any(|word| ORDINARY.contains(word))
}

/// Whether a line leads to where such a program is found.
fn is_makers_link(line: &str) -> bool {
    let mut links = line.match_indices("://").map(|(at, _)| &line[at + 3..]);
    links.any(|link| {
        let host = link.split(['/', '?', '#', ':', '>', ')', ']', ' ']).next().unwrap_or_default().to_lowercase();
        MAKERS.iter().any(|maker| host == *maker || host.strip_suffix(maker).is_some_and(|sub| sub.ends_with('.')))
    })
}

/// The words of a line, without addresses.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_address = |word: &str| word.contains('@') || word.contains("://") || word.starts_with("www.");
    line.split_whitespace().filter(move |word| !is_address(word) && word.contains(char::is_alphanumeric))
}

/// A line without addresses of pages: `<https://…>`, and the `[…](https://…)` of Markdown.
fn without_links(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut inside = false;
    for (at, c) in line.char_indices() {
        inside = inside || (matches!(c, '<' | '(' | '[') && line[at + 1..].starts_with("http"));
        if !inside && !matches!(c, '[' | ']') {
            plain.push(c);
        }
        inside = inside && !matches!(c, '>' | ')' | ']');
    }
    plain
}

/// The line with which somebody takes leave, with their name below it: "Best regards," and "Anna".
fn parting(lines: &[Line<'_>]) -> Option<usize> {
    let last = last_filled(lines)?;
    let begin = (last.saturating_sub(2 * FOOTER)..=last).rev().find(|&n| partings(lines[n].text).is_some())?;
    let Parting { name, thanks } = partings(lines[begin].text)?;
    let below = &lines[begin + 1..=last];
    let filled = below.iter().filter(|line| !line.is_blank()).count();
    if filled > FOOTER || !is_own(&lines[..=last], begin) {
        return None;
    }
    let named = below.iter().position(|line| !line.is_blank());
    let details = match (name.is_empty(), named) {
        (false, _) => (is_name(&name) && !thanks).then_some(0)?,
        (true, Some(at)) => (at <= if thanks { 0 } else { 2 } && is_name(below[at].text)).then_some(at + 1)?,
        (true, None) => return None,
    };
    // The name goes on in its own lines; what stands apart from it says how its owner is reached.
    let mut parts = below[details..].split(|line| line.is_blank());
    let own = parts.next().unwrap_or_default().iter().all(|line| is_detail(line.text));
    let others = parts
        .filter(|part| !part.is_empty())
        .all(|part| part.iter().all(|line| is_detail(line.text)) && part.iter().any(|line| is_reach(line.text)));
    (own && others).then_some(begin)
}

/// A line in which somebody takes leave.
struct Parting {
    /// What stands behind it on its line: a name, or nothing.
    name: String,
    /// It only gives thanks, which may be what somebody wants to say.
    thanks: bool,
}

fn partings(line: &str) -> Option<Parting> {
    let line = line.trim();
    if line.len() > 80 {
        return None;
    }
    let end = |c: char| c.is_whitespace() || ",.!;:–—-~*_、。！，🙂😊👋".contains(c);
    let lower = line.to_lowercase();
    let whole = lower.trim_matches(end);
    if PARTING.contains(&whole) {
        return Some(Parting { name: String::new(), thanks: false });
    }
    if THANKS.contains(&whole) && !line.ends_with('?') {
        return Some(Parting { name: String::new(), thanks: true });
    }
    // Where letters change their length in small ones, a place in one is none in the other.
    if lower.len() != line.len() {
        return None;
    }
    let first = lower.len() - lower.trim_start_matches(end).len();
    let longest = PARTING.iter().filter(|words| lower[first..].starts_with(**words)).max_by_key(|words| words.len())?;
    let rest = line.get(first + longest.len()..)?;
    let is_apart = rest.starts_with(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '!'))
        && (longest.contains(' ') || SHORT_PARTING.contains(longest));
    // "Viele Grüße aus Hamburg" names no one yet.
    let rest = rest.trim_matches(end);
    let from = rest.split_whitespace().next().is_some_and(|word| {
        ["from", "aus", "de", "da", "dal", "från", "fra", "z", "ze", "iz", "из", "uit"].contains(&word)
    });
    let few = rest.split_whitespace().count() <= 4;
    let name = if from { String::new() } else { rest.to_owned() };
    (is_apart && few).then_some(Parting { name, thanks: false })
}

/// How many words are counted of a line.
const WORDS: usize = 8;

/// Whether a line can be a name: few words, the first and the last of them with a capital letter.
fn is_name(line: &str) -> bool {
    let line = line.trim().trim_end_matches([',', '.']);
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_letters = !line.contains(|c: char| c.is_numeric() || "@:;?!=/".contains(c));
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    let small = words.iter().filter(|word| is_small(word)).count();
    let one_small = words.len() == 1 && line.chars().all(|c| c.is_lowercase()) && line.chars().count() <= 15;
    let capitals = !is_small(first) && !is_small(last) && small * 2 <= words.len();
    let short = line.chars().count() <= if line.contains(has_no_case) { 16 } else { 60 };
    is_letters && words.len() <= 5 && short && (capitals || one_small)
}

fn is_small(word: &str) -> bool {
    word.trim_start_matches(|c: char| !c.is_alphanumeric()).starts_with(char::is_lowercase)
}

/// A letter of a script that has no capitals.
fn has_no_case(c: char) -> bool {
    c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase()
}

/// Whether a line can tell about somebody who signed: a title, a company, a street, a number. Sentences are none.
fn is_detail(line: &str) -> bool {
    let all: Vec<&str> = words(line).collect();
    let small = all.iter().filter(|word| is_small(word)).count();
    let is_sentence =
        line.trim().ends_with(['?', '!', '。', '？', '！']) || (line.trim().ends_with('.') && all.len() > 3);
    let aside = line.trim_start().to_lowercase();
    let is_aside = ["ps", "p.s", "p. s", "nb", "n.b"]
        .iter()
        .any(|mark| aside.strip_prefix(mark).is_some_and(|rest| rest.starts_with([':', '.', ' '])));
    let is_short = all.len() <= WORDS && line.len() <= LONGEST_MARK && (all.is_empty() || small * 2 < all.len());
    let is_known_script = !line.contains(has_no_case) || is_reach(line);
    is_short && !is_sentence && !is_aside && is_known_script
}

/// Whether a line says how somebody is reached: an address, a page, a phone.
fn is_reach(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let first = line.trim_start().trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, '.' | ':' | ' ' | '/'));
    let is_phone = (6..=16).contains(&digits) && first.starts_with(['+', '0', '(']) && words(line).count() <= WORDS;
    line.contains('@') || line.contains("://") || line.contains("www.") || is_phone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_devices_are_known() {
        for line in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Diese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.",
            "Envoyé de mon iPhone",
            "Get [Outlook for iOS](https://x.example/a)",
            "Get Outlook for Android<https://x.example/b>",
            "Outlook für Android<https://aka.ms/AAb9ysg>",
            "Sent with [Proton Mail](https://x.example/) secure email.",
            "Inviato da iPhone",
            "发自我的 iPhone",
            "iPhoneから送信",
            "Odoslané z iPhonu",
            "Nire iPhonetik bidalita",
        ] {
            assert!(is_device(line), "{line}");
        }
        for line in [
            "Sent from Berlin with love",
            "My iPhone is broken.",
            "Von meinem iPhone aus geht es nicht.",
            "Galaxy case <https://shop.example/galaxy>",
            "",
        ] {
            assert!(!is_device(line), "{line}");
        }
        assert!(is_device_by_form("Mibgħut mill-iPhone tiegħi"));
        for line in ["Ich habe ein iPhone", "Moj iPhone ne radi", "An iPhone 15", "iPhone", "Imam iPhone"] {
            assert!(!is_device_by_form(line), "{line}");
        }
    }
}
