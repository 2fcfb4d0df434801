//! What is added to the audit log, who reads it, and why refusals cannot fill it (N10, S26, S27).

use std::cmp::Ordering;

use async_trait::async_trait;
use model::{AuditEvent, AuditLine, AuditPage, MemberId, Needs, Permission, WorkspaceId};
use serde_json::{Value, json};
use store::{
    Command, Db, Scope, Tx,
    audit::{self, Note},
    error::Result,
    session,
};

const PAGE: i64 = 50;
/// How many refusals of one member, for one kind of request, are logged within [`WINDOW_MS`]. Repeated requests must not fill the disk
/// (S53), and harmless requests must not keep other refusals out of the log (S26).
const REFUSALS: i64 = 30;
const WINDOW_MS: i64 = 15 * 60_000;
/// What the last logged refusal says.
const FURTHER: &str = "further ones";
const UNNOTED: &str = "not noted for a quarter of an hour";
/// How many bytes of the requested name are logged.
const ASKED: usize = 200;

/// Adds an entry for an action of this scope's actor.
pub(super) async fn note(tx: &mut Tx<'_>, scope: &Scope, what: AuditEvent, body: Value) -> Result<()> {
    let who = scope.me().map(|me| me.member.id);
    note_of(tx, scope.workspace(), who, scope.address(), what, body).await
}

/// Adds an entry where there is no scope yet, such as at the sign-in.
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

/// Logs a sign-in with a wrong password.
#[derive(Debug, Clone)]
pub struct NoteWrongPassword {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The member whose account it is.
    pub member: MemberId,
    /// The network address of the request.
    pub address: String,
}

#[async_trait]
impl Command for NoteWrongPassword {
    type Output = ();
    const NEEDS: Needs = Needs::Nothing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let what = AuditEvent::SignInRefused;
        let body = match room(tx, self.member, what, "").await? {
            Allowance::Free => json!({}),
            Allowance::Last => json!({ FURTHER: UNNOTED }),
            Allowance::None => return Ok(()),
        };
        note_of(tx, self.workspace, Some(self.member), &self.address, what, body).await
    }
}

/// Logs that a member was refused.
#[derive(Debug, Clone)]
pub struct NoteRefusal {
    /// The kind of refusal.
    pub what: AuditEvent,
    /// The request: a path, or the name of a server function.
    pub asked: String,
}

#[async_trait]
impl Command for NoteRefusal {
    type Output = ();
    const NEEDS: Needs = Needs::SignedIn;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let asked = &self.asked[..self.asked.floor_char_boundary(ASKED)];
        let body = match room(tx, scope.person()?.member.id, self.what, kind_of(asked)).await? {
            Allowance::Free => json!({ "asked": asked }),
            Allowance::Last => json!({ "asked": asked, FURTHER: UNNOTED }),
            Allowance::None => return Ok(()),
        };
        note(tx, &scope, self.what, body).await
    }
}

/// Whether one more refusal is logged.
enum Allowance {
    Free,
    /// It is logged, and says that further ones are not.
    Last,
    None,
}

async fn room(tx: &mut Tx<'_>, member: MemberId, what: AuditEvent, kind: &str) -> Result<Allowance> {
    let bucket = format!("refusals:{member}:{}:{kind}", what.as_str());
    let (count, _) = session::attempt(tx, &bucket, WINDOW_MS).await?;
    Ok(match count.cmp(&REFUSALS) {
        Ordering::Less => Allowance::Free,
        Ordering::Equal => Allowance::Last,
        Ordering::Greater => Allowance::None,
    })
}

/// Groups requests for counting: each server function separately, files together, mails together, all pages together. The number of groups
/// is bounded, whatever ids and words somebody requests.
fn kind_of(asked: &str) -> &str {
    if let Some(rest) = asked.strip_prefix("/api/") {
        return rest.split('/').next().unwrap_or_default();
    }
    let is_function = asked.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if is_function { asked } else { "/" }
}

/// A page of the log for administrators: entries before number `before`, or the newest.
///
/// # Errors
/// When the database fails, or the member may not administer.
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

/// Shows `{"role":"agent","disabled":false}` as "disabled: no, role: agent". Ids mean nothing to readers and are left out.
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
    use super::{in_words, kind_of};

    #[test]
    fn s26_s53_what_is_counted_apart_has_few_names() {
        for name in ["edit_member", "audit_log"] {
            assert_eq!(kind_of(name), name);
        }
        for id in ["0190b6c0-0000-7000-8000-000000000000", "abcdefabcdefabcdefabcdefabcdefab", "x/y"] {
            assert_eq!(kind_of(&format!("/api/quarantine/{id}/source")), "quarantine");
            assert_eq!(kind_of(&format!("/api/mail/{id}/source")), "mail");
            assert_eq!(kind_of(&format!("/settings/{id}")), "/");
        }
        assert_eq!(kind_of("edit%5Fmember"), "/");
    }

    #[test]
    fn a_line_reads_as_words() {
        let body = r#"{"member":"0190b6c0-0000-7000-8000-000000000000","name":"Agathe","role":"agent","disabled":false,"note":""}"#;
        assert_eq!(in_words(body), "disabled: no, name: Agathe, role: agent");
        assert_eq!(in_words("{}"), "");
        assert_eq!(in_words("no JSON"), "");
    }
}
