//! What a mail says about its sender (RFC 5322, 3.6.2): its `From`, and other headers. `domain::mail::author` decides what is believed.

use mail_parser::{Addr, Address, Header, HeaderName, HeaderValue, Message};
use model::Mailbox;

use super::{
    claims::{Claims, FromLine},
    headers,
    read::{PARTIES, one_line},
    words,
    writer::is_nobody,
};

/// Where lists and groups that replace `From` keep the original sender.
const ORIGINAL: [&str; 2] = ["X-Original-From", "X-Original-Sender"];
/// Headers that only lists have. Mass mailings also have `List-Unsubscribe` and `List-Id`, but if they come from the list's own address,
/// they name nobody else.
const LIST: [&str; 5] = ["List-Id", "List-Post", "Mailing-List", "X-BeenThere", "X-Google-Group-Id"];
/// Local parts of addresses that web sites and their programs write from.
const PROGRAMS: [&str; 14] = [
    "wordpress",
    "www-data",
    "www",
    "webmaster",
    "website",
    "web",
    "webform",
    "webforms",
    "form",
    "forms",
    "formular",
    "contactform",
    "kontaktformular",
    "apache",
];

/// The senders that a mail names.
pub struct Senders {
    /// The address in `From`, or the first of several.
    pub from: Option<Mailbox>,
    /// Where it wants replies, if not at `from`.
    pub reply_to: Vec<Mailbox>,
    /// What else it says about its sender.
    pub claims: Claims,
}

/// Reads the senders. `delivered_to` are the addresses through which the mail reached the mailbox.
pub fn read(message: &Message<'_>, delivered_to: &[String]) -> Senders {
    let all = from(message);
    let reply_to = message.reply_to().map(mailboxes).unwrap_or_default();
    let line = match all.as_slice() {
        [] => FromLine::Unreadable,
        [one] if is_list(message, one) => FromLine::List,
        [one] if delivered_to.iter().any(|address| address.eq_ignore_ascii_case(&one.address)) => FromLine::Alias,
        [one] if is_program(one) => FromLine::Machine,
        [_] => FromLine::One,
        _ => FromLine::Several,
    };
    let wrote = all.first().and_then(|one| before_via(&one.name)).unwrap_or_default();
    let via = if line == FromLine::List { wrote.to_owned() } else { String::new() };
    // Some lists add themselves to Reply-To. The address with the writer's name is the writer's.
    let (theirs, others): (Vec<Mailbox>, Vec<Mailbox>) =
        reply_to.iter().cloned().partition(|one| !wrote.is_empty() && name_words(&one.name) == name_words(wrote));
    let said = said(message, line, &[theirs, others].concat(), &via);
    // Several senders all want replies, unless the mail says otherwise (RFC 5322, 3.6.3).
    let reply_to = if reply_to.is_empty() && line == FromLine::Several { all.clone() } else { reply_to };
    Senders { from: all.into_iter().next(), reply_to, claims: Claims { from: line, said, via } }
}

/// The words of a name, in any order: "Berger, Anna" equals "Anna Berger".
fn name_words(name: &str) -> Vec<String> {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.map(str::to_lowercase).collect();
    words.sort_unstable();
    words
}

/// The addresses in all `From` lines, each once. None if a line is so broken or old that other programs may read another address from it,
/// including those that check DMARC. Such a line is only a claim (S14).
fn from(message: &Message<'_>) -> Vec<Mailbox> {
    let values = message.header_values(HeaderName::From);
    let lists: Vec<&Address<'_>> = values
        .filter_map(|value| match value {
            HeaderValue::Address(list) => Some(list),
            _ => None,
        })
        .collect();
    let raw: Vec<&[u8]> = lines(message, "From").map(|line| &line[..line.len().min(FROM)]).collect();
    let is_odd = |one: &Addr<'_>| {
        one.address().is_some_and(|address| address.contains('@') && !is_read_alike(address.trim(), &raw))
    };
    if lists.iter().any(|list| is_broken(list) || list.iter().take(PARTIES).any(is_odd)) {
        return Vec::new();
    }
    let mut all: Vec<Mailbox> = Vec::new();
    for one in lists.iter().flat_map(|list| list.iter()).filter_map(mailbox).take(PARTIES) {
        if !all.iter().any(|known| known.key() == one.key()) {
            all.push(one);
        }
    }
    // A name with a comma looks like a person without an address.
    if let ([one], [Address::List(list)]) = (all.as_mut_slice(), lists.as_slice())
        && list.len() > 1
        && let Some(line) = lines(message, "From").next()
        && let Some((before, _)) = words::text(line).rsplit_once(&one.address)
    {
        one.name = name(before, &one.address);
    }
    all
}

