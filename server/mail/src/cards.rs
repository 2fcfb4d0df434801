//! Reads calendar and contact files, to show them in the thread (RFC 5545, RFC 6350).

use ical::{PropertyParser, property::Property};
use model::Card;

use super::{
    body::said::says_something,
    plain::plain,
    read::{MailFile, one_line},
};

/// The most cards of a mail.
const MOST: usize = 5;
/// The largest file that is read, in bytes. Contacts may contain pictures.
const LARGEST: usize = 1024 * 1024;
/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 8 * 1024;
/// The most lines of a card, and the most characters of each.
const LINES: usize = 8;
const LONGEST: usize = 200;
/// The deepest nesting of a calendar that is read.
const DEEPEST: usize = 20;

/// The cards of a mail's files.
pub fn read(files: &[MailFile]) -> Vec<Card> {
    let mut cards = Vec::new();
    let readable = files.iter().filter(|file| file.bytes.len() <= LARGEST);
    for (file, read) in readable.filter_map(|file| Some((file, reads(file)?))).take(MOST) {
        // An invitation often comes twice: among the alternatives, and as a file.
        cards.extend(read(&properties(&file.bytes)).filter(|card| !cards.contains(card)));
    }
    cards
}

/// The description in a calendar file, which its card does not show. None for other files.
pub fn said(file: &MailFile) -> Option<String> {
    let is_calendar = file.media_type.ends_with("/calendar") || file.media_type == "application/ics";
    if !(is_calendar || file.name.to_lowercase().ends_with(".ics")) || file.bytes.len() > LARGEST {
        return None;
    }
    let text = String::from_utf8_lossy(&unfolded(&file.bytes)).into_owned();
    // Each is tied to its component: the description of an alarm is not the event's.
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for line in text.lines() {
        // Names are ASCII. Other letters may grow in upper case, and then the length would be wrong.
        let name = line.split([':', ';']).next().unwrap_or_default().to_ascii_uppercase();
        let behind = line.get(name.len()..).unwrap_or_default();
        match name.as_str() {
            "BEGIN" => open.push(behind.get(1..).unwrap_or_default().trim().to_uppercase()),
            "END" => {
                open.pop();
            }
            "DESCRIPTION" | "COMMENT" | "X-ALT-DESC"
                if open.last().is_some_and(|part| matches!(part.as_str(), "VEVENT" | "VTODO" | "VJOURNAL")) =>
            {
                found.extend(after_parameters(behind).map(|value| (name, value)));
            }
            _ => {}
        }
        if open.len() > DEEPEST {
            return None;
        }
    }
    ["DESCRIPTION", "COMMENT", "X-ALT-DESC"].into_iter().find_map(|wanted| {
        let value = found.iter().find(|(name, _)| name == wanted).map(|(_, value)| written(value))?;
        let words = if wanted == "X-ALT-DESC" { plain(&value) } else { value };
        says_something(&words).then_some(words)
    })
}

/// The value after a line's parameters: after the first colon outside quotes.
fn after_parameters(line: &str) -> Option<&str> {
    let mut quoted = false;
    let colon = line.find(|c: char| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    Some(&line[colon + 1..])
}

/// A text value, with its line ends.
fn written(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            '\0' => {}
            _ => text.push(c),
        }
    }
    text
}

type Read = fn(&[Property]) -> Option<Card>;

/// The reader for this kind of file. None for other kinds.
fn reads(file: &MailFile) -> Option<Read> {
    let ends = |end: &str| file.name.to_lowercase().ends_with(end);
    match file.media_type.as_str() {
        "text/calendar" | "application/ics" => Some(event),
        "text/vcard" | "text/x-vcard" | "text/directory" => Some(person),
        _ if ends(".ics") => Some(event),
        _ if ends(".vcf") => Some(person),
        _ => None,
    }
}

/// Its unfolded lines. Lines may be folded at any byte, even inside a character.
fn unfolded(bytes: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::with_capacity(bytes.len());
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line {
            [b' ' | b'\t', rest @ ..] => unfolded.extend_from_slice(rest),
            _ => {
                unfolded.push(b'\n');
                unfolded.extend_from_slice(line);
            }
        }
    }
    unfolded
}

fn properties(bytes: &[u8]) -> Vec<Property> {
    let unfolded = unfolded(bytes);
    // Longer lines are pictures, and the parser reads a whole line for each of its parameters.
    let short = unfolded.split(|byte| *byte == b'\n').filter(|line| line.len() <= LONGEST_LINE);
    let text = String::from_utf8_lossy(&short.collect::<Vec<_>>().join(&b'\n')).into_owned();
    PropertyParser::from_reader(text.as_bytes()).filter_map(Result::ok).take(2000).collect()
}

