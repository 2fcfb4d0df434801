//! What a mail answers, as far as it is known here: by that is told what of it is quoted (T3).

use mail::{Mail, fold::Answers};
use model::MessageId;
use store::{Db, Scope, error::Result, mail as mails, message};

use super::signed::Signer;

/// How many names of a mail's chain are looked for, the nearest first.
const NAMES: usize = 10;
/// How many of the mails that go by them are compared with what may be quoted.
const TEXTS: usize = 4;
/// How many messages are looked at for them.
const LOOKED_AT: usize = 12;

/// What is known of the mails that a mail answers. Their texts are only compared with its own, and shown to nobody.
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
        // What came in is known by its name and what it says. A mail that only answers one of these goes by its name as well.
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