/// Whether an unquoted name was split: then the text before its colon is an address instead of a group's name.
fn is_broken(list: &Address<'_>) -> bool {
    let names = list.as_group().unwrap_or_default().iter().filter_map(|group| group.name.as_deref());
    names.flat_map(|name| name.split(is_end)).any(is_address)
}

/// The most bytes of a `From` line that are read.
const FROM: usize = 64 * 1024;

/// Whether all programs read the same address. It has no route and no blanks (RFC 5322, 4.4), and the line contains it literally. Other
/// programs may read another address if it was joined, decoded, cleared of comments, or is inside a quoted name.
fn is_read_alike(address: &str, raw: &[&[u8]]) -> bool {
    let stands = |address: &str| {
        raw.iter().any(|line| {
            line.windows(address.len().max(1)).enumerate().any(|(at, word)| {
                let is_name = at > 0 && line[at - 1] == b'"' && line.get(at + word.len()) == Some(&b'"');
                word == address.as_bytes() && !is_name
            })
        })
    };
    let quoted = || address.rsplit_once('@').map(|(local, domain)| format!("\"{local}\"@{domain}"));
    !address.starts_with('@')
        && !address.contains(char::is_whitespace)
        && (stands(address) || quoted().is_some_and(|quoted| stands(&quoted)))
}

/// Other senders that a mail names beside its `From`, the most credible first.
fn said(message: &Message<'_>, line: FromLine, reply_to: &[Mailbox], via: &str) -> Vec<Mailbox> {
    let original =
        ORIGINAL.iter().flat_map(|name| lines(message, name)).flat_map(|line| match words::addresses(line) {
            HeaderValue::Address(list) => mailboxes(&list),
            _ => Vec::new(),
        });
    let sender = message.sender().map(mailboxes).unwrap_or_default();
    let last = || lines(message, "From").filter_map(|line| last_address(&words::text(line))).last();
    let path = || lines(message, "Return-Path").filter_map(|line| last_address(&words::text(line))).next();
    let left: Vec<Mailbox> =
        if line == FromLine::Unreadable { last().into_iter().chain(path()).collect() } else { Vec::new() };
    let mut said: Vec<Mailbox> = Vec::new();
    let all = original.chain(reply_to.iter().cloned()).chain(sender.into_iter().filter(is_somebody)).chain(left);
    for one in all.take(PARTIES) {
        match said.iter_mut().find(|known| known.key() == one.key()) {
            Some(known) if known.name.is_empty() => known.name = one.name,
            Some(_) => {}
            None => said.push(one),
        }
    }
    if let Some(first) = said.first_mut().filter(|first| first.name.is_empty()) {
        via.clone_into(&mut first.name);
    }
    said
}

/// Whether the address in `From` is the one of the mailing list.
fn is_list(message: &Message<'_>, from: &Mailbox) -> bool {
    let key = from.key();
    let mut about = LIST.iter().flat_map(|name| lines(message, name)).map(|line| words::text(line).to_lowercase());
    let same = |word: &str| word == key || word.strip_prefix("mailto:") == Some(&key) || word == key.replace('@', ".");
    let is_named =
        about.any(|line| line.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | '?')).any(same));
    let by_list = || {
        let precedence = lines(message, "Precedence").any(|line| words::text(line).trim().eq_ignore_ascii_case("list"));
        precedence || LIST.iter().chain(&ORIGINAL).any(|name| lines(message, name).next().is_some())
    };
    is_named || (before_via(&from.name).is_some() && by_list())
}

