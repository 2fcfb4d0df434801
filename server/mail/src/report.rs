//! Delivery reports about our mails (RFC 3464, RFC 6533), or the plain text of mail systems without reports (T8).

use std::borrow::Cow;

use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{
    body::read_again,
    read::{MessageName, one_line},
};

/// The most recipients of a report that are read.
const MOST_RECIPIENTS: usize = 100;
/// Texts of mail systems that still retry.
const GOES_ON: [&str; 18] = [
    "will retry",
    "will be retried",
    "delayed",
    "still trying",
    "will keep trying",
    "will continue to try",
    "not need to resend",
    "verzögert",
    "weiterhin versucht",
    "wird weiter versucht",
    "retardé",
    "différé",
    "retrasad",
    "demorad",
    "ritardat",
    "vertraagd",
    "atrasad",
    "задерж",
];
/// Texts of mail systems that gave up. A temporary code (4.4.1: no answer) then only gives the reason.
const GAVE_UP: [&str; 23] = [
    "given up",
    "giving up",
    "gave up",
    "not going to try again",
    "no longer try",
    "not be retried",
    "too long",
    "expired",
    "permanent",
    "undeliverable",
    "aufgegeben",
    "endgültig",
    "nicht weiter versucht",
    "nicht mehr versucht",
    "abgelaufen",
    "unzustellbar",
    "abandonn",
    "définitiv",
    "definitiv",
    "expiré",
    "expirad",
    "scadut",
    "opgegeven",
];

/// What happened to our mail, by a mail system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It was given up and will not arrive.
    Failed,
    /// It is delayed and still retried. This is no failure.
    Delayed,
    /// It arrived, or was passed on without further reports.
    Delivered,
}

/// The report for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientReport {
    /// The address. Empty if a plain text report does not name it.
    pub address: String,
    /// What happened to the mail.
    pub outcome: Reported,
    /// The enhanced code (RFC 3463), such as `5.1.1`. Empty for none.
    pub status: String,
    /// The answer of the other server.
    pub said: String,
}

/// A delivery report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The reports for each recipient.
    pub recipients: Vec<RecipientReport>,
    /// The Message-IDs of the reported mail. The one that we know ties the report to its message.
    pub about: Vec<MessageName>,
}

/// Reads a mail's report. None if the mail is no report.
pub fn read(message: &Message<'_>) -> Option<Report> {
    let parts = || message.parts.iter();
    let recipients: Vec<RecipientReport> = parts()
        .filter(|part| is(part, "message", "delivery-status") || is(part, "message", "global-delivery-status"))
        .flat_map(|part| recipients(&text(part)))
        .collect();
    if recipients.is_empty() {
        return None;
    }
    let about = parts().filter_map(returned).collect();
    Some(Report { recipients, about })
}

/// Reads a report in plain text. It counts as permanent, unless its text or code says that the system still retries.
pub fn in_words(message: &Message<'_>) -> Report {
    let part = message.text_part(0).filter(|part| matches!(part.body, PartType::Text(_)));
    let again = part.and_then(|part| read_again(part, &message.raw_message)).map(Cow::from);
    let text = again.or_else(|| message.body_text(0)).unwrap_or_default();
    let own = own_words(&text);
    let status = statuses(own).chain(statuses(&text)).next().unwrap_or_default();
    let delayed = goes_on(own);
    let recipient = RecipientReport {
        address: String::new(),
        outcome: if delayed { Reported::Delayed } else { Reported::Failed },
        status: status.to_owned(),
        said: one_line(
            text.lines().map(str::trim).find(|line| line.contains(status) && !line.is_empty()).unwrap_or_default(),
        ),
    };
    let quoted = text.lines().filter_map(|line| {
        let (name, rest) = line.trim_start_matches(['>', ' ', '\t']).split_once(':')?;
        name.eq_ignore_ascii_case("message-id").then(|| MessageName::read(rest))?
    });
    let about = message.parts.iter().filter_map(returned).chain(quoted).collect();
    Report { recipients: vec![recipient], about }
}

