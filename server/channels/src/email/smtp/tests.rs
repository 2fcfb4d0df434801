//! What the client sends, checked by a server that is as strict as real ones; and how the client handles servers that misbehave.
// long file: they share their servers

use std::time::Duration;

use mail::{
    MessageName,
    compose::{Enclosed, Making, compose},
    read,
};
use model::{ConversationId, Entry, MailHead, Mailbox, Message, MessageId, Parties, Timestamp};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex},
    task::JoinHandle,
    time::Instant,
};
use uuid::Uuid;

use super::*;
use crate::email::{
    error::MailError,
    send::{NotTaken, Server, start_tls},
};

/// What the strict server received.
#[derive(Debug, Default)]
struct Heard {
    commands: Vec<String>,
    /// The mail, with doubled dots removed.
    mail: String,
}

/// A server that accepts commands one by one, in order and by the standard (RFC 5321), and only mails whose lines end in CR LF, are not too
/// long, and contain nothing beyond ASCII that was not announced.
async fn strict(line: DuplexStream) -> Heard {
    let mut line = BufReader::new(line);
    let mut heard = Heard::default();
    say(&mut line, "220 strict.example").await;
    let (mut signed_in, mut wide, mut eight) = (false, false, false);
    let mut recipients = 0;
    while let Some(command) = next(&mut line).await {
        let command = String::from_utf8(command).expect("a command is text");
        assert!(!command.contains(|c: char| c.is_control()), "{command:?}");
        assert!(command.len() <= if command.starts_with("AUTH") { 12_000 } else { 510 }, "{command}");
        let verb = command.split([' ', ':']).next().unwrap().to_owned();
        wide |= verb == "MAIL" && command.contains(" SMTPUTF8");
        eight |= verb == "MAIL" && command.contains(" BODY=8BITMIME");
        assert!(wide || command.is_ascii(), "{command}");
        assert!(line.buffer().is_empty(), "{command}: it waits for the answer");
        let answer = match verb.as_str() {
            "EHLO" => "250-strict.example greets you\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => {
                signed_in = true;
                "235 2.7.0 Welcome"
            }
            "MAIL" if signed_in && command.starts_with("MAIL FROM:<") => "250 2.1.0 Go on",
            "RCPT" if command.starts_with("RCPT TO:<") && command.ends_with('>') => {
                recipients += 1;
                "250 2.1.5 Go on"
            }
            "DATA" if recipients > 0 && command == "DATA" => {
                say(&mut line, "354 Go on").await;
                heard.mail = mail(&mut line, eight).await;
                "250 2.0.0 I have it"
            }
            "QUIT" => "221 2.0.0 Goodbye",
            _ => panic!("{command:?} was not expected"),
        };
        heard.commands.push(command);
        say(&mut line, answer).await;
    }
    heard
}

async fn mail(line: &mut BufReader<DuplexStream>, eight: bool) -> String {
    let mut mail = String::new();
    loop {
        let text = next(line).await.expect("a dot ends a mail");
        if text == b"." {
            assert!(line.buffer().is_empty(), "nothing comes behind the dot");
            return mail;
        }
        let text = text.strip_prefix(b".").unwrap_or(&text);
        assert!(text.len() <= 998, "a line of {} bytes", text.len());
        assert!(!text.contains(&b'\r') && !text.contains(&0), "{}", String::from_utf8_lossy(text));
        assert!(eight || text.is_ascii(), "{}", String::from_utf8_lossy(text));
        mail.push_str(&String::from_utf8_lossy(text));
        mail.push_str("\r\n");
    }
}

/// Reads a line, which must end in CR LF.
async fn next(line: &mut BufReader<DuplexStream>) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    if line.read_until(b'\n', &mut text).await.unwrap() == 0 {
        return None;
    }
    let text =
        text.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("a bare line end: {:?}", String::from_utf8_lossy(&text)));
    Some(text.to_vec())
}

async fn say(line: &mut BufReader<DuplexStream>, answer: &str) {
    // A client that had enough may be gone.
    let _ = line.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await;
}

const US: Server<'static> = Server("smtp.x.example");

