//! Who or what wrote a mail, and whether a machine may answer it (RFC 3834). Two machines that answer each other would never stop.

use mail_parser::{HeaderValue, Message, MimeHeaders};

/// Headers that only lists and mass mailings have. `Feedback-ID` is not among them: Proton, Fastmail and Zoho add it to all mails.
const LIST: [&str; 5] = ["List-Id", "List-Unsubscribe", "List-Post", "List-Help", "X-Campaign-Id"];
/// Headers of automatic responders.
const RESPONDER: [&str; 3] = ["X-Autoreply", "X-Autorespond", "X-Autoresponder"];
/// Local parts of senders that read no replies.
const NOBODY: [&str; 6] = ["noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "do_not_reply"];

/// Who or what wrote a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// A person. A machine may answer.
    Person,
    /// A person who does not want automatic answers, or a list or shop that writes to many.
    NoMachines,
    /// An automatic answer: an absence note, a ticket's receipt, a read receipt.
    AutoReply,
    /// A mail system that reports about our mail.
    Bounce,
}

/// Decides by a mail's headers.
pub fn kind(message: &Message<'_>) -> Writer {
    let word = |name: &str| first_word(message.header(name));
    let from = message.from().and_then(|from| from.first()).and_then(|one| one.address()).unwrap_or_default();
    let local = from.split('@').next().unwrap_or_default().to_lowercase();
    let has = |names: &[&str]| names.iter().any(|name| message.header(*name).is_some());
    // A postmaster may also be a person.
    let system = local == "mailer-daemon" || (local == "postmaster" && is_from_nowhere(message));
    match report_type(message).as_deref() {
        Some("delivery-status" | "global-delivery-status" | "") => return Writer::Bounce,
        Some(_) => return Writer::AutoReply,
        None if system => return Writer::Bounce,
        None => {}
    }
    let answered = word("Auto-Submitted").is_some_and(|word| word == "auto-replied");
    if answered || has(&RESPONDER) || word("Precedence").is_some_and(|word| word == "auto_reply") {
        return Writer::AutoReply;
    }
    let generated = word("Auto-Submitted").is_some_and(|word| word != "no");
    let many = word("Precedence").is_some_and(|word| matches!(word.as_str(), "bulk" | "junk" | "list"));
    // Exchange marks absence notes as generated, not as replies. Ticket systems mark people's answers the same way, but those have a return
    // path.
    let one_way = is_from_nowhere(message) || message.header("Return-Path").is_none();
    if generated && one_way && !many && !has(&LIST) && message.header("In-Reply-To").is_some() {
        return Writer::AutoReply;
    }
    let nobody = is_nobody(&local);
    // It asks for no automatic answers, which says nothing about who wrote it.
    let unwanted = has(&["X-Auto-Response-Suppress"]) || local == "postmaster";
    if generated || many || nobody || unwanted || has(&LIST) || is_from_nowhere(message) {
        return Writer::NoMachines;
    }
    Writer::Person
}

/// Whether a local part belongs to a sender that reads no replies.
pub fn is_nobody(local: &str) -> bool {
    let plain = local.split('+').next().unwrap_or_default().to_lowercase();
    NOBODY.contains(&plain.as_str())
}

/// The first word of a header, without comments and parameters: "auto-replied (vacation)".
fn first_word(value: Option<&HeaderValue<'_>>) -> Option<String> {
    let text = match value? {
        HeaderValue::Text(text) => text.to_string(),
        HeaderValue::TextList(all) => all.first()?.to_string(),
        _ => return None,
    };
    let word = text.split([' ', ';', '(', '\t', ',']).find(|word| !word.is_empty())?;
    Some(word.to_lowercase())
}

/// The type of a report (RFC 6522): "delivery-status", "disposition-notification" (a read receipt). Empty if it does not say.
fn report_type(message: &Message<'_>) -> Option<String> {
    let kind = message.root_part().content_type()?;
    let is_report = kind.ctype().eq_ignore_ascii_case("multipart")
        && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("report"));
    is_report.then(|| kind.attribute("report-type").unwrap_or_default().to_lowercase())
}

/// Whether the mail has no return path (`Return-Path: <>`): answers to it reach nobody.
fn is_from_nowhere(message: &Message<'_>) -> bool {
    message.header_raw("Return-Path").is_some_and(|path| path.trim() == "<>")
}

#[cfg(test)]
mod tests {
    use super::{super::read::read, Writer};

    fn writer(headers: &str) -> Writer {
        let from = if headers.contains("From:") { "" } else { "From: anna@x.example\n" };
        read(format!("{from}{headers}\n\nx\n").replace('\n', "\r\n").as_bytes()).unwrap().writer
    }

    #[test]
    fn h1_somebody_wrote() {
        for headers in [
            "Subject: Hello",
            "Auto-Submitted: no",
            "Precedence: normal",
            "Return-Path: <anna@x.example>",
            "Feedback-ID: i1a2b:Fastmail",
        ] {
            assert_eq!(writer(headers), Writer::Person, "{headers}");
        }
    }

    #[test]
    fn h1_machines_are_not_answered_by_machine() {
        let cases = [
            ("Auto-Submitted: auto-replied (vacation)", Writer::AutoReply),
            ("X-Autoreply: yes", Writer::AutoReply),
            ("Precedence: auto_reply", Writer::AutoReply),
            ("Auto-Submitted: auto-generated", Writer::NoMachines),
            ("Auto-Submitted: auto-generated\nIn-Reply-To: <a@x>\nReturn-Path: <>", Writer::AutoReply),
            ("Auto-Submitted: auto-generated\nIn-Reply-To: <a@x>\nReturn-Path: <t@desk.example>", Writer::NoMachines),
            ("Auto-Submitted: auto-generated\nIn-Reply-To: <a@x>\nList-Id: <x.example>", Writer::NoMachines),
            ("Precedence: bulk", Writer::NoMachines),
            ("List-Id: <news.x.example>", Writer::NoMachines),
            ("X-Auto-Response-Suppress: All", Writer::NoMachines),
            ("Return-Path: <>", Writer::NoMachines),
            ("From: No-Reply <no-reply@shop.example>", Writer::NoMachines),
            ("From: Mail Delivery System <MAILER-DAEMON@mx.example>", Writer::Bounce),
            ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Writer::Bounce),
            ("Content-Type: multipart/report; report-type=global-delivery-status; boundary=b", Writer::Bounce),
            ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", Writer::AutoReply),
            ("From: postmaster@x.example\nReturn-Path: <>", Writer::Bounce),
            ("From: Paula <postmaster@x.example>", Writer::NoMachines),
        ];
        for (headers, expected) in cases {
            assert_eq!(writer(headers), expected, "{headers}");
        }
    }
}
