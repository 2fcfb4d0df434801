//! Somebody outside: their address on a kind of channel, the contact that they are, the conversation that begins with them.

use model::{
    AiMode, Channel, Contact, ContactField, ContactId, ConversationId, ConversationRow, ConversationState, IdentityId,
    Preview, PreviewBy, Timestamp,
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

/// Who a conversation is with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Correspondent<'a> {
    /// By which channel.
    pub channel: &'a Channel,
    /// Their address on that kind of channel.
    pub address: &'a str,
    /// Who says that it is theirs; empty where they write from it themselves.
    pub said_by: &'a str,
    /// What stands in for a name.
    pub label: &'a str,
    /// Their name, unproved; empty for none.
    pub name: &'a str,
    /// Their e-mail address, unproved; empty for none.
    pub email: &'a str,
    /// The contact that one of us says they are; none where only they say who they are.
    pub contact: Option<ContactId>,
}

impl Correspondent<'_> {
    /// Whose address it is, and the contact if that has just become known. A name or address that a stranger typed makes a contact of
    /// their own, never opens somebody else's.
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
            // Another process said meanwhile whose it is.
            return Err(StoreError::Stale.into());
        }
        Ok((identity, contact))
    }

    /// The contact that they are, or become.
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

    /// A conversation with them, before its first entry.
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
        // Another name than the one that their address first came with: somebody else at the same address, as behind a form.
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
                state: ConversationState { ai_mode: AiMode::Paused, ..ConversationState::default() },
                version: 0,
            },
            identity: identity.id,
            address: self.address.to_owned(),
            message_count: 0,
        }
    }
}
