//! Finds the links in plain text (S7). The web chat's widget has the same rule in `frontend/widget/parts/linkify.js`. Both are tested with
//! the cases in `links.json`.

/// A part of a text. All parts together are the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece<'t> {
    /// The part of the text.
    pub text: &'t str,
    /// Its link. None for plain text.
    pub link: Option<Link>,
}

/// The target of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address of a web page, a mailbox or a phone.
    pub href: String,
    /// The host in its form for lookups (`xn--…`), if it contains letters that look like others. It is displayed beside the link.
    pub host: Option<String>,
}

/// Splits a text at its links: `http`, `https`, `mailto` and `tel`, names that begin with `www.`, and e-mail addresses. A doubtful case is
/// no link. The time is linear in the length of the text.
pub fn linkify(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut done = 0;
    let mut at = 0;
    while at < text.len() {
        let found = match text.as_bytes()[at] | 0x20 {
            b'h' | b'w' | b'm' | b't' if is_apart(&text[..at]) => {
                named(&text[at..], mark(&text[..at])).map(|found| (at, found))
            }
            // "@" with the bit of lower case set.
            b'`' if text.as_bytes()[at] == b'@' => {
                mailbox(&text[done..], at - done).map(|(n, found)| (done + n, found))
            }
            _ => None,
        };
        let Some((begin, Found { end, link })) = found else {
            at += 1;
            continue;
        };
        // Text that only looked like a link is skipped as a whole.
        at = begin + end;
        let Some(link) = link else { continue };
        if begin > done {
            pieces.push(Piece { text: &text[done..begin], link: None });
        }
        pieces.push(Piece { text: &text[begin..at], link: Some(link) });
        done = at;
    }
    if done < text.len() {
        pieces.push(Piece { text: &text[done..], link: None });
    }
    pieces
}

/// A candidate: its length in bytes, and its target if it is a link.
struct Found {
    end: usize,
    link: Option<Link>,
}

/// Whether a link may begin after this text: its first letters must not be the end of a word. Underscores may be there for emphasis.
fn is_apart(before: &str) -> bool {
    !before.trim_end_matches('_').ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// The emphasis mark before a link, which also comes after it: `_https://a.example/x_`. Other marks end every link.
fn mark(before: &str) -> Option<char> {
    before.chars().next_back().filter(|c| matches!(c, '_' | '~'))
}

/// A link that begins with a scheme or `www.`, after an emphasis mark.
fn named(text: &str, mark: Option<char>) -> Option<Found> {
    let scheme = ["https://", "http://", "www.", "mailto:", "tel:"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))?;
    let rest = &text[scheme.len()..];
    match scheme {
        "mailto:" | "tel:" if mark == Some('_') => None,
        // Only the recipient is kept. Copies, subject and text are for the member to decide.
        "mailto:" => {
            let local = rest.find(|c| !is_local(c)).filter(|at| *at > 0 && rest[*at..].starts_with('@'))?;
            let host = Host::of(&rest[local + 1..]).filter(Host::has_domain)?;
            let end = local + 1 + host.written;
            let goes_on = goes_on(&rest[end..]);
            let href = format!("mailto:{}@{}", &rest[..local], host.ascii);
            (!goes_on).then(|| Found { end: scheme.len() + end, link: Some(Link { href, host: host.seen() }) })
        }
        "tel:" => {
            let number = rest.find(|c: char| !c.is_ascii_digit() && !"+-().".contains(c)).unwrap_or(rest.len());
            let goes_on = rest[number..].starts_with(|c: char| c.is_alphanumeric());
            let number = run(&rest[..number]);
            let is_number = (3..=15).contains(&number.bytes().filter(u8::is_ascii_digit).count())
                && number.rfind('+').is_none_or(|at| at == 0);
            (is_number && !goes_on).then(|| Found {
                end: scheme.len() + number.len(),
                link: Some(Link { href: format!("tel:{number}"), host: None }),
            })
        }
        _ => Some(page(scheme, text, mark)),
    }
}