/// The first event of a calendar. None for a calendar without one.
fn event(all: &[Property]) -> Option<Card> {
    let begin = all.iter().position(|property| is(property, "BEGIN") && value(property) == "VEVENT")?;
    // The properties of an alarm inside it are not the event's.
    let rest = &all[begin..];
    let end = rest.iter().skip(1).position(|property| is(property, "BEGIN") || is(property, "END"));
    let own = &rest[..end.map_or(rest.len(), |end| end + 1)];
    let find = |name: &str| own.iter().find(|property| is(property, name));
    let method = all.iter().find(|property| is(property, "METHOD")).map(value).unwrap_or_default();
    let what = match method.to_uppercase().as_str() {
        "REQUEST" => "Invitation",
        "CANCEL" => "Called off",
        "REPLY" => "Answer to an invitation",
        _ => "Event",
    };
    let mut lines = vec![("What".to_owned(), what.to_owned())];
    let mut line = |word: &str, text: String| {
        if !text.is_empty() {
            lines.push((word.to_owned(), text));
        }
    };
    line("Begins", find("DTSTART").map(time).unwrap_or_default());
    line("Ends", find("DTEND").map(time).unwrap_or_default());
    line("Repeats", find("RRULE").map(|_| "Yes".to_owned()).unwrap_or_default());
    line("Where", find("LOCATION").map(value).unwrap_or_default());
    line("By", find("ORGANIZER").map(whom).unwrap_or_default());
    Some(Card { title: find("SUMMARY").map(value).unwrap_or_default(), lines })
}

/// The first contact of a file. None if it is empty.
fn person(all: &[Property]) -> Option<Card> {
    let end = all.iter().position(|property| is(property, "END")).unwrap_or(all.len());
    let own = &all[..end];
    const WORDS: [(&str, &str); 6] = [
        ("ORG", "Company"),
        ("TITLE", "Title"),
        ("TEL", "Phone"),
        ("EMAIL", "E-mail"),
        ("ADR", "Address"),
        ("URL", "Web"),
    ];
    let mut lines = Vec::new();
    for (name, word) in WORDS {
        for property in own.iter().filter(|property| is(property, name)) {
            let text = value(property);
            if !text.is_empty() && lines.len() < LINES {
                lines.push((word.to_owned(), text));
            }
        }
    }
    let named = own.iter().find(|property| is(property, "FN")).map(value);
    let card = Card { title: named.unwrap_or_default(), lines };
    (!card.title.is_empty() || !card.lines.is_empty()).then_some(card)
}

/// Whether a property has this name, with or without a group before it (`item1.TEL`).
fn is(property: &Property, name: &str) -> bool {
    property.name.rsplit('.').next().is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// A value on one line, its parts separated by commas.
fn value(property: &Property) -> String {
    let mut text = String::new();
    let mut chars = property.value.as_deref().unwrap_or_default().chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push(' '),
                Some(other) => text.push(other),
                None => {}
            },
            ';' => text.push_str(", "),
            _ => text.push(c),
        }
    }
    let parts: Vec<String> = text.split(", ").map(one_line).filter(|part| !part.is_empty()).collect();
    parts.join(", ").chars().take(LONGEST).collect()
}

/// A person, by address and, if known, by name.
fn whom(property: &Property) -> String {
    let address = value(property);
    let address = address.trim_start_matches("mailto:").trim_start_matches("MAILTO:");
    match parameter(property, "CN") {
        Some(name) if name != address => format!("{name} <{address}>"),
        _ => address.to_owned(),
    }
}

fn parameter(property: &Property, name: &str) -> Option<String> {
    let all = property.params.as_ref()?;
    let (_, values) = all.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    values.first().map(|text| one_line(text).chars().take(LONGEST).collect())
}