/// Sends a mail to a strict server, as after TLS.
async fn handed_over(from: &str, to: &[&str], mail: &[u8]) -> Result<Heard, NotTaken> {
    let to: Vec<String> = to.iter().map(|one| (*one).to_owned()).collect();
    let envelope = US.envelope(from, &to, mail)?;
    let (ours, theirs) = duplex(4096);
    let server = tokio::spawn(strict(theirs));
    let mut talk = Conversation::greeted(ours).await.unwrap();
    talk.hello("x.example").await.unwrap();
    talk.sign_in("anna\r\n", "sec\r\nret").await.unwrap();
    US.announce(&mut talk, &envelope).await?;
    US.hand_over(&mut talk, mail, Instant::now() + Duration::from_secs(20)).await?;
    talk.ask("QUIT", 2).await.unwrap();
    drop(talk);
    Ok(server.await.unwrap())
}

#[tokio::test]
async fn s15_a_mail_is_ended_by_nothing_in_it() {
    for (mail, wanted) in [
        ("a\r\n.\r\nMAIL FROM:<evil@x.example>\r\n", "a\r\n.\r\nMAIL FROM:<evil@x.example>\r\n"),
        ("a\n.\nQUIT\n", "a\r\n.\r\nQUIT\r\n"),
        ("a\r.\rb", "a\r\n.\r\nb\r\n"),
        ("a\n.\r\nb", "a\r\n.\r\nb\r\n"),
        ("a\r\n.\nb", "a\r\n.\r\nb\r\n"),
        ("a\r\n\r.\r\nb", "a\r\n\r\n.\r\nb\r\n"),
        (".", ".\r\n"),
        ("..a\r\n...\r\n", "..a\r\n...\r\n"),
        ("a\r\r\nb", "a\r\n\r\nb\r\n"),
        ("", ""),
    ] {
        let heard = handed_over("us@x.example", &["a@x.example"], mail.as_bytes()).await.unwrap();
        assert_eq!(heard.mail, wanted, "{mail:?}");
        assert_eq!(heard.commands.len(), 6, "{:?}", heard.commands);
    }
}

#[tokio::test]
async fn s15_no_address_is_more_than_an_address() {
    let good = "a@x.example";
    for bad in [
        "a@x.example\r\nRCPT TO:<evil@x.example>",
        "a@x.example>\r\nDATA",
        "a@x.example> SIZE=1",
        "a\n@x.example",
        "a@x.example\0",
        "\"a\r\n\"@x.example",
        "<a@x.example>",
        "a b@x.example",
        "a@x.example,b@x.example",
        "",
        "a",
    ] {
        for refused in [handed_over(bad, &[good], b"x\r\n").await, handed_over(good, &[good, bad], b"x\r\n").await] {
            assert!(matches!(refused, Err(NotTaken::Never(MailError::Refused { .. }))), "{bad:?}: {refused:?}");
        }
    }
    assert!(handed_over(good, &[], b"x\r\n").await.is_err(), "nobody");
    let heard = handed_over("jörg@x.example", &["a+b@x.example"], "ä\r\n".as_bytes()).await.unwrap();
    assert_eq!(heard.commands[2], "MAIL FROM:<jörg@x.example> SMTPUTF8 BODY=8BITMIME");
    assert_eq!(heard.commands[3], "RCPT TO:<a+b@x.example>");
}

/// Docomo assigned addresses with consecutive dots and with a dot before the `@`.
#[tokio::test]
async fn s15_an_address_with_odd_dots_is_quoted() {
    for (address, wanted) in [
        ("taro..1.@x.example", "\"taro..1.\"@x.example"),
        (".taro@x.example", "\".taro\"@x.example"),
        ("ta.ro@x.example", "ta.ro@x.example"),
        ("\"ta..ro\"@x.example", "\"ta..ro\"@x.example"),
    ] {
        let heard = handed_over("us@x.example", &[address], b"x\r\n").await.unwrap();
        assert_eq!(heard.commands[3], format!("RCPT TO:<{wanted}>"));
        let mailbox = |name: &str| Mailbox { name: name.to_owned(), address: address.to_owned() };
        let header = mail::headers::addresses("To", &[mailbox("Taro"), mailbox("")]).unwrap();
        let mut headers = lettre::message::header::Headers::new();
        headers.insert_raw(header);
        let line = format!("From: us@x.example\r\n{headers}\r\nx");
        assert!(line.contains(&format!("Taro <{wanted}>")) && line.contains(&format!(", {wanted}")), "{line}");
        let read = read(line.as_bytes()).unwrap().parties.to;
        assert!(read.iter().all(|one| one.address == address.replace('"', "")), "{read:?}");
    }
    for bad in ["a\"..b@x.example", "a\\..b@x.example", "a..b>@x.example", "a.. b@x.example", "a..b@c@x.example", "..@"]
    {
        assert!(handed_over("us@x.example", &[bad], b"x\r\n").await.is_err(), "{bad:?}");
    }
}

