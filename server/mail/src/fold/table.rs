//! Tests the folding with `server/mail/samples/folds.txt`: what programs put around a letter in many languages, and text that only looks
//! like it.

use super::{Answers, Folded, fold};

const TABLE: &str = include_str!("../../samples/folds.txt");

/// A text, and the part of it that is folded.
pub struct Case {
    /// "quote", "sign" or "keep".
    pub kind: &'static str,
    /// The description.
    pub title: &'static str,
    /// The text.
    pub text: String,
    /// The folded part, at the end of the text.
    pub folded: &'static str,
}

/// All cases.
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

/// What is wrong with the folding of a text, if anything.
fn fault(case: &Case, answers: &Answers) -> Option<String> {
    let Folded { written, signature, quoted } = fold(&case.text, answers);
    let right = match case.kind {
        // A signature may be above it.
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
        // The signature is still folded, and nothing else.
        let is_as_before = case.kind != "sign" || signature.trim() == case.folded;
        assert!(is_as_before && (case.kind != "keep" || written == case.text), "{}: {signature}", case.title);
        let is_signed = case.title.contains("signature below") || case.title.contains("footer below");
        assert!(case.kind != "quote" || signature.is_empty() || is_signed, "{}: {signature}", case.title);
    }
}

/// Checks the cases whose titles begin like this.
fn are_right(begin: &str) {
    let all = cases();
    let about: Vec<&Case> = all.iter().filter(|case| case.title.starts_with(begin)).collect();
    assert!(!about.is_empty(), "no case is about {begin}");
    let faults: Vec<String> = about.into_iter().filter_map(|case| fault(case, &Answers::Unknown)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n---\n"));
}

#[test]
fn t3_a_head_without_a_rule_in_a_language_that_is_not_known_is_folded() {
    are_right("Outlook without a rule, Welsh, not known");
}

#[test]
fn t3_you_wrote_is_folded_without_marks_below_it() {
    are_right("you wrote, ");
}

#[test]
fn t3_finnish_sentences_are_folded_without_marks_below_them() {
    are_right("Gmail, Finnish");
    are_right("Finnish with a name");
}

#[test]
fn t3_norwegian_sentences_are_folded_without_marks_below_them() {
    are_right("Gmail, Norwegian");
    are_right("Norwegian with a name");
}

#[test]
fn t3_a_date_and_then_a_name_with_its_address_is_folded() {
    are_right("date, name and address");
}

#[test]
fn t3_a_sentence_that_is_broken_within_its_date_is_folded_from_its_name_on() {
    are_right("broken within its date");
    are_right("a sentence that ends in a day");
}

#[test]
fn t3_a_sentence_that_is_broken_behind_its_name_is_folded_from_its_name_on() {
    are_right("broken behind its name");
}

#[test]
fn t3_a_date_without_a_time_a_name_with_its_address_and_wrote_are_folded_without_marks() {
    are_right("a date without a time");
}

#[test]
fn t3_a_french_head_without_a_rule_is_folded() {
    are_right("Outlook without a rule, French");
}

#[test]
fn t3_a_line_between_dashes_in_a_language_that_is_not_listed_is_folded_with_the_head_below_it() {
    are_right("dashes, Welsh, not known");
}

#[test]
fn t3_footers_of_lists_are_folded() {
    are_right("list, ");
}

#[test]
fn t3_a_device_in_a_language_that_is_not_known_is_folded() {
    are_right("device, Luxembourgish, not known");
}

#[test]
fn t3_a_device_with_a_link_behind_it_is_folded() {
    are_right("device, German, Outlook, ");
}

#[test]
fn t3_a_sign_off_at_the_very_end_is_folded() {
    are_right("leave, ");
}

#[test]
fn t3_answers_between_quoted_lines_stay_in_sight() {
    are_right("answers between quoted lines");
    are_right("a greeting above answers between quoted lines");
}
