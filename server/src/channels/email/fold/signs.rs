//! By what a line is known that some program put around a quotation.

use super::words::{BEGINS, DATE, FORWARDED, FROM, ORIGINAL, PRODUCTS, SENT_WITH, SUBJECT, WROTE};

/// A sentence longer than this, in bytes, introduces nothing.
pub const LONGEST: usize = 400;
/// A line longer than this, in bytes, is none that a program puts by itself.
const LONGEST_MARK: usize = 200;

/// Characters that only say which way a text runs: programs put them around addresses and names.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether a sentence introduces a quotation: "On Monday, 2 November, Anna wrote:".
pub fn is_introduction(sentence: &str) -> bool {
    let end = sentence.trim_end_matches(|c: char| c.is_whitespace() || is_direction(c));
    if sentence.len() > LONGEST || !end.ends_with([':', '：', '-']) {
        return false;
    }
    let sentence: String = sentence.chars().filter(|c| !is_direction(*c)).collect();
    let sentence = sentence.trim();
    let ends = sentence.ends_with([':', '：']) || (sentence.starts_with("--") && sentence.ends_with("--"));
    let dated = sentence.chars().any(|c| c.is_numeric() || c == '@');
    // Gmail says in some languages only when and by whom.
    let names = sentence.ends_with(">:") && sentence.contains('@') && has_clock(sentence);
    ends && dated && (names || WROTE.iter().any(|word| sentence.contains(word)))
}

/// Whether only a program can have written an introduction: it names the time and the address.
pub fn is_exact(introduction: &str) -> bool {
    introduction.contains('@') && has_clock(introduction)
}

/// A time as `16:42`.
fn has_clock(text: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|at| at[0].is_ascii_digit() && at[1] == b':' && at[2].is_ascii_digit() && at[3].is_ascii_digit())
}

/// Whether an introduction over several lines begins with this one.
pub fn begins(line: &str) -> bool {
    let line = line.trim_start_matches(['-', ' ', '\u{a0}', '\t']).trim_start_matches(is_direction);
    // "On Friday at 10:00" may be the answer itself; a date and a time have more.
    let dated = line.chars().filter(|c| c.is_numeric()).nth(4).is_some();
    if !dated || line.starts_with(char::is_numeric) {
        return dated;
    }
    let start = lower(line, 16);
    BEGINS.iter().any(|word| start.starts_with(word))
}

/// Whether each angle bracket of a text has its other one: an address that was broken in two has not.
pub fn is_balanced(text: &str) -> bool {
    !text.starts_with('<') && text.matches('<').count() == text.matches('>').count()
}

/// The line that Outlook and others draw above the mail they answer: `-----Original Message-----`. Some put its head behind it.
pub fn is_original(line: &str) -> bool {
    let line = line.trim();
    if !line.starts_with("--") {
        return false;
    }
    let inner = lower(line.trim_start_matches('-'), 80).replace("&nbsp;", " ");
    let inner = inner.trim_start();
    let after = ORIGINAL.iter().find_map(|word| inner.strip_prefix(word));
    after.is_some_and(|after| after.trim_start().starts_with("--"))
}

/// Whether a line says that what is below it is handed on.
pub fn is_forward(line: &str) -> bool {
    let line = lower(line, LONGEST_MARK);
    FORWARDED.iter().any(|word| line.contains(word))
}

/// The rule that Outlook draws above a head.
pub fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 10 && line.chars().all(|c| matches!(c, '_' | '-' | '=' | '*'))
}

/// Whether lines begin with the head of a mail: who wrote, then when and what about, or when before who.
pub fn is_head<'t>(mut lines: impl Iterator<Item = &'t str>) -> bool {
    let Some((name, _)) = lines.next().and_then(head_line) else { return false };
    let is = |words: &[&str], name: &String| words.contains(&name.as_str());
    let dated_first = is(&DATE, &name);
    if !dated_first && !is(&FROM, &name) {
        return false;
    }
    let rest: Vec<(String, &str)> =
        lines.take(10).filter(|line| !line.trim().is_empty()).take(6).filter_map(head_line).collect();
    let about = rest.iter().any(|(name, _)| is(&SUBJECT, name));
    // A form that somebody filled in may ask from when, too.
    let other = match dated_first {
        true => rest.iter().any(|(name, value)| is(&FROM, name) && value.contains('@')),
        false => rest.iter().any(|(name, _)| is(&DATE, name)),
    };
    about && other
}

