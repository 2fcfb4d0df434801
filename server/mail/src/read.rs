//! Reads a mail's bytes (RFC 5322, MIME). The bytes are stored unchanged elsewhere, so that a later version may read them again.

use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser};
use model::{Mailbox, Parties, Timestamp};

use super::{
    body::{self, Bodies},
    dmarc::{self, Dmarc},
    enclosed::unread,
    nested,
    report::{self, Report},
    sender::{self, Senders, mailboxes},
    words, writer,
};
use crate::{Claims, Writer};

/// The most parts of a mail that are read. More parts are an attack, and only the first ones are read (S10).
pub(super) const MOST_PARTS: usize = 500;
/// The most nested mails.
pub(super) const MOST_LEVELS: usize = 1000;
/// The most Message-IDs of answered mails. Real chains are pruned to about twenty.
const MOST_ANSWERED: usize = 100;
/// The most addresses in one header. They are sent to everybody who opens the thread.
pub(super) const PARTIES: usize = 500;

/// Why a mail could not be read. It is stored, and an administrator can look at its source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no recognisable header.
    #[error("This is not a mail: it has no header.")]
    NoMail,
}

/// A Message-ID without angle brackets. Anybody may write any id into a mail, so an id finds a conversation but never gives access.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MessageName(String);

impl MessageName {
    /// Accepts valid ids: printable ASCII without space or brackets, at most 500 bytes. Others could not be sent back unchanged.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('<').trim_end_matches('>');
        let fits = !text.is_empty()
            && text.len() <= 500
            && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The form in which it is stored and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A file in a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailFile {
    /// The name that the sender gave. Not trusted.
    pub name: String,
    /// The type that the sender gave: `type/subtype`, in lower case.
    pub media_type: String,
    /// Its Content-ID, by which the HTML refers to pictures (`cid:`).
    pub content_id: Option<String>,
    /// Its original URL, by which the HTML may refer to pictures (RFC 2557).
    pub location: Option<String>,
    /// Its bytes, decoded.
    pub bytes: Vec<u8>,
}

impl MailFile {
    /// The names by which the HTML may refer to it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let given = [self.content_id.as_deref(), self.location.as_deref(), Some(self.name.as_str())];
        given.into_iter().flatten().filter(|name| !name.is_empty())
    }
}

/// The content of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its Message-ID. None if it has none, or several.
    pub name: Option<MessageName>,
    /// The mails that it answers, nearest first: In-Reply-To, then References from last to first, each once.
    pub answers: Vec<MessageName>,
    /// The sender and the recipients.
    pub parties: Parties,
    /// The addresses through which it reached the mailbox, as servers recorded them.
    pub delivered_to: Vec<String>,
    /// What it says about its sender.
    pub claims: Claims,
    /// The receiving server's DMARC result.
    pub dmarc: Dmarc,
    /// The subject, on one line.
    pub subject: String,
    /// Its own date.
    pub sent_at: Option<Timestamp>,
    /// The whole letter as text. Parts that exist only as HTML are converted.
    pub text: String,
    /// The whole letter as HTML documents in sequence. None if no part of it has a layout. Hostile.
    pub html: Vec<String>,
    /// Its files, including pictures in the text.
    pub files: Vec<MailFile>,
    /// Whether a person or a machine wrote it.
    pub writer: Writer,
    /// The delivery report, if a mail system wrote it.
    pub report: Option<Report>,
    /// If the mail was cut: the position of the first body that was not read completely, or of the cut.
    pub cut: Option<u64>,
}

/// Reads a mail.
///
/// # Errors
/// [`Unreadable`] when nothing in it is reliable.
pub fn read(bytes: &[u8]) -> Result<Mail, Unreadable> {
    read_some(bytes, false)
}

/// Reads the beginning of a mail.
///
/// # Errors
/// Those of [`read`].
pub fn read_beginning(bytes: &[u8]) -> Result<Mail, Unreadable> {
    read_some(bytes, true)
}

