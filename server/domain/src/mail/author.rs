//! Whom a mail is from (S14). Its `From` says who somebody is; whatever else a mail says of its sender is a claim. A claim is shown as one,
//! makes a contact of its own, and opens nothing.

use mail::FromLine;
use model::{ChannelKind, Mailbox, Own};
use store::{Scope, Tx, error::Result, workspace};

use super::Letter;

/// Whom a mail is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// Its `From` names them.
    Known(Mailbox),
    /// It says that it is from them, and that is all there is.
    Said {
        /// Who it says it is from.
        mailbox: Mailbox,
        /// Who says so: the list that it came by; else the one mail, of which nothing is known beyond it.
        by: String,
    },
    /// Nothing in it is an address.
    Nobody,
}

impl Author {
    /// Their name and address; empty for nobody.
    pub fn mailbox(&self) -> Mailbox {
        match self {
            Self::Known(mailbox) | Self::Said { mailbox, .. } => mailbox.clone(),
            Self::Nobody => Mailbox::default(),
        }
    }

    /// Who says that the address is theirs; empty where they write from it.
    pub fn said_by(&self) -> String {
        match self {
            Self::Said { by, .. } => by.clone(),
            Self::Known(_) | Self::Nobody => String::new(),
        }
    }

    /// What stands for a name: the name that the mail gives, else the address.
    pub fn label(&self) -> String {
        let Mailbox { name, address } = self.mailbox();
        match (name.is_empty(), address.is_empty()) {
            (false, _) => name,
            (true, false) => address,
            (true, true) => "Unknown sender".to_owned(),
        }
    }

    /// Whom the mail says it is from, where that has to be shown as what it says. That a domain disowns a mail is shown by itself.
    pub fn claimed(&self, letter: &Letter) -> Option<Mailbox> {
        match self {
            Self::Said { mailbox, .. } => {
                let is_shown = letter.head.disowned && letter.head.parties.from.as_ref() == Some(mailbox);
                (!is_shown).then(|| mailbox.clone())
            }
            Self::Known(_) | Self::Nobody => None,
        }
    }
}

/// Finds out whom a mail is from, given the addresses of our own mailboxes.
pub fn author(letter: &Letter, own: &Own) -> Author {
    let alone = || letter.id.to_string();
    let Some(from) = &letter.head.parties.from else {
        return said(letter, own, None).map_or(Author::Nobody, |mailbox| Author::Said { mailbox, by: alone() });
    };
    // A mail that goes by a name that we signed is ours, come by another of our mailboxes.
    let is_ours = letter.ours.is_none() && own.has(from);
    let is_list = letter.claims.from == FromLine::List;
    let is_other = match letter.claims.from {
        FromLine::List | FromLine::Alias => true,
        FromLine::Machine => own.is_of_our_domain(from),
        FromLine::One => is_ours || (own.is_of_our_domain(from) && is_to_itself(letter, from)),
        FromLine::Several | FromLine::Unreadable => false,
    };
    let claimed = if is_other { said(letter, own, Some(from)) } else { None };
    // Whoever writes in our own name proves nothing by it, and of several names none is proved.
    let is_unproved =
        is_ours || letter.head.disowned || matches!(letter.claims.from, FromLine::Alias | FromLine::Several);
    match claimed {
        Some(mailbox) if is_list && !letter.head.disowned => Author::Said { mailbox, by: from.key() },
        Some(mailbox) => Author::Said { mailbox, by: alone() },
        // The list names who wrote without an address of theirs: the answer can go to the list alone.
        None if is_list && !letter.claims.via.is_empty() => {
            let by = format!("{} {}", from.key(), letter.claims.via.to_lowercase());
            let mailbox = Mailbox { name: letter.claims.via.clone(), address: from.address.clone() };
            Author::Said { mailbox, by: if letter.head.disowned { alone() } else { by } }
        }
        None if is_unproved => Author::Said { mailbox: from.clone(), by: alone() },
        None => Author::Known(from.clone()),
    }
}

/// The first that a mail names beside its `From` and that is neither us nor that address again.
fn said(letter: &Letter, own: &Own, from: Option<&Mailbox>) -> Option<Mailbox> {
    let is_from = |one: &Mailbox| from.is_some_and(|from| from.key() == one.key());
    letter.claims.said.iter().find(|one| !own.has(one) && !is_from(one)).cloned()
}

/// As forms write: to the address that they write from.
fn is_to_itself(letter: &Letter, from: &Mailbox) -> bool {
    let parties = &letter.head.parties;
    parties.to.iter().chain(&parties.cc).any(|one| one.key() == from.key())
}

/// The addresses of all mailboxes of a workspace.
///
/// # Errors
/// When the database fails.
pub async fn own_addresses(tx: &mut Tx<'_>, scope: &Scope) -> Result<Own> {
    let channels = workspace::channels(tx.conn(), scope).await?;
    let mailboxes = channels.iter().filter(|channel| channel.kind == ChannelKind::Email);
    Ok(Own::new(mailboxes.map(|channel| channel.address.as_str()).filter(|address| !address.is_empty())))
}