/// Accepted recipients get the mail, and refused ones are named. If the server may accept one later, nobody gets it yet: the others would
/// get it twice.
#[tokio::test]
async fn t8_whom_the_server_refuses_is_named_and_the_others_get_it() {
    let to = ["a@x.example", "b@x.example", "c@x.example"].map(str::to_owned);
    let (ok, no) = ("250 ok\r\n", "550 5.1.1 Unknown\r\n");
    let go = "354 go\r\n";
    for (answers, wanted, commands) in [
        (vec![ok, ok, ok, go], Ok(""), 6),
        (vec![ok, no, ok, go], Ok("550 5.1.1 Unknown (b@x.example)"), 6),
        (vec![no, ok, no, go], Ok("550 5.1.1 Unknown (a@x.example); 550 5.1.1 Unknown (c@x.example)"), 6),
        (vec![no, no, "553 No\r\n"], Err((false, "(b@x.example); 553 No (c@x.example).")), 5),
        (vec![ok, no, "451 Busy\r\n"], Err((true, "451 Busy (c@x.example).")), 5),
        (vec![ok, "530 5.7.0 Who?\r\n"], Err((false, "530 5.7.0 Who?.")), 4),
        (vec![no, ok, ok, "554 5.6.0 No\r\n"], Err((false, "554 5.6.0 No.")), 6),
    ] {
        let script = [vec!["220 x\r\n", HELLO, ok], answers.clone()].concat();
        let (ours, server) = scripted(&script).await;
        let mut talk = Conversation::greeted(ours).await.unwrap();
        talk.hello("x.example").await.unwrap();
        let envelope = US.envelope("us@x.example", &to, b"x\r\n").unwrap();
        let taken = US.announce(&mut talk, &envelope).await;
        match (&taken, wanted) {
            (Ok(refused), Ok(wanted)) => assert_eq!(refused, wanted),
            (Err(NotTaken::Later(error)), Err((true, wanted)))
            | (Err(NotTaken::Never(error)), Err((false, wanted))) => {
                assert!(error.to_string().contains(wanted), "{error}");
            }
            other => panic!("{answers:?}: {other:?}"),
        }
        drop(talk);
        assert_eq!(server.await.unwrap().len(), commands, "{answers:?}");
    }
}