/// The mail system's own text, before the returned mail, which may speak of delays too.
fn own_words(text: &str) -> &str {
    const GIVEN_BACK: [&str; 4] = ["return-path:", "received:", "message-id:", "mime-version:"];
    let begins = |line: &str, name: &str| line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(['>', ' ', '\t']);
        if GIVEN_BACK.iter().any(|name| begins(bare, name)) {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

/// Whether a text says that the mail may still arrive: in a known language, or by a temporary code.
fn goes_on(words: &str) -> bool {
    let lower = words.to_lowercase();
    let says = |all: &[&str]| all.iter().any(|word| lower.contains(word));
    // 4.94.2 is a version number.
    let is_for_now =
        |status: &str| status.starts_with("4.") && status.find('.') == Some(1) && status[2..].find('.') == Some(1);
    let code_says =
        || statuses(words).next().is_some_and(is_for_now) && !statuses(words).any(|one| one.starts_with("5."));
    says(&GOES_ON) || (code_says() && !says(&GAVE_UP))
}

/// The enhanced codes in a text.
fn statuses(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    // "(4.4.1)." also ends a sentence.
    words.map(|word| word.trim_end_matches('.')).filter(|word| is_status(word))
}

fn is(part: &MessagePart<'_>, kind: &str, sub: &str) -> bool {
    part.content_type().is_some_and(|ctype| {
        ctype.ctype().eq_ignore_ascii_case(kind) && ctype.subtype().is_some_and(|it| it.eq_ignore_ascii_case(sub))
    })
}

fn text(part: &MessagePart<'_>) -> String {
    String::from_utf8_lossy(part.contents()).replace("\r\n", "\n")
}

/// The Message-ID of the mail that a part returns, whole or only its headers.
fn returned(part: &MessagePart<'_>) -> Option<MessageName> {
    match &part.body {
        PartType::Message(inner) => MessageName::read(inner.message_id()?),
        _ if is(part, "text", "rfc822-headers") || is(part, "message", "global-headers") => {
            let headers = format!("{}\n\n", text(part).trim());
            MessageName::read(MessageParser::default().parse_headers(headers.as_bytes())?.message_id()?)
        }
        _ => None,
    }
}

/// The field groups after the first: each is about one recipient.
fn recipients(text: &str) -> Vec<RecipientReport> {
    text.split("\n\n").map(fields).filter_map(|fields| recipient(&fields)).take(MOST_RECIPIENTS).collect()
}

/// The fields of a group, unfolded, with names in lower case.
fn fields(group: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in group.lines() {
        match (line.starts_with([' ', '\t']), line.split_once(':'), fields.last_mut()) {
            (true, _, Some((_, value))) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (false, Some((name, value)), _) => fields.push((name.trim().to_lowercase(), value.trim().to_owned())),
            _ => {}
        }
    }
    fields
}

fn recipient(fields: &[(String, String)]) -> Option<RecipientReport> {
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    // "rfc822; anna@x.example": the part before the semicolon is the address type.
    let plain = |value: &str| value.split_once(';').map_or(value, |(_, rest)| rest).trim().to_owned();
    let address = field("final-recipient").or_else(|| field("original-recipient")).map(plain)?;
    let action = field("action")?.to_lowercase();
    let outcome = match action.split([' ', '(', ';']).next().unwrap_or_default() {
        "failed" => Reported::Failed,
        "delayed" => Reported::Delayed,
        _ => Reported::Delivered,
    };
    let status = field("status").and_then(|status| status.split_whitespace().next()).filter(|status| is_status(status));
    Some(RecipientReport {
        address: one_line(unescaped(&address).trim_matches(['<', '>'])),
        outcome,
        status: status.unwrap_or_default().to_owned(),
        said: field("diagnostic-code").map(|said| one_line(&plain(said))).unwrap_or_default(),
    })
}

/// Decodes an address with escaped characters: `gr\x{FC}n@x.example` (RFC 6533, 3).
fn unescaped(address: &str) -> String {
    let mut pieces = address.split("\\x{");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let read = piece.split_once('}').and_then(|(number, rest)| {
            let c = char::from_u32(u32::from_str_radix(number, 16).ok()?)?;
            Some((c, rest))
        });
        match read {
            Some((c, rest)) => {
                plain.push(c);
                plain.push_str(rest);
            }
            None => plain.extend(["\\x{", piece]),
        }
    }
    plain
}

/// Three numbers of which the first is 2, 4 or 5 (RFC 3463, 2).
fn is_status(word: &str) -> bool {
    let numbers: Vec<&str> = word.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit());
    numbers.len() == 3 && matches!(numbers[0], "2" | "4" | "5") && numbers.iter().all(is_number)
}

#[cfg(test)]
mod tests {
    use super::{super::read::read, *};

    fn report(lines: &str) -> Report {
        read(lines.replace('\n', "\r\n").as_bytes()).unwrap().report.expect("a report")
    }

    const HEAD: &str = "From: Mail Delivery System <MAILER-DAEMON@mx.example>\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nYour message could not be delivered.\n\
        --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\nArrival-Date: Mon, 2 Nov 2026 10:00:00 +0100\n\n";

