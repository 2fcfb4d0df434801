//! Reads the conversations as they are written: a head of "key: value" lines, then entries that begin with `==`.
//!
//! ```text
//! shows: what there is to see in it
//! channel: mail
//! with: Ruth Feldman <ruth@feldman.example>
//!
//! == 2d 09:12  them
//! | subject: Which bag?
//! The text, up to the next entry.
//!
//! == 2d 09:30  Hanna notes
//! ```
//!
//! `docs/sample.md` lists every word. Whatever is not known here is refused, with its line.

use model::{CloseReason, DeliveryState, LeadStatus, Mailbox};

use super::{company, when::When};

/// A conversation as it is written.
#[derive(Debug, Clone)]
pub(super) struct Story {
    /// The name of its file.
    pub(super) name: String,
    /// Which of the company's channels.
    pub(super) channel: &'static company::SampleChannel,
    /// Who it is with.
    pub(super) with: With,
    /// The team it belongs to, as the company names it.
    pub(super) team: Option<String>,
    /// How many of their messages you have not read.
    pub(super) unread: i64,
    /// What happened, in order.
    pub(super) entries: Vec<Entry>,
}

/// Somebody outside, as far as the company knows them.
#[derive(Debug, Clone, Default)]
pub(super) struct With {
    /// Their name and address; both are empty for a visitor who gave none.
    pub(super) mailbox: Mailbox,
    pub(super) phone: String,
    pub(super) company: String,
    pub(super) title: String,
    pub(super) location: String,
    pub(super) language: String,
    pub(super) time_zone: String,
    pub(super) lead: Option<LeadStatus>,
}

/// Somebody of the company: its name in the files, or whoever looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Whoever set the workspace up.
    Me,
    /// A member, by the place in [`company::MEMBERS`].
    Member(usize),
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// They write.
    Them {
        /// Nobody was there to chat.
        chat_off: bool,
    },
    /// One of us answers.
    Reply(Who),
    /// One of us writes a note.
    Note(Who),
    /// Somebody has it now, or nobody.
    Assign {
        /// Who says so.
        by: Who,
        /// Who has it.
        to: Option<Who>,
    },
    /// Done.
    Close(Who, CloseReason),
    /// Not done after all.
    Reopen(Who),
    /// It is their turn.
    Wait(Who),
    /// A program of theirs answers.
    Machine,
    /// The last reply comes back.
    Bounce,
    /// Somebody else answered; their own conversation, by its file.
    Stranger(String),
}

/// An entry of a conversation.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// In which line of the file it begins.
    pub(super) line: usize,
    /// When.
    pub(super) when: When,
    /// What.
    pub(super) deed: Deed,
    /// The text.
    pub(super) text: String,
    /// What it has beside its text.
    pub(super) more: More,
}

/// What an entry has beside its text.
#[derive(Debug, Clone, Default)]
pub(super) struct More {
    /// Who wrote it, if not who the conversation is with.
    pub(super) from: Option<Mailbox>,
    /// Where they want answers.
    pub(super) reply_to: Vec<Mailbox>,
    /// To whom a reply goes, if not to whom it would.
    pub(super) to: Vec<Mailbox>,
    /// Who gets a copy.
    pub(super) cc: Vec<Mailbox>,
    /// What it is about.
    pub(super) subject: Option<String>,
    /// Files, by their names in `files/`.
    pub(super) files: Vec<String>,
    /// Pictures within the layout, by their names in `files/`.
    pub(super) inline: Vec<String>,
    /// How it is laid out, by the name of a file in `layouts/`.
    pub(super) html: Option<String>,
    /// The line above what it quotes, as a pattern of dates.
    pub(super) quotes: Option<String>,
    /// Further lines of a mail's head.
    pub(super) headers: Vec<(String, String)>,
    /// How far a reply came.
    pub(super) state: Option<DeliveryState>,
    /// Why it came no further.
    pub(super) reason: String,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}.txt, line {line}: {what}")]
pub(super) struct Wrong {
    name: String,
    line: usize,
    what: String,
}

