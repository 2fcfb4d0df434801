//! A thread of more than ten mails as another mail program sees it: each mail is parsed by a parser that is not ours, and threads are built
//! from their references (RFC 5322, 3.6.4).

use std::collections::BTreeMap;

use mailparse::MailHeaderMap;
use model::{ConversationId, DraftMode, MailChoice, Mailbox, Message, Recipients};

use super::office::Office;
use crate::world::{World, message};

on_both_engines!(h1_ten_turns_of_three_people_are_one_thread_elsewhere_too);

/// A mail as another program sees it.
#[derive(Debug, Clone)]
struct Seen {
    name: String,
    answers: Vec<String>,
    references: Vec<String>,
    subject: String,
    reply_to: String,
    to: Vec<String>,
}

impl Seen {
    fn of(raw: &str) -> Self {
        let (headers, _) = mailparse::parse_headers(raw.as_bytes()).unwrap();
        let ids = |name: &str| {
            let text = headers.get_first_value(name).unwrap_or_default();
            mailparse::msgidparse(&text).map_or_else(|_| Vec::new(), |ids| ids.iter().cloned().collect())
        };
        let addresses = |name: &str| {
            let text = headers.get_first_value(name).unwrap_or_default();
            let list = mailparse::addrparse(&text).unwrap();
            list.iter()
                .filter_map(|one| match one {
                    mailparse::MailAddr::Single(one) => Some(one.addr.clone()),
                    mailparse::MailAddr::Group(_) => None,
                })
                .collect::<Vec<_>>()
        };
        let name = ids("Message-ID");
        assert_eq!(name.len(), 1, "the mail must have one Message-ID:\n{raw}");
        Self {
            name: name[0].clone(),
            answers: ids("In-Reply-To"),
            references: ids("References"),
            subject: headers.get_first_value("Subject").unwrap_or_default(),
            reply_to: addresses("Reply-To").pop().unwrap_or_default(),
            to: [addresses("To"), addresses("Cc")].concat(),
        }
    }

    /// What an answer to it says of it.
    fn answered(&self) -> String {
        let chain = self.references.iter().chain([&self.name]).map(|name| format!("<{name}>")).collect::<Vec<_>>();
        format!("In-Reply-To: <{}>\nReferences: {}\n", self.name, chain.join("\n "))
    }
}

/// Both sides of the exchange.
struct Exchange {
    office: Office,
    seen: Vec<Seen>,
}

impl Exchange {
    /// Somebody outside writes.
    async fn writes(&mut self, from: &str, to: &str, subject: &str, head: &str) {
        let n = self.seen.len();
        let text = format!("Turn {n} by {from}");
        let head = format!("Message-ID: <turn{n}@sink.test>\n{head}");
        let raw = super::office::letter(from, to, subject, &head, &text);
        self.office.post.deliver(from, to, &raw).await;
        self.seen.push(Seen::of(&raw));
    }

    /// We write back; what arrives is what they see.
    async fn answer(&mut self, conversation: ConversationId, mail: Option<MailChoice>) {
        let mut send = message(conversation, DraftMode::Reply, &format!("Turn {} by us", self.seen.len()));
        send.compose = mail.into();
        let Message { id, .. } = self.office.world.db.write(&self.office.world.owner.scope, send).await.unwrap();
        self.office.world.wait(11_000);
        self.office.work().await;
        let raw = self.office.sunk(&id.uuid().simple().to_string()).await;
        // What the server that delivered it put above is not the mail's own.
        self.seen.push(Seen::of(&raw));
    }

    fn last(&self) -> &Seen {
        self.seen.last().unwrap()
    }

    async fn has(&self, conversation: ConversationId, entries: usize) {
        self.office.thread_when(conversation, entries).await;
    }
}

