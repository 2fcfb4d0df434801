//! Writing to somebody first: a conversation that begins with our mail (T16).

use app::model::{ApiError, ChannelId, ChannelKind, ContactId, Message, Permission};
use async_trait::async_trait;

use crate::{
    domain::{change::tell_of_contact, correspondent::Correspondent, send::SendMessage},
    error::{Error, Result},
    store::{Command, Scope, Tx, account, contact, conversation, house},
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
        let id = self.send.conversation;
        if conversation::load(tx.conn(), &scope, id).await?.is_none() {
            let channel = house::channel(tx.conn(), &scope, self.channel).await?;
            let connected = account::one(tx.conn(), &scope, channel.id).await?.is_some();
            if channel.kind != ChannelKind::Email || !connected {
                return Err(ApiError::invalid("channel", "Choose a mailbox that is connected.").into());
            }
            let to = self.send.mail.as_ref().and_then(|mail| mail.recipients.to.first());
            let to = to.ok_or_else(|| ApiError::invalid("recipients", "Say who it goes to."))?;
            let (address, name) = (to.key(), to.name.trim());
            let label = if name.is_empty() { &address } else { name };
            let correspondent = Correspondent {
                channel: &channel,
                address: &address,
                label,
                name,
                email: &address,
                contact: self.known(tx, &scope, &address).await?,
            };
            let (identity, became_known) = correspondent.identity(tx, &scope).await?;
            let changed = correspondent.begin(tx, &scope, id, &identity).await?.finish(tx).await?;
            if let Some(contact) = became_known {
                tell_of_contact(tx, &scope, contact, &changed).await?;
            }
            // Nobody begins what they would not see.
            conversation::load(tx.conn(), &scope, id).await?.ok_or(Error::NOT_FOUND)?;
        }
        self.send.run(tx).await
    }
}

impl BeginMail {
    /// The contact, if whoever writes sees it and the address is its own: to another address somebody else may listen.
    async fn known(&self, tx: &mut Tx<'_>, scope: &Scope, address: &str) -> Result<Option<ContactId>> {
        let Some(id) = self.contact else { return Ok(None) };
        let contact = contact::one(tx.conn(), scope, id).await?.ok_or(Error::NOT_FOUND)?;
        let seen_by = conversation::facts_of_contact(tx.conn(), scope, id).await?;
        if !seen_by.iter().any(|facts| scope.sees(facts)) {
            return Err(Error::NOT_FOUND);
        }
        Ok(contact.email.eq_ignore_ascii_case(address).then_some(id))
    }
}
