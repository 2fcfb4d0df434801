//! The people outside: their names, their addresses, and whether they are contacts.

use std::collections::VecDeque;

use model::{ChannelKind, Contact, ContactId, IdentityId, LeadStatus, Tags, Timestamp};
use store::{
    bulk::{BulkContact, BulkIdentity},
    contact::Identity,
    words::index_words,
};

use super::{
    random::Random,
    words::{COMPANIES, ODD_NAMES, PEOPLES, TITLES, Tongue},
    words_names::Names,
};

/// How many of the latest people may appear again on another channel.
const REMEMBERED: usize = 256;

/// A person outside.
#[derive(Clone)]
pub(super) struct Person {
    /// All their data.
    pub(super) card: Contact,
    /// Their first name.
    pub(super) first: String,
    /// Their city.
    pub(super) city: &'static str,
    /// Their language.
    pub(super) tongue: &'static Tongue,
}

/// A person who writes on a channel.
pub(super) struct Met {
    /// The person.
    pub(super) person: Person,
    /// Their address on the channel.
    pub(super) identity: BulkIdentity,
    /// Their contact, if it is new.
    pub(super) contact: Option<BulkContact>,
}

/// The people so far, as far as they are remembered.
pub(super) struct People {
    /// Keeps the addresses of different data sets apart.
    master: u64,
    met: u64,
    known: VecDeque<(Person, Vec<ChannelKind>)>,
}

impl People {
    pub(super) const fn new(master: u64) -> Self {
        Self { master, met: 0, known: VecDeque::new() }
    }

    /// The person who begins a conversation on this kind of channel at `at`: usually somebody new, sometimes a contact from another
    /// channel.
    pub(super) fn meet(&mut self, random: &mut Random, kind: ChannelKind, at: Timestamp) -> Met {
        self.met += 1;
        let again = random.percent(12).then(|| usize::try_from(random.below(REMEMBERED as u64)).unwrap_or(0));
        if let Some((person, kinds)) =
            again.and_then(|place| self.known.get_mut(place)).filter(|(_, kinds)| !kinds.contains(&kind))
        {
            kinds.push(kind);
            let person = person.clone();
            let identity = self.identity(random, kind, at, &person.card, Some(person.card.id));
            return Met { person, identity, contact: None };
        }
        let person = self.stranger(random, kind, at);
        let linked = random.percent(match kind {
            ChannelKind::Email => 92,
            ChannelKind::WebChat => 30,
            _ => 80,
        });
        let identity = self.identity(random, kind, at, &person.card, linked.then_some(person.card.id));
        let contact =
            linked.then(|| BulkContact { words: found_by(&person.card), contact: person.card.clone(), created_at: at });
        if linked {
            if self.known.len() == REMEMBERED {
                self.known.pop_front();
            }
            self.known.push_back((person.clone(), vec![kind]));
        }
        Met { person, identity, contact }
    }

    fn identity(
        &self,
        random: &mut Random,
        kind: ChannelKind,
        at: Timestamp,
        card: &Contact,
        contact: Option<ContactId>,
    ) -> BulkIdentity {
        let (address, label) = match kind {
            ChannelKind::WebChat => {
                let hash = [(); 4].map(|()| format!("{:016x}", random.next())).concat();
                let label = format!("Visitor {}", hash.get(..4).unwrap_or_default().to_uppercase());
                (hash, label)
            }
            ChannelKind::Whatsapp | ChannelKind::Sms => {
                let number = self.number();
                (number.clone(), number)
            }
            ChannelKind::Linkedin => {
                let name = format!("{}-{}", latin(&card.name), self.met * 1_000 + self.master % 1_000);
                (format!("https://linkedin.example/in/{name}"), card.name.clone())
            }
            _ => {
                let address =
                    if card.email.is_empty() { self.email("mail", "post.example") } else { card.email.clone() };
                (address.clone(), address)
            }
        };
        let identity = Identity { id: IdentityId::new(random.id(at)), label, contact };
        BulkIdentity { identity, kind, address, created_at: at }
    }

