//! What is noted in the audit log, by whom it is read, and that refusals cannot fill it (N10, S26, S27).

use async_trait::async_trait;
use model::{AuditEvent, AuditLine, AuditPage, MemberId, Permission, WorkspaceId};
use serde_json::{Value, json};

use crate::{
    error::Result,
    store::{
        Command, Db, Scope, Tx,
        audit::{self, Note},
        session,
    },
};

/// How many lines a page has.
const PAGE: i64 = 50;
/// How many refusals of one member are noted within [`WINDOW_MS`]: whoever asks on and on must not fill the disk (S53).
const REFUSALS: i64 = 30;
const WINDOW_MS: i64 = 15 * 60_000;
/// Bytes of what was asked for that are noted.
const ASKED: usize = 200;

/// Notes what whoever acts in this scope did.
pub(super) async fn note(tx: &mut Tx<'_>, scope: &Scope, what: AuditEvent, body: Value) -> Result<()> {
    let who = scope.me().map(|me| me.member.id);
    note_of(tx, scope.workspace(), who, scope.address(), what, body).await
}

/// The same where there is no scope yet: whoever comes in.
pub(super) async fn note_of(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    who: Option<MemberId>,
    address: &str,
    what: AuditEvent,
    body: Value,
) -> Result<()> {
    let note = Note { who, address: address.to_owned(), what, body: body.to_string() };
    Ok(audit::add(tx, workspace, note).await?)
}

/// Notes that somebody's password was wrong at the sign-in.
#[derive(Debug, Clone)]
pub struct NoteWrongPassword {
    /// Where.
    pub workspace: WorkspaceId,
    /// Whose account.
    pub member: MemberId,
    /// From which network address.
    pub address: String,
}

#[async_trait]
impl Command for NoteWrongPassword {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        if is_one_too_many(tx, self.member).await? {
            return Ok(());
        }
        let what = AuditEvent::SignInRefused;
        note_of(tx, self.workspace, Some(self.member), &self.address, what, json!({})).await
    }
}

/// Notes that a member was refused.
#[derive(Debug, Clone)]
pub struct NoteRefusal {
    /// Which refusal.
    pub what: AuditEvent,
    /// What they asked for: a path, or the name of a server function.
    pub asked: String,
}

#[async_trait]
impl Command for NoteRefusal {
    type Output = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        if is_one_too_many(tx, scope.person()?.member.id).await? {
            return Ok(());
        }
        let asked = &self.asked[..self.asked.floor_char_boundary(ASKED)];
        note(tx, &scope, self.what, json!({ "asked": asked })).await
    }
}

async fn is_one_too_many(tx: &mut Tx<'_>, member: MemberId) -> Result<bool> {
    let (count, _) = session::attempt(tx, &format!("refusals:{member}"), WINDOW_MS).await?;
    Ok(count > REFUSALS)
}

/// A page of the log for whoever administers: lines before number `before`, without it the newest.
///
/// # Errors
/// When the database fails, or whoever asks may not.
pub async fn page(db: &Db, scope: &Scope, before: Option<i64>) -> Result<AuditPage> {
    scope.require(Permission::Administer)?;
    let mut snapshot = db.snapshot().await?;
    let read = audit::page(&mut snapshot.conn(), scope, before.unwrap_or(i64::MAX), PAGE + 1).await?;
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = read.len() > most;
    let lines = read.into_iter().take(most).map(|audit::Read { n, at, note }| {
        let Note { who, address, what, body } = note;
        AuditLine { n, at, who, what, address, detail: in_words(&body) }
    });
    Ok(AuditPage { lines: lines.collect(), more })
}

/// `{"role":"agent","disabled":false}` as "disabled: no, role: agent". Ids are for programs and left out.
fn in_words(body: &str) -> String {
    let is_id = |text: &str| text.parse::<uuid::Uuid>().is_ok();
    let Ok(Value::Object(parts)) = serde_json::from_str(body) else { return String::new() };
    let words = parts.iter().filter_map(|(name, value)| match value {
        Value::String(text) if is_id(text) || text.is_empty() => None,
        Value::String(text) => Some(format!("{name}: {text}")),
        Value::Bool(yes) => Some(format!("{name}: {}", if *yes { "yes" } else { "no" })),
        Value::Number(number) => Some(format!("{name}: {number}")),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).filter(|text| !is_id(text)).collect();
            (!items.is_empty()).then(|| format!("{name}: {}", items.join(" ")))
        }
        Value::Null | Value::Object(_) => None,
    });
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_line_reads_as_words() {
        let body = r#"{"member":"0190b6c0-0000-7000-8000-000000000000","name":"Agathe","role":"agent","disabled":false,"note":""}"#;
        assert_eq!(in_words(body), "disabled: no, name: Agathe, role: agent");
        assert_eq!(in_words("{}"), "");
        assert_eq!(in_words("no JSON"), "");
    }
}
