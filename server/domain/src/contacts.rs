//! Edits contacts in place (D2), and makes a contact of a person who has none yet (D6).

use async_trait::async_trait;
use model::{ApiError, Contact, ContactField, ContactId, ConversationId, EventBody, Needs, Permission};
use store::{
    Command, Tx, contact, conversation,
    error::{Error, Result},
    search,
};

use super::change::{Change, tell_of_contact};

/// Changes one field of a contact, if nobody changed the contact since the member loaded it.
#[derive(Debug, Clone)]
pub struct EditContact {
    /// The contact.
    pub id: ContactId,
    /// The field.
    pub field: ContactField,
    /// The new value. Empty clears the field.
    pub value: String,
    /// The version that the member loaded.
    pub seen: i64,
}

#[async_trait]
impl Command for EditContact {
    type Output = Contact;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Contact> {
        let scope = tx.scope()?;
        let mut contact = contact::one(tx.conn(), &scope, self.id).await?.ok_or(Error::NOT_FOUND)?;
        let seen_by = conversation::placements_of_contact(tx.conn(), &scope, self.id).await?;
        // A contact is seen by whoever sees one of its conversations.
        if !seen_by.iter().any(|placement| scope.sees(placement)) {
            return Err(Error::NOT_FOUND);
        }
        let value = self.field.check(&self.value).map_err(|e| ApiError::invalid(self.field.as_str(), e.to_string()))?;
        if contact.get(self.field) == value {
            return Ok(contact);
        }
        let conflict = || ApiError::Conflict {
            message: "Somebody changed this contact a moment ago. Check it, then try again.".to_owned(),
        };
        if contact.version != self.seen {
            return Err(conflict().into());
        }
        contact.set(self.field, value);
        if !contact::save(tx, &scope, &contact).await? {
            return Err(conflict().into());
        }
        contact.version += 1;
        search::set_contact(tx, &scope, &contact).await?;
        tx.emit(
            scope.workspace(),
            EventBody::Contact { contact: Box::new(contact.clone()), now_seen_by: seen_by.clone(), seen_by },
        );
        Ok(contact)
    }
}

/// Makes a contact from the first known fact about a person, and links their address and conversation to it. An address that belongs to a
/// contact already keeps it, because the member may not be allowed to see that contact. Then only this conversation gets the new contact.
#[derive(Debug, Clone)]
pub struct MakeContact {
    /// The conversation with the person.
    pub conversation: ConversationId,
    /// Made by the client.
    pub id: ContactId,
    /// The field that is known.
    pub field: ContactField,
    /// Its value.
    pub value: String,
}

#[async_trait]
impl Command for MakeContact {
    type Output = Contact;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Contact> {
        let scope = tx.scope()?;
        let mut change = Change::load(tx, &scope, self.conversation).await?;
        if let Some(known) = change.now.row.contact {
            // The contact exists already, made by this request or by a colleague a moment ago.
            return contact::one(tx.conn(), &scope, known).await?.ok_or(Error::NOT_FOUND);
        }
        let value = self.field.check(&self.value).map_err(|e| ApiError::invalid(self.field.as_str(), e.to_string()))?;
        let mut made = Contact::new(self.id);
        made.set(self.field, value);
        contact::insert(tx, &scope, &made).await?;
        search::set_contact(tx, &scope, &made).await?;
        // If the address belongs to another contact, only this conversation gets the new one, when it is stored.
        _ = contact::link(tx, &scope, change.now.identity, made.id).await?;
        change.now.row.contact = Some(made.id);
        made.shown_name().clone_into(&mut change.now.row.name);
        let changed = change.finish(tx).await?;
        tell_of_contact(tx, &scope, made.clone(), &changed).await?;
        Ok(made)
    }
}