/// Reads a file.
pub(super) fn read(name: &str, text: &str) -> Result<Story, Wrong> {
    let mut reading = Reading::default();
    for (at, line) in text.lines().enumerate() {
        let done = reading.line(at + 1, line);
        done.map_err(|what| Wrong { name: name.to_owned(), line: at + 1, what })?;
    }
    let last = text.lines().count();
    reading.finish(name).map_err(|(line, what)| Wrong { name: name.to_owned(), line: line.unwrap_or(last), what })
}

#[derive(Default)]
struct Reading {
    shows: bool,
    channel: Option<&'static company::SampleChannel>,
    named: bool,
    with: With,
    team: Option<String>,
    unread: Option<i64>,
    entries: Vec<Entry>,
}

impl Reading {
    fn line(&mut self, at: usize, line: &str) -> Result<(), String> {
        if let Some(head) = line.strip_prefix("== ") {
            self.end_text();
            let (when, deed) = When::read(head).ok_or("this is no time: write 9m, 2h10m or 3d 10:42, then who")?;
            let deed = deed_of(deed.trim())?;
            self.entries.push(Entry { line: at, when, deed, text: String::new(), more: More::default() });
            return Ok(());
        }
        let Some(entry) = self.entries.last_mut() else { return self.head(line) };
        if let Some(pair) = line.strip_prefix("| ") {
            if !entry.text.is_empty() {
                return Err("what a message has stands above its text".to_owned());
            }
            let (key, value) = pair.split_once(':').ok_or("write | key: value")?;
            return more(&mut entry.more, key.trim(), value.trim());
        }
        entry.text.push_str(line);
        entry.text.push('\n');
        Ok(())
    }

    fn end_text(&mut self) {
        if let Some(entry) = self.entries.last_mut() {
            // A line of a signature ends with a space: only what is empty goes.
            entry.text = entry.text.trim_matches('\n').to_owned();
        }
    }

    fn head(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() {
            return Ok(());
        }
        let (key, value) = line.split_once(':').ok_or("write key: value, or begin an entry with ==")?;
        let value = value.trim();
        if value.is_empty() {
            return Err(format!("{key} says nothing"));
        }
        let with = &mut self.with;
        let field = match key {
            "shows" => {
                self.shows = true;
                return Ok(());
            }
            "channel" => {
                let found = company::CHANNELS.iter().find(|channel| channel.word == value);
                self.channel = Some(found.ok_or_else(|| format!("there is no channel {value}"))?);
                return Ok(());
            }
            "with" => {
                self.named = true;
                if value != "a visitor" {
                    with.mailbox = mailbox(value)?;
                }
                return Ok(());
            }
            "team" => {
                let known = company::TEAMS.iter().any(|(name, _)| *name == value);
                self.team = Some(value.to_owned());
                return if known { Ok(()) } else { Err(format!("there is no team {value}")) };
            }
            "unread" => {
                self.unread = Some(value.parse().map_err(|_| "unread takes a number")?);
                return Ok(());
            }
            "lead" => {
                with.lead = Some(value.parse().map_err(|_| format!("there is no lead status {value}"))?);
                return Ok(());
            }
            "phone" => &mut with.phone,
            "company" => &mut with.company,
            "title" => &mut with.title,
            "location" => &mut with.location,
            "language" => &mut with.language,
            "time zone" => &mut with.time_zone,
            _ => return Err(format!("the head of a conversation has no {key}")),
        };
        if !field.is_empty() {
            return Err(format!("{key} stands there twice"));
        }
        value.clone_into(field);
        Ok(())
    }