/// The writer's name in a list's `From`: "'Anna Berger' via Info".
fn before_via(name: &str) -> Option<&str> {
    let before = name.rsplit_once(" via ")?.0.trim().trim_matches(['\'', '"', '‘', '’', '“', '”']).trim();
    (!before.is_empty()).then_some(before)
}

/// Whether programs write from an address that nobody reads.
fn is_program(mailbox: &Mailbox) -> bool {
    let key = mailbox.key();
    let local = key.split('@').next().unwrap_or_default();
    is_nobody(local) || PROGRAMS.contains(&local)
}

/// Whether an address can be a person's, and is not the bounce address of a list or server.
fn is_somebody(mailbox: &Mailbox) -> bool {
    let local = mailbox.key().split('@').next().unwrap_or_default().to_owned();
    let returned = ["bounce", "+bnc", "mailer-daemon", "owner-"].iter().any(|word| local.contains(word));
    !returned && !is_program(mailbox)
}

/// The values of a header.
fn lines<'m>(message: &'m Message<'_>, name: &str) -> impl Iterator<Item = &'m [u8]> {
    let is = |header: &&Header<'_>| header.name().eq_ignore_ascii_case(name);
    let found: Vec<&Header<'_>> = message.headers().iter().filter(is).collect();
    let raw = &message.raw_message;
    found.into_iter().filter_map(|header| raw.get(header.offset_start as usize..header.offset_end as usize))
}

/// The mailboxes of a line, without entries that have no address.
pub fn mailboxes(list: &Address<'_>) -> Vec<Mailbox> {
    list.iter().filter_map(mailbox).take(PARTIES).collect()
}

fn mailbox(addr: &Addr<'_>) -> Option<Mailbox> {
    let address = plain(addr.address()?);
    is_address(&address).then(|| Mailbox { name: name(addr.name().unwrap_or_default(), &address), address })
}

/// An address without additions of programs and obsolete syntax: a link's scheme, a route, unneeded quotes, blanks around the dots of a
/// domain, and a dot at its end (RFC 5322, 4.4).
fn plain(written: &str) -> String {
    let written = written.trim();
    let last =
        if written.starts_with('@') { written.split_once(':').map_or(written, |(_, last)| last) } else { written };
    let bare = match last.get(..MAILTO.len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case(MAILTO) => &last[MAILTO.len()..],
        _ => last,
    };
    let Some((local, domain)) = bare.trim().rsplit_once('@') else { return bare.to_owned() };
    let within = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let local = within.filter(|within| headers::is_of_atoms(within)).unwrap_or(local);
    let domain = domain.split('.').map(str::trim).collect::<Vec<_>>().join(".");
    format!("{local}@{}", domain.strip_suffix('.').unwrap_or(&domain))
}

/// The scheme of an address as a link.
const MAILTO: &str = "mailto:";

fn is_address(address: &str) -> bool {
    let parts = |(local, domain): (&str, &str)| {
        let is_literal = domain.starts_with('[') && domain.ends_with(']');
        let fits = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let is_local = !local.is_empty() && !local.contains('@') && (!local.contains(':') || local.starts_with('"'));
        let is_name = !domain.is_empty() && !domain.ends_with('.') && domain.chars().all(fits);
        is_local && (is_literal || is_name)
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || is_unseen(c) || matches!(c, '<' | '>' | ',');
    address.len() <= 320 && address.rsplit_once('@').is_some_and(parts) && !address.chars().any(odd)
}

/// Characters that are invisible or change the direction of text: an address with them looks like another one.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The name beside an address, on one line. A name that shows a different address is dropped, because people would mistake it for the
/// address.
fn name(text: &str, address: &str) -> String {
    let plain: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    let name = one_line(plain.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '"' | ',' | ';')));
    let other = |word: &str| {
        let bare = word.trim_end_matches('.');
        is_address(bare) && word.contains('.') && !bare.eq_ignore_ascii_case(address)
    };
    if name.split(is_end).any(other) { String::new() } else { name }
}

