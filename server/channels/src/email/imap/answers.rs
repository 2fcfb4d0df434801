//! Parses what an IMAP server sends, piece by piece (RFC 9051, 9). Data that was not asked for is skipped, whatever it looks like. It is
//! never followed, nested or stored.

use bytes::Bytes;
use model::Timestamp;

/// The most words of a response. The responses that we ask for have about ten.
const WORDS: usize = 20_000;

/// How many blanks are skipped after a literal's announcement.
const BLANKS: usize = 8;

/// The most digits of a valid number.
const DIGITS: usize = 20;

/// The largest accepted size, in bytes. No mail is that large, and sums of such sizes do not overflow.
const ENOUGH: u64 = 1 << 40;

/// The status of a command, or of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
    PreAuth,
    Bye,
}

/// A status and the text after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub status: Status,
    /// The text in brackets, such as `UIDNEXT 8`.
    pub code: String,
    /// The text for people, on one line.
    pub words: String,
}

/// One response of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// The end of the answer to the command with this tag.
    Tagged(String, Condition),
    /// An untagged status.
    Untagged(Condition),
    /// The server waits for the announced bytes.
    GoOn,
    /// The number of mails in the folder.
    Exists(usize),
    /// Data of a mail.
    Fetch(Fetch),
    /// The UIDs that a search found.
    Search(Vec<i64>),
    /// A folder: its flags and its name.
    Folder(Vec<String>, String),
    /// The UID that the folder's next mail will have.
    UidNext(i64),
    /// The server's capabilities.
    Capabilities(Vec<String>),
    Other,
}

/// Data of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fetch {
    pub uid: Option<i64>,
    pub size: Option<u64>,
    pub at: Option<Timestamp>,
    /// Its bytes, or part of them. `Some(None)` if the server says that there are none.
    pub body: Option<Option<Bytes>>,
}

impl Said {
    /// A response that is always one line: its text is free, so nothing in it announces a literal.
    pub(super) fn in_one_line(line: &[u8]) -> Option<Self> {
        if line.first() == Some(&b'+') {
            return Some(Self::GoOn);
        }
        let text = String::from_utf8_lossy(line);
        let (tag, rest) = text.split_once(' ')?;
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        let word = word.to_ascii_uppercase();
        let status = match word.as_str() {
            "OK" => Status::Ok,
            "NO" => Status::No,
            "BAD" => Status::Bad,
            "PREAUTH" => Status::PreAuth,
            "BYE" => Status::Bye,
            "SEARCH" if tag == "*" => return Some(Self::Search(numbers(behind))),
            "CAPABILITY" if tag == "*" => {
                return Some(Self::Capabilities(
                    behind.split_ascii_whitespace().map(str::to_ascii_uppercase).collect(),
                ));
            }
            _ => return None,
        };
        let condition = condition(status, behind);
        Some(if tag == "*" { Self::Untagged(condition) } else { Self::Tagged(tag.to_owned(), condition) })
    }
}

/// The UIDs of a search. `(MODSEQ 7)` may follow them.
fn numbers(list: &str) -> Vec<i64> {
    list.split_ascii_whitespace().map_while(|one| one.parse::<u32>().ok()).map(i64::from).collect()
}

fn condition(status: Status, text: &str) -> Condition {
    let coded = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (code, behind) = coded.unwrap_or(("", text));
    // Only the codes that help people are kept.
    let known = ["ALERT", "AUTHENTICATIONFAILED", "CAPABILITY"];
    let plain = known.contains(&code.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str());
    let words = super::plain_words(if plain { behind } else { text });
    let words = if words.is_empty() { "it does not say why".to_owned() } else { words };
    Condition { status, code: code.to_owned(), words }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Atom(String),
    Text(Bytes),
}

/// A response that is being read: its lines and the literals between them.
#[derive(Debug, Default)]
pub(super) struct Reading(Vec<Token>);