/// A time as the calendar writes it, `20260519T140000`, in its own zone.
fn time(property: &Property) -> String {
    let text = value(property);
    let digits = |from: usize, to: usize| text.get(from..to).filter(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let (Some(year), Some(month), Some(day)) = (digits(0, 4), digits(4, 6), digits(6, 8)) else { return text };
    let date = format!("{year}-{month}-{day}");
    let (Some(hour), Some(minute)) = (digits(9, 11), digits(11, 13)) else { return date };
    let zone = if text.ends_with('Z') { Some("UTC".to_owned()) } else { parameter(property, "TZID") };
    match zone {
        Some(zone) => format!("{date} {hour}:{minute} ({zone})"),
        None => format!("{date} {hour}:{minute}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cards(name: &str, text: &str) -> Vec<Card> {
        let media_type = "application/octet-stream".to_owned();
        let bytes = text.replace('\n', "\r\n").into_bytes();
        read(&[MailFile { name: name.to_owned(), media_type, bytes, ..MailFile::default() }])
    }

    fn lines(card: &Card) -> Vec<(&str, &str)> {
        card.lines.iter().map(|(word, text)| (word.as_str(), text.as_str())).collect()
    }

    #[test]
    fn t3_an_invitation_is_readable() {
        let found = cards(
            "Termin.ICS",
            "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:16010101T030000\nEND:STANDARD\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\nORGANIZER;CN=Petra Lang:mailto:petra@x.example\nSUMMARY;LANGUAGE=de-DE:Dach und Z\n äh\n lerschrank\\, innen\n\
             DTSTART;TZID=W. Europe Standard Time:20260519T140000\nDTEND:20260519T124500Z\nLOCATION:Lindenweg 3\\, Greifswald\n\
             BEGIN:VALARM\nSUMMARY:REMINDER\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
        );
        assert_eq!(found[0].title, "Dach und Zählerschrank, innen");
        assert_eq!(
            lines(&found[0]),
            [
                ("What", "Invitation"),
                ("Begins", "2026-05-19 14:00 (W. Europe Standard Time)"),
                ("Ends", "2026-05-19 12:45 (UTC)"),
                ("Where", "Lindenweg 3, Greifswald"),
                ("By", "Petra Lang <petra@x.example>"),
            ]
        );
        let day = cards("day.ics", "BEGIN:VEVENT\nSUMMARY:Fair\nDTSTART;VALUE=DATE:20260601\nEND:VEVENT\n");
        assert_eq!(lines(&day[0])[1], ("Begins", "2026-06-01"));
    }

    #[test]
    fn t3_a_contact_is_readable() {
        let found = cards(
            "nora.vcf",
            "BEGIN:VCARD\nVERSION:3.0\nFN:Dr. Nora Ångström\nORG:Solkraft AB;Inköp\nitem1.TEL;TYPE=WORK:+46 8 555\n\
             EMAIL:nora@x.example\nADR;TYPE=WORK:;;Solgatan 9;Västerås;;722 11;Sverige\nEND:VCARD\n",
        );
        assert_eq!(found[0].title, "Dr. Nora Ångström");
        assert_eq!(
            lines(&found[0]),
            [
                ("Company", "Solkraft AB, Inköp"),
                ("Phone", "+46 8 555"),
                ("E-mail", "nora@x.example"),
                ("Address", "Solgatan 9, Västerås, 722 11, Sverige"),
            ]
        );
        assert!(cards("nora.txt", "BEGIN:VCARD\nFN:Nora\nEND:VCARD\n").is_empty());
        assert!(cards("empty.vcf", "").is_empty() && cards("todo.ics", "BEGIN:VTODO\nEND:VTODO\n").is_empty());
        let dear = format!("BEGIN:VCARD\nFN:Eve\nA{}\nEND:VCARD\n", ";B=".repeat(300_000));
        assert_eq!(cards("dear.vcf", &dear)[0].title, "Eve", "a line that would take minutes is passed over");
    }

    #[test]
    fn t3_lines_that_are_none_stop_no_calendar() {
        let said = |text: &str| {
            let bytes = text.replace('\n', "\r\n").into_bytes();
            said(&MailFile { name: "a.ics".to_owned(), bytes, ..MailFile::default() })
        };
        for line in
            ["BEGIN", "BEGIN:", "ŉ", "ﬁﬃŉ:x", "begin;é", "DESCRIPTION", "DESCRIPTION;A=\"", "ß:BEGIN", "END", ":"]
        {
            let text = format!(
                "{line}\nBEGIN:VEVENT\n{line}\nEND\nBEGIN:VEVENT\nDESCRIPTION:Bring shoes\n{line}\nEND:VEVENT\n"
            );
            assert_eq!(said(&text).as_deref(), Some("Bring shoes"), "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_card_can_be_read(text in "(BEGIN:VEVENT\n|BEGIN:VCARD\n|DTSTART;TZID=|FN:|item1.TEL;A=\"|20260519T14|[ -~é\n\\\\;:]){0,40}") {
            for name in ["a.ics", "a.vcf"] {
                for card in cards(name, &text) {
                    for (word, text) in &card.lines {
                        prop_assert!(!text.contains('\n') && !word.is_empty());
                    }
                }
            }
        }
    }
}
