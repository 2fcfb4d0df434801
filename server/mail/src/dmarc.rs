//! The DMARC result of the mailbox's own server (RFC 7489, RFC 8601). Anybody may write such lines into a mail. A fail is always believed,
//! because a sender who forges it harms only themselves. A pass is believed only from the server that received the mail.

use mail_parser::Message;
use model::Mailbox;

/// The most bytes of a line that are read.
const LONGEST: usize = 4096;

/// The result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dmarc {
    /// The domain vouches for the mail.
    Pass,
    /// The domain does not vouch for it.
    Fail,
    /// There is no result.
    #[default]
    Unsaid,
}

/// Reads the topmost results. Anybody may have written later ones.
pub fn verdict(message: &Message<'_>, from: Option<&Mailbox>) -> Dmarc {
    // The hosts that received the mail, last one first, and the results before the next such line.
    let (mut hosts, mut results): (Vec<String>, Vec<Results>) = (Vec::new(), Vec::new());
    for header in message.headers() {
        let is = |name: &str| header.name().eq_ignore_ascii_case(name);
        let line = || line(&message.raw_message, header.offset_start, header.offset_end);
        if is("Received") {
            if !results.is_empty() {
                break;
            }
            hosts.extend(host(&line()));
        } else if is("Authentication-Results") {
            let found = Results::of(&line());
            // One server may write several lines, one per method.
            if results.first().is_none_or(|first| first.server == found.server) {
                results.push(found);
            }
        }
    }
    let Some(found) = results.iter().find(|results| results.dmarc.is_some()) else { return Dmarc::Unsaid };
    let of_sender = found.domain.as_deref().is_none_or(|domain| from.is_some_and(|from| is_of(&from.key(), domain)));
    // A mail without Received lines was put into the mailbox by its owner.
    let by_receiver = hosts.is_empty() || hosts.iter().any(|host| are_neighbours(host, &found.server));
    match found.dmarc.as_deref() {
        Some("fail") => Dmarc::Fail,
        Some("pass") if by_receiver && of_sender && from.is_some() => Dmarc::Pass,
        _ => Dmarc::Unsaid,
    }
}

/// A header line in lower case, without comments.
fn line(raw: &[u8], start: u32, end: u32) -> String {
    let (start, end) = (start as usize, end as usize);
    let bytes = raw.get(start..end.min(start + LONGEST)).unwrap_or_default();
    let mut depth = 0_usize;
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let plain = text.chars().filter(|c| {
        depth += usize::from(*c == '(');
        let is_plain = depth == 0;
        depth = depth.saturating_sub(usize::from(*c == ')'));
        is_plain
    });
    plain.collect()
}

/// A line of results.
struct Results {
    /// The server that wrote it.
    server: String,
    /// The DMARC result, if there is one.
    dmarc: Option<String>,
    /// The domain of the result.
    domain: Option<String>,
}

impl Results {
    fn of(line: &str) -> Self {
        let mut parts = line.split(';').map(str::trim);
        let server = parts.next().and_then(|first| first.split_whitespace().next()).unwrap_or_default().to_owned();
        // Some servers omit their name and begin with the first result.
        let mut parts = line.split(';').map(str::trim).filter(|part| part.starts_with("dmarc="));
        let dmarc = parts.next();
        let word = |name: &str| {
            let words = dmarc.into_iter().flat_map(str::split_whitespace);
            words.filter_map(|word| word.strip_prefix(name)).next().map(str::to_owned)
        };
        let domain = word("header.from=").map(|domain| {
            let bare = domain.trim_matches(['<', '>', '"']);
            bare.rsplit_once('@').map_or(bare, |(_, domain)| domain).to_owned()
        });
        Self { server, dmarc: word("dmarc="), domain }
    }
}

/// The host that received the mail, after "by" in a Received line.
fn host(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().skip_while(|word| *word != "by");
    words.nth(1).map(|host| host.trim_matches([';', '[', ']']).to_owned())
}