/// The address of a page, after its scheme or with `www.`.
fn page(scheme: &str, text: &str, mark: Option<char>) -> Found {
    let is_www = scheme == "www.";
    let begin = if is_www { 0 } else { scheme.len() };
    let all = &text[begin..];
    let authority = &all[..all.find(|c| matches!(c, '/' | '?' | '#') || is_apart_from(c)).unwrap_or(all.len())];
    let none = Found { end: begin + authority.len(), link: None };
    // A name before an "@" is there to be mistaken for the host.
    if authority.contains('@') {
        return none;
    }
    let Some(host) = Host::of(authority).filter(|host| host.is_page(is_www)) else { return none };
    let behind = &all[host.written..];
    let digits = behind.strip_prefix(':').map_or(0, |port| port.bytes().take_while(u8::is_ascii_digit).count());
    let (port, behind) = behind.split_at(if digits == 0 { 0 } else { digits + 1 });
    if port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_err()) {
        return none;
    }
    let path = match behind.chars().next() {
        Some('/' | '?' | '#') => {
            run(behind).trim_end_matches(|c| mark.is_some_and(|mark| c == mark || ENDS.contains(c)))
        }
        // The sentence continues.
        Some(c) if is_apart_from(c) || ENDS.contains(c) || matches!(c, ')' | ']') => "",
        Some(c) if mark == Some(c) && behind[1..].chars().next().is_none_or(is_apart_from) => "",
        Some(c) if port.is_empty() && !c.is_ascii() => "",
        None => "",
        Some(_) => return none,
    };
    let end = begin + host.written + port.len() + path.len();
    // An underscore without a second one is no emphasis.
    if mark == Some('_') && !text[end..].starts_with('_') {
        return Found { end, link: None };
    }
    let scheme = if is_www { "https://" } else { scheme };
    let link = Link { href: format!("{scheme}{}{port}{path}", host.ascii), host: host.seen() };
    Found { end, link: Some(link) }
}

/// The e-mail address around the "@" at `at`, and where it begins.
fn mailbox(text: &str, at: usize) -> Option<(usize, Found)> {
    // All of it is ASCII, so bytes are characters.
    let local =
        text.as_bytes()[..at].iter().rev().take(LONGEST_LOCAL + 1).take_while(|b| is_local(char::from(**b))).count();
    let begin = at - local;
    let skipped = text[begin..at].len() - text[begin..at].trim_start_matches(['.', '-', '+', '_']).len();
    let (begin, local) = (begin + skipped, local - skipped);
    let outside = &text[..begin - skipped];
    let before = outside.chars().next_back();
    let goes_before = before.is_some_and(|c| c.is_alphanumeric() || is_unseen(c) || "=&%@#$?`\\".contains(c));
    if local == 0 || local > LONGEST_LOCAL || goes_before || is_rest(outside) || text[..at].ends_with('.') {
        return None;
    }
    let host = Host::of(&text[at + 1..]).filter(Host::has_domain)?;
    let end = at + 1 + host.written;
    let href = format!("mailto:{}@{}", &text[begin..at], host.ascii);
    (!goes_on(&text[end..])).then(|| (begin, Found { end: end - begin, link: Some(Link { href, host: host.seen() }) }))
}

/// Whether this is only the end of a longer e-mail address: the "Neil@" of "O'Neil@" is another person. Quotes and emphasis have no word
/// before them.
fn is_rest(before: &str) -> bool {
    let marks = before.chars().rev().take(MOST_MARKS).take_while(|c| MARKS.contains(*c));
    let (count, bytes) = marks.fold((0, 0), |(count, bytes), c| (count + 1, bytes + c.len_utf8()));
    count > 0 && before[..before.len() - bytes].ends_with(|c: char| c.is_alphanumeric() || is_local(c))
}

/// Characters that may be inside and around an e-mail address, and other forms of its apostrophe.
const MARKS: &str = "'’´!*/^{}~";
/// How many of these characters are examined.
const MOST_MARKS: usize = 8;

/// Whether a name continues after the host of an e-mail address.
fn goes_on(behind: &str) -> bool {
    behind.starts_with(|c: char| c == '@' || c == '_' || c.is_ascii_alphanumeric())
}

/// The longest local part of an e-mail address, in bytes (RFC 5321).
const LONGEST_LOCAL: usize = 64;

