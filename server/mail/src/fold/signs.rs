//! Recognises the lines that programs put around a quote.

use super::{
    dates::{date, has_clock, has_date, is_direction, normal},
    words::{BEGINS, FORWARDED, ORIGINAL, OURSELVES, WROTE, YOU},
};

/// A longer sentence, in bytes, introduces nothing.
pub const LONGEST: usize = 400;
/// A longer line, in bytes, was not inserted by a program.
pub const LONGEST_MARK: usize = 200;
/// The most words between a date and an address, without a word for "wrote".
const BETWEEN: usize = 8;

/// The most words after the address in a sentence without a time: "wrote", or "wrote" and the date.
const BEHIND: usize = 2;
const BEHIND_WITH_DATE: usize = 8;

/// How certain it is that a sentence introduces a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// Only if the next lines are marked.
    IfMarked,
    /// Only if it is a separate paragraph.
    IfApart,
    /// Always: only a program writes like this.
    Always,
}

/// Whether a sentence introduces a quote: "On Monday, 2 November, Anna wrote:".
pub fn introduction(sentence: &str) -> Option<Sure> {
    if sentence.len() > LONGEST {
        return None;
    }
    let sentence = normal(sentence).to_lowercase();
    let sentence = sentence.trim();
    let ends = sentence.ends_with([':', '：']) || (sentence.starts_with("--") && sentence.ends_with("--"));
    let addressed = has_bracketed_address(sentence);
    if !ends {
        return (addressed && is_date_then_address(sentence)).then_some(Sure::IfApart);
    }
    let wrote = WROTE.iter().any(|word| sentence.contains(word));
    let (day, time, at) = (has_date(sentence), has_clock(sentence), sentence.contains('@'));
    let dated = at || sentence.contains(char::is_numeric);
    let if_marked = ((wrote && dated) || (addressed && (day || time))).then_some(Sure::IfMarked);
    // "I wrote to Anna on …" is somebody's own sentence.
    if sentence.split([' ', '\'', '’']).next().is_some_and(|word| OURSELVES.contains(&word)) {
        return if_marked;
    }
    if time && addressed && wrote {
        return Some(Sure::Always);
    }
    let by_you = YOU.iter().any(|word| sentence.contains(word));
    // In some languages, some programs write only the date and the name.
    let is_apart = (wrote && time && (day || at))
        || (day && by_you)
        || (wrote && day && addressed && is_bare(sentence))
        || (addressed && (is_date_then_address(sentence) || (day && time && is_led(sentence))));
    if is_apart && !is_of_oneself(sentence) { Some(Sure::IfApart) } else { if_marked }
}

/// Whether somebody writes about themselves: "On 2 November I wrote to Ben <ben@x.example>:" quotes nobody. Only whole words count, because
/// "Anna I. Meier" is a name.
fn is_of_oneself(sentence: &str) -> bool {
    sentence.split_whitespace().any(|word| {
        matches!(word.to_lowercase().as_str(), "i" | "we" | "ich" | "wir" | "nous" | "yo" | "ik" | "wij" | "jag")
    })
}

/// Whether a sentence says only who wrote when, as some programs write it without a time: "On November 23, 2026, Anna <anna@x.example>
/// wrote:". Somebody's own sentence also says to whom or about what.
fn is_bare(sentence: &str) -> bool {
    let behind =
        sentence.rfind(['>', ')', ']']).map_or("", |at| &sentence[at + 1..]).trim_end_matches([':', '：', ' ']);
    let words = behind.split_whitespace().count();
    let is_end = words <= BEHIND || (words <= BEHIND_WITH_DATE && has_date(behind) && begins_with_wrote(behind));
    is_end && (begins(sentence) || is_led(sentence))
}

/// Whether a text begins with "wrote".
pub fn begins_with_wrote(text: &str) -> bool {
    let text = lower(&normal(text), 40);
    let text = text.trim_start();
    WROTE.iter().any(|word| text.strip_prefix(word).is_some_and(is_word_end))
}

