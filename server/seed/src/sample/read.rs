//! Parses the conversations' files: a head of "key: value" lines, then entries that begin with `==`.
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
//! `docs/sample.md` lists every word. Unknown ones are refused, with their line.

use model::{CloseReason, DeliveryState, LeadStatus, Mailbox};

use super::{company, when::When};

/// A parsed conversation.
#[derive(Debug, Clone)]
pub(super) struct Story {
    /// The name of its file.
    pub(super) name: String,
    /// Its channel.
    pub(super) channel: &'static company::SampleChannel,
    /// The person it is with.
    pub(super) with: With,
    /// Its team, by the name in the company.
    pub(super) team: Option<String>,
    /// Its tags, by their names in the company.
    pub(super) tags: Vec<&'static str>,
    /// How many of their messages are unread.
    pub(super) unread: i64,
    /// The entries, in order.
    pub(super) entries: Vec<Entry>,
}

/// A person outside, with what the company knows about them.
#[derive(Debug, Clone, Default)]
pub(super) struct With {
    /// Their name and address. Both are empty for a visitor who gave none.
    pub(super) mailbox: Mailbox,
    pub(super) phone: String,
    pub(super) company: String,
    pub(super) title: String,
    pub(super) location: String,
    pub(super) language: String,
    pub(super) time_zone: String,
    pub(super) lead: Option<LeadStatus>,
}

/// A member: one of the company, or the one who looks at the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The member who set the workspace up.
    Me,
    /// A member by the index in [`company::MEMBERS`].
    Member(usize),
}

/// What happens in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// The person outside writes.
    Them {
        /// Whether chat is off.
        chat_off: bool,
    },
    /// A member replies.
    Reply(Who),
    /// A member writes a note.
    Note(Who),
    /// A member assigns it, or removes the assignment.
    Assign {
        /// Who does it.
        by: Who,
        /// The new assignee.
        to: Option<Who>,
    },
    /// A member closes it.
    Close(Who, CloseReason),
    /// A member opens it again.
    Reopen(Who),
    /// A member sets it to pending.
    Wait(Who),
    /// A machine of theirs answers.
    Machine,
    /// The last reply bounces.
    Bounce,
    /// Another person writes. Their own conversation, by file name.
    Stranger(String),
}

/// An entry of a conversation.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The line of the file where it begins.
    pub(super) line: usize,
    /// When it happens.
    pub(super) when: When,
    /// What happens.
    pub(super) deed: Deed,
    /// The text.
    pub(super) text: String,
    /// Its other data.
    pub(super) more: More,
}

/// The data of an entry beside its text.
#[derive(Debug, Clone, Default)]
pub(super) struct More {
    /// The sender, if not the person the conversation is with.
    pub(super) from: Option<Mailbox>,
    /// Where they want replies.
    pub(super) reply_to: Vec<Mailbox>,
    /// The recipients of a reply, if not the usual ones.
    pub(super) to: Vec<Mailbox>,
    /// The recipients of copies.
    pub(super) cc: Vec<Mailbox>,
    /// The subject.
    pub(super) subject: Option<String>,
    /// Its files, by their names in `files/`.
    pub(super) files: Vec<String>,
    /// Its inline pictures, by their names in `files/`.
    pub(super) inline: Vec<String>,
    /// Its HTML, by the name of a file in `layouts/`.
    pub(super) html: Option<String>,
    /// The line above its quote, as a date pattern.
    pub(super) quotes: Option<String>,
    /// Further header lines of a mail.
    pub(super) headers: Vec<(String, String)>,
    /// The delivery state of a reply.
    pub(super) state: Option<DeliveryState>,
    /// Why it was not delivered.
    pub(super) reason: String,
}

/// An error in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}.txt, line {line}: {what}")]
pub(super) struct Wrong {
    name: String,
    line: usize,
    what: String,
}

/// Parses a file.
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
    tags: Vec<&'static str>,
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
            // Only empty lines are removed, because the signature separator ends with a space.
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
            "tags" => {
                for name in value.split(',').map(str::trim) {
                    let known = company::TAGS.iter().find(|(known, _)| *known == name);
                    self.tags.push(known.ok_or_else(|| format!("there is no tag {name}"))?.0);
                }
                return Ok(());
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
        let Self { with, team, tags, entries, .. } = self;
        Ok(Story { name: name.to_owned(), channel, with, team, tags, unread, entries })
    }
}

/// Checks that an entry has the data that its kind needs, and no other.
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

/// Parses `Name <local@domain.example>`. Other domains are refused, because mail to them might reach somebody.
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