    #[test]
    fn t8_a_report_names_its_recipients_and_its_mail() {
        let report = report(&format!(
            "{HEAD}Final-Recipient: rfc822; anna@x.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1\n  User unknown\n\n\
             Final-Recipient: rfc822;ben@x.example\nAction: Delayed\nStatus: 4.4.1 (timed out)\n\n\
             --b\nContent-Type: message/rfc822\n\nFrom: support@acme.example\nMessage-ID: <m1@acme.example>\n\nHello\n--b--\n"
        ));
        let [anna, ben] = report.recipients.as_slice() else { panic!("two: {report:?}") };
        assert_eq!(
            (anna.address.as_str(), anna.outcome, anna.status.as_str()),
            ("anna@x.example", Reported::Failed, "5.1.1")
        );
        assert_eq!(anna.said, "550 5.1.1 User unknown");
        assert_eq!(
            (ben.address.as_str(), ben.outcome, ben.status.as_str()),
            ("ben@x.example", Reported::Delayed, "4.4.1")
        );
        assert_eq!(report.about.iter().map(MessageName::as_str).collect::<Vec<_>>(), ["m1@acme.example"]);
    }

    #[test]
    fn t8_headers_alone_name_it_too() {
        let report = report(&format!(
            "{HEAD}Final-Recipient: rfc822; anna@x.example\nAction: failed\nStatus: 5.2.2\n\n\
             --b\nContent-Type: text/rfc822-headers\n\nSubject: Hello\nMessage-ID: <m2@acme.example>\n--b--\n"
        ));
        assert_eq!(report.about.iter().map(MessageName::as_str).collect::<Vec<_>>(), ["m2@acme.example"]);
    }

    #[test]
    fn t8_words_are_read_where_there_is_no_form() {
        let report = report(
            "From: MAILER-DAEMON@old.example\nSubject: failure notice\n\nHi. I could not deliver your message.\n<anna@x.example>:\n\
             550 5.1.1 No such user\n\n--- Below this line is a copy of the message.\n\n> Message-ID: <m3@acme.example>\n> Subject: Hello\n",
        );
        let [one] = report.recipients.as_slice() else { panic!("one") };
        assert_eq!(
            (one.outcome, one.status.as_str(), one.said.as_str()),
            (Reported::Failed, "5.1.1", "550 5.1.1 No such user")
        );
        assert_eq!(report.about.iter().map(MessageName::as_str).collect::<Vec<_>>(), ["m3@acme.example"]);
    }

    #[test]
    fn t8_a_report_in_utf8_is_one_too() {
        let head = HEAD.replace("delivery-status", "global-delivery-status");
        let report = report(&format!(
            "{head}Final-Recipient: utf-8; gr\\x{{FC}}n@x.example\nAction: failed (bad address)\nStatus: 5.1.1\n\n\
             --b\nContent-Type: message/global-headers; charset=utf-8\n\nSubject: Grüße\nMessage-ID: <m4@acme.example>\n--b--\n"
        ));
        let [one] = report.recipients.as_slice() else { panic!("one: {report:?}") };
        assert_eq!(
            (one.address.as_str(), one.outcome, one.status.as_str()),
            ("grün@x.example", Reported::Failed, "5.1.1")
        );
        assert_eq!(report.about.iter().map(MessageName::as_str).collect::<Vec<_>>(), ["m4@acme.example"]);
        assert_eq!(unescaped("a\\x{zz}b\\x{41"), "a\\x{zz}b\\x{41");
    }

    #[test]
    fn t8_a_mail_that_is_still_tried_is_not_returned() {
        let outcome = |words: &str| {
            let mail = format!(
                "From: MAILER-DAEMON@x.example\nContent-Type: text/plain; charset=utf-8\n\n{words}\n\n--- Copy ---\n\
                 Message-ID: <m5@acme.example>\nSubject: Delayed\n\nYour order is delayed, we will retry.\n"
            );
            report(&mail).recipients[0].outcome
        };
        for delayed in [
            "Ihre Nachricht konnte bisher nicht zugestellt werden (4.4.1). Es wird weiterhin versucht.",
            "Die Zustellung verzögert sich.",
            "Votre message est retardé.",
            "Wiadomość nie została jeszcze dostarczona: 4.4.1.",
            "THIS IS A WARNING ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE. It will be retried until it is 5 days old.",
        ] {
            assert_eq!(outcome(delayed), Reported::Delayed, "{delayed}");
        }
        for returned in [
            "550 5.1.1 No such user",
            "Der Empfänger ist unbekannt.",
            "I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long.",
            "451 4.4.1 No answer, then 550 5.4.1 refused",
            "Exim 4.94.2: unknown user",
            "You will need to resend it to another address.",
            "4.4.7 Message expired",
        ] {
            assert_eq!(outcome(returned), Reported::Failed, "{returned}");
        }
    }

    #[test]
    fn t8_letters_are_no_reports() {
        let letter = read(b"From: anna@x.example\r\nSubject: 5.1.1\r\n\r\nMessage-ID: <m@acme.example>\r\n").unwrap();
        assert_eq!(letter.report, None);
    }
}
