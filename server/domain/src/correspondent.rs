//! A person outside: their address on a kind of channel, their contact, and a new conversation with them.

use model::{
    AiMode, Channel, Contact, ContactField, ContactId, ConversationId, ConversationRow, ConversationState, IdentityId,
    Preview, PreviewBy, Tags, Timestamp,
};
use store::{
    Scope, Tx,
    clock::new_id,
    contact::{self, Address, Identity},
    conversation::Loaded,
    error::{Result, StoreError},
    search,
};

use super::change::Change;

#[derive(Debug, Clone, Copy)]
pub(super) struct Correspondent<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// Their address on this kind of channel.
    pub address: &'a str,
    /// Who claims that the address is theirs. Empty if they write from it.
    pub said_by: &'a str,
    /// What is shown while the name is not known.
    pub label: &'a str,
    /// Their name, unproved. Empty if unknown.
    pub name: &'a str,
    /// Their e-mail address, unproved. Empty if unknown.
    pub email: &'a str,
    /// The contact that a member chose for them. None if only the person says who they are.
    pub contact: Option<ContactId>,
}

impl Correspondent<'_> {
    /// Finds or adds the identity, and returns the contact if the identity just got one. A name or address that a stranger typed makes a
    /// new contact. It never gives access to an existing one.
    pub async fn identity(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<(Identity, Option<Contact>)> {
        let address = Address { kind: self.channel.kind, address: self.address, said_by: self.said_by };
        let known = contact::identity(tx.conn(), scope, address).await?;
        let is_new = known.is_none();
        let mut identity = known.unwrap_or_else(|| Identity {
            id: IdentityId::new(new_id()),
            label: self.label.to_owned(),
            contact: None,
        });
        let contact = if identity.contact.is_none() { self.known(tx, scope).await? } else { None };
        if let Some(contact) = &contact {
            identity.contact = Some(contact.id);
        }
        if is_new {
            contact::add_identity(tx, scope, address, &identity).await?;
            return Ok((identity, None));
        }
        if let Some(contact) = &contact
            && !contact::link(tx, scope, identity.id, contact.id).await?
        {
            // Another process linked the address to a contact meanwhile.
            return Err(StoreError::Stale.into());
        }
        Ok((identity, contact))
    }

    /// The chosen contact, or a new one.
    async fn known(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<Option<Contact>> {
        if let Some(id) = self.contact {
            return Ok(contact::one(tx.conn(), scope, id).await?);
        }
        let name = ContactField::Name.check(self.name).unwrap_or_default();
        let email = ContactField::Email.check(self.email).unwrap_or_default();
        if name.is_empty() && email.is_empty() {
            return Ok(None);
        }
        let contact = Contact { name, email, ..Contact::new(ContactId::new(new_id())) };
        contact::insert(tx, scope, &contact).await?;
        search::set_contact(tx, scope, &contact).await?;
        Ok(Some(contact))
    }

    /// Begins a conversation with them, without entries yet.
    pub async fn begin(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        id: ConversationId,
        identity: &Identity,
    ) -> Result<Change> {
        let contact = match identity.contact {
            Some(contact) => contact::one(tx.conn(), scope, contact).await?,
            None => None,
        };
        let name = contact.map(|contact| contact.shown_name().to_owned()).unwrap_or_default();
        let new = self.first(id, identity, name, tx.now());
        Change::begin(tx, scope, new).await
    }

    fn first(&self, id: ConversationId, identity: &Identity, name: String, now: Timestamp) -> Loaded {
        // The name differs from the address's first one: several people share the address, for example behind a form.
        let (label, first_label) = match self.name.is_empty() || self.label == identity.label {
            true => (identity.label.clone(), String::new()),
            false => (self.label.to_owned(), identity.label.clone()),
        };
        Loaded {
            row: ConversationRow {
                id,
                channel: self.channel.id,
                kind: self.channel.kind,
                team: None,
                contact: identity.contact,
                name,
                label,
                first_label,
                preview: Preview { by: PreviewBy::Them, text: String::new() },
                last_at: now,
                last_inbound_at: None,
                started_at: now,
                first_response_ms: None,
                inbound_count: 0,
                read_count: 0,
                due_at: None,
                tags: Tags::default(),
                state: ConversationState { ai_mode: AiMode::Paused, ..ConversationState::default() },
                version: 0,
            },
            identity: identity.id,
            address: self.address.to_owned(),
            message_count: 0,
        }
    }
}
