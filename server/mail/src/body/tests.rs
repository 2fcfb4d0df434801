//! Bodies of mails of each kind: what is read of them as text and as HTML.

use proptest::prelude::*;

use crate::read::{Mail, read};

fn mail(lines: &str) -> Mail {
    read(format!("From: a@x.example\nMIME-Version: 1.0\n{lines}").replace('\n', "\r\n").as_bytes()).unwrap()
}

/// A part: its type, other header lines, and its text.
fn part(kind: &str, body: &str) -> String {
    format!("Content-Type: {kind}\n\n{body}\n")
}

/// Parts in a multipart of this subtype.
fn many(sub: &str, parts: &[String]) -> String {
    let boundary = format!("{}-{sub}-end", parts.concat().len());
    let inner: String = parts.iter().map(|part| format!("--{boundary}\n{part}")).collect();
    format!("Content-Type: multipart/{sub}; boundary=\"{boundary}\"\n\n{inner}--{boundary}--\n")
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a mail, and the words of its HTML.
fn says(lines: &str) -> (String, String) {
    let mail = mail(lines);
    let shown: Vec<String> = mail.html.iter().map(|html| words(&crate::plain::plain(html))).collect();
    (words(&mail.text), shown.join(" "))
}

fn both(text: &str) -> (String, String) {
    (text.to_owned(), text.to_owned())
}

fn text(body: &str) -> String {
    part("text/plain; charset=utf-8", body)
}

fn html(body: &str) -> String {
    part("text/html; charset=utf-8", body)
}

const PICTURE: &str = "Content-Type: image/png; name=\"photo.png\"\nContent-Disposition: inline; filename=\"photo.png\"\n\
    Content-Transfer-Encoding: base64\n\niVBORw0KGgoAAAANSUhEUgAAADwAAAAeCAIAAAD/+uoYAAAAAElFTkSuQmCC\n";
const PAPER: &str = "Content-Type: application/pdf; name=\"a.pdf\"\nContent-Disposition: attachment\n\n%PDF-1.4\n";

#[test]
fn t3_parts_one_after_another_are_all_read() {
    let signed = many("mixed", &[text("The letter."), html("<p>The signature</p>")]);
    assert_eq!(says(&signed), both("The letter. The signature"));
    let footed = many("mixed", &[html("<p>The letter</p>"), text("List footer")]);
    assert_eq!(says(&footed), both("The letter List footer"));
    let related = many("related", &[text("One"), html("<b>two</b>")]);
    assert_eq!(says(&related), both("One two"));
    let deep = many(
        "mixed",
        &[many("mixed", &[many("alternative", &[text("One"), html("<p>One</p>")]), text("two")]), text("three")],
    );
    assert_eq!(says(&deep), both("One two three"));
    let split = many(
        "mixed",
        &[html("<p>One</p>"), PAPER.to_owned(), html("<p>two</p>"), PAPER.to_owned(), html("<p>three</p>")],
    );
    assert_eq!(says(&split), both("One two three"));
    assert_eq!(mail(&split).files.len(), 2);
    let apple = many("mixed", &[text("Before"), PICTURE.to_owned(), text("after")]);
    assert_eq!(says(&apple), ("Before after".to_owned(), String::new()));
    assert_eq!(mail(&apple).files.len(), 1);
}

#[test]
fn t3_only_alternatives_stand_for_each_other() {
    let usual = many("alternative", &[text("Hello plain"), html("<p>Hello laid out</p>")]);
    assert_eq!(says(&usual), ("Hello plain".to_owned(), "Hello laid out".to_owned()));
    let turned = many("alternative", &[html("<p>Hello laid out</p>"), text("Hello plain")]);
    assert_eq!(says(&turned), says(&usual));
    let related = many(
        "alternative",
        &[text("Hello plain"), many("related", &[html("<p>Hello laid out</p>"), PICTURE.to_owned()])],
    );
    assert_eq!(says(&related), says(&usual));
    let apple = many(
        "alternative",
        &[text("One two"), many("mixed", &[html("<p>One</p>"), PAPER.to_owned(), html("<p>two</p>")])],
    );
    assert_eq!(says(&apple), both("One two"));
    assert_eq!(mail(&apple).files.len(), 1);
    let invited =
        many("alternative", &[usual.clone(), part("text/calendar; method=REQUEST", "BEGIN:VCALENDAR\nEND:VCALENDAR")]);
    assert_eq!(says(&invited), says(&usual));
    assert_eq!(mail(&invited).files.len(), 1);
    let twice = many("mixed", &[usual.clone(), many("alternative", &[text("More"), html("<i>More</i>")])]);
    assert_eq!(says(&twice), ("Hello plain More".to_owned(), "Hello laid out More".to_owned()));
    let amp = many(
        "alternative",
        &[text("Hello plain"), part("text/x-amp-html", "<html amp></html>"), html("<p>Hello laid out</p>")],
    );
    assert_eq!(says(&amp), says(&usual));
    assert!(mail(&amp).files.is_empty(), "what another program shows of it is no file");
    let alone = many("alternative", &[part("text/x-amp-html", "<html amp></html>")]);
    assert_eq!(mail(&alone).files.len(), 1, "there is nothing else");
    let enriched =
        many("alternative", &[part("text/enriched", "<bold>Hello</bold> there"), part("application/rtf", "{}")]);
    assert_eq!(says(&enriched), ("Hello there".to_owned(), String::new()));
}

#[test]
fn t3_a_part_that_says_nothing_stands_for_nothing() {
    for empty in ["", " \n", "\u{a0}\n\u{200b}", "\u{feff}"] {
        let mail = many("alternative", &[text(empty), html("<p>Real words</p>")]);
        assert_eq!(says(&mail), both("Real words"), "{empty:?}");
    }
    for stub in
        ["Your client cannot show HTML.", "Diese Nachricht ist im HTML-Format.", "Please view: https://m.example/7"]
    {
        let mail =
            many("alternative", &[text(stub), html("<p>Dear Anna, we send you the chairs on Friday at ten.</p>")]);
        assert_eq!(says(&mail), both("Dear Anna, we send you the chairs on Friday at ten."), "{stub}");
    }
    let blank = many("alternative", &[text("Real words"), html("<html><body>&nbsp;</body></html>")]);
    assert_eq!(says(&blank), ("Real words".to_owned(), String::new()));
    let picture = many("alternative", &[text("A picture"), html("<img src=\"cid:a\">")]);
    assert!(mail(&picture).html[0].contains("cid:a"));
}

#[test]
fn t3_a_text_with_a_name_is_a_file() {
    let file = |head: &str| format!("Content-Type: text/plain{head}\n\nkept as file\n");
    for head in [
        "; name=\"notes.txt\"",
        "\nContent-Disposition: attachment",
        "\nContent-Disposition: inline; filename=\"notes.txt\"",
        "; name=\"notes.txt\"\nContent-Disposition: inline",
    ] {
        let mail = mail(&many("mixed", &[text("The letter"), file(head)]));
        assert_eq!((words(&mail.text).as_str(), mail.files.len()), ("The letter", 1), "{head}");
        assert_eq!(String::from_utf8_lossy(&mail.files[0].bytes).trim(), "kept as file");
    }
    let inline = mail(&many("mixed", &[text("The letter"), file("\nContent-Disposition: inline")]));
    assert_eq!((words(&inline.text).as_str(), inline.files.len()), ("The letter kept as file", 0));
    let named = mail(&many("mixed", &[file("; name=\"body.txt\""), PAPER.to_owned()]));
    assert_eq!((words(&named.text).as_str(), named.files.len()), ("kept as file", 1));
    let alone = mail(&many("mixed", &[file("\nContent-Disposition: inline; filename=body.txt"), PAPER.to_owned()]));
    assert_eq!((words(&alone.text).as_str(), alone.files.len()), ("kept as file", 2), "there is no other letter");
}

#[test]
fn t3_a_letter_that_is_called_a_file_is_read() {
    let called = |kind: &str, body: &str| format!("Content-Type: {kind}\nContent-Disposition: attachment\n\n{body}\n");
    for kind in ["text/plain", "text/html"] {
        let whole = mail(&called(kind, "The letter"));
        assert_eq!((whole.text.trim(), whole.files.len()), ("The letter", 0), "{kind}");
    }
    let named = mail("Content-Type: text/plain\nContent-Disposition: attachment; filename=letter.txt\n\nThe letter\n");
    assert_eq!((named.text.trim(), named.files.len()), ("The letter", 1));
    let either = many("alternative", &[called("text/plain", "The letter"), called("text/html", "<p>The letter</p>")]);
    assert_eq!((says(&either), mail(&either).files.len()), (both("The letter"), 0));
    let beside = mail(&many("mixed", &[called("text/plain", "kept as file"), text("The letter")]));
    assert_eq!((beside.text.trim(), beside.files.len()), ("The letter", 1));
    let only = mail(&many("mixed", &[called("text/plain", "The letter"), PAPER.to_owned()]));
    assert_eq!((only.text.trim(), only.files.len()), ("The letter", 2));
}

#[test]
fn t3_parts_whose_boundary_got_lost_are_found() {
    let parts = "------=_Part_1\nContent-Type: text/plain; charset=utf-8\n\nThe letter\n------=_Part_1\n\
        Content-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n------=_Part_1--\n";
    for head in ["multipart/mixed", "multipart/mixed; boundary=", "multipart/mixed; boundary=other", "multipart/a=b"] {
        let mail = mail(&part(head, parts));
        assert_eq!((words(&mail.text).as_str(), mail.files.len()), ("The letter", 1), "{head}");
    }
    let within = mail(&many("mixed", &[part("multipart/alternative", parts), text("more")]));
    assert_eq!((words(&within.text).as_str(), within.files.len()), ("The letter more", 1));
    let none = mail(&part("multipart/alternative", "Only words.\n-- \nAnna"));
    assert_eq!((words(&none.text).as_str(), none.files.len()), ("Only words. -- Anna", 0));
}

#[test]
fn t3_parts_packed_as_a_whole_are_taken_apart() {
    let inner = "--qq\nContent-Type: text/plain; charset=utf-8\n\nGrüße\n--qq\n\
        Content-Type: text/plain; name=o.txt\nContent-Disposition: attachment; filename=o.txt\n\nfile\n--qq--\n";
    let base64 = data_encoding::BASE64.encode(inner.as_bytes());
    let whole = |encoding: &str, body: &str| {
        format!("Content-Type: multipart/mixed; boundary=qq\nContent-Transfer-Encoding: {encoding}\n\n{body}\n")
    };
    let quoted = inner.replace("--qq", "=2D-qq").replace('ü', "=C3=BC");
    for packed in [whole("base64", &base64), whole("base64;", &base64), whole("quoted-printable", &quoted)] {
        for lines in [packed.clone(), many("mixed", std::slice::from_ref(&packed))] {
            let mail = mail(&lines);
            assert_eq!((mail.text.trim(), mail.files.len()), ("Grüße", 1), "{lines}");
            assert_eq!((mail.files[0].name.as_str(), mail.files[0].bytes.trim_ascii()), ("o.txt", &b"file"[..]));
        }
    }
}

#[test]
fn s10_parts_packed_in_each_other_end() {
    let mut lines = "--q0\nContent-Type: text/plain\n\ndeep\n--q0--\n".to_owned();
    for n in 0..8 {
        let base64 = data_encoding::BASE64.encode(lines.as_bytes());
        let head = format!("Content-Type: multipart/mixed; boundary=q{n}\nContent-Transfer-Encoding: base64");
        lines = format!("--q{0}\n{head}\n\n{base64}\n--q{0}--\n", n + 1);
    }
    let deep = mail(&format!("Content-Type: multipart/mixed; boundary=q8\n\n{lines}"));
    assert!(!deep.text.contains("deep") && deep.files.len() == 1, "no deeper than signed letters");
    let many = "--qq\nContent-Type: text/plain\n\nx\n".repeat(400);
    let base64 = data_encoding::BASE64.encode(format!("{many}--qq--\n").as_bytes());
    let part =
        format!("--bb\nContent-Type: multipart/mixed; boundary=qq\nContent-Transfer-Encoding: base64\n\n{base64}\n");
    let bomb = mail(&format!("Content-Type: multipart/mixed; boundary=bb\n\n{}--bb--\n", part.repeat(50)));
    assert_eq!(bomb.text.matches('x').count(), 400, "what comes first arrives");
}

#[test]
fn t3_texts_of_kinds_that_nobody_knows_are_read() {
    let mail = mail(&many(
        "mixed",
        &[
            part("text/markdown", "# Hello"),
            part("text/x-odd", "there"),
            part("text/csv", "a;b"),
            part("text/rfc822-headers", "A: b"),
        ],
    ));
    assert_eq!((words(&mail.text).as_str(), mail.files.len()), ("# Hello there", 2));
    let nested = super::tests::mail(&many(
        "mixed",
        &[text("The letter"), part("message/rfc822", "Subject: Inner\n\nNot the letter")],
    ));
    assert_eq!((words(&nested.text).as_str(), nested.files[0].name.as_str()), ("The letter", "Inner.eml"));
}

#[test]
fn t3_text_is_shown_between_what_is_laid_out_as_it_is_written() {
    let mail = mail(&many("mixed", &[text("1 < 2 & <script>\nhttps://x.example/a"), html("<p>x</p>")]));
    assert_eq!(mail.html.len(), 2);
    assert!(
        mail.html[0].contains("1 &lt; 2 &amp; &lt;script&gt;\n<a href=\"https://x.example/a\">"),
        "{:?}",
        mail.html
    );
}

#[test]
fn t3_a_picture_stands_where_it_stands_in_the_mail() {
    let between = mail(&many("mixed", &[html("<p>One</p>"), PICTURE.to_owned(), html("<p>two</p>")]));
    assert_eq!(between.html.len(), 3);
    let id = between.files[0].content_id.clone().unwrap();
    assert!(between.html[1].contains(&format!("cid:{id}")), "{:?}", between.html);
    let shown = mail(&many("mixed", &[html("<img src=\"photo.png\">"), PICTURE.to_owned()]));
    assert_eq!(shown.html.len(), 1, "it is shown already");
}

#[test]
fn t3_encrypted_mails_say_so() {
    let pgp = many(
        "encrypted",
        &[
            part("application/pgp-encrypted", "Version: 1"),
            part("application/octet-stream; name=encrypted.asc", "-----BEGIN PGP MESSAGE-----"),
        ],
    );
    let pgp = mail(&pgp);
    assert!(pgp.text.starts_with("This mail is encrypted (PGP)"), "{}", pgp.text);
    assert_eq!(pgp.files.len(), 2);
    let inline = mail(&text("Hello,\n\n-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n\nAnna"));
    assert!(inline.text.starts_with("Hello,\n\nThis mail is encrypted (PGP)") && inline.text.trim().ends_with("Anna"));
    assert!(!inline.text.contains("hQEMA") && inline.files[0].bytes.starts_with(b"-----BEGIN PGP MESSAGE-----"));
    // An empty envelope: 1.2.840.113549.1.7.3.
    let smime = mail(
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMA8GCSqGSIb3DQEHA6ACMAA=\n",
    );
    assert!(smime.text.starts_with("This mail is encrypted (S/MIME)"), "{}", smime.text);
    assert_eq!(smime.files.len(), 1);
}

fn fault(name: &str) -> Mail {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/bodies/");
    read(&std::fs::read(format!("{folder}{name}.eml")).unwrap()).unwrap()
}

#[test]
fn t3_a_letter_signed_as_a_whole_is_read() {
    let mail = fault("smime-opaque-signed");
    assert_eq!(mail.text.trim(), "Please send the signed contract by Friday. SIGNEDTEXT-M23");
    assert!(mail.files.is_empty());
}

#[test]
fn t3_an_invitation_alone_says_what_it_describes() {
    let mail = fault("calendar-only");
    assert_eq!(mail.text, "Please bring the ladder.\nJoin: https://meet.m20.example/j/77, DESCR-M20 and the long rope");
    assert_eq!(mail.files.len(), 1);
    let alarm = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VALARM\nDESCRIPTION:REMINDER\nEND:VALARM\nX-ALT-DESC;FMTTYPE=text/html;X=\"a:b\":<p>Hello</p>\nEND:VEVENT\nEND:VCALENDAR";
    assert_eq!(says(&part("text/calendar", alarm)).0, "Hello");
    let beside =
        many("mixed", &[text("The letter"), part("text/calendar", "BEGIN:VEVENT\nDESCRIPTION:no\nEND:VEVENT")]);
    assert_eq!(says(&beside).0, "The letter");
}

#[test]
fn t3_small_mails_that_were_misread_are_read() {
    let has = |name: &str, wanted: &[&str]| {
        let mail = fault(name);
        for want in wanted {
            assert!(mail.text.contains(want), "{name}: {want}: {}", mail.text);
        }
        mail
    };
    has("text-then-html-signature", &["MAINTEXT-M01A please", "HTMLSIG-M01A"]);
    has("text-then-html-signature-with-picture", &["MAINTEXT-M01B", "HTMLSIG-M01B"]);
    has("html-then-list-footer", &["HTMLBODY-M02A", "FOOTER-M02"]);
    has("nearly-empty-text", &["Real words here. HTML-M42"]);
    has("numbered-list", &["1. blue FIRST-M17", "2. on Monday", "3. no, not question 2 but 4"]);
    has(
        "flowed-delsp-link",
        &[
            "https://plans.m22a.example/gardens/2026/november/south-side/version-seven/final/drawing.pdf and I would be glad if",
        ],
    );
    has(
        "flowed-paragraphs",
        &[
            "whose program breaks lines only for the way, so that it should stand here as one paragraph without breaks.",
            "\n>From the harbour it is not far.",
            "program that flows its quoted text as well.\nA short line.",
        ],
    );
    has("meta-charset-koi8", &["Добрый день, пришлите счёт BODY-M24A"]);
    has("meta-charset-gb18030", &["请寄发票 BODY-M24B"]);
    has(
        "links-in-html",
        &["here <https://bank.m25a.example/receipt/8812>", "there <https://photos.m25a.example/album/17>"],
    );
    has("kept-line-ends", &["Line one of the message\nLine two of the message\n\nLine four MARK-M26"]);
    has("struck-words", &["~~Monday~~ ~~Tuesday~~ Wednesday"]);
    let scan = has("uuencoded-file", &["The list is below. BODY-M41"]);
    assert_eq!(
        (scan.files[0].name.as_str(), scan.files[0].bytes.as_slice()),
        ("list.csv", &b"item;count\nlamp;4\nshade;2\n"[..])
    );
    assert!(!scan.text.contains("begin 644"));
    assert!(!has("hidden-by-class", &["VISIBLE-M35B"]).text.contains("HIDDEN"));
}

proptest! {
    #[test]
    fn any_row_of_parts_can_be_read(kinds in proptest::collection::vec(0usize..8, 0..8), row in 0usize..3) {
        let all = [
            text("word"), html("<p>word</p>"), PICTURE.to_owned(), PAPER.to_owned(), part("text/calendar", "BEGIN:VEVENT"),
            many("alternative", &[text("word"), html("word")]), many("related", &[html("word"), PICTURE.to_owned()]), text(""),
        ];
        let parts: Vec<String> = kinds.iter().map(|kind| all[*kind].clone()).collect();
        let mail = mail(&many(["mixed", "related", "signed"][row], &parts));
        let wanted = kinds.iter().filter(|kind| matches!(kind, 0 | 1 | 5 | 6)).count();
        prop_assert_eq!(mail.text.matches("word").count(), wanted);
    }
}