fn read_some(bytes: &[u8], is_beginning: bool) -> Result<Mail, Unreadable> {
    // Halved until it is within the limits: a half begins with the header and usually the text.
    let mut beginning = bytes;
    let message = loop {
        match within_bounds(beginning)? {
            Some(message) => break message,
            None => beginning = &beginning[..beginning.len() / 2],
        }
    };
    let cut = (is_beginning || beginning.len() < bytes.len()).then(|| unread(&message));
    Ok(read_parsed(message, cut))
}

/// A parsed mail. None if it has more parts or levels than are read.
fn within_bounds(bytes: &[u8]) -> Result<Option<Message<'_>>, Unreadable> {
    if nested::too_deep(bytes, MOST_LEVELS) {
        return Ok(None);
    }
    let message = MessageParser::default().parse(bytes).ok_or(Unreadable::NoMail)?;
    // Any text before an empty line looks like an unknown header.
    if message.headers().iter().all(|header| matches!(header.name, HeaderName::Other(_))) {
        return Err(Unreadable::NoMail);
    }
    Ok((message.parts.len() <= MOST_PARTS).then_some(message))
}

fn read_parsed(mut message: Message<'_>, cut: Option<u64>) -> Mail {
    words::mend(&mut message);
    let writer = writer::kind(&message);
    let in_words = || (writer == Writer::Bounce).then(|| report::in_words(&message));
    let report = report::read(&message).or_else(in_words);
    // Last of all: texts and files are moved out, so that the largest part of a mail is not held twice.
    let Bodies { text, html, files } = body::read(&mut message, cut.is_some());
    let delivered_to = delivered_to(&message);
    let (parties, claims) = parties(&message, &delivered_to);
    Mail {
        name: name(&message),
        answers: answers(&message),
        dmarc: dmarc::verdict(&message, parties.from.as_ref()),
        parties,
        claims,
        delivered_to,
        subject: one_line(message.subject().unwrap_or_default()),
        sent_at: message.date().and_then(|date| date.to_timestamp().checked_mul(1000)).map(Timestamp),
        text,
        html,
        files,
        writer,
        report,
        cut,
    }
}

