//! Makes a mail of a reply: recipients, subject, signature (T5).

use model::{
    Answer, ApiError, Channel, ContactField, Content, EmailSettings, Folds, MailChoice, MailHead, Mailbox, Own,
    Parties, Recipients, answer_subject, recipients,
};
use store::{Scope, Tx, account, conversation::Loaded, error::Result, mail, message};

use crate::check_line;

/// The most recipients of one mail.
const MOST: usize = 100;

/// The stored text (with signature) and head of a reply by e-mail. A mailbox that is not connected makes no head. The
/// recipients become participants of the conversation.
pub async fn compose(
    tx: &mut Tx<'_>,
    scope: &Scope,
    channel: &Channel,
    conversation: &Loaded,
    text: String,
    choice: Option<&MailChoice>,
) -> Result<(String, Content)> {
    let Some(account) = account::one(tx.conn(), scope, channel.id).await? else { return Ok((text, Content::Text)) };
    let settings: EmailSettings =
        serde_json::from_str(&account.settings).map_err(|e| store::error::StoreError::Corrupt(e.to_string()))?;
    let answered = message::last_mail(tx.conn(), scope, conversation.row.id)
        .await?
        .and_then(|message| message.content.into_mail());
    let usual = match &answered {
        Some(head) => recipients(&head.parties, &Own::new([settings.address.as_str()]), Answer::All),
        None => Recipients { to: vec![Mailbox::of(conversation.address.clone())], ..Recipients::default() },
    };
    let chosen = check(choice.map_or(usual, |choice| choice.recipients.clone()))?;
    let about = answered.as_ref().map(|head| answer_subject(&head.subject)).unwrap_or_default();
    let subject = choice.and_then(|choice| choice.subject.clone()).unwrap_or(about);
    let subject = check_line("subject", &subject)?;
    let addresses: Vec<String> = chosen.everybody().map(Mailbox::key).collect();
    mail::join(tx, scope, conversation.row.id, &addresses).await?;
    // A claimed address stays a claim until somebody writes from it.
    let is_said = |one: &&Mailbox| answered.as_ref().is_some_and(|head| head.parties.is_only_said(one));
    let claimed = chosen.everybody().find(is_said).cloned();
    let written = text.len();
    let signature = settings.signature.trim_end();
    let text = if signature.is_empty() { text } else { format!("{text}\n\n-- \n{signature}") };
    let head = MailHead {
        parties: Parties {
            from: Some(Mailbox { name: settings.name, address: settings.address }),
            reply_to: Vec::new(),
            to: chosen.to,
            cc: chosen.cc,
            claimed,
        },
        bcc: chosen.bcc,
        subject,
        folds: Folds { signature: written, quoted: text.len() },
        ..MailHead::default()
    };
    Ok((text, Content::Mail(Box::new(head))))
}

/// Checks that a mail can go to these recipients.
pub(super) fn check(chosen: Recipients) -> Result<Recipients> {
    let refuse = |message: &str| Err(ApiError::invalid("recipients", message.to_owned()).into());
    let everybody: Vec<&Mailbox> = chosen.everybody().collect();
    if everybody.is_empty() {
        return refuse("Add at least one recipient.");
    }
    if everybody.len() > MOST {
        return refuse("An e-mail can have at most 100 recipients.");
    }
    for mailbox in everybody {
        check_line("recipients", &mailbox.name)?;
        let fits =
            ContactField::Email.check(&mailbox.address).is_ok_and(|kept| !kept.is_empty() && kept == mailbox.address);
        if !fits || mailbox.address.contains(['<', '>', ',', ';', '"', ' ', '\\']) {
            return refuse(&format!(
                "\"{}\" is not a valid e-mail address. Use the format name@example.com.",
                mailbox.address
            ));
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t5_s15_only_addresses_pass() {
        let to = |address: &str| Recipients { to: vec![Mailbox::of(address)], ..Recipients::default() };
        assert!(check(to("anna@x.example")).is_ok());
        for bad in [
            "",
            "anna",
            "a@x.example, b@x.example",
            "a@x.example\r\nBcc: b@x.example",
            "<a@x.example>",
            "a b@x.example",
        ] {
            assert!(check(to(bad)).is_err(), "{bad:?}");
        }
        let named = Recipients {
            cc: vec![Mailbox { name: "A\r\nBcc: b@x.example".to_owned(), address: "a@x.example".to_owned() }],
            ..Recipients::default()
        };
        assert!(check(named).is_err());
        assert!(check(Recipients::default()).is_err());
    }
}