impl Reading {
    /// Adds a line. Returns the size of the literal that it announces, if any. None if it is no IMAP line.
    pub(super) fn line(&mut self, line: &[u8]) -> Option<Option<u64>> {
        let mut rest = line;
        while let Some(&first) = rest.first() {
            if self.0.len() == WORDS {
                return None;
            }
            rest = match first {
                b' ' => &rest[1..],
                b'(' => {
                    self.0.push(Token::Open);
                    &rest[1..]
                }
                b')' => {
                    self.0.push(Token::Close);
                    &rest[1..]
                }
                b'"' => {
                    let (text, behind) = quoted(&rest[1..])?;
                    self.0.push(Token::Text(text));
                    behind
                }
                b'{' | b'~' if self.announced(rest).is_some() => return Some(self.announced(rest)),
                _ => {
                    let (atom, behind) = atom(rest);
                    self.0.push(Token::Atom(String::from_utf8_lossy(atom).into_owned()));
                    behind
                }
            };
        }
        Some(None)
    }

    /// The size of a literal that the end of a line announces. Some servers add a blank after it. Inside brackets the response cannot end,
    /// so such a line still announces a literal. Otherwise each line of the mail would be parsed as a response.
    fn announced(&self, rest: &[u8]) -> Option<u64> {
        let blanks = rest.iter().rev().take(BLANKS).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let count = announced(&rest[..rest.len() - blanks])?;
        (blanks == 0 || self.is_open()).then_some(count)
    }

    fn is_open(&self) -> bool {
        let depth = self.0.iter().fold(0usize, |depth, token| match token {
            Token::Open => depth + 1,
            Token::Close => depth.saturating_sub(1),
            _ => depth,
        });
        depth > 0
    }

    /// Adds an announced literal.
    pub(super) fn literal(&mut self, bytes: Bytes) {
        self.0.push(Token::Text(bytes));
    }

    /// The UID of the mail that this is about, if it has come yet.
    pub(super) fn uid(&self) -> Option<i64> {
        self.pairs().find_map(|(key, value)| if key == "UID" { number(value?) } else { None })
    }

    /// The complete response.
    pub(super) fn said(self) -> Said {
        let word = |at: usize| match self.0.get(at) {
            Some(Token::Atom(word)) => word.to_ascii_uppercase(),
            _ => String::new(),
        };
        if word(0) != "*" {
            return Said::Other;
        }
        match (word(1).as_str(), word(2).as_str()) {
            (count, "EXISTS") => count.parse().map_or(Said::Other, Said::Exists),
            (_, "FETCH") => Said::Fetch(self.fetch()),
            ("LIST", _) => self.folder().unwrap_or(Said::Other),
            ("STATUS", _) => {
                let next = self.pairs().find_map(|(key, value)| if key == "UIDNEXT" { number(value?) } else { None });
                next.map_or(Said::Other, Said::UidNext)
            }
            _ => Said::Other,
        }
    }

    fn fetch(&self) -> Fetch {
        let mut fetch = Fetch::default();
        for (key, value) in self.pairs() {
            let Some(value) = value else { continue };
            match (key.as_str(), value) {
                ("UID", value) => fetch.uid = number(value),
                ("RFC822.SIZE", Token::Atom(size)) => fetch.size = size.parse().ok().map(|size: u64| size.min(ENOUGH)),
                ("INTERNALDATE", Token::Text(date)) => fetch.at = moment(&String::from_utf8_lossy(date)),
                (key, value) if key == "RFC822" || key.starts_with("BODY[]") => match value {
                    Token::Text(bytes) => fetch.body = Some(Some(bytes.clone())),
                    Token::Atom(nil) if nil.eq_ignore_ascii_case("NIL") => fetch.body = Some(None),
                    _ => {}
                },
                _ => {}
            }
        }
        fetch
    }

