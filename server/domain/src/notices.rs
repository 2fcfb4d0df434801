//! Notices (N2): who is told of a change, what a member is told, and what they have seen. A notice is stored in the transaction of its cause.
//! It holds no text: what a member reads of it is read as they may see it then, so it can tell of nothing that opening would not show (S19).

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use model::{
    ConversationId, ConversationRow, Entry, EventBody, MemberId, Message, Needs, Notice, NoticeKind, NoticeKinds,
    NoticePage, NoticeSwitches, Permission, SeenNotices, Sender,
};
use store::{
    Command, Db, Scope, Tx, conversation,
    error::Result,
    notice::{self, Stored, Telling},
};
use uuid::Uuid;

use super::change::one_line;

/// How many letters of a note are read for a notice.
const NOTE_LETTERS: i64 = 400;

/// A change of a conversation, for [`of_change`].
pub(super) struct Changed<'c> {
    /// Before.
    pub before: &'c ConversationRow,
    /// After.
    pub now: &'c ConversationRow,
    /// New entries.
    pub added: &'c [&'c Message],
    /// Entries that changed.
    pub changed: &'c [&'c Message],
    /// The member who did it.
    pub by: Option<MemberId>,
    /// Whether its assignment is told by somebody else: it is one of a set, or was undone.
    pub assigned_quietly: bool,
}

/// Who is told what of a change. Nobody is told what they did themselves.
pub(super) fn of_change(change: &Changed<'_>) -> Vec<(MemberId, Telling)> {
    let Changed { before, now, added, changed, by, assigned_quietly } = change;
    let tell = |kind, place| Telling { kind, about: now.id.uuid(), size: 0, by: None, place };
    let mut told = Vec::new();
    if let Some(to) = now.state.assignee.filter(|to| !assigned_quietly && Some(*to) != *by)
        && before.state.assignee != Some(to)
    {
        told.push((to, Telling { by: *by, ..tell(NoticeKind::Assigned, None) }));
    }
    if let Some(to) = now.state.assignee.filter(|_| added.iter().any(|entry| matches!(entry.entry, Entry::Incoming))) {
        told.push((to, tell(NoticeKind::Reply, None)));
    }
    for message in *changed {
        if let Entry::Outgoing { by: Sender::Member(author), delivery } = &message.entry
            && delivery.state.is_unsent()
        {
            told.push((*author, tell(NoticeKind::Failed, Some(message.n))));
        }
    }
    told
}

/// Tells members something.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell(tx: &mut Tx<'_>, scope: &Scope, to: &BTreeSet<MemberId>, what: Telling) -> Result<()> {
    if to.is_empty() {
        return Ok(());
    }
    let to: Vec<MemberId> = to.iter().copied().collect();
    notice::tell(tx, scope, &to, what).await?;
    for member in to {
        tx.emit(scope.workspace(), EventBody::Notices { member });
    }
    Ok(())
}

/// Tells what follows from a change.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell_all(tx: &mut Tx<'_>, scope: &Scope, news: Vec<(MemberId, Telling)>) -> Result<()> {
    for (member, what) in news {
        tell(tx, scope, &[member].into(), what).await?;
    }
    Ok(())
}

/// Tells a member that somebody else assigned these conversations to them: one notice, however many they are.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell_assigned(
    tx: &mut Tx<'_>,
    scope: &Scope,
    to: MemberId,
    by: MemberId,
    (act, conversations): (Uuid, &[ConversationId]),
) -> Result<()> {
    let (about, size) = match conversations {
        _ if to == by => return Ok(()),
        [] => return Ok(()),
        [one] => (one.uuid(), 0),
        several => (act, several.len() as i64),
    };
    let what = Telling { kind: NoticeKind::Assigned, about, size, by: Some(by), place: None };
    tell(tx, scope, &[to].into(), what).await
}

/// Takes back what was told of an assignment that was undone, unless its member has seen it.
///
/// # Errors
/// When the database fails.
pub(super) async fn take_back(tx: &mut Tx<'_>, scope: &Scope, member: MemberId, about: Uuid) -> Result<()> {
    if notice::take_back(tx, scope, member, NoticeKind::Assigned, about).await? {
        tx.emit(scope.workspace(), EventBody::Notices { member });
    }
    Ok(())
}

