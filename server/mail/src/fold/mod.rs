//! Separates what somebody wrote in a mail from quotes and from the signature (T3). Nothing is removed: the parts are folded, and together
//! they are the mail. In doubt text counts as written.

mod answered;
mod dates;
mod heads;
mod html;
mod signs;
#[cfg(test)]
mod table;
mod tails;
mod words;

pub use answered::{Answers, Known};
pub use html::fold_html;

use signs::Sure;

/// Whether a mail forwards another one, by its subject. The forwarded text is then what the sender wants to show. Outlook marks it nowhere
/// else.
pub fn is_handed_on(subject: &str) -> bool {
    let word = subject.split_once([':', '：']).map(|(before, _)| before.trim().to_lowercase());
    word.is_some_and(|word| words::HANDED_ON.contains(&word.as_str()))
}

/// A text in its parts, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Folded<'t> {
    /// What they wrote.
    pub written: &'t str,
    /// The signature, from the line `-- ` (RFC 3676, 4.3), or the program's own line.
    pub signature: &'t str,
    /// The quote, from the line that introduces it, and everything below.
    pub quoted: &'t str,
}

/// Folds the text of a mail with these answers. A mail that answers nothing quotes nothing.
pub fn fold<'t>(text: &'t str, answers: &Answers) -> Folded<'t> {
    let lines: Vec<Line<'_>> = lines(text).collect();
    let quote = quote(&lines, answers).map_or(text.len(), |n| lines[n].at);
    let (above, quoted) = text.split_at(quote);
    // A mail that is only a quote is a forwarded one, which its sender wants to show.
    if above.trim().is_empty() {
        return Folded { written: text, ..Folded::default() };
    }
    let above_lines = &lines[..lines.partition_point(|line| line.at < quote)];
    let signature = tails::signature(above_lines).map_or(quote, |n| lines[n].at);
    let (written, signature) = above.split_at(signature);
    Folded { written, signature, quoted }
}

/// A line without its end, and its position.
#[derive(Debug, Clone, Copy)]
struct Line<'t> {
    at: usize,
    text: &'t str,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let this = Line { at, text: line.trim_end_matches(['\n', '\r']) };
        at += line.len();
        this
    })
}

impl Line<'_> {
    fn is_blank(self) -> bool {
        self.text.trim().is_empty()
    }

    fn is_quoted(self) -> bool {
        self.text.trim_start().starts_with('>')
    }

    /// The line without its first quote mark.
    fn unmarked(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.strip_prefix('>').map_or(text, |text| text.strip_prefix(' ').unwrap_or(text)), ..self }
    }

    /// The separator of a signature. Some programs lose the space after the dashes.
    fn is_signature_mark(self) -> bool {
        matches!(self.text, "-- " | "--" | "--\u{a0}")
    }
}

/// How many lines are searched for the start of an unmarked quote.
const SEARCHED: usize = 2000;

