//! The end of a text that is not written by hand: the signature, the program's own line, the footer of a mailing list.

use super::{
    Line,
    dates::is_direction,
    heads, last_filled,
    signs::{LONGEST_MARK, Sure, introduction, is_forward, is_original, is_rule, is_title},
    words::{DEVICES, EXCUSES, LISTS, MAKERS, ORDINARY, PARTING, PRODUCTS, SENT, SENT_WITH, SHORT_PARTING, THANKS},
};

/// The most lines of a signature after its separator.
const SIGNATURE: usize = 15;
/// The most lines of a list's footer, and after a closing.
const FOOTER: usize = 10;
/// The shortest row of dashes above a footer.
const ROW: usize = 24;
/// The first line of the end that is not part of the written text. Some text is always left above it.
pub fn signature(lines: &[Line<'_>]) -> Option<usize> {
    let mut begin = None;
    let mut rest = lines;
    // From last to first. Each part occurs once or not at all.
    for part in [footer, mark, device, parting, device] {
        if let Some(n) = part(rest).filter(|&n| last_filled(&rest[..n]).is_some()) {
            begin = Some(n);
            rest = &rest[..n];
        }
    }
    begin
}

/// The first line of a mailing list's footer: a row of dashes, then the addresses of the list.
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

/// The separator of a signature: `-- ` (RFC 3676, 4.3).
pub fn mark(lines: &[Line<'_>]) -> Option<usize> {
    let mark = lines.iter().rposition(|line| line.is_signature_mark())?;
    (last_filled(lines)? - mark < SIGNATURE && is_own(lines, mark + 1)).then_some(mark)
}

/// Whether nothing from a line on is somebody else's: no quote, and no forwarded text.
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

/// The line in which a program names itself, below everything else: "Sent from my iPhone".
fn device(lines: &[Line<'_>]) -> Option<usize> {
    let last = last_filled(lines)?;
    let is_apart = |n: usize| n == 0 || lines[n - 1].is_blank();
    let is_one = |n: usize| is_device(lines[n].text) || (is_apart(n) && is_device_by_form(lines[n].text));
    // The link that it advertises may follow.
    let is_link = |n: usize| is_makers_link(lines[n].text) && words(lines[n].text).next().is_none();
    match last.checked_sub(1) {
        Some(first) if is_one(first) && (is_one(last) || is_link(last)) => Some(first),
        _ => is_one(last).then_some(last),
    }
}

/// Whether a program names itself or its device in a line: "Sent from my iPhone".
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

/// Whether a line has only a few words or an excuse after the product's name. "Sent from my iPhone last week, and nobody answered" has
/// more.
fn ends_in_product(line: &str) -> bool {
    let end = PRODUCTS.iter().filter_map(|product| Some(line.rfind(product)? + product.len())).max().unwrap_or(0);
    let is_excuse = EXCUSES.iter().any(|stem| line.contains(stem));
    !line.contains('?') && (is_excuse || line[end..].split_whitespace().count() <= 3)
}

/// Whether a line contains "sent" in one of many languages, among its first or last words.
fn is_sent(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_sent = |word: &&str| SENT.iter().any(|stem| word.starts_with(stem));
    let is_sentence = line.contains(['.', '!', '?', ',', ':', ';', '。', '，']);
    let near = words.iter().take(2).chain(words.iter().rev().take(2)).any(is_sent);
    // In scripts without spaces, the line is one word.
    let within = words.len() <= 3 && SENT.iter().any(|stem| !stem.is_ascii() && line.contains(stem));
    words.len() <= 9 && !is_sentence && (near || within)
}

/// Whether a single line ends with a device, in an unknown language: "Mibgħut mill-iPhone tiegħi".
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

/// Whether a line links to the site of such a program.
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

/// A line without links: `<https://…>`, and Markdown's `[…](https://…)`.
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

/// The line with a closing that is followed by a name: "Best regards," and "Anna".
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
    // The name may continue on the next lines. A separate block has contact details.
    let mut parts = below[details..].split(|line| line.is_blank());
    let own = parts.next().unwrap_or_default().iter().all(|line| is_detail(line.text));
    let others = parts
        .filter(|part| !part.is_empty())
        .all(|part| part.iter().all(|line| is_detail(line.text)) && part.iter().any(|line| is_reach(line.text)));
    (own && others).then_some(begin)
}

/// A closing line.
struct Parting {
    /// The text after it on the same line: a name, or nothing.
    name: String,
    /// Whether it only says thanks, which may be part of the message.
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
    // If lower case changes the length, positions in one are not valid in the other.
    if lower.len() != line.len() {
        return None;
    }
    let first = lower.len() - lower.trim_start_matches(end).len();
    let longest = PARTING.iter().filter(|words| lower[first..].starts_with(**words)).max_by_key(|words| words.len())?;
    let rest = line.get(first + longest.len()..)?;
    let is_apart = rest.starts_with(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '!'))
        && (longest.contains(' ') || SHORT_PARTING.contains(longest));
    // "Viele Grüße aus Hamburg" contains no name.
    let rest = rest.trim_matches(end);
    let from = rest.split_whitespace().next().is_some_and(|word| {
        ["from", "aus", "de", "da", "dal", "från", "fra", "z", "ze", "iz", "из", "uit"].contains(&word)
    });
    let few = rest.split_whitespace().count() <= 4;
    let name = if from { String::new() } else { rest.to_owned() };
    (is_apart && few).then_some(Parting { name, thanks: false })
}

/// The most words of a line that are counted.
const WORDS: usize = 8;

/// Whether a line can be a name: few words, the first and last with a capital letter.
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

/// A letter of a script without upper and lower case.
fn has_no_case(c: char) -> bool {
    c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase()
}

/// Whether a line can be a detail about the person who signs: a title, a company, a street, a number. Sentences are none.
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

/// Whether a line has contact data: an address, a web page, a phone number.
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
