//! Finds what somebody wrote in a plain text mail, apart from what they quoted and from their signature (T3). Nothing is removed:
//! the parts are folded, and put together they are the text again. In doubt everything counts as written.

/// A text in its parts, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Folded<'t> {
    /// What they wrote.
    pub written: &'t str,
    /// How they sign, from the line `-- ` on (RFC 3676, 4.3).
    pub signature: &'t str,
    /// What they answer to, from the line that introduces it on.
    pub quoted: &'t str,
}

/// Folds a text.
pub fn fold(text: &str) -> Folded<'_> {
    let lines: Vec<Line<'_>> = lines(text).collect();
    let quote = quote(&lines).unwrap_or(text.len());
    let (above, quoted) = text.split_at(quote);
    // A mail that is nothing but a quotation is a forwarded one: that is what it wants to show.
    if above.trim().is_empty() {
        return Folded { written: text, ..Folded::default() };
    }
    let signature = signature(&lines, quote).unwrap_or(quote);
    let (written, signature) = above.split_at(signature);
    match written.trim().is_empty() {
        true => Folded { written: above, signature: "", quoted },
        false => Folded { written, signature, quoted },
    }
}

/// A line without its end, and where it begins.
#[derive(Clone, Copy)]
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
}

/// Where the quotation begins that the rest of the text is.
fn quote(lines: &[Line<'_>]) -> Option<usize> {
    // What Outlook puts under an answer has no marks of its own: it goes to the end.
    let below = (0..lines.len()).find(|&n| is_original(lines[n].text) || is_head(&lines[n..]));
    if let Some(n) = below {
        return (!is_forward_above(&lines[..n])).then_some(lines[with_rule(lines, n)].at);
    }
    let last = lines.iter().rposition(|line| !line.is_blank())?;
    if !lines[last].is_quoted() {
        // An answer between the quoted lines: to fold them would tear it apart.
        return None;
    }
    let above = lines[..=last].iter().rposition(|line| !line.is_blank() && !line.is_quoted());
    let first = above.map_or(0, |n| n + 1);
    let begin = above.and_then(|n| introduction(lines, n)).unwrap_or(first);
    // Blank lines above it belong to what was written.
    lines[begin..].iter().find(|line| !line.is_blank()).map(|line| line.at)
}

/// Where the sentence begins that introduces a quotation and ends in line `n`: "On Monday, Anna wrote:", over up to three lines.
fn introduction(lines: &[Line<'_>], n: usize) -> Option<usize> {
    (n.saturating_sub(2)..=n).rev().find(|&first| {
        let joined = lines[first..=n].iter().map(|line| line.text.trim()).collect::<Vec<_>>().join(" ");
        let starts = first == 0 || lines[first - 1].is_blank() || first == n;
        starts && is_introduction(&joined)
    })
}

/// Words for "wrote", as mail programs put them above what they quote.
const WROTE: [&str; 18] = [
    "wrote",
    "schrieb",
    "a écrit",
    "escribió",
    "ha scritto",
    "escreveu",
    "schreef",
    "skrev",
    "kirjoitti",
    "napisał",
    "pisze",
    "пишет",
    "написал",
    "yazdı",
    "كتب",
    "のメール",
    "書きました",
    "写道",
];

fn is_introduction(sentence: &str) -> bool {
    let ends = sentence.ends_with([':', '：']);
    let dated = sentence.chars().any(|c| c.is_numeric() || c == '@');
    ends && dated && sentence.len() < 400 && WROTE.iter().any(|word| sentence.contains(word))
}

/// The line that Outlook and others draw above the mail they answer.
fn is_original(line: &str) -> bool {
    const WORDS: [&str; 9] = [
        "original message",
        "ursprüngliche nachricht",
        "message d'origine",
        "message d’origine",
        "mensaje original",
        "messaggio originale",
        "mensagem original",
        "oorspronkelijk bericht",
        "元のメッセージ",
    ];
    let line = line.trim();
    let inner = line.trim_matches('-').trim().to_lowercase();
    line.starts_with("--") && line.ends_with("--") && WORDS.contains(&inner.as_str())
}

const FROM: [&str; 9] = ["from", "von", "de", "da", "van", "från", "fra", "od", "差出人"];
const DATE: [&str; 15] = [
    "sent",
    "date",
    "gesendet",
    "datum",
    "envoyé",
    "enviado",
    "fecha",
    "inviato",
    "data",
    "verzonden",
    "skickat",
    "dato",
    "sendt",
    "wysłano",
    "送信日時",
];
const SUBJECT: [&str; 9] = ["subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp", "emne", "件名"];

/// The name of a head line: "From: Anna" is "from".
fn head_name(line: &str) -> Option<String> {
    let line = line.trim().trim_matches('*');
    let (name, rest) = line.split_once([':', '：'])?;
    let name = name.trim().trim_matches('*').trim();
    (name.chars().count() <= 20 && !rest.trim().is_empty()).then(|| name.to_lowercase())
}

/// Whether lines begin with the head of a mail: from, then within six lines its date and its subject.
fn is_head(lines: &[Line<'_>]) -> bool {
    let Some(first) = lines.first().and_then(|line| head_name(line.text)) else { return false };
    if !FROM.contains(&first.as_str()) {
        return false;
    }
    let names: Vec<String> = lines.iter().skip(1).take(6).filter_map(|line| head_name(line.text)).collect();
    let has = |words: &[&str]| names.iter().any(|name| words.contains(&name.as_str()));
    has(&DATE) && has(&SUBJECT)
}

/// The rule that Outlook draws above such a head, if there is one.
fn with_rule(lines: &[Line<'_>], n: usize) -> usize {
    let above = lines[..n].iter().rposition(|line| !line.is_blank());
    let is_rule =
        |line: &str| line.trim().len() >= 10 && line.trim().chars().all(|c| matches!(c, '_' | '-' | '=' | '*'));
    above.filter(|&rule| is_rule(lines[rule].text)).unwrap_or(n)
}

/// A mail that is handed on is what its sender wants to show, and no quotation.
fn is_forward_above(lines: &[Line<'_>]) -> bool {
    const WORDS: [&str; 8] = [
        "forwarded message",
        "begin forwarded message",
        "weitergeleitete nachricht",
        "message transféré",
        "message transmis",
        "mensaje reenviado",
        "messaggio inoltrato",
        "doorgestuurd bericht",
    ];
    let above = lines.iter().rev().filter(|line| !line.is_blank()).take(2);
    above.map(|line| line.text.to_lowercase()).any(|line| WORDS.iter().any(|word| line.contains(word)))
}

/// How many lines a signature may have.
const SIGNATURE: usize = 15;

/// Where the signature begins above `end`.
fn signature(lines: &[Line<'_>], end: usize) -> Option<usize> {
    let above: Vec<&Line<'_>> = lines.iter().filter(|line| line.at < end).collect();
    let mark = above.iter().rposition(|line| matches!(line.text, "-- " | "--" | "--\u{a0}"))?;
    (above.len() - mark <= SIGNATURE).then_some(above[mark].at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The parts of a text, each without the space around it.
    fn parts(text: &str) -> (&str, &str, &str) {
        let Folded { written, signature, quoted } = fold(text);
        (written.trim(), signature.trim(), quoted.trim())
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
    fn t3_in_doubt_it_was_written() {
        let between = "On Mon, 2 Nov 2026, Ben wrote:\n> When?\nFriday.\n> Where?\nHere.\n";
        assert_eq!(fold(between).written, between);
        let forward = "See below.\n\n---------- Forwarded message ---------\nFrom: Ben <ben@x.example>\nDate: Mon, 2 Nov 2026\nSubject: Offer\nTo: Anna\n\nThe offer.\n";
        assert_eq!(fold(forward).written, forward);
        let only = "> nothing but this\n> and this\n";
        assert_eq!(fold(only).written, only);
        for plain in ["", "\n\n", "From: here we go", "She wrote:\nand he answered.", "a > b\nand b > a"] {
            assert_eq!(fold(plain).written, plain);
        }
    }

    #[test]
    fn t3_the_signature_is_folded() {
        let mail = "Hello.\n\n-- \nAnna Meier\nAcme\n\nOn Mon, 2 Nov 2026, Ben wrote:\n> Hi\n";
        assert_eq!(parts(mail), ("Hello.", "-- \nAnna Meier\nAcme", "On Mon, 2 Nov 2026, Ben wrote:\n> Hi"));
        let list = format!("One:\n--\n{}", "a line\n".repeat(30));
        assert_eq!(fold(&list).signature, "", "too long for one");
    }

    proptest! {
        #[test]
        fn t3_nothing_is_lost(text in "([>\\- a-zé:\r\n]|On 2 wrote:|-- |From: a\nDate: b\nSubject: c){0,60}") {
            let Folded { written, signature, quoted } = fold(&text);
            prop_assert_eq!(format!("{written}{signature}{quoted}"), text.clone());
            prop_assert!(!written.trim().is_empty() || (signature.is_empty() && quoted.is_empty()));
        }

        #[test]
        fn t3_any_text_can_be_folded(text in "\\PC{0,200}") {
            let Folded { written, signature, quoted } = fold(&text);
            prop_assert_eq!(written.len() + signature.len() + quoted.len(), text.len());
        }
    }
}