    fn finish(mut self, name: &str) -> Result<Story, (Option<usize>, String)> {
        self.end_text();
        let missing = |what: &str| (None, format!("it does not say {what}"));
        let channel = self.channel.ok_or_else(|| missing("which channel"))?;
        if !self.shows {
            return Err(missing("what it shows"));
        }
        if !self.named {
            return Err(missing("who it is with"));
        }
        if self.entries.is_empty() {
            return Err(missing("what happens"));
        }
        for entry in &self.entries {
            check(channel, entry).map_err(|what| (Some(entry.line), what))?;
        }
        let written = self.entries.iter().filter(|entry| matches!(entry.deed, Deed::Them { .. })).count();
        let unread = self.unread.unwrap_or(0);
        if !(0..=written).contains(&usize::try_from(unread).unwrap_or(usize::MAX)) {
            return Err((None, format!("{unread} are unread of {written}")));
        }
        let Self { with, team, entries, .. } = self;
        Ok(Story { name: name.to_owned(), channel, with, team, unread, entries })
    }
}

/// Whether an entry has what its kind needs, and nothing else.
fn check(channel: &company::SampleChannel, entry: &Entry) -> Result<(), String> {
    let More { from, reply_to, to, cc, subject, inline, html, quotes, headers, state, reason, files } = &entry.more;
    let says = matches!(entry.deed, Deed::Them { .. } | Deed::Reply(_) | Deed::Note(_) | Deed::Machine | Deed::Bounce);
    if says == (entry.text.is_empty() && files.is_empty()) {
        return Err(if says { "it has no text" } else { "it cannot have a text" }.to_owned());
    }
    let is_mail = channel.kind == model::ChannelKind::Email;
    let theirs = matches!(entry.deed, Deed::Them { .. });
    let ours = matches!(entry.deed, Deed::Reply(_));
    let of_their_mail = from.is_some()
        || html.is_some()
        || quotes.is_some()
        || !(reply_to.is_empty() && inline.is_empty() && headers.is_empty());
    if of_their_mail && !(theirs && is_mail) {
        return Err("only a mail of theirs has that".to_owned());
    }
    if (subject.is_some() || !cc.is_empty()) && !((theirs || ours) && is_mail) {
        return Err("only a mail has that".to_owned());
    }
    if (!to.is_empty() || state.is_some()) && !ours {
        return Err("only a reply has that".to_owned());
    }
    let failed = state.is_some_and(DeliveryState::is_unsent) || entry.deed == Deed::Bounce;
    if failed == reason.is_empty() {
        return Err("what failed needs a reason, and nothing else has one".to_owned());
    }
    if !(theirs || ours || files.is_empty()) {
        return Err("only a message has files".to_owned());
    }
    Ok(())
}

fn deed_of(text: &str) -> Result<Deed, String> {
    match text {
        "them" => return Ok(Deed::Them { chat_off: false }),
        "them, while chat is off" => return Ok(Deed::Them { chat_off: true }),
        "machine" => return Ok(Deed::Machine),
        "bounce" => return Ok(Deed::Bounce),
        _ => {}
    }
    let (name, deed) = text.split_once(' ').unwrap_or((text, ""));
    if name == "stranger" && !deed.is_empty() {
        return Ok(Deed::Stranger(deed.to_owned()));
    }
    let by = who(name)?;
    let (deed, object) = deed.split_once(' ').unwrap_or((deed, ""));
    Ok(match (deed, object) {
        ("", "") => Deed::Reply(by),
        ("notes", "") => Deed::Note(by),
        ("takes", "it") => Deed::Assign { by, to: Some(by) },
        ("assigns", "nobody") => Deed::Assign { by, to: None },
        ("assigns", other) => Deed::Assign { by, to: Some(who(other)?) },
        ("closes", reason) => {
            Deed::Close(by, reason.parse().map_err(|_| format!("{reason} is no reason to close something"))?)
        }
        ("reopens", "") => Deed::Reopen(by),
        ("waits", "") => Deed::Wait(by),
        _ => return Err(format!("nobody can do this: {text}")),
    })
}

fn who(name: &str) -> Result<Who, String> {
    if name == "me" {
        return Ok(Who::Me);
    }
    let found = company::MEMBERS.iter().position(|member| member.first() == name);
    found.map(Who::Member).ok_or_else(|| format!("nobody is called {name}"))
}

