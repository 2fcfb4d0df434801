//! The recipients and subject of an e-mail: shown before sending, editable, with a warning about changes from the answered mail (T5).

use leptos::prelude::*;

use crate::{
    components::{mail::names, ui::Glyph, ui::Icon},
    state::{LastMail, use_thread, use_workspace},
};
use model::{Answer, ContactField, MailChoice, Mailbox, Own, Recipients, answer_subject, recipients};

/// The text typed into the recipient and subject fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Lines {
    to: String,
    cc: String,
    bcc: String,
    subject: String,
}

/// The default recipients and subject, used unless a member types others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Usual {
    recipients: Recipients,
    subject: String,
    /// Whether the subject comes from the answered mail.
    answers: bool,
    /// The recipients known only from the answered mail itself, in the form used to compare addresses.
    said: Vec<String>,
}

impl Usual {
    fn after(last: LastMail, own: &str) -> Self {
        match last {
            LastMail::Answered(head) => {
                let recipients = recipients(&head.parties, &Own::new([own]), Answer::All);
                let said =
                    recipients.everybody().filter(|one| head.parties.is_only_said(one)).map(Mailbox::key).collect();
                Self { recipients, subject: answer_subject(&head.subject), answers: true, said }
            }
            LastMail::TakenBack(head) => {
                let MailChoice { recipients, subject } = head.choice();
                Self { recipients, subject: subject.unwrap_or_default(), answers: false, said: Vec::new() }
            }
        }
    }
}

/// The recipient and subject fields of an e-mail. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct MailTo {
    usual: Memo<Option<Usual>>,
    typed: RwSignal<Option<Lines>>,
}

impl MailTo {
    /// The fields for the open conversation. They are absent if the conversation is not e-mail.
    pub fn new() -> Self {
        let (thread, workspace) = (use_thread(), use_workspace());
        let usual = Memo::new(move |_| {
            let channel = thread.open.with(|row| row.as_ref().map(|row| row.channel))?;
            let address = workspace
                .boot
                .with(|boot| boot.channels.iter().find(|c| c.id == channel).map(|c| c.address.clone()))?;
            thread.last_mail.get().map(|last| Usual::after(last, &address))
        });
        Self { usual, typed: RwSignal::new(None) }
    }

    /// Whether the open conversation has these fields.
    pub fn is_mail(self) -> bool {
        self.usual.with(Option::is_some)
    }

    /// The chosen recipients and subject: the typed ones, or else the defaults.
    pub fn choice(self) -> Option<MailChoice> {
        let usual = self.usual.get()?;
        Some(match self.typed.get() {
            None => {
                let subject = (!usual.answers).then_some(usual.subject);
                MailChoice { recipients: usual.recipients, subject }
            }
            Some(lines) => {
                MailChoice { recipients: lines.recipients(), subject: Some(lines.subject.trim().to_owned()) }
            }
        })
    }

    /// Why the mail cannot be sent with these recipients.
    pub fn fault(self) -> Option<String> {
        let choice = self.choice()?;
        let bad = |one: &&Mailbox| ContactField::Email.check(&one.address).is_err() || one.address.is_empty();
        if let Some(one) = choice.recipients.everybody().find(bad) {
            return Some(format!("\"{}\" is not a valid e-mail address", one.address));
        }
        choice.recipients.everybody().next().is_none().then(|| "Add at least one recipient".to_owned())
    }

    /// The chosen recipients known only from the answered mail itself.
    fn said(self) -> Vec<Mailbox> {
        let said = self.usual.with(|usual| usual.as_ref().map(|usual| usual.said.clone()).unwrap_or_default());
        let everybody = self.choice().map(|choice| choice.recipients.everybody().cloned().collect::<Vec<_>>());
        everybody.unwrap_or_default().into_iter().filter(|one| said.contains(&one.key())).collect()
    }

    /// Resets the fields to the defaults for the next mail.
    pub fn reset(self) {
        self.typed.set(None);
    }

    /// Restores an earlier choice.
    pub fn put_back(self, choice: MailChoice) {
        let usual = self.usual.get_untracked();
        let subject = choice.subject.or(usual.as_ref().map(|usual| usual.subject.clone())).unwrap_or_default();
        let lines = Lines::of(&choice.recipients, subject);
        self.typed.set((usual.as_ref().map(Lines::usual).as_ref() != Some(&lines)).then_some(lines));
    }

    fn open(self) {
        self.typed.set(self.usual.get_untracked().as_ref().map(Lines::usual));
    }
}

impl Lines {
    fn usual(usual: &Usual) -> Self {
        Self::of(&usual.recipients, usual.subject.clone())
    }

    fn of(recipients: &Recipients, subject: String) -> Self {
        let line = |list: &[Mailbox]| list.iter().map(written).collect::<Vec<_>>().join(", ");
        Self { to: line(&recipients.to), cc: line(&recipients.cc), bcc: line(&recipients.bcc), subject }
    }

    fn recipients(&self) -> Recipients {
        Recipients { to: read_addresses(&self.to), cc: read_addresses(&self.cc), bcc: read_addresses(&self.bcc) }
    }
}