/// The last address in a text, with the text before it as its name.
fn last_address(text: &str) -> Option<Mailbox> {
    if let Some((before, address)) = last_in_brackets(text) {
        return Some(Mailbox { name: name_before(before, &address), address });
    }
    let mut words = text.rsplit(is_end).map(|word| word.trim_matches(['.', '!', '?']));
    let address = words.find(|word| is_whole(word))?;
    let (before, _) = text.rsplit_once(address)?;
    Some(Mailbox { name: name_before(before.trim_end_matches(MAILTO), address), address: address.to_owned() })
}

/// The address in the last brackets of a text, and the text before them. None if another address may follow.
fn last_in_brackets(text: &str) -> Option<(&str, String)> {
    let (before, rest) = text.rsplit_once('<')?;
    let (within, behind) = rest.split_once('>').unwrap_or((rest, ""));
    let address = plain(within);
    (!behind.contains('@') && is_whole(&address)).then_some((before, address))
}

/// Whether a word is an address with a full domain.
fn is_whole(word: &str) -> bool {
    is_address(word) && word.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'))
}

/// The name in the text before an address: without a second opening bracket and what follows it. If it shows another address, only the text
/// after its last comma or colon.
fn name_before(before: &str, address: &str) -> String {
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '[' | '('));
    let first = before.trim_start_matches('<').split('<').next().unwrap_or_default();
    let last = before.rsplit([',', ';', ':', '>']).next().unwrap_or_default();
    let name = [first, last].map(|text| name(text, address)).into_iter().find(|name| !name.is_empty());
    name.unwrap_or_default()
}

