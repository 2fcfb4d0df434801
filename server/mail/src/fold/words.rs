//! The words that mail programs and people put around text and quotes, from `words.txt`.

use std::sync::LazyLock;

/// Words in lower case.
pub type Words = LazyLock<Vec<&'static str>>;

const TEXT: &str = include_str!("words.txt");

/// The words of one section of the file.
fn words(part: &str) -> Vec<&'static str> {
    let lines = TEXT.lines().skip_while(|line| line.strip_prefix("= ") != Some(part)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("= "));
    lines.flat_map(|line| line.split(" | ")).filter(|word| !word.is_empty()).collect()
}

/// Prefixes of the subject of a forwarded mail.
pub static HANDED_ON: Words = LazyLock::new(|| words("HANDED_ON"));
/// "Wrote", as in the sentence above a quote.
pub static WROTE: Words = LazyLock::new(|| words("WROTE"));
/// "You wrote", if the program names nobody.
pub static YOU: Words = LazyLock::new(|| words("YOU"));
/// The first words of sentences in which people write about themselves.
pub static OURSELVES: Words = LazyLock::new(|| words("OURSELVES"));
/// The first words of introducing sentences, other than numbers and names.
pub static BEGINS: Words = LazyLock::new(|| words("BEGINS"));
/// The words between the dashes above an answered mail.
pub static ORIGINAL: Words = LazyLock::new(|| words("ORIGINAL"));
/// The words above a forwarded mail.
pub static FORWARDED: Words = LazyLock::new(|| words("FORWARDED"));
/// The labels of head lines for the sender.
pub static FROM: Words = LazyLock::new(|| words("FROM"));
/// The labels for the date.
pub static DATE: Words = LazyLock::new(|| words("DATE"));
/// The labels for the subject.
pub static SUBJECT: Words = LazyLock::new(|| words("SUBJECT"));
/// Header names as servers write them. Somebody who pastes those wants to show them.
pub static RAW: Words = LazyLock::new(|| words("RAW"));
/// Labels that occur in hand-written lists and in no head.
pub static LISTED: Words = LazyLock::new(|| words("LISTED"));
/// The stem of "sent" in lines of programs, in languages that put it first or last.
pub static SENT: Words = LazyLock::new(|| words("SENT"));
/// A product that such a line must name: anybody may write "sent from Berlin".
pub static PRODUCTS: Words = LazyLock::new(|| words("PRODUCTS"));
/// Devices that such a line names, in unknown languages.
pub static DEVICES: Words = LazyLock::new(|| words("DEVICES"));
/// Words of ordinary sentences about a device, in languages whose lines are known.
pub static ORDINARY: Words = LazyLock::new(|| words("ORDINARY"));
/// Stems of what people add to such lines.
pub static EXCUSES: Words = LazyLock::new(|| words("EXCUSES"));
/// The sites of such programs.
pub static MAKERS: Words = LazyLock::new(|| words("MAKERS"));
/// Parts of the addresses that mailing lists put below their mails.
pub static LISTS: Words = LazyLock::new(|| words("LISTS"));
/// Closings above a name.
pub static PARTING: Words = LazyLock::new(|| words("PARTING"));
/// Closings of one word that may be on one line with the name.
pub static SHORT_PARTING: Words = LazyLock::new(|| words("SHORT_PARTING"));
/// Thanks in place of a closing.
pub static THANKS: Words = LazyLock::new(|| words("THANKS"));
/// The beginnings and ends of lines in which a program names itself or its device.
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