/// Whether a line is only a name with its address: "Anna Meier <anna@x.example>".
pub fn is_name(line: &str) -> bool {
    line.len() <= LONGEST_MARK
        && line.ends_with('>')
        && line.matches('@').count() == 1
        && has_bracketed_address(line)
        && line.split_whitespace().count() <= BETWEEN
}

/// Whether a line ends inside a date that continues in the next one: "am So., 23." and "November 2026". Its dot does not end a sentence.
pub fn is_cut_date(line: &str, below: &str) -> bool {
    let (line, below) = (normal(line), normal(below));
    let Some(line) = line.strip_suffix('.') else { return false };
    let digits = line.bytes().rev().take_while(u8::is_ascii_digit).count();
    let day = line[line.len() - digits..].parse::<u32>().is_ok_and(|day| (1..=31).contains(&day));
    let year = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        word.len() == 4 && word.parse().is_ok_and(|year: u32| (1980..=2099).contains(&year))
    };
    day && digits <= 2 && below.split_whitespace().take(2).any(year)
}

/// Whether a sentence begins with its date, or with a name and its address.
fn is_led(sentence: &str) -> bool {
    let before = |at: usize| sentence[..at].split_whitespace().count();
    date(sentence).is_some_and(|at| before(at) <= 2) || sentence.find(['<', '(', '[']).is_some_and(|at| before(at) <= 4)
}

/// Whether a sentence is a date, a name and an address: "2026-11-27 Anna Meier <anna@x.example>".
fn is_date_then_address(sentence: &str) -> bool {
    let end = sentence.trim_end_matches([':', '：', ',', ' ']);
    let Some(at) = date(sentence) else { return false };
    let before = sentence[..at].split_whitespace().count();
    before <= 1 && end.ends_with(['>', ')', ']']) && sentence[at..].split_whitespace().count() <= BETWEEN + 3
}

/// Whether a text has an address in brackets, as programs write it after a name: `<anna@x.example>`, `(anna@x.example)`.
pub fn has_bracketed_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let Some(begin) = text[..at].rfind(['<', '(', '[']) else { return false };
        let Some(end) = text[at..].find(['>', ')', ']']) else { return false };
        !text[begin + 1..at + end].trim().contains(' ')
    })
}

/// Whether an introduction of several lines begins with this one.
pub fn begins(line: &str) -> bool {
    let line = normal(line);
    let line = line.trim_start_matches(['-', ' ']);
    // "On Friday at 10:00" may be part of the reply. A date and a time have more digits.
    let dated = line.chars().filter(|c| c.is_numeric()).nth(4).is_some();
    if !dated || line.starts_with(char::is_numeric) {
        return dated;
    }
    let start = lower(line, 16);
    BEGINS.iter().any(|word| start.strip_prefix(word).is_some_and(is_word_end))
        || date(line).is_some_and(|at| line[..at].split_whitespace().count() <= 1)
}

/// Whether the word before this text is complete, in scripts with spaces.
fn is_word_end(behind: &str) -> bool {
    !behind.starts_with(|c: char| c.is_lowercase())
}

/// Whether an introduction is complete, so that nothing above belongs to it.
pub fn is_complete(introduction: &str) -> bool {
    is_balanced(introduction) && has_date(&normal(introduction))
}

/// Whether angle brackets are balanced. Those of an address that was broken over two lines are not.
pub fn is_balanced(text: &str) -> bool {
    !text.starts_with('<') && text.matches('<').count() == text.matches('>').count()
}

/// The line that Outlook and others put above the answered mail: `-----Original Message-----`. Some put its head on the same line.
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

