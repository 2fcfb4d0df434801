//! Mails as real programs and attackers write them: each sample is read, and none costs more than its limit (T3, S10, S13–S16).

use std::{path::PathBuf, time::Instant};

use mail::{
    self, Mail, Writer,
    fold::{Answers, fold, fold_html},
    html::{Picture, sanitise, sanitise_all},
};
use serde::Deserialize;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("mail/samples")
}

fn list<T: for<'de> Deserialize<'de>>(name: &str) -> Vec<T> {
    serde_json::from_slice(&std::fs::read(folder().join(name)).unwrap()).unwrap()
}

/// What a reader must get out of a sample.
#[derive(Deserialize)]
struct Shape {
    file: String,
    from: String,
    from_name: String,
    subject: String,
    text_has: Vec<String>,
    /// What is folded as its signature.
    #[serde(default)]
    signature_has: Vec<String>,
    written_lacks: Vec<String>,
    html: bool,
    files: Vec<ShapeFile>,
    answers: Vec<String>,
    writer: String,
}

#[derive(Deserialize)]
struct ShapeFile {
    name: String,
}

/// A sample answers what it names, and nothing of that is known.
fn answered(mail: &Mail) -> Answers {
    if mail.answers.is_empty() { Answers::Nothing } else { Answers::Unknown }
}

/// Every way in which a sample is read otherwise than it should be.
fn faults(shape: &Shape, mail: &Mail) -> Vec<String> {
    let mut faults = Vec::new();
    let mut same = |what: &str, found: String, wanted: &str| {
        if found != wanted {
            faults.push(format!("{what} is {found:?}, not {wanted:?}"));
        }
    };
    let from = mail.parties.from.clone().unwrap_or_default();
    same("from", from.address, &shape.from);
    same("name", from.name, &shape.from_name);
    same("subject", mail.subject.clone(), &shape.subject);
    let answers: Vec<&str> = mail.answers.iter().map(|name| name.as_str()).collect();
    same("answers", answers.join(" "), &shape.answers.join(" "));
    let files: Vec<&str> = mail.files.iter().map(|file| file.name.as_str()).collect();
    let wanted: Vec<&str> = shape.files.iter().map(|file| file.name.as_str()).collect();
    same("files", files.join(" | "), &wanted.join(" | "));
    same("html", (!mail.html.is_empty()).to_string(), &shape.html.to_string());
    let writer = match mail.writer {
        Writer::Person => "person",
        Writer::NoMachines => "no_machines",
        Writer::AutoReply => "auto_reply",
        Writer::Bounce => "bounce",
    };
    same("writer", writer.to_owned(), &shape.writer);
    // Line ends and the space around them are the programs' own.
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let folded = fold(&mail.text, &answered(mail));
    let (written, signature) = (plain(folded.written), plain(folded.signature));
    for has in &shape.signature_has {
        if !signature.contains(&plain(has)) {
            faults.push(format!("its signature lacks {has:?}: {signature:?}"));
        }
    }
    for has in &shape.text_has {
        if !written.contains(&plain(has)) {
            faults.push(format!("what was written lacks {has:?}: {written:?}"));
        }
    }
    for lacks in &shape.written_lacks {
        if written.contains(&plain(lacks)) {
            faults.push(format!("what was written has {lacks:?}"));
        }
    }
    faults
}

/// What is seen of a mail's HTML before anything is opened, if it is otherwise than it should be.
fn faults_of_html(shape: &Shape, mail: &Mail) -> Vec<String> {
    if mail.html.is_empty() || !matches!(mail.writer, Writer::Person | Writer::NoMachines) {
        return Vec::new();
    }
    let shown = fold_html(&sanitise_all(&mail.html, |_| None).html, &answered(mail));
    let folded: Vec<&str> =
        shown.split("<details>").skip(1).filter_map(|part| part.split("</details>").next()).collect();
    let open = folded.iter().fold(shown.clone(), |open, folded| open.replacen(folded, "", 1));
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let open = bare(&mail_parser::decoders::html::html_to_text(&open));
    let has = shape.text_has.iter().filter(|has| !open.contains(&bare(has)));
    let lacks = shape.written_lacks.iter().filter(|lacks| open.contains(&bare(lacks)));
    let has = has.map(|has| format!("what is seen of its HTML lacks {has:?}: {shown}"));
    has.chain(lacks.map(|lacks| format!("what is seen of its HTML has {lacks:?}: {shown}"))).collect()
}

