//! How much of what programs put around a letter is known, in many languages, and how much that only looks like it is left alone:
//! `server/tests/mails/folds.txt`.

use super::{Answers, Folded, fold};

const TABLE: &str = include_str!("../../../../tests/mails/folds.txt");

/// A text, and what is folded of it.
pub struct Case {
    /// "quote", "sign" or "keep".
    pub kind: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The text.
    pub text: String,
    /// What is folded, as it stands at the end of the text.
    pub folded: &'static str,
}

/// The table.
pub fn cases() -> Vec<Case> {
    let cases = TABLE.split("\n## ").skip(1).map(|case| {
        let (head, text) = case.split_once('\n').unwrap();
        let (kind, title) = head.split_once(" | ").unwrap();
        let (above, folded) = text.split_once("\n%%\n").unwrap_or((text, ""));
        let text = if folded.is_empty() { above.to_owned() } else { format!("{above}\n{folded}") };
        Case { kind, title, text, folded: folded.trim() }
    });
    cases.collect()
}

/// What is wrong with how a text is folded, if anything is.
fn fault(case: &Case, answers: &Answers) -> Option<String> {
    let Folded { written, signature, quoted } = fold(&case.text, answers);
    let right = match case.kind {
        // A signature may stand above it.
        "quote" => quoted.trim() == case.folded,
        "sign" => signature.trim() == case.folded && quoted.is_empty(),
        _ => written == case.text,
    };
    (!right).then(|| format!("{} | {}:\n{written}|s|{signature}|q|{quoted}", case.kind, case.title))
}

#[test]
fn t3_folding_in_many_languages_finds_what_it_should_and_nothing_else() {
    let cases = cases();
    for (kind, fewest) in [("quote", 100), ("sign", 80), ("keep", 50)] {
        let of_kind: Vec<&Case> = cases.iter().filter(|case| case.kind == kind).collect();
        let faults: Vec<String> = of_kind.iter().filter_map(|case| fault(case, &Answers::Unknown)).collect();
        println!("{kind}: {} of {} as they should be", of_kind.len() - faults.len(), of_kind.len());
        assert!(of_kind.len() >= fewest, "{kind}: {} cases", of_kind.len());
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n---\n"));
    }
}

#[test]
fn t3_a_mail_that_answers_nothing_quotes_nothing() {
    for case in cases() {
        let Folded { written, signature, quoted } = fold(&case.text, &Answers::Nothing);
        assert_eq!(quoted, "", "{}", case.title);
        // How it is signed is folded all the same, and nothing else is.
        let is_as_before = case.kind != "sign" || signature.trim() == case.folded;
        assert!(is_as_before && (case.kind != "keep" || written == case.text), "{}: {signature}", case.title);
        let is_signed = case.title.contains("signature below") || case.title.contains("footer below");
        assert!(case.kind != "quote" || signature.is_empty() || is_signed, "{}: {signature}", case.title);
    }
}