/// The member's notices of the kinds that they want to know of. What is about a conversation that they may not see now is left out.
///
/// # Errors
/// When the database fails, or the role may not read.
pub async fn page(db: &Db, scope: &Scope) -> Result<NoticePage> {
    scope.may_list()?;
    scope.person()?;
    let mut snapshot = db.snapshot().await?;
    let conn = &mut snapshot.conn();
    let reader = notice::reader(conn, scope).await?;
    let switches = reader.switches;
    let mut stored = notice::page(conn, scope).await?;
    stored.retain(|notice| switches.listed.has(notice.kind) || switches.browser.has(notice.kind));
    let about = |notice: &Stored| ConversationId::new(notice.about);
    let ids: BTreeSet<_> = stored.iter().filter(|notice| notice.size == 0).map(about).collect();
    let rows = conversation::some(conn, scope, &ids).await?;
    let rows: HashMap<ConversationId, ConversationRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mentions = stored.iter().any(|notice| notice.kind == NoticeKind::Mentioned);
    let notes = if mentions { notice::notes(conn, scope, NOTE_LETTERS).await? } else { Vec::new() };
    let notes: HashMap<i64, String> = notes.into_iter().collect();
    let shown = |notice: Stored| {
        let Stored { n, kind, size, times, by, place, at, .. } = notice;
        let row = rows.get(&about(&notice));
        if size == 0 && row.is_none() {
            return None;
        }
        let text = row.and_then(|row| match kind {
            NoticeKind::Failed => None,
            // What they were told of, and not what was said since.
            NoticeKind::Mentioned => notes.get(&n).map(|note| one_line(note)),
            _ => Some(row.preview.text.clone()),
        });
        Some(Notice {
            n,
            kind,
            conversation: row.map(|row| row.id),
            name: row.map(|row| row.display_name().to_owned()).unwrap_or_default(),
            text: text.unwrap_or_default(),
            by,
            place,
            count: if size == 0 { times } else { size },
            at,
            seen: notice.seen || n <= reader.seen,
        })
    };
    let notices: Vec<Notice> = stored.into_iter().filter_map(shown).collect();
    // Not the reader's own last: it would tell that there is something hidden.
    let last = notices.iter().map(|one| one.n).max().unwrap_or(reader.seen);
    Ok(NoticePage { notices, last, seen_at: reader.seen_at, switches })
}

/// Marks notices of the member as seen. What came later stays unseen.
#[derive(Debug, Clone, Copy)]
pub struct See(
    /// Which.
    pub SeenNotices,
);

#[async_trait]
impl Command for See {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let member = scope.person()?.member.id;
        let changed = match self.0 {
            SeenNotices::UpTo(n) => {
                notice::see_up_to(tx, &scope, n).await?;
                true
            }
            SeenNotices::One(n) => notice::see(tx, &scope, n).await?,
            // Whether the conversation exists makes no difference: these rows are the member's own.
            SeenNotices::Of(conversation) => notice::see_about(tx, &scope, conversation.uuid()).await?,
        };
        if changed {
            tx.emit(scope.workspace(), EventBody::Notices { member });
        }
        Ok(())
    }
}

/// Sets by which ways the member is told of what.
#[derive(Debug, Clone, Copy)]
pub struct SwitchNotices(
    /// All switches.
    pub NoticeSwitches,
);

#[async_trait]
impl Command for SwitchNotices {
    type Output = ();
    const NEEDS: Needs = Needs::May(Permission::Read);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let member = scope.person()?.member.id;
        let NoticeSwitches { listed, browser } = self.0;
        // Numbers from outside may have bits that are no kind.
        let (listed, browser) = (NoticeKinds::of(listed.number()), NoticeKinds::of(browser.number()));
        let to = NoticeSwitches { listed, browser };
        if notice::reader(tx.conn(), &scope).await?.switches != to {
            notice::switch(tx, &scope, to).await?;
            tx.emit(scope.workspace(), EventBody::Notices { member });
        }
        Ok(())
    }
}