async fn h1_ten_turns_of_three_people_are_one_thread_elsewhere_too(world: World) {
    let Some(office) = Office::open(world).await else { return };
    let _receiving = office.receive();
    office.connected(office.channel.id).await;
    let us = office.address.clone();
    let (anna, ben, cleo) = ("anna@sink.test", "ben@sink.test", "cleo@sink.test");
    let mut exchange = Exchange { office, seen: Vec::new() };
    exchange.writes(anna, &us, "Renovation", "Cc: ben@sink.test\n").await;
    let conversation = exchange.office.conversations_when(exchange.office.channel.id, 1).await[0];
    exchange.answer(conversation, None).await;
    assert_eq!(exchange.last().to, [anna, ben]);

    // Her colleague answers all of us, at the address that we asked for.
    let Seen { reply_to, .. } = exchange.last().clone();
    let head = format!("Cc: {anna}\n{}", exchange.last().answered());
    exchange.writes(ben, &reply_to, "Re: Renovation", &head).await;
    exchange.has(conversation, 3).await;
    exchange.answer(conversation, None).await;

    // She calls it something else.
    let Seen { reply_to, .. } = exchange.last().clone();
    let head = exchange.last().answered();
    exchange.writes(anna, &reply_to, "Price (was: Renovation)", &head).await;
    exchange.has(conversation, 5).await;
    exchange.answer(conversation, None).await;
    assert_eq!(exchange.last().subject, "Re: Price (was: Renovation)");

    // She forwards to us what somebody wrote in between, in the same thread.
    let head = exchange.last().answered();
    exchange.writes(anna, &us, "Fwd: Price (was: Renovation)", &head).await;
    exchange.has(conversation, 7).await;

    // A third one takes part from now on, and we call it something else too.
    let recipients =
        Recipients { to: vec![Mailbox::of(anna)], cc: vec![Mailbox::of(ben), Mailbox::of(cleo)], bcc: Vec::new() };
    exchange.answer(conversation, Some(MailChoice { recipients, subject: Some("Our offer".to_owned()) })).await;
    let Seen { reply_to, .. } = exchange.last().clone();
    let head = format!("Cc: {anna}, {ben}\n{}", exchange.last().answered());
    exchange.writes(cleo, &reply_to, "AW: Our offer", &head).await;
    exchange.has(conversation, 9).await;
    exchange.answer(conversation, None).await;

    // A telephone says only what it answers; another program not even that, and writes to the address that we asked for.
    let Seen { reply_to, name, .. } = exchange.last().clone();
    exchange.writes(ben, &us, "Re: AW: Our offer", &format!("In-Reply-To: <{name}>\n")).await;
    exchange.has(conversation, 11).await;
    exchange.answer(conversation, None).await;
    exchange.writes(anna, &reply_to, "Re: Our offer", "").await;
    exchange.has(conversation, 13).await;
    exchange.answer(conversation, None).await;

    assert_eq!(exchange.seen.len(), 14);
    assert_eq!(
        exchange.office.conversations(exchange.office.channel.id).await,
        [conversation],
        "all mails are in one thread here"
    );
    let all: BTreeMap<&str, &Seen> = exchange.seen.iter().map(|seen| (seen.name.as_str(), seen)).collect();
    assert_eq!(all.len(), exchange.seen.len(), "each mail has its own Message-ID");
    for (n, seen) in exchange.seen.iter().enumerate().filter(|(n, _)| n % 2 == 1) {
        assert_eq!(seen.answers, [exchange.seen[n - 1].name.clone()], "turn {n} must answer the mail before");
        assert_eq!(
            seen.references.last(),
            seen.answers.last(),
            "turn {n}: the answered mail must be last in References"
        );
        assert!(seen.references.iter().all(|name| all.contains_key(name.as_str())), "turn {n}: {seen:?}");
        let before = &exchange.seen[n - 1].references;
        assert!(
            before.iter().all(|name| seen.references.contains(name)),
            "turn {n}: References must continue the chain"
        );
    }
    let parents = parents(&exchange.seen);
    for (n, seen) in exchange.seen.iter().enumerate() {
        let mut at = &seen.name;
        while let Some(parent) = parents.get(at) {
            at = parent;
        }
        assert_eq!(*at, exchange.seen[0].name, "turn {n} must belong to the thread: {seen:?}");
    }
}

/// What each mail answers, as mail programs find out: by the mail itself, else by the chains of those that come after it.
fn parents(seen: &[Seen]) -> BTreeMap<String, String> {
    let chain = |one: &Seen| if one.references.is_empty() { one.answers.clone() } else { one.references.clone() };
    let mut parents = BTreeMap::new();
    for one in seen {
        if let Some(parent) = chain(one).last() {
            parents.insert(one.name.clone(), parent.clone());
        }
    }
    for pair in seen.iter().flat_map(|one| chain(one).windows(2).map(<[String]>::to_vec).collect::<Vec<_>>()) {
        parents.entry(pair[1].clone()).or_insert_with(|| pair[0].clone());
    }
    parents
}
