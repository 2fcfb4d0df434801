//! Writes to a person first: begins a conversation with our mail (T16).

use async_trait::async_trait;
use model::{ApiError, Channel, ChannelId, ContactId, DraftMode, Message, Needs, Permission};
use store::{
    Command, Scope, Tx, account,
    contact::{self, Address},
    conversation,
    error::{Error, Result},
    workspace,
};

use super::compose::check;
use crate::{
    change::tell_of_contact,
    correspondent::Correspondent,
    inbox::sees_contact,
    send::{SendMessage, another_message},
};

/// Begins a conversation with a mail. The client makes its id and the message's id, so a repeated request finds the same conversation (R6).
#[derive(Debug, Clone)]
pub struct BeginMail {
    /// The mailbox that sends it.
    pub channel: ChannelId,
    /// The contact it is for. None if the member typed an address.
    pub contact: Option<ContactId>,
    /// The mail, with its recipients.
    pub send: SendMessage,
}

#[async_trait]
impl Command for BeginMail {
    type Output = Message;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Message> {
        let scope = tx.scope()?;
        if self.send.mode != DraftMode::Reply {
            return Err(ApiError::invalid("mode", "A note cannot start a conversation.").into());
        }
        let id = self.send.conversation;
        // `SendMessage` checks whether the member still sees the conversation.
        let anybody = Scope::system(scope.workspace(), "whether a conversation was begun");
        match conversation::load(tx.conn(), &anybody, id).await? {
            None => self.begin(tx, &scope).await?,
            // A repeated request with another mailbox: the member must not believe that the mail was sent from it.
            Some(begun) if begun.row.channel != self.channel => return Err(another_message()),
            Some(_) => {}
        }
        self.send.run(tx).await
    }
}

impl BeginMail {
    async fn begin(&self, tx: &mut Tx<'_>, scope: &Scope) -> Result<()> {
        let channel = workspace::channel(tx.conn(), scope, self.channel).await?;
        let connected = account::one(tx.conn(), scope, channel.id).await?.is_some() && !channel.is_sample();
        if !channel.kind.capabilities().may_begin() || !connected {
            return Err(ApiError::invalid("channel", "Choose a mailbox that is connected.").into());
        }
        if scope.access().is_some_and(|(access, _)| !access.may_begin(channel.id)) {
            return Err(ApiError::invalid("channel", "Choose a mailbox of one of your teams.").into());
        }
        let chosen = check(self.send.compose.mail().map(|mail| mail.recipients.clone()).unwrap_or_default())?;
        let to = chosen.to.first().ok_or_else(|| ApiError::invalid("recipients", "Add at least one recipient."))?;
        let (address, name) = (to.key(), to.name.trim());
        let correspondent = Correspondent {
            channel: &channel,
            address: &address,
            said_by: "",
            label: if name.is_empty() { &address } else { name },
            name,
            email: &address,
            contact: self.known(tx, scope, &address).await?,
        };
        let hidden = self.hidden(tx, scope, &channel, &address).await?;
        let (mut identity, became_known) = correspondent.identity(tx, scope).await?;
        if hidden {
            // Writing to an address must not reveal what others know about it, including the name it was first seen with.
            identity.contact = None;
            correspondent.label.clone_into(&mut identity.label);
        }
        let mut change = correspondent.begin(tx, scope, self.send.conversation, &identity).await?;
        if hidden {
            conversation::set_label(tx, scope, self.send.conversation, correspondent.label).await?;
        }
        // The member who begins a conversation is assigned to it.
        change.now.row.state.assignee = Some(scope.person()?.member.id);
        let changed = change.finish(tx).await?;
        if let Some(contact) = became_known {
            tell_of_contact(tx, scope, contact, &changed).await?;
        }
        Ok(())
    }

    /// Whether the address belongs to a contact that the member may not see.
    async fn hidden(&self, tx: &mut Tx<'_>, scope: &Scope, channel: &Channel, address: &str) -> Result<bool> {
        let identity = contact::identity(tx.conn(), scope, Address::own(channel.kind, address)).await?;
        match identity.and_then(|identity| identity.contact) {
            Some(id) => Ok(!sees_contact(tx.conn(), scope, id).await?),
            None => Ok(false),
        }
    }

    /// The chosen contact, if the member may see it and the address is the contact's own. Another person may read mail at another address.
    async fn known(&self, tx: &mut Tx<'_>, scope: &Scope, address: &str) -> Result<Option<ContactId>> {
        let Some(id) = self.contact else { return Ok(None) };
        let contact = contact::one(tx.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
        if !sees_contact(tx.conn(), scope, id).await? {
            return Err(Error::NOT_FOUND);
        }
        Ok(contact.email.eq_ignore_ascii_case(address).then_some(id))
    }
}
