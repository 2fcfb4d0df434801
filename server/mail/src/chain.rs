//! The References of a reply, so that every mail program shows one thread (RFC 5322, 3.6.4).

use super::read::{Mail, MessageName};

/// The most Message-IDs in References. Beyond that the middle is dropped: the first id began the thread, and programs look for the last
/// ones. (A line may have 998 bytes, and some servers refuse much longer folded ones.)
const MOST: usize = 21;

/// The References of a reply to a mail: oldest first, the answered mail last.
pub fn references(answered: &Mail) -> Vec<MessageName> {
    let mut chain: Vec<MessageName> = answered.answers.iter().rev().cloned().collect();
    if let Some(name) = &answered.name {
        chain.retain(|one| one != name);
        chain.push(name.clone());
    }
    shortened(chain)
}

/// A chain with earlier ids before it.
pub fn joined(mut before: Vec<MessageName>, chain: Vec<MessageName>) -> Vec<MessageName> {
    before.retain(|name| !chain.contains(name));
    before.extend(chain);
    shortened(before)
}

fn shortened(mut chain: Vec<MessageName>) -> Vec<MessageName> {
    if chain.len() > MOST {
        chain.drain(1..=chain.len() - MOST);
    }
    chain
}

/// The header's value: each id in brackets, one per folded line.
pub fn written(chain: &[MessageName]) -> String {
    chain.iter().map(|name| format!("<{}>", name.as_str())).collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::{super::read::read, *};

    fn chain(headers: &str) -> Vec<String> {
        let mail = read(format!("From: a@x.example\n{headers}\n\nx\n").replace('\n', "\r\n").as_bytes()).unwrap();
        references(&mail).iter().map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn h1_an_answer_carries_the_chain_on() {
        assert_eq!(chain("Message-ID: <c@x>\nIn-Reply-To: <b@x>\nReferences: <a@x> <b@x>"), ["a@x", "b@x", "c@x"]);
        assert_eq!(chain("Message-ID: <a@x>"), ["a@x"]);
        assert_eq!(chain("In-Reply-To: <b@x>"), ["b@x"], "a mail without a name is answered by what it answered");
        assert_eq!(chain("Message-ID: <a@x>\nReferences: <a@x> <b@x>"), ["b@x", "a@x"], "one that names itself");
    }

    #[test]
    fn h1_a_long_chain_loses_its_middle() {
        let names: String = (0..60).map(|n| format!(" <{n}@x>")).collect();
        let kept = chain(&format!("Message-ID: <last@x>\nReferences:{names}"));
        assert_eq!(
            (kept.len(), kept[0].as_str(), kept[1].as_str(), kept[20].as_str()),
            (MOST, "0@x", "41@x", "last@x")
        );
    }

    #[test]
    fn h1_lines_hold_one_name_each() {
        let names: Vec<_> = ["a@x", "b@x"].iter().filter_map(|name| MessageName::read(name)).collect();
        assert_eq!(written(&names), "<a@x>\r\n <b@x>");
        assert_eq!(written(&[]), "");
    }
}