fn more(more: &mut More, key: &str, value: &str) -> Result<(), String> {
    let words = || value.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
    let list = || value.split(',').map(mailbox).collect::<Result<Vec<_>, _>>();
    match key {
        "from" => more.from = Some(mailbox(value)?),
        "reply-to" => more.reply_to = list()?,
        "to" => more.to = list()?,
        "cc" => more.cc = list()?,
        "subject" => more.subject = Some(value.to_owned()),
        "files" => more.files = words(),
        "inline" => more.inline = words(),
        "html" => more.html = Some(value.to_owned()),
        "quotes" => more.quotes = Some(value.to_owned()),
        "header" => {
            let (name, value) = value.split_once(':').ok_or("write | header: Name: value")?;
            more.headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        "state" => more.state = Some(value.parse().map_err(|_| format!("there is no state {value}"))?),
        "reason" => value.clone_into(&mut more.reason),
        _ => return Err(format!("a message has no {key}")),
    }
    Ok(())
}

/// `Name <local@domain.example>`. Other domains are refused: what is written there might reach somebody.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    let (name, address) = text.trim().split_once('<').ok_or_else(|| format!("write Name <address>, not {text}"))?;
    let address = address.strip_suffix('>').ok_or("the address does not end")?;
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && domain.ends_with(".example") => {}
        _ => return Err(format!("{address} must be an address in .example")),
    }
    Ok(Mailbox { name: name.trim().trim_matches('"').to_owned(), address: address.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "shows: x\nchannel: mail\nwith: Ann <ann@x.example>\n\n";

    fn wrong(text: &str) -> String {
        read("one", text).unwrap_err().to_string()
    }

    #[test]
    fn a_conversation_is_read_with_all_that_it_has() {
        let text = format!(
            "{HEAD}== 2d 09:12  them\n| subject: Bags: which?\n| cc: Ben <ben@x.example>, Cleo <cleo@x.example>\nHello.\n\n-- \nAnn\n\n\
             == 1h  Hanna notes\nHm.\n\n== 9m  me closes resolved\n"
        );
        let story = read("one", &text).unwrap();
        assert_eq!((story.entries.len(), story.unread), (3, 0));
        assert_eq!(story.entries[0].text, "Hello.\n\n-- \nAnn");
        assert_eq!(story.entries[0].more.subject.as_deref(), Some("Bags: which?"));
        assert_eq!(story.entries[0].more.cc[1].address, "cleo@x.example");
        assert!(matches!(story.entries[1].deed, Deed::Note(Who::Member(_))));
        assert_eq!(story.entries[2].deed, Deed::Close(Who::Me, CloseReason::Resolved));
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        let after = |entry: &str| wrong(&format!("{HEAD}{entry}"));
        assert_eq!(wrong("colour: red\n"), "one.txt, line 1: the head of a conversation has no colour");
        assert_eq!(wrong("shows: x\n"), "one.txt, line 1: it does not say which channel");
        assert_eq!(after(""), "one.txt, line 4: it does not say what happens");
        assert!(after("== soon  them\nx\n").contains("line 5: this is no time"));
        assert!(after("== 9m  Nobody\nx\n").contains("nobody is called Nobody"));
        assert!(after("== 9m  Hanna dances\n").contains("nobody can do this"));
        assert!(after("== 9m  Hanna closes happily\n").contains("no reason to close"));
        assert!(after("== 9m  them\n").contains("line 5: it has no text"));
        assert!(after("== 9m  Hanna waits\nx\n").contains("it cannot have a text"));
        assert!(after("== 9m  them\n| state: sent\nx\n").contains("only a reply has that"));
        assert!(after("== 9m  Hanna\n| state: failed\nx\n").contains("needs a reason"));
        assert!(after("== 9m  them\n| size: 9\nx\n").contains("line 6: a message has no size"));
        assert!(after("== 9m  them\nx\n| subject: y\n").contains("above its text"));
        let real = "shows: x\nchannel: mail\nwith: Ann <ann@acme.com>\n";
        assert!(wrong(real).contains("must be an address in .example"));
    }
}
