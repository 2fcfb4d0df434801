//! Whether a text contains anything, and whether it only stands for another one.

use std::collections::HashSet;

use model::is_unseen;

/// How many characters of a text are compared.
const COMPARED: usize = 20_000;
/// A text of more characters is a letter of its own, whatever comes with it.
const SHORT: usize = 800;

/// Whether a text contains anything to read.
pub fn says_something(text: &str) -> bool {
    !text.chars().all(is_unseen)
}

/// Whether a short text only replaces the letter beside it: it shares few words with the letter, which is longer. An example is "Your
/// program shows no HTML", in any language.
pub fn stands_in(text: &str, letter: &str) -> bool {
    if text.chars().nth(SHORT).is_some() {
        return false;
    }
    let (own, letters) = (words(text), words(letter));
    let shared = own.iter().filter(|word| letters.contains(*word)).count();
    !own.is_empty() && letters.len() > own.len() && shared * 2 < own.len()
}

/// The words of a text. In scripts without spaces, each character counts as a word.
fn words(text: &str) -> HashSet<String> {
    let mut words = HashSet::new();
    let mut word = String::new();
    for c in text.chars().take(COMPARED).chain([' ']) {
        match c {
            _ if c.is_ascii_alphanumeric() => word.push(c.to_ascii_lowercase()),
            _ => {
                if !word.is_empty() {
                    words.insert(std::mem::take(&mut word));
                }
                if c.is_alphanumeric() {
                    words.insert(c.to_lowercase().collect());
                }
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t3_what_nobody_sees_says_nothing() {
        assert!(!says_something("\u{a0} \r\n\u{200b}\u{feff}\u{34f}\u{200c}\u{2800}"));
        assert!(says_something(" 👍 ") && says_something("."));
    }

    #[test]
    fn t3_a_text_that_stands_in_for_a_letter_is_known() {
        let letter = "Dear Anna, your order 4711 left our house today and arrives on Friday. View it in your browser.";
        for stub in [
            "This is an HTML email. Please use a mail client that can display HTML messages.",
            "Ihr Programm kann diese Nachricht nicht anzeigen.",
            "この電子メールはHTML形式です",
        ] {
            assert!(stands_in(stub, letter), "{stub}");
        }
        for text in [letter, "Dear Anna, your order 4711 left our house.", "Your order arrives on Friday", ""] {
            assert!(!stands_in(text, letter), "{text}");
        }
        assert!(!stands_in("明日の会議は10時です", "明日の 会議は10時です。よろしくお願いします。"));
        assert!(!stands_in("I cannot see the HTML, can you send a PDF?", "Hi"), "the other says less");
    }
}