/// What people and other mails can put into a header: each stays one line with the typed text.
#[tokio::test]
async fn s15_what_is_typed_stays_what_it_is_on_the_wire() {
    let hostile = [
        "Hello\r\nBcc: evil@x.example",
        "Hello\nBcc: evil@x.example",
        "Hello\rBcc: evil@x.example",
        "Hello\r\n\r\nBody",
        "Hello\r\n.\r\nQUIT",
        "Hello\0Bcc: evil@x.example",
        "Hello\u{2028}Bcc: evil@x.example\u{85}x",
        "=?utf-8?B?SGVsbG8NCkJjYzogZXZpbEB4LmV4YW1wbGU=?=",
        "=?utf-8?Q?Hello=0D=0ABcc:_evil@x.example?=",
        "Re: =?iso-8859-1?q?=0D=0A=0D=0A?= and more",
        "=?utf-8?q?half",
        "\" <evil@x.example>, \"",
        "a\\\"b",
        "(comment) a, b; c: <d>",
        "ä =?utf-8?B?DQo=?= ö",
    ];
    let long = ["x".repeat(990), "Wörter ".repeat(120), format!("ä {}", "y".repeat(900)), "word ".repeat(190)];
    for text in hostile.iter().map(|text| (*text).to_owned()).chain(long) {
        let bytes = composed(&text).unwrap();
        let heard = handed_over("us@x.example", &["anna@x.example"], &bytes).await.unwrap();
        let head = heard.mail.split("\r\n\r\n").next().unwrap();
        let fields: Vec<&str> = head
            .split("\r\n")
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split(':').next().unwrap())
            .collect();
        let wanted = [
            "Date",
            "Message-ID",
            "Subject",
            "From",
            "Reply-To",
            "To",
            "Cc",
            "In-Reply-To",
            "References",
            "MIME-Version",
            "Content-Type",
        ];
        assert_eq!(fields, wanted, "{text:?}\n{head}");
        assert!(!head.contains("\r\nBcc:"), "{text:?}\n{head}");
        // Another parser reads the typed text, on one line.
        let parsed = mailparse::parse_mail(heard.mail.as_bytes()).unwrap();
        let field = |name: &str| {
            use mailparse::MailHeaderMap;
            parsed.headers.get_first_value(name).unwrap()
        };
        let typed: String = one_line(&text);
        assert_eq!(field("Subject"), typed, "{head}");
        // A reader takes only one line of a name.
        if typed.chars().count() > 200 {
            continue;
        }
        let mail = read(heard.mail.as_bytes()).unwrap();
        let names = [mail.parties.from.as_ref(), mail.parties.to.first(), mail.parties.cc.first()];
        for mailbox in names {
            let mailbox = mailbox.unwrap();
            // A name that shows another address than its own is dropped.
            let shown = if typed.contains('@') { mailbox.name.trim() } else { typed.trim() };
            assert_eq!(mailbox.name.trim(), shown, "{head}");
            assert!(["us@x.example", "anna@x.example", "cc@x.example"].contains(&mailbox.address.as_str()), "{head}");
        }
        assert_eq!((mail.parties.to.len(), mail.parties.cc.len()), (1, 1), "{head}");
        let files: Vec<String> = mail.files.iter().map(|file| file.name.clone()).collect();
        assert_eq!(files, [typed.replace("=?", "=_"), typed.replace("=?", "=_")], "{}", heard.mail);
    }
}

/// A mail with the same text as subject, as every name, as the names of a picture and a file, and in the Message-IDs that it answers.
fn composed(text: &str) -> Result<Vec<u8>, mail::compose::Unmakeable> {
    let message = Message {
        id: MessageId::new(Uuid::from_u128(1)),
        conversation: ConversationId::new(Uuid::from_u128(2)),
        n: 2,
        at: Timestamp(1),
        text: format!("{text}\n.\n.."),
        entry: Entry::Incoming,
        attachments: Vec::new(),
        content: model::Content::Text,
    };
    let mailbox = |address: &str| Mailbox { name: text.to_owned(), address: address.to_owned() };
    let parties = Parties {
        from: Some(mailbox("us@x.example")),
        to: vec![mailbox("anna@x.example")],
        cc: vec![mailbox("cc@x.example")],
        ..Parties::default()
    };
    let head = MailHead { parties, subject: text.to_owned(), ..MailHead::default() };
    let file = |media_type: &str| Enclosed {
        name: text.to_owned(),
        media_type: media_type.to_owned(),
        bytes: vec![0, 13, 10, 46, 13, 10],
    };
    let chain: Vec<MessageName> = ["1@x.example", "=?utf-8?q?=0D=0ABcc:?=@x.example", "2@x.example", text]
        .iter()
        .filter_map(|name| MessageName::read(name))
        .collect();
    let files = vec![file("image/png"), file("application/pdf\r\nBcc: evil@x.example")];
    compose(
        &message,
        &head,
        Making { name: "n@x.example", reply_to: Some("us+1@x.example"), chain: &chain, files, at: Timestamp(1) },
    )
}

#[test]
fn s15_an_address_that_would_be_decoded_is_none() {
    let mailbox = |address: &str| Mailbox { name: String::new(), address: address.to_owned() };
    for bad in ["a@x.example\r\nBcc: b@x.example", "=?utf-8?q?a?=@x.example", "a@x.example, b@x.example", "a"] {
        let refused = mail::headers::addresses("To", &[mailbox(bad)]);
        assert!(refused.is_err(), "{bad:?}");
    }
}

