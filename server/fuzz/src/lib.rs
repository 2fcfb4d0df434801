//! What must hold for whatever comes in, whoever wrote it (R10, S10, S14, S15). Each function takes any bytes and panics when something does
//! not hold: `scripts/fuzz` searches for such bytes, and the tests try again all that it kept on its way.

use std::collections::HashSet;

use channels::email::signed::Signer;
use domain::vault::Vault;
use mail::{
    cards, chain,
    compose::{Making, compose},
    fold::{self as folding, Answers, fold_html},
    html::sanitise,
};
use model::{
    Answer, Content, ConversationId, Delivery, DeliveryState, Entry, MailHead, Mailbox, Message, MessageId, Own,
    Parties, Sender, Timestamp, WorkspaceId, answer_subject, recipients as usual,
};
use uuid::Uuid;

const OURS: &str = "support@acme.example";
/// The longest line that a mail may have, in bytes, without its end (RFC 5322, 2.1.1).
const LONGEST_LINE: usize = 998;

/// A mail can be read, and what is shown of it is its own fixed point: a browser and we agree about what it is.
///
/// # Panics
/// When that does not hold.
pub fn mail(bytes: &[u8]) {
    let Ok(mail) = mail::read(bytes) else { return };
    let parties = &mail.parties;
    let lines =
        parties.from.iter().chain(&parties.to).chain(&parties.cc).chain(&parties.reply_to).chain(&mail.claims.said);
    for one in lines {
        assert!(
            !one.address.chars().any(|c| c.is_control() || c.is_whitespace()),
            "an address within one word: {one:?}"
        );
        assert!(!one.name.chars().any(char::is_control), "a name on one line: {one:?}");
    }
    assert!(!mail.subject.chars().any(char::is_control), "a subject on one line");
    assert!(!mail.text.contains('\0'), "a text that every database takes");
    for card in cards::read(&mail.files) {
        assert!(card.lines.iter().all(|(_, text)| !text.chars().any(char::is_control)), "lines: {card:?}");
    }
    for html in &mail.html {
        let shown = sanitise(html, |_| None).html;
        let again = sanitise(&shown, |_| None).html;
        // Elements within each other may be put in order anew, as browsers do it; what is read stays, and nothing comes back.
        assert_eq!(words(&shown), words(&again), "what is shown is what was checked");
        for element in ["<script", "<style", "<iframe", "<object", "<svg", "<form"] {
            assert!(!tags(&again).contains(element), "{element}: {again}");
        }
        let folded = fold_html(&shown, &Answers::Unknown);
        let marks = ["<details><summary>Signature</summary><div>", "<details><summary>Quoted text</summary><div>"];
        let unfolded = marks.iter().fold(folded, |html, mark| html.replace(mark, "")).replace("</div></details>", "");
        assert_eq!(unfolded, shown, "folding loses nothing");
    }
}

/// What can be read between the tags; ours have every value in double quotes.
fn words(html: &str) -> String {
    parts(html).filter(|(c, is_tag)| !is_tag && !c.is_whitespace()).map(|(c, _)| c).collect()
}

fn tags(html: &str) -> String {
    parts(html).filter(|(_, is_tag)| *is_tag).map(|(c, _)| c).collect::<String>().to_lowercase()
}

fn parts(html: &str) -> impl Iterator<Item = (char, bool)> {
    let (mut is_tag, mut quoted) = (false, false);
    html.chars().map(move |c| {
        let was_tag = is_tag;
        quoted ^= is_tag && c == '"';
        is_tag = (is_tag && (quoted || c != '>')) || c == '<';
        (c, was_tag || is_tag)
    })
}

/// An answer to any mail carries its thread on, and only a name or address that we made proves anything.
///
/// # Panics
/// When that does not hold.
pub fn thread(bytes: &[u8]) {
    let Ok(answered) = mail::read(bytes) else { return };
    let signer = Signer::new(Vault::of_tests(), WorkspaceId::new(Uuid::from_u128(1)));
    for name in &answered.answers {
        if let Some(message) = signer.named(name.as_str()) {
            assert!(signer.name(message, "x").eq_ignore_ascii_case(&format!("{}@x", local(name.as_str()))), "{name:?}");
        }
    }
    for address in &answered.delivered_to {
        if let Some(message) = signer.addressed(address) {
            let made = signer.address("x@x", message).unwrap_or_default();
            assert!(local(address).to_lowercase().ends_with(local(&made).trim_start_matches('x')), "{address:?}");
        }
    }
    let chain = chain::references(&answered);
    let reply = reply(&answered);
    let id = signer.name(reply.id, "acme.example");
    let Some(head) = reply.mail() else { return };
    let making =
        Making { name: &id, reply_to: None, chain: &chain, files: Vec::new(), at: Timestamp(1_793_610_000_000) };
    // An address that no mail can carry is told to whoever writes.
    let Ok(written) = compose(&reply, head, making) else { return };
    assert!(written.split(|byte| *byte == b'\n').all(|line| line.len() <= LONGEST_LINE + 1), "lines that servers take");
    let read = mail::read(&written).unwrap_or_else(|error| panic!("our own mail: {error}"));
    assert_eq!(read.name.as_ref().and_then(|name| signer.named(name.as_str())), Some(reply.id));
    let back: Vec<_> = chain.iter().rev().cloned().collect();
    assert_eq!(read.answers, back, "the chain goes on, the nearest first");
    assert_eq!(read.text.trim(), reply.text, "the text is what was written");
    let addresses = |list: &[Mailbox]| list.iter().map(|one| one.address.clone()).collect::<Vec<_>>();
    assert_eq!(addresses(&read.parties.to), addresses(&head.parties.to), "to nobody else");
    assert_eq!(addresses(&read.parties.cc), addresses(&head.parties.cc), "copies to nobody else");
    assert!(read.files.is_empty() && !read.html.is_empty());
}

