//! The recipients of a reply by e-mail: one pure function of the answered mail, our own addresses and the choice (Promise 7, T5). The
//! composer shows its result before sending. The server, AI agents and macros use the same function.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// An e-mail address, with the name beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mailbox {
    /// The name. Empty for none.
    #[serde(default)]
    pub name: String,
    /// The address as it was written: `local@domain`.
    pub address: String,
}

impl Mailbox {
    /// An address without a name.
    pub fn of(address: impl Into<String>) -> Self {
        Self { name: String::new(), address: address.into() }
    }

    /// The form in which addresses are compared. Case is ignored: no provider treats `Anna@` and `anna@` as two mailboxes, though RFC 5321
    /// (2.4) would allow it.
    pub fn key(&self) -> String {
        crate::lower(self.address.trim())
    }
}

/// The sender and the recipients of an e-mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The sender. None if it could not be read.
    pub from: Option<Mailbox>,
    /// Where the sender wants replies, if not at `from`.
    pub reply_to: Vec<Mailbox>,
    /// The recipients.
    pub to: Vec<Mailbox>,
    /// The recipients of copies.
    pub cc: Vec<Mailbox>,
    /// The claimed sender, where `from` does not name the sender: it is our own address or a list's, or is not reliable. Nobody vouches for
    /// the claim. In a mail that we sent: the recipient that only the answered mail names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Mailbox>,
}

/// The recipients of a reply. No address occurs twice, and none is our own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipients {
    /// The recipients.
    pub to: Vec<Mailbox>,
    /// The recipients of copies.
    pub cc: Vec<Mailbox>,
    /// The recipients of blind copies. A reply never has any by default.
    pub bcc: Vec<Mailbox>,
}

/// Whom a reply goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Everybody who took part, so that nobody is dropped by accident.
    #[default]
    All,
    /// Only the sender.
    Sender,
}

/// Our own addresses: the channel's, its aliases, and the signed ones for replies (`support+…@`).
#[derive(Debug, Clone, Default)]
pub struct Own(HashSet<String>);

impl Own {
    /// Made from the addresses of one or several channels.
    pub fn new<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Self {
        Self(addresses.into_iter().map(|address| crate::lower(address.trim())).collect())
    }

    /// Whether mail to it reaches us: the address itself, or the address with a tag after a plus.
    pub fn has(&self, mailbox: &Mailbox) -> bool {
        let key = mailbox.key();
        if self.0.contains(&key) {
            return true;
        }
        key.rsplit_once('@')
            .and_then(|(local, domain)| local.split_once('+').map(|(plain, _)| format!("{plain}@{domain}")))
            .is_some_and(|plain| self.0.contains(&plain))
    }

    /// Whether its domain is the domain of one of our addresses, or a subdomain of it.
    pub fn is_of_our_domain(&self, mailbox: &Mailbox) -> bool {
        let key = mailbox.key();
        let Some((_, theirs)) = key.rsplit_once('@') else { return false };
        let mut ours = self.0.iter().filter_map(|own| own.rsplit_once('@')).map(|(_, domain)| domain);
        ours.any(|own| theirs.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }
}

/// The recipients of a reply (RFC 5322, 3.6.3). A reply to our own mail goes to that mail's recipients. If the sender is only claimed, the
/// reply goes to the claimed address, because `From` has the address of a form or a list.
pub fn recipients(answered: &Parties, own: &Own, answer: Answer) -> Recipients {
    let Parties { from, reply_to, to, cc, claimed } = answered;
    let has_claimed =
        |list: &[Mailbox]| claimed.as_ref().is_some_and(|it| list.iter().any(|one| one.key() == it.key()));
    let ours =
        from.as_ref().is_some_and(|from| own.has(from)) && (claimed.is_none() || has_claimed(to) || has_claimed(cc));
    let (to, cc) = if ours {
        (to.clone(), cc.clone())
    } else {
        let back: Vec<Mailbox> = match claimed {
            Some(claimed) if !has_claimed(reply_to) => vec![claimed.clone()],
            None if reply_to.is_empty() => from.iter().cloned().collect(),
            Some(_) | None => reply_to.clone(),
        };
        (back, to.iter().chain(cc).cloned().collect())
    };
    let mut seen = HashSet::new();
    let mut others = |list: Vec<Mailbox>| -> Vec<Mailbox> {
        list.into_iter().filter(|one| !own.has(one) && seen.insert(one.key())).collect()
    };
    let (to, cc) = (others(to), others(cc));
    match answer {
        Answer::Sender => Recipients { to, ..Recipients::default() },
        // A list or a form may direct replies to us. The reply then goes to the remaining recipients.
        Answer::All if to.is_empty() => Recipients { to: cc, ..Recipients::default() },
        Answer::All => Recipients { to, cc, bcc: Vec::new() },
    }
}

impl Parties {
    /// Whether only the mail itself asks for replies at this address. Nothing proves that it is the sender's.
    pub fn is_only_said(&self, mailbox: &Mailbox) -> bool {
        let key = mailbox.key();
        let is = |one: &Mailbox| one.key() == key;
        self.claimed.as_ref().is_some_and(is) || (self.reply_to.iter().any(is) && !self.from.as_ref().is_some_and(is))
    }
}

/// How the chosen recipients differ from a reply to everybody. The composer points this out before sending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Recipients who are new.
    pub added: Vec<Mailbox>,
    /// Participants who are missing.
    pub dropped: Vec<Mailbox>,
}