/// The longest accepted host, in bytes of the text.
const LONGEST_HOST: usize = 500;

const fn is_local(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-')
}

/// Characters that end a sentence, a clause or emphasis, in several scripts. At the end of a link they are not part of it.
const ENDS: &str = ".,;:!?'*([…–—‘’·،؛؟۔।॥։׃።፣၊။។៕།;·";

/// Characters that no address contains unescaped: quotes, and punctuation of scripts that put no space after it.
const APART: &str = "<>\"`\\{}|^“”„‟«»‹›、。，．｡､；：！？「」『』【】《》〈〉〔〕［］（）｛｝＜＞";

/// Characters that are invisible or change the direction of text. They could make an address look like another one.
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{70f}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character ends every address.
fn is_apart_from(c: char) -> bool {
    c.is_whitespace() || is_unseen(c) || APART.contains(c)
}

/// The longest possible address: up to a character that no address contains, or to a bracket that was not opened inside. Punctuation at its
/// end is left out.
fn run(text: &str) -> &str {
    let (mut round, mut square) = (0, 0);
    let mut former = ' ';
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        match c {
            '(' => round += 1,
            ')' => round -= 1,
            '[' => square += 1,
            ']' => square -= 1,
            _ => {}
        }
        // Several addresses without a space between them.
        let next = matches!(former, ',' | ';') && matches!(c, 'h' | 'H') && {
            let begin = text.as_bytes()[at..].iter().take(8).map(u8::to_ascii_lowercase).collect::<Vec<_>>();
            begin.starts_with(b"http://") || begin.starts_with(b"https://")
        };
        if round < 0 || square < 0 || next || is_apart_from(c) {
            end = at;
            break;
        }
        former = c;
    }
    text[..end].trim_end_matches(|c| ENDS.contains(c))
}

/// A host name.
struct Host {
    /// Its length in the text, in bytes.
    written: usize,
    /// Its form for lookups: lower case, with labels beyond ASCII in Punycode (RFC 3492).
    ascii: String,
    /// The number of its labels.
    labels: usize,
    /// Whether it contains letters beyond ASCII.
    is_coded: bool,
}

impl Host {
    /// The host name at the beginning of a text.
    fn of(text: &str) -> Option<Self> {
        let end = text.find(|c| !is_host(c)).unwrap_or(text.len());
        let mut name = text[..end].trim_end_matches('.');
        // No top-level domain has both kinds of letters, so the sentence continues without a space.
        let last = name.rfind('.').map_or(0, |at| at + 1);
        if name[last..].starts_with(|c: char| c.is_ascii())
            && let Some(beyond) = name[last..].find(|c: char| !c.is_ascii())
        {
            name = &name[..last + beyond];
        }
        if name.len() > LONGEST_HOST {
            return None;
        }
        let mut ascii = Vec::new();
        for label in name.split('.') {
            let label = crate::lower(label);
            if !label.is_ascii() && label.starts_with("xn--") {
                return None;
            }
            let coded = if label.is_ascii() { label } else { format!("xn--{}", punycode(&label)) };
            if coded.is_empty() || coded.len() > 63 || coded.starts_with('-') || coded.ends_with('-') {
                return None;
            }
            ascii.push(coded);
        }
        let (labels, ascii) = (ascii.len(), ascii.join("."));
        (ascii.len() <= 253).then(|| Self { written: name.len(), ascii, labels, is_coded: !name.is_ascii() })
    }

    /// Whether it ends in a possible top-level domain after another label.
    fn has_domain(&self) -> bool {
        let last = self.ascii.rsplit('.').next().unwrap_or_default();
        let letters = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
        self.labels > 1 && (letters || last.starts_with("xn--"))
    }

    /// Whether a page can be on this host: a domain, an IPv4 address, or a single name as in an intranet.
    fn is_page(&self, is_www: bool) -> bool {
        let numbers = self.labels == 4 && self.ascii.split('.').all(|label| label.parse::<u8>().is_ok());
        let name = self.labels == 1 && !self.is_coded && self.ascii.starts_with(|c: char| c.is_ascii_alphabetic());
        match is_www {
            true => self.labels > 2 && self.has_domain(),
            false => self.has_domain() || numbers || name,
        }
    }