    /// The pairs in the outermost brackets. The value is None if it is a list.
    fn pairs(&self) -> impl Iterator<Item = (String, Option<&Token>)> {
        let mut depth = 0usize;
        let mut key: Option<String> = None;
        self.0.iter().filter_map(move |token| {
            match token {
                Token::Open => depth += 1,
                Token::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            match (depth, token, key.take()) {
                (1, Token::Close, Some(key)) => Some((key, None)),
                (1, Token::Atom(word), None) => {
                    key = Some(word.to_ascii_uppercase());
                    None
                }
                (1, Token::Atom(_) | Token::Text(_), Some(key)) => Some((key, Some(token))),
                (2.., _, waiting) => {
                    key = waiting;
                    None
                }
                _ => None,
            }
        })
    }

    /// Parses `* LIST (\Sent) "/" "Sent"`.
    fn folder(&self) -> Option<Said> {
        let close = self.0.iter().position(|token| *token == Token::Close)?;
        let marks = self.0.get(3..close)?.iter().filter_map(|token| match token {
            Token::Atom(mark) => Some(mark.to_ascii_lowercase()),
            _ => None,
        });
        let name = match self.0.get(close + 2)? {
            Token::Atom(name) => name.clone(),
            Token::Text(name) => String::from_utf8_lossy(name).into_owned(),
            Token::Open | Token::Close => return None,
        };
        Some(Said::Folder(marks.collect(), name))
    }
}

/// A UID (RFC 9051, nz-number).
fn number(token: &Token) -> Option<i64> {
    match token {
        Token::Atom(digits) => digits.parse::<u32>().ok().map(i64::from),
        _ => None,
    }
}

/// A quoted string after its first quote, and the rest.
fn quoted(text: &[u8]) -> Option<(Bytes, &[u8])> {
    let mut out = Vec::new();
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((out.into(), &text[at + 1..])),
            b'\\' => out.push(*bytes.next()?.1),
            other => out.push(*other),
        }
    }
    None
}

