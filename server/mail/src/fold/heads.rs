//! The header blocks that mail programs put above an answered mail: sender, date, recipients, subject. They are recognised by their words,
//! and in unknown languages by their form.

use super::{
    Line,
    dates::{has_clock, has_date, normal},
    signs::{has_bracketed_address, is_rule, is_title},
    words::{DATE, FROM, LISTED, RAW, SUBJECT},
};

/// The most lines of a head, including blank and wrapped ones.
pub const MOST_LINES: usize = 14;
/// The number of lines of a head in an unknown language, without wrapped lines.
const FEWEST: usize = 3;
const MOST: usize = 6;
/// The most wrapped lines of a head: many recipients.
const MOST_BROKEN: usize = 4;

/// A longer line, in bytes, is no part of a head, however many recipients it has.
const LONGEST_LINE: usize = 20_000;

/// A line of a head: its lower-case label and its value.
struct Field {
    name: String,
    value: String,
}

/// The line after the head that begins in line `n`. None if no head begins there.
pub fn head(lines: &[Line<'_>], n: usize) -> Option<usize> {
    // A head is at the beginning. The middle of a list of such lines is none.
    if n > 0 && field(lines[n - 1].text).is_some() {
        return None;
    }
    let (fields, below) = fields(lines, n);
    (is_known(&fields) || is_of_form(lines, n, &fields, below)).then_some(below)
}

/// The lines of a head that begins in line `n`, and the line after them.
fn fields(lines: &[Line<'_>], n: usize) -> (Vec<Field>, usize) {
    let mut fields: Vec<Field> = Vec::new();
    let (mut broken, mut below) = (0, n);
    for (at, line) in lines.iter().enumerate().skip(n).take(MOST_LINES) {
        if let Some(field) = field(line.text) {
            // After a blank line, a head continues only with known words.
            if at > below && !(fields.iter().any(Field::is_listed) && field.is_listed()) {
                break;
            }
            fields.push(field);
        } else if line.is_blank() && !fields.is_empty() && at == below {
            continue;
        } else if !fields.is_empty() && at == below && line.text.contains(['@', ';']) && broken < MOST_BROKEN {
            broken += 1;
        } else {
            break;
        }
        below = at + 1;
    }
    (fields, below)
}

/// A labelled line: "From: Anna".
fn field(line: &str) -> Option<Field> {
    if line.len() > LONGEST_LINE {
        return None;
    }
    let line = normal(line);
    let line = line.trim().trim_start_matches(['*', '>', ' ']);
    let (name, value) = line.split_once([':', '：'])?;
    let name = name.trim_matches(|c: char| matches!(c, '*' | '_') || c.is_whitespace());
    let is_name = !name.is_empty()
        && name.chars().count() <= 32
        && name.split_whitespace().count() <= 4
        && !name.contains(|c: char| c.is_numeric() || "@.,;!?<>()/\\\"=".contains(c));
    let value = value.trim_matches(|c: char| matches!(c, '*') || c.is_whitespace());
    (is_name && !value.starts_with("//")).then(|| Field { name: name.to_lowercase(), value: value.to_owned() })
}

impl Field {
    fn is(&self, words: &[&str]) -> bool {
        words.contains(&self.name.as_str())
    }

    fn is_listed(&self) -> bool {
        self.is(&FROM) || self.is(&DATE) || self.is(&SUBJECT)
    }

    fn has_address(&self) -> bool {
        self.value.contains('@')
    }

    fn has_moment(&self) -> bool {
        has_date(&self.value) && has_clock(&self.value)
    }
}

/// Whether lines are a head, by their words. A filled-in form may also contain From, Date and Subject.
fn is_known(fields: &[Field]) -> bool {
    let Some(first) = fields.first() else { return false };
    let from = fields.iter().find(|field| field.is(&FROM) && !field.value.is_empty());
    let date = fields.iter().find(|field| field.is(&DATE) && (has_date(&field.value) || has_clock(&field.value)));
    let (Some(from), Some(date)) = (from, date) else { return false };
    let about = fields.iter().any(|field| field.is(&SUBJECT));
    let begins = first.is(&FROM) || first.is(&DATE) || first.is(&SUBJECT);
    match first.is(&FROM) && about {
        true => from.has_address() || date.has_moment(),
        false => begins && fields.len() >= FEWEST && from.has_address() && (about || date.has_moment()),
    }
}

/// Whether lines are a head, by their form: a few lines below a rule or a blank line, one of them with an address and one with date and
/// time, followed by a blank line.
fn is_of_form(lines: &[Line<'_>], n: usize, fields: &[Field], below: usize) -> bool {
    let is_apart = lines.get(below).is_some_and(|line| line.is_blank());
    let is_list = fields.iter().any(|field| field.is(&RAW) || field.is(&LISTED));
    if !is_apart || !(FEWEST..=MOST).contains(&fields.len()) || is_list {
        return false;
    }
    let Some(who) = fields.iter().position(Field::has_address) else { return false };
    let above = lines[..n].iter().rev().find(|line| !line.is_blank());
    if above.is_some_and(|line| is_title(line.text) || (is_rule(line.text) && line.text.contains('_'))) {
        let when = fields.iter().position(|field| has_date(&field.value));
        return who <= 2 && when.is_some_and(|when| when <= 3 && who != when);
    }
    let Some(when) = fields.iter().position(Field::has_moment) else { return false };
    let stands_apart = n == 0 || lines[n - 1].is_blank() || is_rule(lines[n - 1].text);
    let begins = (who == 0 && (1..=2).contains(&when)) || (when == 0 && who == 1);
    // Three lines alone prove nothing.
    let is_more = fields.len() > FEWEST || fields.iter().any(Field::is_listed);
    stands_apart && begins && is_more && has_bracketed_address(&fields[who].value)
}

#[cfg(test)]
mod tests {
    use super::{super::lines, head};

    #[test]
    fn t3_heads_are_known_by_their_words_or_their_form() {
        let is_head = |text: &str| {
            let text = text.replace('|', "\n");
            let lines: Vec<_> = lines(&text).collect();
            let first = lines.iter().position(|line| line.text.contains(':')).unwrap();
            head(&lines, first).is_some()
        };
        for text in [
            "Gesendet: Montag, 2. November 2026 10:00|Von: \"Ben\" <ben@x.example>|An: Anna|Betreff: Termin",
            "*De:* Ben|*Enviado:* lunes, 2 de noviembre de 2026 10:00||*Asunto:* Cita",
            "From: Ben|Sent: Monday, November 2, 2026 4:42 PM|To: Tom|Subject: Re: Bread",
            "________________________________|Siuntė: Pagalba <a@x.example>|Kada: 2026-11-27 15:15|Kam: Ana|Apie: Stalas||x",
            "|Mittente: Anna <a@x.example>|Quando: 27/11/2026 15:15|Per: <b@x.example>|Cosa: x||x",
            "----- Algne kiri -----|Kes: a@x.example|Millal: 27.11.2026 15:15|Kellele: b|Mis: x||x",
        ] {
            assert!(is_head(text), "{text}");
        }
        for text in [
            "Datum: 2.11.|Von: 10 Uhr|Bis: 12 Uhr|Betreff: Termin",
            "Von: Ben|Telefon: 1|Nachricht: x",
            "From: Hamburg|To: Berlin|Date: 27 November 2026|Subject: piano||x",
            "|Customer: Anna|E-mail: a@x.example|Ordered: 27.11.2026 15:15|Item: bread||x",
            "|Return-Path: <a@x.example>|Received: by x; Fri, 27 Nov 2026 15:15:00|To: <b@x.example>||x",
        ] {
            assert!(!is_head(text), "{text}");
        }
    }
}