/// The first line of the quote, which continues to the end of the text.
fn quote(lines: &[Line<'_>], answers: &Answers) -> Option<usize> {
    if matches!(answers, Answers::Nothing) {
        return None;
    }
    // An unmarked quote below a reply goes to the end.
    match (0..lines.len().min(SEARCHED)).find_map(|n| unmarked(lines, n, answers)) {
        Some(n) => (!is_forward_above(&lines[..n])).then(|| with_rule(lines, n)),
        None => marked(lines, answers),
    }
}

/// The first line of an unmarked quote, as Outlook, Yahoo and others put below a reply: a head that begins in line `n`, or a sentence that
/// ends there.
fn unmarked(lines: &[Line<'_>], n: usize, answers: &Answers) -> Option<usize> {
    let (begin, below, sure) = if signs::is_original(lines[n].text) {
        (n, n + 1, Sure::Always)
    } else if let Some(below) = heads::head(lines, n) {
        (n, below, Sure::Always)
    } else {
        let (begin, sure) = introduction(lines, n)?;
        (begin, n + 1, sure)
    };
    let first = lines[below..].iter().find(|line| !line.is_blank());
    // The separator line may also contain the head and the quote.
    let has_more = first.is_some() || signs::is_original(lines[n].text);
    // Somebody may have written between marked lines.
    let is_marked = first.is_some_and(|line| line.is_quoted());
    let is_apart = begin == 0 || lines[begin - 1].is_blank() || signs::is_title(lines[begin - 1].text);
    let is_sure = match sure {
        Sure::Always => true,
        Sure::IfApart => {
            let above = lines[..begin].iter().rev().find(|line| !line.is_blank());
            // Several of them are a list.
            let is_listed = [above, first].into_iter().flatten().any(|line| signs::introduction(line.text).is_some());
            is_apart && !is_listed && first.is_some_and(|line| !signs::is_by_hand(line.text))
        }
        Sure::IfMarked => false,
    };
    let quoted = lines[below..].iter().map(|line| line.text);
    (has_more && !is_marked && is_sure && answers.may_have(quoted)).then_some(begin)
}

/// The most lines of a sentence that introduces a quote.
const MOST_LINES: usize = 4;

/// The first line of a quote marked with `>` that goes to the end, or of its introduction. Marked lines without an introduction are a quote
/// if the answered mail contains them.
fn marked(lines: &[Line<'_>], answers: &Answers) -> Option<usize> {
    let end = tails::footer(lines).unwrap_or(lines.len());
    let last = last_filled(&lines[..end])?;
    let last = match lines[last].is_quoted() {
        true => last,
        // The reply is between the quoted lines. Folding them would tear it apart.
        false => above_signature(&lines[..end]).filter(|&n| lines[n].is_quoted())?,
    };
    let above = lines[..=last].iter().rposition(|line| !line.is_blank() && !line.is_quoted());
    let first = above.map_or(0, |n| n + 1);
    // Blank lines above it belong to the written text.
    let first = (first..=last).find(|&n| !lines[n].is_blank())?;
    let bare: Vec<Line<'_>> = lines[first..=last].iter().map(|line| line.unmarked()).collect();
    if let Some(begin) = above.and_then(|n| introduced(lines, n, &bare)) {
        return Some(begin);
    }
    let is_headed = heads::head(&bare, 0).is_some() || begins_introduced(&bare);
    (is_headed || answers.have(bare.iter().map(|line| line.text))).then_some(first)
}

/// The first line of what introduces marked lines and ends in line `n`: a sentence, a head, words between dashes.
fn introduced(lines: &[Line<'_>], n: usize, marked: &[Line<'_>]) -> Option<usize> {
    let text = lines[n].text;
    if signs::is_original(text)
        || (signs::is_title(text) && (heads::head(marked, 0).is_some() || begins_introduced(marked)))
    {
        return Some(n);
    }
    let head = (n.saturating_sub(heads::MOST_LINES)..=n).find(|&first| heads::head(lines, first) == Some(n + 1));
    head.or_else(|| introduction(lines, n).map(|(first, _)| first)).map(|first| with_rule(lines, first))
}

/// Whether the first lines contain the introducing sentence.
fn begins_introduced(lines: &[Line<'_>]) -> bool {
    (0..lines.len().min(MOST_LINES)).any(|n| introduction(lines, n).is_some_and(|(first, _)| first == 0))
}

fn last_filled(lines: &[Line<'_>]) -> Option<usize> {
    lines.iter().rposition(|line| !line.is_blank())
}

/// The last line with text above the signature, for people who sign below the quote.
fn above_signature(lines: &[Line<'_>]) -> Option<usize> {
    last_filled(&lines[..tails::mark(lines)?])
}

/// The first line of the sentence that introduces a quote and ends in line `n`: "On Monday, Anna wrote:".
fn introduction(lines: &[Line<'_>], n: usize) -> Option<(usize, Sure)> {
    if !lines[n].text.trim_end().ends_with(|c: char| !c.is_alphanumeric()) {
        return None;
    }
    let mut sentence = String::new();
    let mut whole = None;
    for first in (n.saturating_sub(MOST_LINES - 1)..=n).rev() {
        let text = lines[first].text.trim();
        // Above are another paragraph, another quote or the sentence before.
        let ends = first < n && text.ends_with(['.', '!', '?', ':']) && !signs::is_cut_date(text, &sentence);
        let apart = text.is_empty() || lines[first].is_quoted() || ends;
        if apart || text.len() + sentence.len() > signs::LONGEST {
            break;
        }
        sentence = format!("{text} {sentence}");
        let Some(sure) = signs::introduction(&sentence) else { continue };
        if signs::begins(text) || (sure > Sure::IfMarked && signs::is_complete(&sentence)) {
            return Some(with_name(lines, first, &sentence).unwrap_or((first, sure)));
        }
        whole = whole.or_else(|| signs::is_balanced(&sentence).then_some((first, sure)));
    }
    whole
}

/// The line above a sentence that begins with "wrote" and names nobody, if it is the name.
fn with_name(lines: &[Line<'_>], first: usize, sentence: &str) -> Option<(usize, Sure)> {
    let above = first.checked_sub(1)?;
    let name = lines[above].text.trim();
    let is_name = !lines[above].is_quoted() && signs::is_name(name) && signs::begins_with_wrote(sentence);
    if !is_name || name.len() + sentence.len() > signs::LONGEST {
        return None;
    }
    Some((above, signs::introduction(&format!("{name} {sentence}"))?))
}

/// The rule or the words between dashes above a head, if there are any.
fn with_rule(lines: &[Line<'_>], n: usize) -> usize {
    let above = last_filled(&lines[..n]);
    above.filter(|&rule| signs::is_rule(lines[rule].text) || signs::is_title(lines[rule].text)).unwrap_or(n)
}

/// A forwarded mail is what its sender wants to show, so it is no quote.
fn is_forward_above(lines: &[Line<'_>]) -> bool {
    lines.iter().rev().filter(|line| !line.is_blank()).take(2).any(|line| signs::is_forward(line.text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The parts of a text, trimmed.
    fn parts(text: &str) -> (&str, &str, &str) {
        let Folded { written, signature, quoted } = fold(text, &Answers::Unknown);
        (written.trim(), signature.trim(), quoted.trim())
    }

    #[test]
    fn t3_a_subject_tells_what_is_handed_on() {
        for subject in ["FW: Order 4711", "Fwd: Re: Order", "WG: Bestellung", "TR : Commande", "转发：订单"] {
            assert!(is_handed_on(subject), "{subject}");
        }
        for subject in ["Re: FW: Order", "Forward: march", "Order", ""] {
            assert!(!is_handed_on(subject), "{subject}");
        }
    }

    #[test]
    fn t3_the_quotation_below_is_folded() {
        let (written, _, quoted) =
            parts("Yes, on Friday.\n\nOn Mon, 2 Nov 2026 at 10:00, Ben <ben@x.example> wrote:\n> When?\n>\n> Ben\n");
        assert_eq!(written, "Yes, on Friday.");
        assert!(quoted.starts_with("On Mon") && quoted.ends_with("> Ben"));
        let wrapped = "Oui.\r\n\r\nLe lun. 2 nov. 2026 à 10:00, Benoît Lefèvre <benoit@x.example>\r\na écrit :\r\n\r\n> Quand ?\r\n";
        assert_eq!(parts(wrapped).0, "Oui.");
        assert!(parts(wrapped).2.starts_with("Le lun."));
        for line in [
            "Am 02.11.26 um 10:00 schrieb Ben:",
            "El lun, 2 nov 2026, Ben escribió:",
            "2026年11月2日 Ben のメール:",
            "2 ноября 2026 г., Ben пишет:",
        ] {
            assert_eq!(parts(&format!("Ja.\n\n{line}\n> Wann?\n")).0, "Ja.", "{line}");
        }
    }

    #[test]
    fn t3_what_outlook_puts_below_is_folded() {
        let rule = "________________________________";
        let mail = format!(
            "Gern.\r\n\r\n{rule}\r\nVon: Ben <ben@x.example>\r\nGesendet: Montag, 2. November 2026 10:00\r\nAn: Anna\r\nBetreff: Termin\r\n\r\nWann?\r\n"
        );
        assert_eq!(parts(&mail).0, "Gern.");
        assert!(parts(&mail).2.starts_with(rule));
        let original = "Sure.\n\n-----Original Message-----\nFrom: Ben\nWhen?\n";
        assert_eq!(parts(original), ("Sure.", "", "-----Original Message-----\nFrom: Ben\nWhen?"));
    }

    #[test]
    fn t3_the_sentence_above_is_found_from_its_start() {
        for (written, quoted) in [
            ("Yes.", "On Mon, Nov 2, 2026 at 10:00 AM Ben Miller – Acme <\nben@x.example> wrote:\n\n> When?"),
            ("Yes.", "On Mon, 2 Nov 2026 10:00:00 +0100\nBen <ben@x.example> wrote:\n\n> When?"),
            ("Tak.", "pon., 2 lis 2026 o 10:00 Ben Miller <\nben@x.example> napisał(a):\n> When?"),
            ("On Friday at 10.", "Ben <ben@x.example> wrote:\n> When?"),
            ("Am besten Freitag", "Am 02.11.26 um 10:00 schrieb Ben:\n> Wann?\n\n-- \nAnna Meier"),
        ] {
            assert_eq!(parts(&format!("{written}\n{quoted}\n")), (written, "", quoted));
        }
    }

    #[test]
    fn t3_quotations_without_marks_are_folded() {
        for quoted in [
            "    On Monday, November 2, 2026 at 10:00:00 AM EST, Ben <ben@x.example> wrote:  \n \n When?",
            "---- On Mon, 02 Nov 2026 10:00:00 +0100 Ben <ben@x.example> wrote ---\n\nWhen?",
            "Gesendet: Montag, 2. November 2026 um 10:00 Uhr\nVon: \"Ben\" <ben@x.example>\nAn: a@x.example\nBetreff: x\n\nWann?",
            "-------- Ursprüngliche Nachricht --------Von: Ben <ben@x.example> Datum: 02.11.26 Betreff: x Wann?",
        ] {
            assert_eq!(parts(&format!("Yes.\n{quoted}\n")), ("Yes.", "", quoted.trim()));
        }
        for plain in [
            "Hello,\nBen wrote at 10:00:\nWe are late.",
            "On Monday at 10:00 Ben <ben@x.example> wrote:\n> When?\nFriday.",
            "Hello,\n-----Original Message-----\n> When?\nFriday.",
        ] {
            assert_eq!(fold(plain, &Answers::Unknown).written, plain);
        }
    }

    #[test]
    fn t3_what_programs_say_of_themselves_is_a_signature() {
        let mail = "Yes.\n\nSent from my iPhone\n\n> On 2 Nov 2026, at 10:00, Ben wrote:\n> When?\n";
        assert_eq!(parts(mail).1, "Sent from my iPhone");
        assert_eq!(parts("Ja.\nVon meinem Galaxy gesendet\n"), ("Ja.", "Von meinem Galaxy gesendet", ""));
        assert_eq!(parts("Sent from my iPhone\n\nYes, I did.").1, "", "not below");
        assert_eq!(parts("Sent from my iPhone").0, "Sent from my iPhone", "nothing besides");
    }

    #[test]
    fn t3_in_doubt_it_was_written() {
        let between = "On Mon, 2 Nov 2026, Ben wrote:\n> When?\nFriday.\n> Where?\nHere.\n";
        assert_eq!(fold(between, &Answers::Unknown).written, between);
        let forward = "See below.\n\n---------- Forwarded message ---------\nFrom: Ben <ben@x.example>\nDate: Mon, 2 Nov 2026\nSubject: Offer\nTo: Anna\n\nThe offer.\n";
        assert_eq!(fold(forward, &Answers::Unknown).written, forward);
        let only = "> nothing but this\n> and this\n";
        assert_eq!(fold(only, &Answers::Unknown).written, only);
        for plain in ["", "\n\n", "From: here we go", "She wrote:\nand he answered.", "a > b\nand b > a"] {
            assert_eq!(fold(plain, &Answers::Unknown).written, plain);
        }
    }

    #[test]
    fn t3_the_signature_is_folded() {
        let mail = "Hello.\n\n-- \nAnna Meier\nAcme\n\nOn Mon, 2 Nov 2026, Ben wrote:\n> Hi\n";
        assert_eq!(parts(mail), ("Hello.", "-- \nAnna Meier\nAcme", "On Mon, 2 Nov 2026, Ben wrote:\n> Hi"));
        let list = format!("One:\n--\n{}", "a line\n".repeat(30));
        assert_eq!(fold(&list, &Answers::Unknown).signature, "", "too long for one");
    }

    proptest! {
        #[test]
        fn t3_nothing_is_lost(text in "([>\\- a-zé:\r\n]|On 2 wrote:|-- |From: a\nDate: b\nSubject: c){0,60}") {
            let Folded { written, signature, quoted } = fold(&text, &Answers::Unknown);
            prop_assert_eq!(format!("{written}{signature}{quoted}"), text.clone());
            prop_assert!(!written.trim().is_empty() || (signature.is_empty() && quoted.is_empty()));
        }

        #[test]
        fn t3_any_text_can_be_folded(text in "\\PC{0,200}") {
            let Folded { written, signature, quoted } = fold(&text, &Answers::Unknown);
            prop_assert_eq!(written.len() + signature.len() + quoted.len(), text.len());
        }
    }
}