    /// A phone number with an unassigned country code, so that nothing reaches anybody.
    fn number(&self) -> String {
        format!("+999{:05}{:07}", self.master % 100_000, self.met)
    }

    /// An address in a domain that can never exist.
    fn email(&self, local: &str, domain: &str) -> String {
        format!("{local}{}@{domain}", self.met * 1_000 + self.master % 1_000)
    }

    fn stranger(&self, random: &mut Random, kind: ChannelKind, at: Timestamp) -> Person {
        let (tongue, names) = people(random);
        let (given, given_latin) = split(random.word(names.given));
        let (family, family_latin) = split(random.word(names.family));
        let (other, _) = split(random.word(names.family));
        let name = match (random.per_mille(12), names.family_last) {
            (true, _) => random.word(ODD_NAMES).to_owned(),
            (_, true) if random.percent(4) && other != family => format!("{given} {family}-{other}"),
            (_, true) => format!("{given} {family}"),
            (_, false) => format!("{family}{given}"),
        };
        let company = if random.percent(60) { random.word(COMPANIES) } else { "" };
        let domain = if company.is_empty() { "post.example".to_owned() } else { format!("{}.example", latin(company)) };
        let local = format!("{}.{}", latin(given_latin), latin(family_latin));
        let city = random.word(names.cities);
        let maybe = |keep: bool, text: &str| if keep { text.to_owned() } else { String::new() };
        let phone = match kind {
            ChannelKind::Whatsapp | ChannelKind::Sms => self.number(),
            _ if random.percent(50) => digits(random, names.phone),
            _ => String::new(),
        };
        let needs_email = !matches!(kind, ChannelKind::Whatsapp | ChannelKind::Sms);
        let card = Contact {
            id: ContactId::new(random.id(at)),
            version: 1 + random.ms(3),
            name: maybe(random.percent(96) || !needs_email, &name),
            email: maybe(needs_email || random.percent(40), &self.email(&local, &domain)),
            phone,
            company: company.to_owned(),
            title: maybe(!company.is_empty() && random.percent(70), random.word(TITLES)),
            location: maybe(random.percent(75), city),
            language: maybe(random.percent(85), tongue.tag),
            time_zone: maybe(random.percent(75), names.zone),
            lead_status: lead_status(random),
            tags: Tags::default(),
        };
        let first = if names.family_last { given } else { family };
        Person { card, first: first.to_owned(), city, tongue }
    }
}

/// The search words of a contact, as the store makes them.
fn found_by(card: &Contact) -> String {
    index_words(&[&card.name, &card.email, &card.company, &card.phone].map(String::as_str).join(" "))
}

fn people(random: &mut Random) -> (&'static Tongue, &'static Names) {
    let mut at = random.below(PEOPLES.iter().map(|(weight, ..)| weight).sum());
    for (weight, tongue, names) in PEOPLES {
        if at < *weight {
            return (tongue, names);
        }
        at -= weight;
    }
    (&super::words_west::EN, &super::words_names::BRITISH)
}

fn lead_status(random: &mut Random) -> LeadStatus {
    match random.below(100) {
        0..35 => LeadStatus::New,
        35..60 => LeadStatus::Contacted,
        60..75 => LeadStatus::Qualified,
        75..94 => LeadStatus::Customer,
        _ => LeadStatus::Lost,
    }
}

/// A name and its Latin form.
fn split(name: &'static str) -> (&'static str, &'static str) {
    name.split_once('|').unwrap_or((name, name))
}

/// The Latin letters and digits of a text, for an address: folded as for search, without spaces.
pub(super) fn latin(text: &str) -> String {
    let folded = text.split_whitespace().map(index_words).collect::<String>();
    folded.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn digits(random: &mut Random, pattern: &str) -> String {
    let digit = |c| if c == '#' { char::from(b'0' + u8::try_from(random.below(10)).unwrap_or(0)) } else { c };
    pattern.chars().map(digit).collect()
}
