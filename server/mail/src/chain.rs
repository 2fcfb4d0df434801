//! What an answer says of the mails before it, so that every mail program shows one thread (RFC 5322, 3.6.4).

use super::read::{Mail, MessageName};

/// How many names an answer carries on. Beyond, the middle goes: the first is what the thread began with, and the last ones are what
/// programs look for. (998 bytes is the longest line there may be, and some servers refuse folded ones that are far longer.)
const MOST: usize = 21;

/// The chain that an answer to a mail carries: the oldest first, the answered one last.
pub fn references(answered: &Mail) -> Vec<MessageName> {
    let mut chain: Vec<MessageName> = answered.answers.iter().rev().cloned().collect();
    if let Some(name) = &answered.name {
        chain.retain(|one| one != name);
        chain.push(name.clone());
    }
    shortened(chain)
}

/// A chain with what came before it.
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

/// As a header writes it: each name in brackets, folded so that a line holds one.
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