fn local(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(local, _)| local)
}

/// What somebody here would write back.
fn reply(answered: &mail::Mail) -> Message {
    let to = usual(&answered.parties, &Own::new([OURS]), Answer::All);
    let from = Some(Mailbox { name: "Maison Corail".to_owned(), address: OURS.to_owned() });
    let head = MailHead {
        parties: Parties { from, to: to.to, cc: to.cc, ..Parties::default() },
        subject: answer_subject(&answered.subject),
        ..MailHead::default()
    };
    Message {
        id: MessageId::new(Uuid::from_u128(7)),
        conversation: ConversationId::new(Uuid::from_u128(8)),
        n: 2,
        at: Timestamp(1),
        text: "Danke – wir melden uns.\n\n.\n=20 >From".to_owned(),
        entry: Entry::Outgoing {
            by: Sender::Auto,
            delivery: Delivery { state: DeliveryState::Queued, send_at: Timestamp(1), reason: String::new() },
        },
        attachments: Vec::new(),
        content: Content::Mail(Box::new(head)),
    }
}

/// Folding loses nothing, and what somebody wrote is never folded away whole.
///
/// # Panics
/// When that does not hold.
pub fn fold(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // It answers nothing, something that is not known, or something that begins as it does.
    let half = text.chars().take(text.chars().count() / 2).collect::<String>().replace('>', "");
    for answers in [Answers::Nothing, Answers::Unknown, Answers::of([half.as_str()], true)] {
        let folding::Folded { written, signature, quoted } = folding::fold(&text, &answers);
        assert_eq!(format!("{written}{signature}{quoted}"), text, "nothing is lost");
        assert!(!written.trim().is_empty() || (signature.is_empty() && quoted.is_empty()), "something is left to read");
        assert!(quoted.is_empty() || !matches!(answers, Answers::Nothing), "what answers nothing quotes nothing");
    }
}

/// An answer goes to everybody who took part, to each once, never to ourselves and to nobody from nowhere.
///
/// # Panics
/// When that does not hold.
pub fn recipients(bytes: &[u8]) {
    // One party a line, told apart by what the line begins with: bytes that a fuzzer can move about.
    let mut answered = Parties::default();
    let mut own = vec![OURS.to_owned()];
    for line in String::from_utf8_lossy(bytes).lines() {
        let Some(kind) = line.chars().next() else { continue };
        let one = Mailbox::of(&line[kind.len_utf8()..]);
        match kind {
            'f' => answered.from = Some(one),
            'r' => answered.reply_to.push(one),
            't' => answered.to.push(one),
            's' => answered.claimed = Some(one),
            'o' => own.push(one.address),
            _ => answered.cc.push(one),
        }
    }
    let own = Own::new(own.iter().map(String::as_str));
    let all = usual(&answered, &own, Answer::All);
    let keys: Vec<String> = all.everybody().map(Mailbox::key).collect();
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "nobody twice");
    assert!(!all.everybody().any(|one| own.has(one)), "never ourselves");
    let parties =
        answered.from.iter().chain(&answered.claimed).chain(&answered.reply_to).chain(&answered.to).chain(&answered.cc);
    let known: HashSet<String> = parties.map(Mailbox::key).collect();
    assert!(keys.iter().all(|key| known.contains(key)), "nobody from nowhere");
    let only = usual(&answered, &own, Answer::Sender);
    assert!(only.everybody().all(|one| keys.contains(&one.key())), "one is never more than all");
    let mut addressed = answered.to.iter().chain(&answered.cc).filter(|one| !own.has(one) && !one.key().is_empty());
    assert!(addressed.all(|one| keys.contains(&one.key())), "nobody is dropped without a word");
}