/// The name and the value of a head line: "From: Anna" is "from" and "Anna".
fn head_line(line: &str) -> Option<(String, &str)> {
    let line = line.trim().trim_matches(['*', '>']).trim_start_matches(is_direction);
    let (name, value) = line.split_once([':', '：'])?;
    let name = name.trim_matches(|c: char| c == '*' || c.is_whitespace());
    (name.len() <= 60 && !value.trim().is_empty()).then(|| (name.to_lowercase(), value))
}

/// Whether a line is a program's own word about itself or its device: "Sent from my iPhone".
pub fn is_device(line: &str) -> bool {
    if line.len() > LONGEST_MARK {
        return false;
    }
    let line = without_links(line).to_lowercase();
    let line = line.trim_matches(|c: char| c.is_whitespace() || is_direction(c) || matches!(c, '.' | '*' | '_'));
    let named = PRODUCTS.iter().any(|product| line.contains(product));
    named && SENT_WITH.iter().any(|(first, last)| line.starts_with(first) && line.ends_with(last))
}

/// A line without addresses of pages: `<https://…>`, and the `[…](https://…)` of Markdown.
fn without_links(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut inside = false;
    for (at, c) in line.char_indices() {
        inside = inside || (matches!(c, '<' | '(') && line[at + 1..].starts_with("http"));
        if !inside && !matches!(c, '[' | ']') {
            plain.push(c);
        }
        inside = inside && !matches!(c, '>' | ')');
    }
    plain
}

/// The first `most` characters of a text, in lower case.
fn lower(text: &str, most: usize) -> String {
    text.chars().take(most).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_introductions_are_known() {
        for line in [
            "On Mon, 2 Nov 2026 at 10:00, Ben <ben@x.example> wrote:",
            "Am 02.11.26 um 10:00 schrieb Ben:",
            "Le lun. 2 nov. 2026 à 10:00, Ben a\u{a0}écrit :",
            "---- On Mon, 02 Nov 2026 10:00:00 +0100 Ben <ben@x.example> wrote ---",
            "2026年11月2日(月) 10:00 Ben <ben@x.example>:",
            "\u{202b}בתאריך יום ב׳, 2 בנוב׳ 2026 ב-10:00 מאת \u{202a}Ben\u{202c} <\u{202a}ben@x.example\u{202c}>:\u{202c}",
            "Понедельник, 2 ноября 2026 г., 10:00:00, Вы писали:",
        ] {
            assert!(is_introduction(line), "{line}");
        }
        for line in ["She wrote:", "Call 0451 555 0133:", "On 2 November he wrote to us.", ""] {
            assert!(!is_introduction(line), "{line}");
        }
    }

    #[test]
    fn t3_originals_and_heads_are_known() {
        for line in [
            "-----Original Message-----",
            "-------- Ursprüngliche Nachricht --------Von: Ben <ben@x.example>",
            "------------------&nbsp;原始邮件&nbsp;------------------",
        ] {
            assert!(is_original(line), "{line}");
        }
        for line in ["Original Message", "---- original messages are kept", "---------- Forwarded message ---------"] {
            assert!(!is_original(line), "{line}");
        }
        let is_head = |lines: &str| is_head(lines.split('|'));
        assert!(is_head("Gesendet: Montag|Von: \"Ben\" <ben@x.example>|An: Anna|Betreff: Termin"));
        assert!(is_head("*De:* Ben|*Enviado:* lunes||*Asunto:* Cita"));
        assert!(!is_head("Datum: 2.11.|Von: 10 Uhr|Bis: 12 Uhr|Betreff: Termin"), "a form");
        assert!(!is_head("Von: Ben|Telefon: 1|Nachricht: x"));
    }

    #[test]
    fn t3_devices_are_known() {
        for line in [
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Diese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.",
            "Envoyé de mon iPhone",
            "Get [Outlook for iOS](https://x.example/a)",
            "Get Outlook for Android<https://x.example/b>",
            "Sent with [Proton Mail](https://x.example/) secure email.",
            "Inviato da iPhone",
            "发自我的 iPhone",
            "iPhoneから送信",
        ] {
            assert!(is_device(line), "{line}");
        }
        for line in ["Sent from Berlin with love", "My iPhone is broken.", "Von meinem iPhone aus geht es nicht.", ""] {
            assert!(!is_device(line), "{line}");
        }
    }
}