/// A server that sends one text after another, each after it received a line (the first at once), and then hangs up.
async fn scripted(script: &[&str]) -> (DuplexStream, JoinHandle<Vec<String>>) {
    let (ours, theirs) = duplex(64 * 1024);
    let script: Vec<String> = script.iter().map(|said| (*said).to_owned()).collect();
    let server = tokio::spawn(async move {
        let (reading, mut writing) = tokio::io::split(theirs);
        let mut lines = BufReader::new(reading).lines();
        let mut heard = Vec::new();
        for (n, said) in script.into_iter().enumerate() {
            if n > 0 {
                let Ok(Some(line)) = lines.next_line().await else { break };
                heard.push(line);
            }
            if writing.write_all(said.as_bytes()).await.is_err() {
                break;
            }
        }
        heard
    });
    (ours, server)
}

const HELLO: &str = "250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n";

/// S56: answers in the packet of the consent would count as answers under TLS, and a lost mail as sent.
#[tokio::test]
async fn s56_what_follows_the_consent_to_starttls_in_the_clear_ends_it() {
    for (answer, good) in [
        ("220 Go on\r\n", true),
        ("220-Go\r\n220 on\r\n", true),
        ("220 Go on\r\n250 x\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 ok\r\n250 I have it\r\n", false),
        ("220 Go on\r\n2", false),
        ("220 Go on\r\n\r\n", false),
    ] {
        let (ours, _server) = scripted(&["220 x\r\n", HELLO, answer]).await;
        let begun = start_tls(ours, "x.example", Duration::from_secs(20)).await;
        assert_eq!(begun.is_ok(), good, "{answer:?}");
        assert!(good || matches!(begun, Err(SmtpError::Tampered)), "{answer:?}: {begun:?}");
    }
    // An answer that comes earlier is no answer, either.
    for early in [["220 x\r\n250 AUTH PLAIN\r\n", "", ""], ["220 x\r\n", "250-x\r\n250 STARTTLS\r\n220 Go on\r\n", ""]]
    {
        let (ours, _server) = scripted(&early).await;
        let begun = start_tls(ours, "x.example", Duration::from_secs(20)).await;
        assert!(matches!(begun, Err(SmtpError::Odd(_))), "{early:?}: {begun:?}");
    }
}

#[tokio::test]
async fn h9_a_port_without_starttls_is_told_and_nothing_is_said_to_it() {
    for script in [
        vec!["220 x\r\n", "250-x\r\n250 AUTH PLAIN\r\n"],
        vec!["220 x\r\n", "250-x\r\n250 XSTARTTLS\r\n"],
        vec!["220 x\r\n", HELLO, "502 no\r\n"],
    ] {
        let (ours, server) = scripted(&script).await;
        let begun = start_tls(ours, "x.example", Duration::from_secs(20)).await;
        assert!(matches!(begun, Err(SmtpError::NoStartTls)), "{begun:?}");
        assert!(server.await.unwrap().iter().all(|said| !said.contains("AUTH")));
    }
    // The server waits for TLS as silently as the client.
    let (ours, _silent) = duplex(100);
    let silent = start_tls(ours, "x.example", Duration::from_millis(50)).await;
    assert!(matches!(silent, Err(SmtpError::NoStartTls)), "{silent:?}");
}

/// S55: the first line, an answer of many lines, an answer of too long lines.
#[tokio::test]
async fn s55_no_answer_is_larger_than_it_may_be() {
    let flood = |unit: String| async move {
        let (ours, mut theirs) = duplex(64 * 1024);
        let server = tokio::spawn(async move {
            let mut taken = 0;
            while theirs.write_all(unit.as_bytes()).await.is_ok() {
                taken += unit.len();
            }
            taken
        });
        let greeted = Conversation::greeted(ours).await;
        assert!(greeted.is_err());
        drop(greeted);
        server.await.unwrap()
    };
    for unit in ["x".repeat(4096), "220-x\r\n".repeat(600), format!("220-{}\r\n", "x".repeat(2000)), "220".to_owned()] {
        let taken = flood(unit.clone()).await;
        assert!(taken < 512 * 1024, "{}: {taken}", &unit[..7.min(unit.len())]);
    }
}