#[test]
fn t3_mails_of_real_programs_are_read() {
    let mut all = Vec::new();
    for shape in list::<Shape>("shapes.json") {
        let bytes = std::fs::read(folder().join("shapes").join(&shape.file)).unwrap();
        let faults = match mail::read(&bytes) {
            Ok(mail) => [faults(&shape, &mail), faults_of_html(&shape, &mail)].concat(),
            Err(error) => vec![error.to_string()],
        };
        all.extend(faults.into_iter().map(|fault| format!("{}: {fault}", shape.file)));
    }
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

/// A hostile mail, written short.
#[derive(Deserialize)]
struct Raw {
    id: String,
    raw: String,
    repeat: Option<Repeat>,
    bytes: Option<String>,
}

#[derive(Deserialize)]
struct Repeat {
    at: String,
    text: String,
    times: usize,
}

impl Raw {
    fn bytes(&self) -> Vec<u8> {
        let mut raw = self.raw.replace("{{OUR_ID}}", "guessed.aaaaaaaaaaaaaaaa@mail.test");
        if let Some(Repeat { at, text, times }) = &self.repeat {
            let repeated: String = (0..*times).map(|n| text.replace("{{I}}", &n.to_string())).collect();
            raw = raw.replace(at, &repeated);
        }
        match self.bytes.as_deref() {
            Some("latin1") => raw.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
            _ => raw.into_bytes(),
        }
    }
}

#[test]
fn s10_s13_s16_hostile_mails_cost_little_and_stay_on_their_lines() {
    let mut dear = Vec::new();
    for raw in list::<Raw>("raw.json") {
        let bytes = raw.bytes();
        let begun = Instant::now();
        let read = mail::read(&bytes);
        let took = begun.elapsed();
        // Ten times what it may cost, for a machine that has other things to do.
        if took.as_millis() > 10_000 {
            dear.push(format!("{}: {took:?} for {} kB", raw.id, bytes.len() / 1024));
        }
        let Ok(mail) = read else { continue };
        let from = mail.parties.from.clone().unwrap_or_default();
        for line in
            [&mail.subject, &from.name, &from.address].into_iter().chain(mail.files.iter().map(|file| &file.name))
        {
            assert!(!line.chars().any(char::is_control), "{}: {line:?}", raw.id);
        }
        assert!(mail.answers.len() <= 100 && !mail.text.contains('\0'), "{}", raw.id);
        let folded = fold(&mail.text, &Answers::Unknown);
        assert_eq!(folded.written.len() + folded.signature.len() + folded.quoted.len(), mail.text.len(), "{}", raw.id);
    }
    assert!(dear.is_empty(), "{}", dear.join("\n"));
}

/// A hostile body.
#[derive(Deserialize)]
struct Vector {
    id: String,
    html: String,
    repeat: Option<Around>,
}

#[derive(Deserialize)]
struct Around {
    open: String,
    close: String,
    times: usize,
}

#[test]
fn s1_s7_hostile_html_leaves_nothing_that_could_act() {
    for vector in list::<Vector>("hostile.json") {
        let html = match &vector.repeat {
            Some(Around { open, close, times }) => {
                format!("{}{}{}", open.repeat(*times), vector.html, close.repeat(*times))
            }
            None => vector.html.clone(),
        };
        let begun = Instant::now();
        let shown = sanitise(&html, |picture| match picture {
            Picture::Inside(_) => Some("/mail/picture/x".to_owned()),
            Picture::Remote(_) | Picture::Named(_) => None,
        });
        assert!(begun.elapsed().as_secs() < 10, "{}: {:?}", vector.id, begun.elapsed());
        // What is shown is elements on our list only, with attributes on our list only.
        let parsed = scraper(&shown.html);
        for (element, attribute, value) in parsed {
            let value = value.to_lowercase();
            assert!(!attribute.starts_with("on"), "{}: {element} {attribute}", vector.id);
            assert!(!value.trim_start().starts_with("javascript:"), "{}: {element} {attribute}={value}", vector.id);
            if attribute == "src" {
                assert!(
                    value.starts_with("/mail/picture/") || value.starts_with("data:image/"),
                    "{}: {value}",
                    vector.id
                );
            }
            if attribute == "style" {
                assert!(!value.contains("url") && !value.contains("position"), "{}: {value}", vector.id);
            }
        }
    }
}

/// Elements with their attributes, as our own serialiser writes them: every attribute in double quotes.
fn scraper(html: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for element in html.split('<').skip(1).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic())) {
        let mut quoted = false;
        let end = element.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let tag = &element[..end.unwrap_or(element.len())];
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        while let Some((attribute, after)) = rest.split_once("=\"") {
            let Some((value, tail)) = after.split_once('"') else { break };
            found.push((name.to_owned(), attribute.trim().to_owned(), value.to_owned()));
            rest = tail;
        }
    }
    found
}