    /// The part that is displayed beside the link.
    fn seen(&self) -> Option<String> {
        self.is_coded.then(|| self.ascii.clone())
    }
}

/// Whether a host name may contain this character. Letters that look like others (wide, bold, long, ligatures) are excluded.
fn is_host(c: char) -> bool {
    let is_form = matches!(c, '\u{130}' | '\u{17f}' | '\u{2100}'..='\u{218f}' | '\u{2460}'..='\u{24ff}' | '\u{fb00}'..='\u{fb06}' | '\u{ff00}'..='\u{ffef}'
        | '\u{1d400}'..='\u{1d7ff}');
    c.is_ascii_alphanumeric()
        || matches!(c, '-' | '.')
        || (!c.is_ascii() && c.is_alphabetic() && !is_form && !is_unseen(c))
}

/// A label in Punycode, without `xn--` (RFC 3492).
fn punycode(label: &str) -> String {
    const BASE: u32 = 36;
    // The digits are "a" to "z", then "0" to "9".
    let digit = |n: u32| char::from(if n < 26 { b'a' + n as u8 } else { b'0' + (n - 26) as u8 });
    let mut out: String = label.chars().filter(char::is_ascii).collect();
    let ascii = out.len() as u32;
    if ascii > 0 {
        out.push('-');
    }
    let (mut n, mut delta, mut bias, mut done) = (128u32, 0u32, 72u32, ascii);
    let all = label.chars().count() as u32;
    while done < all {
        let next = label.chars().map(u32::from).filter(|c| *c >= n).min().unwrap_or(u32::MAX);
        delta = delta.saturating_add((next - n).saturating_mul(done + 1));
        n = next;
        for c in label.chars().map(u32::from) {
            if c < n {
                delta = delta.saturating_add(1);
            }
            if c != n {
                continue;
            }
            let mut q = delta;
            for k in (1..).map(|k| k * BASE) {
                let t = k.saturating_sub(bias).clamp(1, 26);
                if q < t {
                    break;
                }
                out.push(digit(t + (q - t) % (BASE - t)));
                q = (q - t) / (BASE - t);
            }
            out.push(digit(q));
            let first = done == ascii;
            delta = if first { delta / 700 } else { delta / 2 };
            delta += delta / (done + 1);
            let mut k = 0;
            while delta > 455 {
                delta /= BASE - 1;
                k += BASE;
            }
            bias = k + (BASE * delta) / (delta + 38);
            delta = 0;
            done += 1;
        }
        delta = delta.saturating_add(1);
        n = n.saturating_add(1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::linkify;

    #[derive(serde::Deserialize)]
    struct Case {
        text: String,
        links: Vec<Vec<String>>,
    }

    #[test]
    fn s7_what_is_a_link_is_one_table_for_app_and_widget() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("links.json")).unwrap();
        assert!(cases.len() > 100, "{}", cases.len());
        let mut faults = Vec::new();
        for Case { text, links } in cases {
            let pieces = linkify(&text);
            assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), text, "nothing is lost");
            let found: Vec<Vec<String>> = pieces
                .iter()
                .filter_map(|piece| {
                    let link = piece.link.as_ref()?;
                    Some([piece.text.to_owned(), link.href.clone()].into_iter().chain(link.host.clone()).collect())
                })
                .collect();
            if found != links {
                faults.push(format!("{text:?}: {found:?}, not {links:?}"));
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn s7_hostile_texts_take_linear_time() {
        let begun = std::time::Instant::now();
        let parts = [
            "a",
            "a@",
            "a.",
            "https://",
            "(",
            "@a.",
            "https://a.example/)",
            "a@a.",
            "mailto:",
            "mailto:a@",
            "tel:",
            "tel:1",
            "www.",
            "ü",
            "www.ü",
            "a@ü.",
            "https://(",
            ",https://",
            "'a@",
            "''''",
            "_https://",
            "_https://a.example/_~",
        ];
        for part in parts {
            let text = part.repeat(200_000 / part.len());
            assert_eq!(linkify(&text).iter().map(|piece| piece.text.len()).sum::<usize>(), text.len(), "{part}");
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }
}