#[tokio::test]
async fn s55_one_byte_now_and_then_gains_no_time() {
    let (ours, mut theirs) = duplex(100);
    let drip = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(10));
        theirs.write_all(b"220 x\r\n250-").await.unwrap();
        while theirs.write_all(b"x").await.is_ok() {
            every.tick().await;
        }
    });
    let mut talk = Conversation { wire: Wire::over(ours), offers: Vec::new() };
    talk.wire.until(Instant::now() + Duration::from_millis(200));
    talk.answer(2).await.unwrap();
    assert!(matches!(talk.answer(2).await, Err(SmtpError::Wire(WireError::Slow))));
    drop(talk);
    drip.await.unwrap();
}

/// A text that is no answer to the command does not count as one.
#[tokio::test]
async fn s56_what_makes_no_sense_takes_no_mail() {
    let mail = b"x\r\n";
    let to = ["a@x.example".to_owned()];
    let ok = "250 ok\r\n";
    for (what, script, doubtful) in [
        (
            "a mail that was taken before it came",
            // The server goes on listening. Only the order of its answers is wrong.
            vec!["220 x\r\n", HELLO, ok, ok, "354 go\r\n250 I have it\r\n", "", "", ""],
            false,
        ),
        (
            "consent before the names",
            vec!["220 x\r\n", HELLO, "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n", "", "", "", "", ""],
            false,
        ),
        ("DATA with another consent", vec!["220 x\r\n", HELLO, ok, ok, "250 go\r\n"], false),
        ("two codes", vec!["220 x\r\n", HELLO, "250-ok\r\n550 no\r\n"], false),
        ("no code", vec!["220 x\r\n", HELLO, "ok\r\n"], false),
        ("a code that is none", vec!["220 x\r\n", HELLO, "999 ok\r\n"], false),
        ("letters in it", vec!["220 x\r\n", HELLO, "2x0 ok\r\n"], false),
        ("nothing", vec!["220 x\r\n", HELLO, "\r\n"], false),
        // The line of the mail, then the dot.
        ("a code behind the dot that is none", vec!["220 x\r\n", HELLO, ok, ok, "354 go\r\n", "", "999 ok\r\n"], true),
        ("nothing behind the dot", vec!["220 x\r\n", HELLO, ok, ok, "354 go\r\n", "", ""], true),
    ] {
        let (ours, _server) = scripted(&script).await;
        let mut talk = Conversation::greeted(ours).await.unwrap();
        talk.hello("x.example").await.unwrap();
        let envelope = US.envelope("us@x.example", &to, mail).unwrap();
        let taken = match US.announce(&mut talk, &envelope).await {
            Ok(_) => US.hand_over(&mut talk, mail, Instant::now() + Duration::from_secs(5)).await,
            Err(not) => Err(not),
        };
        match taken {
            Err(NotTaken::Doubtful(_)) => assert!(doubtful, "{what}"),
            Err(NotTaken::Later(MailError::Lost { .. })) => assert!(!doubtful, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

/// H9: a temporary refusal stops no mailbox.
#[tokio::test]
async fn h9_a_sign_in_that_is_refused_for_now_is_tried_again() {
    for (no, for_now) in [
        ("421 4.7.0 Too many connections\r\n", true),
        ("454 4.7.0 Temporary authentication failure\r\n", true),
        ("432 4.7.12 A password transition is needed\r\n", true),
        ("535 4.7.0 Try again later\r\n", true),
        ("535 5.7.8 Wrong\r\n", false),
        ("534 5.7.9 Application-specific password required\r\n", false),
        ("535 Wrong\r\n", false),
        ("500 What?\r\n", false),
    ] {
        let (ours, _server) = scripted(&["220 x\r\n", HELLO, no]).await;
        let mut talk = Conversation::greeted(ours).await.unwrap();
        talk.hello("x.example").await.unwrap();
        match US.not_signed_in(talk.sign_in("a", "b").await.unwrap_err()) {
            NotTaken::Later(error) => assert!(for_now && !error.wants_sign_in(), "{no}: {error}"),
            NotTaken::Never(error) => assert!(!for_now && error.wants_sign_in(), "{no}: {error}"),
            NotTaken::Doubtful(error) => panic!("{no}: {error}"),
        }
    }
}

/// R7: if the client left a server that scans a large mail, it would send the same mail again.
#[tokio::test]
async fn r7_the_answer_to_the_last_dot_may_take_as_long_as_all_of_it() {
    let (ours, theirs) = duplex(1024);
    let server = tokio::spawn(async move {
        let mut line = BufReader::new(theirs);
        while next(&mut line).await.is_some_and(|text| text != b".") {}
        tokio::time::sleep(Duration::from_millis(200)).await;
        say(&mut line, "250 I have it").await;
    });
    let mut talk = Conversation::going_on(ours);
    talk.wire.silent_for(Duration::from_millis(20));
    let taken = US.hand_over(&mut talk, b"x\r\n", Instant::now() + Duration::from_secs(20)).await;
    assert!(taken.is_ok(), "{taken:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn h9_a_refusal_in_the_middle_of_a_mail_is_told() {
    for (said, told) in [("552 5.3.4 Too large\r\n", true), ("250 ok\r\n", false), ("", false), ("5", false)] {
        let (ours, mut theirs) = duplex(1024);
        theirs.write_all(said.as_bytes()).await.unwrap();
        drop(theirs);
        let mut talk = Conversation::going_on(ours);
        let taken = US.hand_over(&mut talk, &[b'x'; 5000], Instant::now() + Duration::from_secs(20)).await;
        match taken {
            Err(NotTaken::Never(error)) => assert!(told && error.to_string().contains("5.3.4 Too large"), "{error}"),
            Err(NotTaken::Later(MailError::Lost { .. })) => assert!(!told, "{said:?}"),
            other => panic!("{said:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn h9_a_refusal_is_told_in_the_servers_words() {
    let (ours, _server) = scripted(&["220 x\r\n", HELLO, "550-5.1.1 Unknown,\r\n550 really.\r\n"]).await;
    let mut talk = Conversation::greeted(ours).await.unwrap();
    talk.hello("x.example").await.unwrap();
    let refused = talk.ask("MAIL FROM:<a@x.example>", 2).await.unwrap_err();
    assert_eq!(refused.to_string(), "550 5.1.1 Unknown, really");
    // A server that closes the connection is heard, even if it did not wait for a command.
    let (ours, _server) = scripted(&["220 x\r\n", "250 x\r\n421 4.3.2 Closing\r\n"]).await;
    let mut talk = Conversation::greeted(ours).await.unwrap();
    talk.hello("x.example").await.unwrap();
    let leaving = talk.ask("MAIL FROM:<a@x.example>", 2).await;
    assert!(matches!(leaving, Err(SmtpError::Refused(Answer { code: 421, .. }))), "{leaving:?}");
}

#[tokio::test]
async fn h9_signing_in_goes_the_way_that_the_server_offers() {
    for (offer, answers, heard) in [
        ("AUTH PLAIN LOGIN", vec!["235 ok\r\n"], vec!["AUTH PLAIN AGEAYg=="]),
        (
            "AUTH=LOGIN",
            vec!["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 ok\r\n"],
            vec!["AUTH LOGIN", "YQ==", "Yg=="],
        ),
        ("auth plain", vec!["334 \r\n", "235 ok\r\n"], vec!["AUTH PLAIN AGEAYg==", "AGEAYg=="]),
    ] {
        let hello = format!("250-x\r\n250 {offer}\r\n");
        let script: Vec<&str> = ["220 x\r\n", &hello].into_iter().chain(answers).collect();
        let (ours, server) = scripted(&script).await;
        let mut talk = Conversation::greeted(ours).await.unwrap();
        talk.hello("x.example").await.unwrap();
        talk.sign_in("a", "b").await.unwrap();
        drop(talk);
        assert_eq!(server.await.unwrap()[1..], heard, "{offer}");
    }
    let (ours, server) = scripted(&["220 x\r\n", "250-x\r\n250 AUTH XOAUTH2\r\n", "235 ok\r\n"]).await;
    let mut talk = Conversation::greeted(ours).await.unwrap();
    talk.hello("x.example").await.unwrap();
    assert!(matches!(talk.sign_in("a", "b").await, Err(SmtpError::Missing(_))));
    assert!(matches!(talk.sign_in("a\0", "b").await, Err(SmtpError::Unsayable(_))));
    drop(talk);
    assert_eq!(server.await.unwrap().len(), 1, "nothing was said");
}
