//! The words that mail programs and people put around what they write and quote: `words.txt`.

use std::sync::LazyLock;

/// Words in small letters.
pub type Words = LazyLock<Vec<&'static str>>;

const TEXT: &str = include_str!("words.txt");

/// The words of one part of the file.
fn words(part: &str) -> Vec<&'static str> {
    let lines = TEXT.lines().skip_while(|line| line.strip_prefix("= ") != Some(part)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("= "));
    lines.flat_map(|line| line.split(" | ")).filter(|word| !word.is_empty()).collect()
}

/// What stands before the subject of a mail that hands another one on.
pub static HANDED_ON: Words = LazyLock::new(|| words("HANDED_ON"));
/// "Wrote", as it stands in the sentence above a quotation.
pub static WROTE: Words = LazyLock::new(|| words("WROTE"));
/// "You wrote", as it stands there where the program names nobody.
pub static YOU: Words = LazyLock::new(|| words("YOU"));
/// How sentences begin in which somebody speaks of themselves.
pub static OURSELVES: Words = LazyLock::new(|| words("OURSELVES"));
/// How such a sentence begins, where it does not begin with a number or a name.
pub static BEGINS: Words = LazyLock::new(|| words("BEGINS"));
/// What stands between the dashes above an answered mail.
pub static ORIGINAL: Words = LazyLock::new(|| words("ORIGINAL"));
/// What stands above a mail that is handed on.
pub static FORWARDED: Words = LazyLock::new(|| words("FORWARDED"));
/// The head lines that name who wrote.
pub static FROM: Words = LazyLock::new(|| words("FROM"));
/// Those that name when.
pub static DATE: Words = LazyLock::new(|| words("DATE"));
/// Those that name what about.
pub static SUBJECT: Words = LazyLock::new(|| words("SUBJECT"));
/// Lines of heads as servers write them: whoever pastes those wants to show them.
pub static RAW: Words = LazyLock::new(|| words("RAW"));
/// What lists that somebody wrote name, and no head does.
pub static LISTED: Words = LazyLock::new(|| words("LISTED"));
/// The stem of "sent" in such lines, in languages that put it first or last.
pub static SENT: Words = LazyLock::new(|| words("SENT"));
/// What such a line must name besides: anybody may write "sent from Berlin".
pub static PRODUCTS: Words = LazyLock::new(|| words("PRODUCTS"));
/// What such a line names in a language that is not known.
pub static DEVICES: Words = LazyLock::new(|| words("DEVICES"));
/// Words of sentences about a device, in languages whose lines are known.
pub static ORDINARY: Words = LazyLock::new(|| words("ORDINARY"));
/// What people add to such lines, by its stem.
pub static EXCUSES: Words = LazyLock::new(|| words("EXCUSES"));
/// Where such programs are found.
pub static MAKERS: Words = LazyLock::new(|| words("MAKERS"));
/// What addresses have in them that mailing lists put below their mails.
pub static LISTS: Words = LazyLock::new(|| words("LISTS"));
/// How people take leave above their name.
pub static PARTING: Words = LazyLock::new(|| words("PARTING"));
/// Those of one word that may stand on one line with the name.
pub static SHORT_PARTING: Words = LazyLock::new(|| words("SHORT_PARTING"));
/// Thanks that stand there instead.
pub static THANKS: Words = LazyLock::new(|| words("THANKS"));
/// How lines begin and end that a program puts under what was written, naming itself or its device.
pub static SENT_WITH: LazyLock<Vec<(&str, &str)>> =
    LazyLock::new(|| words("SENT_WITH").into_iter().filter_map(|line| line.split_once('*')).collect());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_every_list_has_its_words_in_small_letters() {
        let parts: Vec<&str> = TEXT.lines().filter_map(|line| line.strip_prefix("= ")).collect();
        assert_eq!(parts.len(), 23);
        for part in parts {
            let words = words(part);
            assert!(words.len() > 5, "{part}");
            for word in words {
                assert_eq!(word, word.to_lowercase(), "{part}");
            }
        }
        assert!(SENT_WITH.iter().all(|(first, last)| !first.is_empty() || !last.is_empty()));
    }
}
