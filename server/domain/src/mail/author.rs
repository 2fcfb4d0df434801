//! Decides whom a mail is from (S14). Only `From` identifies a sender. Anything else that a mail says about its sender is a claim. A claim
//! is displayed as one, makes a contact of its own, and gives access to nothing.

use mail::FromLine;
use model::{AddressKind, Mailbox, Own};
use store::{Scope, Tx, error::Result, workspace};

use super::Letter;

/// The sender of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// The address in `From`.
    Known(Mailbox),
    /// Somebody whom the mail only claims to be from.
    Said {
        /// The claimed sender.
        mailbox: Mailbox,
        /// Who makes the claim: the mailing list, or otherwise the id of this one mail.
        by: String,
    },
    /// The mail contains no usable address.
    Nobody,
}

impl Author {
    /// The sender's name and address. Empty for nobody.
    pub fn mailbox(&self) -> Mailbox {
        match self {
            Self::Known(mailbox) | Self::Said { mailbox, .. } => mailbox.clone(),
            Self::Nobody => Mailbox::default(),
        }
    }

    /// Who claims that the address is the sender's. Empty if they write from it.
    pub fn said_by(&self) -> String {
        match self {
            Self::Said { by, .. } => by.clone(),
            Self::Known(_) | Self::Nobody => String::new(),
        }
    }

    /// The label for the sender: the name in the mail, or else the address.
    pub fn label(&self) -> String {
        let Mailbox { name, address } = self.mailbox();
        match (name.is_empty(), address.is_empty()) {
            (false, _) => name,
            (true, false) => address,
            (true, true) => "Unknown sender".to_owned(),
        }
    }

    /// The claimed sender, if it has to be displayed as a claim. A mail that its domain disowns is displayed differently.
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

/// Finds the sender of a mail. `own` are the addresses of our mailboxes.
pub fn author(letter: &Letter, own: &Own) -> Author {
    let alone = || letter.id.to_string();
    let Some(from) = &letter.head.parties.from else {
        return said(letter, own, None).map_or(Author::Nobody, |mailbox| Author::Said { mailbox, by: alone() });
    };
    // A mail with a name that we signed is our own, delivered to another of our mailboxes.
    let is_ours = letter.ours.is_none() && own.has(from);
    let is_list = letter.claims.from == FromLine::List;
    let is_other = match letter.claims.from {
        FromLine::List | FromLine::Alias => true,
        FromLine::Machine => own.is_of_our_domain(from),
        FromLine::One => is_ours || (own.is_of_our_domain(from) && is_to_itself(letter, from)),
        FromLine::Several | FromLine::Unreadable => false,
    };
    let claimed = if is_other { said(letter, own, Some(from)) } else { None };
    // Writing under our own address proves nothing, and of several addresses in `From` none is proved.
    let is_unproved =
        is_ours || letter.head.disowned || matches!(letter.claims.from, FromLine::Alias | FromLine::Several);
    match claimed {
        Some(mailbox) if is_list && !letter.head.disowned => Author::Said { mailbox, by: from.key() },
        Some(mailbox) => Author::Said { mailbox, by: alone() },
        // The list names the writer without their address. A reply can go only to the list.
        None if is_list && !letter.claims.via.is_empty() => {
            let by = format!("{} {}", from.key(), letter.claims.via.to_lowercase());
            let mailbox = Mailbox { name: letter.claims.via.clone(), address: from.address.clone() };
            Author::Said { mailbox, by: if letter.head.disowned { alone() } else { by } }
        }
        None if is_unproved => Author::Said { mailbox: from.clone(), by: alone() },
        None => Author::Known(from.clone()),
    }
}

/// The first address that a mail names beside `From`, if it is not ours and not the one in `From`.
fn said(letter: &Letter, own: &Own, from: Option<&Mailbox>) -> Option<Mailbox> {
    let is_from = |one: &Mailbox| from.is_some_and(|from| from.key() == one.key());
    letter.claims.said.iter().find(|one| !own.has(one) && !is_from(one)).cloned()
}

/// Whether a mail goes to the address it comes from, as mails of web forms do.
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
    let mailboxes = channels.iter().filter(|channel| channel.kind.capabilities().address == AddressKind::Email);
    Ok(Own::new(mailboxes.map(|channel| channel.address.as_str()).filter(|address| !address.is_empty())))
}