impl Recipients {
    /// All recipients, in the displayed order.
    pub fn everybody(&self) -> impl Iterator<Item = &Mailbox> {
        self.to.iter().chain(&self.cc).chain(&self.bcc)
    }

    /// Compares with the recipients of a reply to everybody.
    pub fn against(&self, usual: &Self) -> Difference {
        let keys = |list: &Self| list.everybody().map(Mailbox::key).collect::<HashSet<_>>();
        let (mine, theirs) = (keys(self), keys(usual));
        Difference {
            added: self.everybody().filter(|one| !theirs.contains(&one.key())).cloned().collect(),
            dropped: usual.everybody().filter(|one| !mine.contains(&one.key())).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn list(text: &str) -> Vec<Mailbox> {
        text.split_whitespace().map(Mailbox::of).collect()
    }

    fn mail(from: &str, reply_to: &str, to: &str, cc: &str) -> Parties {
        Parties { from: list(from).pop(), reply_to: list(reply_to), to: list(to), cc: list(cc), claimed: None }
    }

    fn own() -> Own {
        Own::new(["support@acme.example", "Sales@Acme.Example"])
    }

    fn shown(recipients: &Recipients) -> (String, String) {
        let line = |list: &[Mailbox]| list.iter().map(|one| one.address.as_str()).collect::<Vec<_>>().join(" ");
        assert!(recipients.bcc.is_empty());
        (line(&recipients.to), line(&recipients.cc))
    }

    fn answer(mail: &Parties, answer: Answer) -> (String, String) {
        shown(&recipients(mail, &own(), answer))
    }

    fn pair(to: &str, cc: &str) -> (String, String) {
        (to.to_owned(), cc.to_owned())
    }

    #[test]
    fn t5_an_answer_goes_to_whoever_took_part() {
        let plain = mail("anna@x.example", "", "support@acme.example", "");
        assert_eq!(answer(&plain, Answer::All), pair("anna@x.example", ""));
        let many =
            mail("anna@x.example", "", "ben@x.example SUPPORT@acme.example", "cleo@y.example sales@acme.example");
        assert_eq!(answer(&many, Answer::All), pair("anna@x.example", "ben@x.example cleo@y.example"));
        assert_eq!(answer(&many, Answer::Sender), pair("anna@x.example", ""));
    }

    #[test]
    fn t5_answers_go_where_they_are_wanted() {
        let wanted = mail("no-reply@shop.example", "anna@x.example", "support@acme.example", "no-reply@shop.example");
        assert_eq!(answer(&wanted, Answer::All), pair("anna@x.example", "no-reply@shop.example"));
        let to_us = mail("form@site.example", "support@acme.example", "support@acme.example", "anna@x.example");
        assert_eq!(answer(&to_us, Answer::All), pair("anna@x.example", ""));
    }

    #[test]
    fn t5_a_second_mail_of_ours_goes_on_to_the_same() {
        let ours = mail("support+c1.x9@acme.example", "", "anna@x.example", "ben@x.example");
        assert_eq!(answer(&ours, Answer::All), pair("anna@x.example", "ben@x.example"));
    }

    #[test]
    fn t5_an_answer_to_a_form_or_list_goes_to_whom_the_mail_names() {
        let said = |claimed: &str, parties: Parties| Parties { claimed: list(claimed).pop(), ..parties };
        let form = mail("support@acme.example", "yara@x.example", "support@acme.example", "");
        assert_eq!(answer(&said("yara@x.example", form.clone()), Answer::All), pair("yara@x.example", ""));
        assert_eq!(answer(&form, Answer::All), pair("", ""), "a mail of ours that went to nobody else");
        let by_list = mail("info@list.example", "info@list.example", "info@list.example", "");
        let by_list = said("anna@x.example", by_list);
        assert_eq!(answer(&by_list, Answer::All), pair("anna@x.example", "info@list.example"));
        assert_eq!(answer(&by_list, Answer::Sender), pair("anna@x.example", ""));
        let two = said("anna@x.example", mail("info@list.example", "anna@x.example ben@x.example", "", ""));
        assert_eq!(answer(&two, Answer::All), pair("anna@x.example ben@x.example", ""), "both want answers");
        let sent = said("yara@x.example", mail("support@acme.example", "", "yara@x.example", "ben@x.example"));
        assert_eq!(answer(&sent, Answer::All), pair("yara@x.example", "ben@x.example"), "a second mail of ours");
        let unread = said("office@x.example", mail("", "", "support@acme.example", "cleo@y.example"));
        assert_eq!(answer(&unread, Answer::All), pair("office@x.example", "cleo@y.example"));
    }

    #[test]
    fn s14_an_address_that_only_the_mail_names_is_known_as_such() {
        let only_said = |parties: &Parties, address: &str| parties.is_only_said(&Mailbox::of(address));
        let evil = mail("no-reply@evil.example", "anna@x.example", "support@acme.example", "");
        assert!(only_said(&evil, "Anna@x.example") && !only_said(&evil, "no-reply@evil.example"));
        let plain = mail("anna@x.example", "ANNA@x.example", "support@acme.example", "ben@x.example");
        assert!(!only_said(&plain, "anna@x.example") && !only_said(&plain, "ben@x.example"));
        let unproved = Parties { claimed: list("anna@x.example").pop(), ..mail("anna@x.example", "", "", "") };
        assert!(only_said(&unproved, "anna@x.example"));
    }

    #[test]
    fn t5_a_change_is_pointed_out() {
        let usual = Recipients { to: list("anna@x.example"), cc: list("ben@x.example"), bcc: Vec::new() };
        let chosen = Recipients { to: list("ANNA@x.example"), cc: Vec::new(), bcc: list("boss@acme.example") };
        let difference = chosen.against(&usual);
        assert_eq!(difference, Difference { added: list("boss@acme.example"), dropped: list("ben@x.example") });
        assert_eq!(usual.against(&usual), Difference::default());
    }

    fn mailbox() -> impl Strategy<Value = Mailbox> {
        "(anna|Anna|ben|support|sales|support\\+[a-z]{1,3})@(x\\.example|acme\\.example|ACME\\.example)"
            .prop_map(Mailbox::of)
    }

    fn parties() -> impl Strategy<Value = Parties> {
        let lists = (vec(mailbox(), 0..3), vec(mailbox(), 0..5), vec(mailbox(), 0..5));
        let one = || proptest::option::of(mailbox());
        (one(), one(), lists).prop_map(|(from, claimed, (reply_to, to, cc))| Parties {
            from,
            reply_to,
            to,
            cc,
            claimed,
        })
    }

    proptest! {
        #[test]
        fn t5_nobody_twice_never_ourselves_and_nobody_from_nowhere(mail in parties()) {
            let all = recipients(&mail, &own(), Answer::All);
            let keys: Vec<_> = all.everybody().map(Mailbox::key).collect();
            prop_assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
            prop_assert!(!all.everybody().any(|one| own().has(one)));
            let known: HashSet<_> =
                mail.from.iter().chain(&mail.claimed).chain(&mail.reply_to).chain(&mail.to).chain(&mail.cc).map(Mailbox::key).collect();
            prop_assert!(keys.iter().all(|key| known.contains(key)));
            // A reply to one person has no more recipients than a reply to all.
            let one = recipients(&mail, &own(), Answer::Sender);
            prop_assert!(one.everybody().all(|only| keys.contains(&only.key())));
            // Nobody who was addressed is dropped silently.
            let addressed = mail.to.iter().chain(&mail.cc).filter(|one| !own().has(one));
            prop_assert!(addressed.into_iter().all(|one| keys.contains(&one.key())));
        }
    }
}