/// A word, with text in square brackets: `BODY[HEADER.FIELDS (TO)]<0>`. It is never empty.
fn atom(text: &[u8]) -> (&[u8], &[u8]) {
    let mut brackets = 0usize;
    let end = text.iter().position(|byte| {
        match byte {
            b'[' => brackets += 1,
            b']' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        brackets == 0 && matches!(byte, b' ' | b'(' | b')' | b'"')
    });
    text.split_at(end.unwrap_or(text.len()))
}

/// The size of a literal at the end of a line: `{5}`, `{5+}`, `~{5}`.
fn announced(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix(b"~").unwrap_or(text);
    let digits = text.strip_prefix(b"{")?.strip_suffix(b"}")?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.len() > DIGITS {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// A date and time of IMAP: ` 7-Feb-2026 21:52:25 +0100`.
fn moment(said: &str) -> Option<Timestamp> {
    let at = jiff::Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", said.trim_start()).ok()?;
    Some(Timestamp(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Said {
        Said::in_one_line(line.as_bytes()).unwrap_or_else(|| {
            let mut reading = Reading::default();
            assert_eq!(reading.line(line.as_bytes()), Some(None), "{line}");
            reading.said()
        })
    }

    #[test]
    fn s55_what_servers_say_is_understood() {
        let marks = |marks: &[&str]| marks.iter().map(|mark| (*mark).to_owned()).collect::<Vec<_>>();
        assert_eq!(read("* 3 EXISTS"), Said::Exists(3));
        assert_eq!(read("* SEARCH 4 9 2 (MODSEQ 917162500)"), Said::Search(vec![4, 9, 2]));
        assert_eq!(read("* search"), Said::Search(vec![]));
        assert_eq!(read("* STATUS \"a (b\" (MESSAGES 2 UIDNEXT 12)"), Said::UidNext(12));
        assert_eq!(
            read("* LIST (\\HasNoChildren \\Sent) \".\" \"Sent \\\"Items\\\"\""),
            Said::Folder(marks(&["\\hasnochildren", "\\sent"]), "Sent \"Items\"".to_owned())
        );
        assert_eq!(read("* LIST () NIL INBOX"), Said::Folder(vec![], "INBOX".to_owned()));
        assert_eq!(read("+ go on"), Said::GoOn);
        assert_eq!(read("* CAPABILITY IMAP4rev1 idle"), Said::Capabilities(marks(&["IMAP4REV1", "IDLE"])));
        let fetch = Fetch { uid: Some(7), size: Some(5), at: Some(Timestamp(1_770_497_545_000)), body: None };
        assert_eq!(
            read(
                "* 1 FETCH (FLAGS (\\Seen (odd)) UID 7 BODY[HEADER.FIELDS (TO)] \"x\" RFC822.SIZE 5 \
                 INTERNALDATE \" 7-Feb-2026 21:52:25 +0100\")"
            ),
            Said::Fetch(fetch)
        );
        let body = |body| Said::Fetch(Fetch { uid: Some(7), body: Some(body), ..Fetch::default() });
        assert_eq!(read("* 1 FETCH (BODY[]<0> \"a\\\"b\" UID 7)"), body(Some(Bytes::from("a\"b"))));
        assert_eq!(read("* 1 FETCH (UID 7 BODY[] NIL)"), body(None));
        for other in ["* 3 EXPUNGE", "* FLAGS (\\Seen)", "*", "", "A1", "* LIST", "* LIST (", "* 1 FETCH", "* x EXISTS"]
        {
            assert!(matches!(read(other), Said::Other | Said::Fetch(Fetch { uid: None, .. })), "{other}");
        }
    }

    /// A recursive parser would overflow its stack here and end the process.
    #[test]
    fn s55_however_deep_it_is_nested_it_is_passed_over() {
        let (open, close) = ("(".repeat(60_000), ")".repeat(60_000));
        for line in [
            format!("* 1 FETCH (BODYSTRUCTURE {open}"),
            format!("* 1 FETCH (BODYSTRUCTURE {open}{close} UID 7)"),
            format!("* 1 FETCH {close}{open} UID 7)"),
        ] {
            // Parsed or not: this returns, and nothing overflows.
            let _ = Reading::default().line(line.as_bytes());
        }
    }

    #[test]
    fn s55_an_announcement_counts_where_one_may_stand() {
        assert!(matches!(read("* OK look at {500000000}"), Said::Untagged(_)), "words are words");
        let announces = |line: &str| Reading::default().line(line.as_bytes());
        assert_eq!(announces("* 1 FETCH (BODY[] {5}"), Some(Some(5)));
        assert_eq!(announces("* LIST () \"/\" {3+}"), Some(Some(3)));
        assert_eq!(announces("* 1 FETCH (BINARY[] ~{9}"), Some(Some(9)));
        assert_eq!(announces("* 1 FETCH (X {5} UID 1)"), Some(None));
        assert_eq!(announces("* 1 FETCH (X \"open"), None);
        assert_eq!(announces("* 1 FETCH (UID 7 BODY[] {5} "), Some(Some(5)), "a blank behind it, and more must come");
        assert_eq!(announces("* 1 FETCH (UID 7 BODY[] {5} \t"), Some(Some(5)));
        assert_eq!(announces("* LIST () \"/\" {5} "), Some(None), "nothing is open: it may end here");
        assert_eq!(announces("* 1 FETCH (X {99999999999999999999}"), Some(None), "no number is no announcement");
    }

    #[test]
    fn a_refusal_is_told_in_the_servers_words() {
        let told = |line: &str| match read(line) {
            Said::Tagged(tag, condition) if tag == "A1" => condition.words,
            other => panic!("{other:?}"),
        };
        assert_eq!(told("A1 NO [AUTHENTICATIONFAILED] Authentication failed."), "Authentication failed");
        assert_eq!(told("A1 NO [LIMIT] Too many at once."), "[LIMIT] Too many at once");
        assert_eq!(told("A1 BAD"), "it does not say why");
    }

    proptest::proptest! {
        /// Anything that a server sends is parsed or skipped.
        #[test]
        fn s55_no_bytes_stop_the_reading(line in proptest::collection::vec(proptest::sample::select(&b"* 1AFETCH(UID)[]{}\"\\~+<>BODY\r\xff\0"[..]), 0..80)) {
            drop(Said::in_one_line(&line));
            let mut reading = Reading::default();
            for _ in 0..3 {
                if reading.line(&line) == Some(None) {
                    break;
                }
                reading.literal(Bytes::copy_from_slice(&line));
                let _ = reading.uid();
            }
            drop(reading.said());
        }
    }
}