/// Whether two hosts belong to one domain: they are equal, or one is inside the other, or both are inside a third.
fn are_neighbours(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'));
    let parent = |host: &str| host.split_once('.').map(|(_, parent)| parent.to_owned()).filter(|it| it.contains('.'));
    let is_name = |host: &str| host.contains('.') && !host.contains('=');
    is_name(one)
        && is_name(other)
        && (one == other
            || within(one, other)
            || within(other, one)
            || parent(one).is_some_and(|parent| within(other, &parent))
            || parent(other).is_some_and(|parent| within(one, &parent)))
}

/// Whether an address belongs to a domain or a subdomain.
fn is_of(address: &str, domain: &str) -> bool {
    let own = address.rsplit_once('@').map_or("", |(_, own)| own);
    own == domain || own.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn found(head: &str) -> Dmarc {
        let mail = format!("{head}From: a@x.example\n\nx\n").replace('\n', "\r\n");
        verdict(&MessageParser::default().parse(mail.as_bytes()).unwrap(), Some(&Mailbox::of("a@x.example")))
    }

    const OURS: &str = "Authentication-Results: mx.acme.example; spf=pass\n smtp.mailfrom=x.example;\n dmarc=FAIL (p=NONE) header.from=x.example\n";
    const THEIRS: &str = "Authentication-Results: mx.x.example; dmarc=pass header.from=x.example\n";
    const RECEIVED: &str =
        "Received: from mx.x.example (mx.x.example [192.0.2.1] by chance) by mail.acme.example (Postfix) with ESMTPS\n";

    #[test]
    fn s14_a_mail_that_its_domain_disowns_is_known() {
        assert_eq!(found(OURS), Dmarc::Fail);
        assert_eq!(found(&format!("{RECEIVED}{OURS}{THEIRS}")), Dmarc::Fail, "the topmost counts");
        assert_eq!(found(&format!("{THEIRS}{OURS}")), Dmarc::Pass, "put there by the mailbox's owner");
        assert_eq!(found(""), Dmarc::Unsaid);
        let two = "Authentication-Results: mx.acme.example; dkim=none\nAuthentication-Results: mx.acme.example; dmarc=fail header.from=x.example\n";
        assert_eq!(found(two), Dmarc::Fail, "one server may write several lines");
    }

    #[test]
    fn t8_only_the_receiving_server_can_say_that_the_domain_vouches() {
        let ours = THEIRS.replace("mx.x.example;", "mx.acme.example;");
        assert_eq!(found(&format!("{RECEIVED}{ours}")), Dmarc::Pass);
        assert_eq!(found(&format!("{ours}{RECEIVED}")), Dmarc::Pass, "above its own line");
        assert_eq!(found(&format!("{RECEIVED}{THEIRS}")), Dmarc::Unsaid, "the sender's own word");
        assert_eq!(found(&format!("{RECEIVED}{}", ours.replace("x.example", "evil.example"))), Dmarc::Unsaid);
        let late = format!("{RECEIVED}Authentication-Results: mx.acme.example; spf=pass\n{RECEIVED}{ours}");
        assert_eq!(found(&late), Dmarc::Unsaid, "from before it was taken in");
        assert_eq!(found(&format!("{RECEIVED}Authentication-Results: example; dmarc=pass\n")), Dmarc::Unsaid);
        assert_eq!(found(&format!("{RECEIVED}{}", ours.replace("dmarc=", "x=(dmarc=pass) y="))), Dmarc::Unsaid);
    }

    #[test]
    fn t8_hosts_of_one_domain_are_neighbours() {
        for (one, other) in
            [("mx.a.example", "mx.a.example"), ("mail.test", "mx.mail.test"), ("in7.mx.a.example", "mx.a.example")]
        {
            assert!(are_neighbours(one, other) && are_neighbours(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("mx.a.example", "mx.b.example"),
            ("a.example", "b.example"),
            ("example", "a.example"),
            ("xa.example", "a.example"),
        ] {
            assert!(!are_neighbours(one, other) && !are_neighbours(other, one), "{one} {other}");
        }
    }
}