/// Whether an address ends at this character.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';' | ':' | '(' | ')' | '[' | ']' | '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::{super::read::read, *};

    fn senders(head: &str) -> (String, FromLine, String) {
        let mail = read(format!("Subject: x\n{head}\n\nx\n").replace('\n', "\r\n").as_bytes()).unwrap();
        let shown = |one: &Mailbox| format!("{} <{}>", one.name, one.address).trim().to_owned();
        let said: Vec<String> = mail.claims.said.iter().map(shown).collect();
        (mail.parties.from.iter().map(shown).collect(), mail.claims.from, said.join(", "))
    }

    fn from(head: &str) -> (String, FromLine) {
        let (from, line, _) = senders(head);
        (from, line)
    }

    fn one(from: &str) -> (String, FromLine) {
        (from.to_owned(), FromLine::One)
    }

    #[test]
    fn h1_a_from_is_read_however_it_is_written() {
        for (line, expected) in [
            ("anna@x.example", "<anna@x.example>"),
            ("anna@x.example (Anna Berger)", "Anna Berger <anna@x.example>"),
            ("\"Berger, Anna\" <anna@x.example>", "Berger, Anna <anna@x.example>"),
            ("=?utf-8?Q?Berger=2C_Anna?= <anna@x.example>", "Berger, Anna <anna@x.example>"),
            ("Wood and Sons, Front Office <office@x.example>", "Wood and Sons, Front Office <office@x.example>"),
            ("Team: Anna <anna@x.example>;", "Anna <anna@x.example>"),
            ("<anna@x.example>, Anna <ANNA@x.example>", "<anna@x.example>"),
            ("anna@[192.0.2.1]", "<anna@[192.0.2.1]>"),
            ("Änne <änne@bücher.example>", "Änne <änne@bücher.example>"),
            ("Anna <anna@xn--bcher-kva.example>", "Anna <anna@xn--bcher-kva.example>"),
            ("An\u{202e}na <anna@x.example>", "Anna <anna@x.example>"),
        ] {
            let (from, kind) = from(&format!("From: {line}"));
            assert_eq!((from.trim(), kind), (expected, FromLine::One), "{line}");
        }
    }

    #[test]
    fn s14_a_name_that_shows_another_address_is_none() {
        assert_eq!(from("From: \"anna@known.example\" <eve@evil.example>"), one("<eve@evil.example>"));
        assert_eq!(from("From: anna@known.example <eve@evil.example>"), one("<eve@evil.example>"));
        assert_eq!(
            from("From: =?utf-8?Q?Anna_=28anna=40known.example=29?= <eve@evil.example>"),
            one("<eve@evil.example>")
        );
        assert_eq!(from("From: \"eve@evil.example\" <eve@evil.example>"), one("eve@evil.example <eve@evil.example>"));
    }

    #[test]
    fn h1_an_unreadable_from_yields_the_last_address_in_it() {
        for (head, expected) in [
            ("From: Wood and Sons, Front Office office9@x.example", "Wood and Sons, Front Office <office9@x.example>"),
            ("From: =?utf-8?Q?Anna_=3Canna=40x.example=3E?=", "Anna <anna@x.example>"),
            ("From: Anna [mailto:anna@x.example].", "Anna <anna@x.example>"),
            ("From: old@x.example (was) anna@x.example", "<anna@x.example>"),
            ("From: ann\u{200b}a@x.example", ""),
            ("From: undisclosed-sender:;", ""),
            ("From: Anna", ""),
            ("Sender: Anna <anna@x.example>", "Anna <anna@x.example>"),
            ("Return-Path: <anna@x.example>", "<anna@x.example>"),
            ("Return-Path: <>", ""),
            ("Sender: list-bounces@x.example\nReturn-Path: <anna@x.example>", "<anna@x.example>"),
            (
                "From: Anna\nReply-To: anna@x.example\nSender: Form <form7@x.example>",
                "<anna@x.example>, Form <form7@x.example>",
            ),
            (
                "From: x\nX-Original-From: Anna <anna@x.example>\nReply-To: ben@x.example",
                "Anna <anna@x.example>, <ben@x.example>",
            ),
        ] {
            let (from, line, said) = senders(head);
            assert_eq!((from.as_str(), line), ("", FromLine::Unreadable), "{head}");
            assert_eq!(said, expected, "{head}");
        }
    }

    #[test]
    fn h1_an_address_is_plain_however_it_is_dressed() {
        for (line, expected) in [
            ("Otto <mailto:otto@x.example>", "Otto <otto@x.example>"),
            ("Otto <MailTo:otto@x.example>", "Otto <otto@x.example>"),
            ("Paul < paul@x.example. >", "Paul <paul@x.example>"),
            ("paul@x.example.", "<paul@x.example>"),
            ("Odd <\"odd..1\"@x.example>", "Odd <odd..1@x.example>"),
            ("Taro <taro..1.@x.example>", "Taro <taro..1.@x.example>"),
            ("\"a b@x.example. c\" <eve@x.example>", "<eve@x.example>"),
        ] {
            let (from, kind) = from(&format!("From: {line}"));
            assert_eq!((from.trim(), kind), (expected, FromLine::One), "{line}");
        }
        let to = |line: &str| {
            let mail = read(format!("From: a@x.example\r\nTo: {line}\r\n\r\nx").as_bytes()).unwrap();
            mail.parties.to.into_iter().map(|one| one.address).collect::<Vec<_>>()
        };
        let line = "<@y.example,@z.example:ben@x.example>, Cleo <cleo@x . example>, <dan@x.example..>, <e:f@x.example>";
        assert_eq!(to(line), ["ben@x.example", "cleo@x.example"]);
    }

    /// Other programs may read another address in these lines and vouch for that one. So nobody vouches for the address that is read here.
    #[test]
    fn s14_a_broken_from_is_a_claim_of_its_last_address() {
        for (line, expected) in [
            (
                "TPB@my.x.example,\n AFK@my.x-y.example:Away From Keyboard <updates@v.example>",
                "Away From Keyboard <updates@v.example>",
            ),
            ("=?utf-8?Q?Sz=C3=A1mla?=\n\t<Telenor Sz#mla <bills@t.example>", "Számla <bills@t.example>"),
            ("\"First name\" <example@domain. example>", "First name <example@domain.example>"),
            ("Route <@relay.example,@b.example:real@x.example>", "Route <real@x.example>"),
            ("<<anna@x.example>, <ben@x. example>", "<ben@x.example>"),
            ("\"<anna@x.example>\" Eve eve@y.example", "Eve <eve@y.example>"),
        ] {
            let (from, kind, said) = senders(&format!("From: {line}"));
            assert_eq!((from.as_str(), kind, said.as_str()), ("", FromLine::Unreadable, expected), "{line}");
        }
        assert_eq!(from("From: Team: Anna <anna@x.example>;"), one("Anna <anna@x.example>"));
    }

    /// DMARC checkers find no address in such a line, or another one.
    #[test]
    fn s14_an_address_that_does_not_stand_in_the_line_as_it_is_is_a_claim() {
        for line in [
            "\"anna@victim.example\" (Anna)",
            "=?utf-8?q?anna=40victim.example?= (Anna)",
            "Anna <anna@victim.\n example>",
            "Anna <anna@victim(x).example>",
            "<@r.example:eve@evil.example>, Anna <anna@victim.example>",
        ] {
            let (from, kind, _) = senders(&format!("From: {line}"));
            assert_eq!((from.as_str(), kind), ("", FromLine::Unreadable), "{line}");
        }
    }

    #[test]
    fn h1_of_several_reply_to_the_one_with_the_name_of_who_wrote_is_said() {
        for (name, list) in [
            ("Anna Berger via Reviews", ""),
            ("'Berger, Anna' via Reviews", "\nList-Post: <mailto:info@acme.example>"),
            ("anna berger via Reviews", "\nX-Original-To: info@acme.example"),
        ] {
            let to = "Reply-To: reviews+5@x.example, Anna Berger <anna@y.example>";
            let (_, _, said) = senders(&format!("From: \"{name}\" <info@acme.example>\n{to}{list}"));
            assert!(said.starts_with("Anna Berger <anna@y.example>, "), "{name}: {said}");
        }
        let (_, _, said) = senders("From: Ben via Reviews <info@acme.example>\nReply-To: a@x.example, b@x.example");
        assert_eq!(said, "<a@x.example>, <b@x.example>", "in their order where none is named so");
    }

    #[test]
    fn h1_several_addresses_are_several() {
        let (from, line, _) = senders("From: Anna <anna@x.example>, ben@y.example");
        assert_eq!((from.as_str(), line), ("Anna <anna@x.example>", FromLine::Several));
        assert_eq!(senders("From: anna@x.example\nFrom: eve@evil.example").1, FromLine::Several);
        let mail = read(b"From: anna@x.example, ben@y.example\r\n\r\nx").unwrap();
        assert_eq!(mail.parties.reply_to.len(), 2, "both want answers");
    }

    #[test]
    fn h1_a_list_in_from_is_known_and_names_who_wrote() {
        let via = "From: 'Anna Berger' via Info <info@group.example>\n";
        for head in [
            "X-Original-From: Anna Berger <anna@x.example>\nList-ID: <info.group.example>",
            "X-Original-Sender: anna@x.example\nReply-To: info@group.example\nPrecedence: list",
            "Reply-To: anna@x.example\nList-Post: <mailto:info@group.example>",
            "Reply-To: Anna Berger <anna@x.example>\nMailing-list: list info@group.example; contact info+owners@group.example",
        ] {
            let (_, line, said) = senders(&format!("{via}{head}"));
            assert_eq!(
                (line, said.split(',').next().unwrap()),
                (FromLine::List, "Anna Berger <anna@x.example>"),
                "{head}"
            );
        }
        let own = "From: Ines <ines@x.example>\nSender: Talk <talk-bounces+support=acme.example@lists.example>\n\
                   List-Id: Talk <talk.lists.example>\nList-Post: <mailto:talk@lists.example>\nX-BeenThere: talk@lists.example";
        assert_eq!(
            senders(own),
            ("Ines <ines@x.example>".to_owned(), FromLine::One, String::new()),
            "a list that keeps From"
        );
        let shop = "From: Shop <news@shop.example>\nReply-To: reply-7@shop.example\nList-Id: <77.shop.example>\nList-Unsubscribe: <https://x.example>";
        assert_eq!(senders(shop).1, FromLine::One, "a mass mailing is from who sends it");
    }

    #[test]
    fn h1_what_programs_and_aliases_write_from_is_known() {
        for address in ["no-reply@x.example", "wordpress@x.example", "noreply+7@x.example"] {
            assert_eq!(senders(&format!("From: {address}")).1, FromLine::Machine, "{address}");
        }
        assert_eq!(senders("X-Original-To: info@acme.example\nFrom: INFO@acme.example").1, FromLine::Alias);
    }
}
