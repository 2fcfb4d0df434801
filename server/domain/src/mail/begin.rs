//! Writing to somebody first: a conversation that begins with our mail (T16).

use async_trait::async_trait;
use model::{ApiError, Channel, ChannelId, ChannelKind, ContactId, DraftMode, Message, Permission};
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

/// Begins a conversation by a mail. Its id is made by the client, as the message's: a repeated request is the same conversation (R6).
#[derive(Debug, Clone)]
pub struct BeginMail {
    /// From which mailbox.
    pub channel: ChannelId,
    /// The contact it is for; none where somebody typed an address.
    pub contact: Option<ContactId>,
    /// The mail; it names its recipients.
    pub send: SendMessage,
}

#[async_trait]
impl Command for BeginMail {
    type Output = Message;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Message> {
        let scope = tx.scope()?;
        scope.require(Permission::Converse)?;
        if self.send.mode != DraftMode::Reply {
            return Err(ApiError::invalid("mode", "A note begins nothing.").into());
        }
        let id = self.send.conversation;
        // Whether whoever asks again still sees it is for the sending to say.
        let anybody = Scope::system(scope.workspace(), "whether a conversation was begun");
        match conversation::load(tx.conn(), &anybody, id).await? {
            None => self.begin(tx, &scope).await?,
            // Asked for again, by another mailbox: whoever writes must not believe that it left from there.
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
        if channel.kind != ChannelKind::Email || !connected {
            return Err(ApiError::invalid("channel", "Choose a mailbox that is connected.").into());
        }
        if scope.access().is_some_and(|(access, _)| !access.may_begin(channel.id)) {
            return Err(ApiError::invalid("channel", "Choose a mailbox of one of your teams.").into());
        }
        let chosen = check(self.send.mail.as_ref().map(|mail| mail.recipients.clone()).unwrap_or_default())?;
        let to = chosen.to.first().ok_or_else(|| ApiError::invalid("recipients", "Say who it goes to."))?;
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
            // To write to somebody opens nothing that others know of them, also not the name that they first came with.
            identity.contact = None;
            correspondent.label.clone_into(&mut identity.label);
        }
        let mut change = correspondent.begin(tx, scope, self.send.conversation, &identity).await?;
        if hidden {
            conversation::set_label(tx, scope, self.send.conversation, correspondent.label).await?;
        }
        // Whoever begins it has it.
        change.now.row.state.assignee = Some(scope.person()?.member.id);
        let changed = change.finish(tx).await?;
        if let Some(contact) = became_known {
            tell_of_contact(tx, scope, contact, &changed).await?;
        }
        Ok(())
    }

    /// Whether the address belongs to a contact that whoever writes does not see.
    async fn hidden(&self, tx: &mut Tx<'_>, scope: &Scope, channel: &Channel, address: &str) -> Result<bool> {
        let identity = contact::identity(tx.conn(), scope, Address::own(channel.kind, address)).await?;
        match identity.and_then(|identity| identity.contact) {
            Some(id) => Ok(!sees_contact(tx.conn(), scope, id).await?),
            None => Ok(false),
        }
    }

    /// The contact, if whoever writes sees it and the address is its own: to another address somebody else may listen.
    async fn known(&self, tx: &mut Tx<'_>, scope: &Scope, address: &str) -> Result<Option<ContactId>> {
        let Some(id) = self.contact else { return Ok(None) };
        let contact = contact::one(tx.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
        if !sees_contact(tx.conn(), scope, id).await? {
            return Err(Error::NOT_FOUND);
        }
        Ok(contact.email.eq_ignore_ascii_case(address).then_some(id))
    }
}