/// A mailbox as text, in the form in which people type it.
pub fn written(one: &Mailbox) -> String {
    // A comma in a name would split the mailbox in two, so the name loses it.
    match one.name.replace([',', ';', '<', '>'], " ").trim() {
        "" => one.address.clone(),
        name => format!("{name} <{}>", one.address),
    }
}

/// Parses typed addresses, with or without names, separated by commas.
pub fn read_addresses(text: &str) -> Vec<Mailbox> {
    text.split([',', ';', '\n'])
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(|one| match one.rsplit_once('<') {
            Some((name, address)) => Mailbox {
                name: name.trim().trim_matches('"').to_owned(),
                address: address.trim_end_matches('>').trim().to_owned(),
            },
            None => Mailbox::of(one),
        })
        .collect()
}

/// The recipients in one line. A press opens the fields.
#[component]
pub(super) fn MailShort(
    /// The fields of the mail.
    mail: MailTo,
) -> impl IntoView {
    let text = move || {
        let Some(MailChoice { recipients, .. }) = mail.choice() else { return String::new() };
        let part = |word: &str, list: &[Mailbox]| (!list.is_empty()).then(|| format!("{word} {}", names(list)));
        let parts = [part("to", &recipients.to), part("cc", &recipients.cc), part("bcc", &recipients.bcc)];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        if text.is_empty() { "no recipients yet".to_owned() } else { text }
    };
    let opened = move || mail.typed.with(Option::is_some);
    let press = move |_| if opened() { mail.reset() } else { mail.open() };
    view! {
        <button
            type="button"
            aria-expanded=move || opened().to_string()
            aria-controls="mail-lines"
            title="Edit recipients and subject"
            on:click=press
        >
            <bdi>{text}</bdi>
            " "
            <Glyph icon=Icon::ChevronDown />
        </button>
    }
}

/// A warning about recipients known only from the answered mail, the fields once opened, and the differences from a reply to all.
#[component]
pub(super) fn MailLines(
    /// The fields of the mail.
    mail: MailTo,
) -> impl IntoView {
    type Pick = fn(&mut Lines) -> &mut String;
    let line = move |id: &'static str, label: &'static str, pick: Pick| {
        let value = move || {
            mail.typed.with(|typed| typed.clone().map(|mut lines| pick(&mut lines).clone()).unwrap_or_default())
        };
        view! {
            <div class="mail-line">
                <label for=id>{label}</label>
                <input
                    id=id
                    type="text"
                    dir="auto"
                    autocomplete="off"
                    spellcheck=(id == "mail-subject").to_string()
                    prop:value=value
                    on:input=move |event| {
                        let new = event_target_value(&event);
                        mail.typed.update(|typed| if let Some(lines) = typed { *pick(lines) = new; });
                    }
                />
            </div>
        }
    };
    let difference = move || {
        let usual = mail.usual.get()?.recipients;
        let chosen = mail.choice()?.recipients;
        let difference = chosen.against(&usual);
        let said = |word: &str, list: &[Mailbox]| (!list.is_empty()).then(|| format!("{word} {}", names(list)));
        let parts = [said("Removed:", &difference.dropped), said("Added:", &difference.added)];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(". ");
        (!text.is_empty()).then(|| {
            view! {
                <p class="mail-difference" role="status">
                    <Glyph icon=Icon::Info />
                    <bdi>{text}</bdi>
                </p>
            }
        })
    };
    let opened = Memo::new(move |_| mail.typed.with(Option::is_some));
    // Shows the whole address, because anybody can write any name before an address.
    let said = Memo::new(move |_| mail.said().iter().map(written).collect::<Vec<_>>().join(", "));
    let said = move || {
        let said = said.get();
        (!said.is_empty()).then(|| {
            view! {
                <p class="mail-difference" role="note">
                    <Glyph icon=Icon::Info />
                    <span>"Goes to " <bdi>{said}</bdi> ", the reply address that this e-mail gives. Not verified."</span>
                </p>
            }
        })
    };
    let lines = move || {
        opened.get().then(|| {
            view! {
                <div class="mail-lines" id="mail-lines">
                    {line("mail-to", "To", |lines| &mut lines.to)}
                    {line("mail-cc", "Cc", |lines| &mut lines.cc)}
                    {line("mail-bcc", "Bcc", |lines| &mut lines.bcc)}
                    {line("mail-subject", "Subject", |lines| &mut lines.subject)}
                    {difference}
                </div>
            }
        })
    };
    view! { {said} {lines} }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t5_addresses_are_read_as_they_are_typed() {
        let typed = read_addresses(" Anna Berger <anna@x.example>, ben@x.example;\"Cleo\" <cleo@y.example> ,, ");
        let pairs: Vec<_> = typed.iter().map(|one| (one.name.as_str(), one.address.as_str())).collect();
        assert_eq!(pairs, [("Anna Berger", "anna@x.example"), ("", "ben@x.example"), ("Cleo", "cleo@y.example")]);
        for one in &typed {
            assert_eq!(read_addresses(&written(one)), std::slice::from_ref(one));
        }
        assert_eq!(read_addresses(""), []);
    }
}
