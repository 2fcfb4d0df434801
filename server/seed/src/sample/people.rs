//! The people who write: their addresses, and what the company knows about them.

use model::{Contact, ContactId, IdentityId, Mailbox, Timestamp};
use store::{bulk::BulkContact, contact::Identity, words::index_words};

use super::play::{Known, Play};

impl Play<'_> {
    /// Adds a person's address, and a contact if they gave a name. The first person is the one that the conversation is with.
    pub(super) fn meet(&mut self, at: Timestamp, address: &str, said_by: &str, label: &str, who: &Mailbox) {
        let kind = self.channel.kind;
        let is_same = |known: &&Known| known.kind == kind && known.address == address && known.said_by == said_by;
        let known = self.rows.known.iter().find(is_same).cloned();
        let known = known.unwrap_or_else(|| {
            let contact = (!who.address.is_empty()).then(|| self.contact(at, who));
            let id = IdentityId::new(self.stage.ids.id(at, &["identity", kind.as_str(), address, said_by]));
            let identity = Identity { id, label: label.to_owned(), contact };
            let (address, said_by) = (address.to_owned(), said_by.to_owned());
            let known = Known { kind, address, said_by, identity };
            self.rows.known.push(known.clone());
            known
        });
        if !self.has_identity {
            self.has_identity = true;
            self.now.row.contact = known.identity.contact;
            self.now.row.label.clone_from(&known.identity.label);
            self.now.identity = known.identity.id;
            self.now.address = known.address;
        }
    }

    /// The contact with an address. It gets the data in the head of the conversation, if that is about this person.
    fn contact(&mut self, at: Timestamp, who: &Mailbox) -> ContactId {
        let same = |row: &&BulkContact| row.contact.email.eq_ignore_ascii_case(&who.address);
        if let Some(known) = self.rows.contacts.iter().find(same) {
            return known.contact.id;
        }
        let with = &self.story.with;
        let id = ContactId::new(self.stage.ids.id(at, &["contact", &who.key()]));
        let mut contact = Contact { name: who.name.clone(), email: who.address.clone(), ..Contact::new(id) };
        if who.key() == with.mailbox.key() {
            contact.phone.clone_from(&with.phone);
            contact.company.clone_from(&with.company);
            contact.title.clone_from(&with.title);
            contact.location.clone_from(&with.location);
            contact.language.clone_from(&with.language);
            contact.time_zone.clone_from(&with.time_zone);
            contact.lead_status = with.lead.unwrap_or(contact.lead_status);
        }
        let words = [&contact.name, &contact.email, &contact.company, &contact.phone].map(String::as_str).join(" ");
        self.rows.contacts.push(BulkContact { contact, words: index_words(&words), created_at: at });
        id
    }
}