/// Accepts only a single id: with two, programs disagree about which counts, and threads could be forged.
fn name(message: &Message<'_>) -> Option<MessageName> {
    let mut all = message.header_values(HeaderName::MessageId).flat_map(names);
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

fn answers(message: &Message<'_>) -> Vec<MessageName> {
    let nearest = names(message.in_reply_to());
    let mut chain = names(message.references());
    chain.reverse();
    let mut found: Vec<MessageName> = Vec::new();
    for one in nearest.into_iter().chain(chain) {
        if found.len() < MOST_ANSWERED && !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

fn names(value: &HeaderValue<'_>) -> Vec<MessageName> {
    match value {
        HeaderValue::Text(one) => MessageName::read(one).into_iter().collect(),
        HeaderValue::TextList(all) => all.iter().filter_map(|one| MessageName::read(one)).collect(),
        _ => Vec::new(),
    }
}

fn parties(message: &Message<'_>, delivered_to: &[String]) -> (Parties, Claims) {
    let list = |address: Option<&Address<'_>>| -> Vec<Mailbox> { address.map(mailboxes).unwrap_or_default() };
    let Senders { from, reply_to, claims } = sender::read(message, delivered_to);
    let (to, cc) = (list(message.to()), list(message.cc()));
    (Parties { from, reply_to, to, cc, claimed: None }, claims)
}

/// A text without line ends and control characters, so that it cannot begin a new line anywhere (S15).
pub fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1000).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Headers in which servers record the address that a mail was delivered to.
const DELIVERED_TO: [&str; 4] = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To"];

fn delivered_to(message: &Message<'_>) -> Vec<String> {
    let lines = DELIVERED_TO.iter().filter_map(|name| message.header_raw(*name));
    let addresses = lines.flat_map(|line| line.split([',', ' ', ';', '\r', '\n', '\t']));
    let bare = addresses.map(|word| word.trim_matches(['<', '>']));
    bare.filter(|word| word.contains('@') && word.len() <= 320).take(20).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mail(lines: &str) -> Mail {
        read(lines.replace('\n', "\r\n").as_bytes()).unwrap()
    }

    fn named(names: &[MessageName]) -> Vec<&str> {
        names.iter().map(MessageName::as_str).collect()
    }

    #[test]
    fn h1_a_plain_mail() {
        let mail = mail(
            "From: =?utf-8?q?Am=C3=A9lie?= <amelie@x.example>\nTo: Support <support@acme.example>, ben@x.example\nCc: cleo@y.example\n\
             Subject: =?utf-8?b?TGllZmVydW5nIG5hY2ggTMO8YmVjaw==?=\nDate: Mon, 2 Nov 2026 10:00:00 +0100\nMessage-ID: <a1@x.example>\n\
             Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nSch=F6n!\n",
        );
        assert_eq!(mail.parties.from, Some(Mailbox { name: "Amélie".into(), address: "amelie@x.example".into() }));
        assert_eq!(mail.parties.to.len(), 2);
        assert_eq!((mail.subject.as_str(), mail.text.trim()), ("Lieferung nach Lübeck", "Schön!"));
        assert_eq!(mail.sent_at, Some(Timestamp(1_793_610_000_000)));
        assert_eq!(mail.name.as_ref().map(MessageName::as_str), Some("a1@x.example"));
        assert!(mail.html.is_empty() && mail.files.is_empty() && mail.answers.is_empty());
        assert_eq!(mail.writer, Writer::Person);
    }

    #[test]
    fn h1_the_whole_chain_the_nearest_first() {
        let chain = mail("From: a@x.example\nIn-Reply-To: <c@x>\nReferences: <a@x> <b@x>\n <c@x>\n\nx\n");
        assert_eq!(named(&chain.answers), ["c@x", "b@x", "a@x"]);
        let long: String = (0..1000).map(|n| format!(" <{n}@x>\n")).collect();
        let pruned = mail(&format!("From: a@x.example\nReferences:{long}\nx\n"));
        assert_eq!((pruned.answers.len(), pruned.answers[0].as_str()), (MOST_ANSWERED, "999@x"));
    }

    #[test]
    fn h1_two_names_are_none() {
        assert_eq!(mail("From: a@x.example\nMessage-ID: <a@x>\nMessage-ID: <b@x>\n\nx\n").name, None);
        assert_eq!(mail("From: a@x.example\n\nx\n").name, None);
        for bad in ["", "<>", "a b@x", "a\u{7}@x", "ä@x", &"x".repeat(600)] {
            assert_eq!(MessageName::read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn t3_both_texts_and_the_files() {
        let mail = mail(
            "From: a@x.example\nSubject: Files\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n\
             --m\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: multipart/alternative; boundary=b\n\n\
             --b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: text/html\n\n<p>Hello <img src=\"cid:logo\"></p>\n--b--\n\
             --r\nContent-Type: image/png\nContent-ID: <logo>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--r--\n\
             --m\nContent-Type: application/pdf; name*=utf-8''Angebot%20M%C3%BCller.pdf\nContent-Disposition: attachment\n\n%PDF-1.4\n--m--\n",
        );
        assert_eq!(mail.text.trim(), "Hello");
        assert!(mail.html[0].contains("cid:logo"));
        let files: Vec<_> = mail
            .files
            .iter()
            .map(|file| (file.name.as_str(), file.media_type.as_str(), file.content_id.as_deref()))
            .collect();
        assert_eq!(files, [("", "image/png", Some("logo")), ("Angebot Müller.pdf", "application/pdf", None)]);
        assert!(mail.files[0].bytes.starts_with(b"\x89PNG"));
    }

    #[test]
    fn t3_html_alone_is_readable() {
        let mail = mail(
            "From: a@x.example\nContent-Type: text/html\n\n<p>One</p><p>Two &amp; three</p><script>x()</script>\n",
        );
        assert!(
            mail.text.contains("One") && mail.text.contains("Two & three") && !mail.text.contains("x()"),
            "{}",
            mail.text
        );
    }

    #[test]
    fn t3_an_enclosed_mail_is_a_file_of_its_own() {
        let inner = "From: b@x.example\nSubject: =?utf-8?q?Gr=C3?= =?utf-8?q?=BC=C3=9Fe?=\n\nInside";
        for (encoding, packed) in [("7bit", inner), ("quoted-printable", &inner.replace('=', "=3D"))] {
            let mail = mail(&format!(
                "From: a@x.example\nContent-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: message/rfc822\n\
                 Content-Transfer-Encoding: {encoding}\n\n{packed}\n--m--\n"
            ));
            assert_eq!(mail.files[0].name, "Grüße.eml");
            assert_eq!(String::from_utf8_lossy(&mail.files[0].bytes).trim_end(), inner.replace('\n', "\r\n"));
        }
    }

    #[test]
    fn t3_what_outlook_packed_is_unpacked() {
        // A stream with one file, "a.txt", that contains "one".
        let packed = "eJ8+IgEAAgKQBgAOAAAAAQD/////IAAgAAAAAAA9BAIQgAEABgAAAGEudHh0ADkBAg+ABgADAAAAb25lQgE=";
        let with = |packed: &str| {
            let mail = mail(&format!(
                "From: a@x.example\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{packed}\n"
            ));
            mail.files.into_iter().map(|file| (file.name, file.bytes.len())).collect::<Vec<_>>()
        };
        assert_eq!(with(packed), [("a.txt".to_owned(), 3)]);
        assert_eq!(with(&packed[..packed.len() - 4]), [("winmail.dat".to_owned(), 60)], "cut off");
    }

    #[test]
    fn s10_s15_hostile_mails_stay_within_bounds() {
        let parts = "--b\nContent-Type: text/plain\n\nx\n".repeat(2000);
        let bomb = format!("From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n")
            .replace('\n', "\r\n");
        let bomb = read(bomb.as_bytes()).unwrap();
        assert!(
            bomb.cut.is_some() && bomb.text.starts_with('x') && bomb.parties.from.is_some(),
            "what comes first arrives"
        );
        let file = "--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF\r\n";
        let beginning = |files: usize, rest: &str| {
            let head = "From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
            read_beginning(format!("{head}{}{rest}", file.repeat(files)).as_bytes()).unwrap()
        };
        assert_eq!(beginning(2, "").files.len(), 1, "what the cut went through is none");
        assert_eq!(beginning(2, "--b\r\nContent-Type: text/plain\r\n\r\nx").files.len(), 2, "the others are");
        assert!(beginning(2, "--b--\r\n").cut.is_some());
        let nest = format!("From: a@x.example\n{}\nx", "Content-Type: message/rfc822\n\n".repeat(200_000));
        let nest = read(nest.as_bytes()).unwrap();
        assert!(nest.cut.is_some() && nest.parties.from.is_some());
        for none in ["", "no mail at all ", "\r\nOnly a text.\r\n", ": \r\n: x\r\n\r\n"] {
            assert_eq!(read(none.as_bytes()), Err(Unreadable::NoMail), "{none:?}");
        }
        let lines = mail("From: \"a\n b\" <a@x.example>\nSubject: =?utf-8?q?one=0D=0ABcc:_evil@x.example?=\n\nx\n");
        assert_eq!(lines.subject, "one Bcc: evil@x.example");
        assert!(!lines.parties.from.unwrap().name.contains('\n'));
        for from in ["nobody", "<a b@x>", "@x.example", "a@"] {
            assert_eq!(mail(&format!("From: {from}\nSubject: x\n\nx\n")).parties.from, None, "{from}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_mail_like_text_can_be_read(text in "(From: |To: |References: |<a@x>|Content-Type: |multipart/mixed; boundary=b|--b|--|\r\n|=\\?utf-8\\?q\\?|[ -~]){0,60}") {
            if let Ok(mail) = read(text.as_bytes()) {
                prop_assert!(!mail.subject.contains(['\r', '\n']));
                prop_assert!(mail.answers.len() <= MOST_ANSWERED);
            }
        }
    }
}
