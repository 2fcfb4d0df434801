//! What is known about the mails that a mail answers. It helps to recognise quoted text (T3).

use mail::{Mail, fold::Answers};
use model::MessageId;
use store::{Db, Scope, error::Result, mail as mails, message};

use super::signed::Signer;

/// How many Message-IDs of a mail's chain are looked up, nearest first.
const NAMES: usize = 10;
/// How many of the found mails are compared with text that may be quoted.
const TEXTS: usize = 4;
/// How many messages are loaded to find these mails.
const LOOKED_AT: usize = 12;

/// What is known about the mails that a mail answers. Their texts are only compared with this mail's text and shown to nobody.
///
/// # Errors
/// When the database fails.
pub async fn answers(db: &Db, scope: &Scope, signer: &Signer, mail: &Mail) -> Result<Answers> {
    let names: Vec<String> = mail.answers.iter().take(NAMES).map(|name| name.as_str().to_owned()).collect();
    let written = mail.parties.to.iter().chain(&mail.parties.cc).map(|mailbox| mailbox.address.as_str());
    let addressed = written.chain(mail.delivered_to.iter().map(String::as_str));
    let addressed = addressed.filter_map(|address| signer.addressed(address)).next();
    if names.is_empty() && addressed.is_none() {
        return Ok(Answers::Nothing);
    }
    let reader = &mut db.reader().await?;
    let conn = &mut reader.conn();
    let mut found = mails::named(conn, scope, &names).await?;
    found.sort_by_key(|named| names.iter().position(|name| *name == named.name));
    let ours = names.first().and_then(|name| signer.named(name)).or(addressed);
    let mut ids: Vec<MessageId> = ours.into_iter().collect();
    for named in &found {
        if !ids.contains(&named.message) {
            ids.push(named.message);
        }
    }
    let (mut texts, mut is_nearest) = (Vec::new(), false);
    for id in ids.into_iter().take(LOOKED_AT) {
        // The provider id of a received mail is its Message-ID and a content hash. A mail that only answers one of these names is found by
        // that name too, and skipped.
        let own = message::provider(conn, scope, id).await?.unwrap_or_default();
        let own = own.split_once('#').map_or(own.as_str(), |(name, _)| name);
        if ours != Some(id) && !names.iter().any(|name| name == own) {
            continue;
        }
        let Some(answered) = message::one(conn, scope, id).await? else { continue };
        is_nearest |= ours == Some(id) || names.first().is_some_and(|nearest| nearest == own);
        texts.push(answered.text);
        if texts.len() == TEXTS {
            break;
        }
    }
    Ok(Answers::of(texts.iter().map(String::as_str), is_nearest))
}