/// Whether a line has a few words between dashes, as above a head: "----- Algne kiri -----".
pub fn is_title(line: &str) -> bool {
    if line.len() > LONGEST_MARK {
        return false;
    }
    let line = line.trim().replace("&nbsp;", " ");
    let dash = |c: char| matches!(c, '-' | '–' | '—' | '_' | '=' | '*');
    let inner = line.trim_matches(dash);
    let dashes = |text: &str| text.chars().take_while(|c| dash(*c)).count();
    let behind = line.chars().rev().take_while(|c| dash(*c)).count();
    let inner = inner.trim();
    dashes(&line) >= 3
        && behind >= 2
        && (1..=6).contains(&inner.split_whitespace().count())
        && !inner.contains(|c: char| c.is_numeric() || c == '@')
        && !is_forward(inner)
}

/// Whether a line says that the text below is forwarded.
pub fn is_forward(line: &str) -> bool {
    let line = lower(line, LONGEST_MARK);
    FORWARDED.iter().any(|word| line.contains(word))
}

/// The rule that Outlook puts above a head.
pub fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 10 && line.chars().all(|c| matches!(c, '_' | '-' | '=' | '*' | '#' | '~'))
}

/// Whether a line begins with a quotation mark: a quote by hand.
pub fn is_by_hand(line: &str) -> bool {
    line.trim_start_matches(is_direction)
        .trim_start()
        .starts_with(['"', '“', '”', '„', '«', '»', '‹', '›', '‘', '\'', '「', '『'])
}

/// The first `most` characters of a text, in lower case.
pub fn lower(text: &str, most: usize) -> String {
    text.chars().take(most).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_introductions_are_known() {
        for (line, sure) in [
            ("On Mon, 2 Nov 2026 at 10:00, Ben <ben@x.example> wrote:", Sure::Always),
            ("Am 02.11.26 um 10:00 schrieb Ben:", Sure::IfApart),
            ("Le lun. 2 nov. 2026 à 10:00, Ben a\u{a0}écrit :", Sure::IfApart),
            ("---- On Mon, 02 Nov 2026 10:00:00 +0100 Ben <ben@x.example> wrote ---", Sure::Always),
            ("2026年11月2日(月) 10:00 Ben <ben@x.example>:", Sure::IfApart),
            (
                "\u{202b}בתאריך יום ב׳, 2 בנוב׳ 2026 ב-10:00 מאת \u{202a}Ben\u{202c} <\u{202a}ben@x.example\u{202c}>:\u{202c}",
                Sure::Always,
            ),
            ("Понедельник, 2 ноября 2026 г., 10:00:00, Вы писали:", Sure::IfApart),
            ("On 2 November 2026 you wrote:", Sure::IfApart),
            ("2026/11/2 Ben Miller <ben@x.example>", Sure::IfApart),
            ("On 2 November Ben wrote:", Sure::IfMarked),
            ("On November 2, 2026, Ben <ben@x.example> wrote:", Sure::IfApart),
            ("On Monday, November 2, 2026, Ben <ben@x.example> wrote:", Sure::IfApart),
            ("Am 2. November 2026 schrieb Ben <ben@x.example>:", Sure::IfApart),
            ("Ben Miller <ben@x.example> wrote on November 2, 2026:", Sure::IfApart),
            ("On 2 November 2026 Ben <ben@x.example> wrote to us that we should go on:", Sure::IfMarked),
            ("I wrote to Ben <ben@x.example> on 2 November 2026:", Sure::IfMarked),
        ] {
            assert_eq!(introduction(line), Some(sure), "{line}");
        }
        for line in
            ["She wrote:", "Call 0451 555 0133:", "On 2 November he wrote to us.", "", "Ask Ben <ben@x.example>"]
        {
            assert_eq!(introduction(line), None, "{line}");
        }
    }

    #[test]
    fn t3_originals_are_known() {
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
        assert!(is_title("-------- Algne kiri --------") && is_title("----- 元の記事 -----"));
        for line in ["---------- Forwarded message ---------", "-- Anna", "--- 1 ---", "----------", "a - b"] {
            assert!(!is_title(line), "{line}");
        }
    }
}
