//! Turns the log's ids and facts back into events, for browsers that were away. The rows that an event names are read as they are now, in
//! the same snapshot as the page of the log. So a browser never gets an older state after a newer one. A page takes the same six statements
//! however many events it has.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{
    Attachment, Contact, ContactId, ConversationId, ConversationRow, Draft, DraftMode, EventBody, Logged, MemberId,
    Message, MessageId, Placement, WorkspaceId,
};

use super::{
    Scope,
    attachment::Shown,
    codec::{read, read_opt},
    conn::{Conn, Engine, args, row},
    contact, conversation, message,
    scope::{among, ours},
    table::of,
};
use crate::error::StoreError;

/// Every statement for this engine, for the test that prepares them all. `$2` is a JSON array of ids.
pub(super) fn statements(engine: Engine) -> [String; 6] {
    [
        reads_sql(engine),
        messages_sql(engine),
        files_sql(engine),
        contact::some_sql(engine),
        placements_sql(engine),
        drafts_sql(engine),
    ]
}

fn reads_sql(engine: Engine) -> String {
    let among = among(engine, "$2");
    format!(
        "SELECT conversation_id, member_id, read_count FROM read_marker WHERE workspace_id = $1 AND conversation_id {among} \
         ORDER BY conversation_id, member_id"
    )
}

fn messages_sql(engine: Engine) -> String {
    format!("SELECT {} FROM message WHERE workspace_id = $1 AND id {}", message::Raw::COLUMNS, among(engine, "$2"))
}

fn files_sql(engine: Engine) -> String {
    let (files, among) = (of!("a", Shown::COLUMNS), among(engine, "$2"));
    format!(
        "SELECT m.id AS message_id, {files} FROM message m JOIN attachment a \
         ON a.workspace_id = m.workspace_id AND a.conversation_id = m.conversation_id AND a.message_n = m.n \
         WHERE m.workspace_id = $1 AND m.id {among} ORDER BY a.id"
    )
}

fn placements_sql(engine: Engine) -> String {
    let among = among(engine, "$2");
    format!(
        "SELECT contact_id, assignee_id, team_id, channel_id FROM conversation \
         WHERE workspace_id = $1 AND contact_id {among}"
    )
}

/// `$3` is a JSON array of conversations.
fn drafts_sql(engine: Engine) -> String {
    let (members, conversations) = (among(engine, "$2"), among(engine, "$3"));
    format!(
        "SELECT member_id, conversation_id, mode, text, message_id FROM draft \
         WHERE workspace_id = $1 AND member_id {members} AND conversation_id {conversations} AND text <> ''"
    )
}

row! {
    struct RawFile {
        message_id: String,
        ..shown: Shown,
    }
}

/// The present rows that a page of the log names.
#[derive(Default)]
struct Named {
    rows: HashMap<ConversationId, ConversationRow>,
    reads: HashMap<ConversationId, Vec<(MemberId, i64)>>,
    messages: HashMap<MessageId, Message>,
    contacts: HashMap<ContactId, Contact>,
    placements: HashMap<ContactId, Vec<Placement>>,
    drafts: HashMap<(MemberId, ConversationId, DraftMode), Draft>,
}

/// Makes events from a page of the log. None stands for an entry that this build cannot parse.
///
/// # Errors
/// When the database fails.
pub(super) async fn fill(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
    page: Vec<(i64, Option<Logged>)>,
) -> Result<Vec<(i64, EventBody)>, StoreError> {
    let named = named(conn, workspace, &page).await?;
    Ok(page
        .into_iter()
        .map(|(seq, logged)| (seq, logged.map_or(EventBody::Unreadable, |logged| named.event(logged))))
        .collect())
}

async fn named(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
    page: &[(i64, Option<Logged>)],
) -> Result<Named, StoreError> {
    let (mut conversations, mut messages) = (BTreeSet::new(), BTreeSet::new());
    let (mut contacts, mut drafting, mut drafted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for logged in page.iter().filter_map(|(_, logged)| logged.as_ref()) {
        match logged {
            Logged::Conversation { id, messages: new, .. } => {
                conversations.insert(*id);
                messages.extend(new.iter().copied());
            }
            Logged::Contact { id, .. } => _ = contacts.insert(*id),
            Logged::Draft { member, conversation, .. } => {
                drafting.insert(*member);
                drafted.insert(*conversation);
            }
            _ => {}
        }
    }
    // The caller filters by what each member sees.
    let scope = Scope::system(workspace, "the log is read");
    let mut named = Named::default();
    for row in conversation::some(conn, &scope, &conversations).await? {
        named.rows.insert(row.id, ConversationRow { read_count: 0, ..row });
    }
    if !conversations.is_empty() {
        let sql = ours(reads_sql(conn.engine()));
        let rows: Vec<(String, String, i64)> = conn.all(sql, args![workspace, ids(&conversations)?]).await?;
        for (conversation, member, n) in rows {
            let of = named.reads.entry(read("conversation", conversation)?).or_default();
            of.push((read("member", member)?, n));
        }
    }
    if !messages.is_empty() {
        named.messages = messages_of(conn, workspace, &messages).await?;
    }
    if !contacts.is_empty() {
        for contact in contact::some(conn, &scope, &ids(&contacts)?).await? {
            named.contacts.insert(contact.id, contact);
        }
        let sql = ours(placements_sql(conn.engine()));
        let rows: Vec<(String, Option<String>, Option<String>, String)> =
            conn.all(sql, args![workspace, ids(&contacts)?]).await?;
        for (contact, assignee, team, channel) in rows {
            let placement = Placement {
                assignee: read_opt("assignee", assignee)?,
                team: read_opt("team", team)?,
                channel: read("channel", channel)?,
            };
            named.placements.entry(read("contact", contact)?).or_default().push(placement);
        }
    }
    if !drafting.is_empty() {
        type Raw = (String, String, String, String, Option<String>);
        let sql = ours(drafts_sql(conn.engine()));
        let rows: Vec<Raw> = conn.all(sql, args![workspace, ids(&drafting)?, ids(&drafted)?]).await?;
        for (member, conversation, mode, text, id) in rows {
            let mode: DraftMode = read("draft mode", mode)?;
            let draft = Draft { mode, text, id: read_opt("message", id)? };
            named.drafts.insert((read("member", member)?, read("conversation", conversation)?, mode), draft);
        }
    }
    Ok(named)
}

pub(super) async fn messages_of(
    conn: &mut Conn<'_>,
    workspace: WorkspaceId,
    wanted: &BTreeSet<MessageId>,
) -> Result<HashMap<MessageId, Message>, StoreError> {
    let wanted = ids(wanted)?;
    let engine = conn.engine();
    let raw: Vec<message::Raw> = conn.all(ours(messages_sql(engine)), args![workspace, wanted.clone()]).await?;
    let files: Vec<RawFile> = conn.all(ours(files_sql(engine)), args![workspace, wanted]).await?;
    let mut by_message: BTreeMap<String, Vec<Attachment>> = BTreeMap::new();
    for file in files {
        by_message.entry(file.message_id).or_default().push(file.shown.try_into()?);
    }
    raw.into_iter()
        .map(|raw| {
            let message = Message::try_from(raw)?;
            let attachments = by_message.remove(&message.id.to_string()).unwrap_or_default();
            Ok((message.id, Message { attachments, ..message }))
        })
        .collect()
}

fn ids<T: serde::Serialize>(ids: &BTreeSet<T>) -> Result<String, StoreError> {
    serde_json::to_string(ids).map_err(|error| StoreError::Corrupt(error.to_string()))
}

impl Named {
    fn event(&self, logged: Logged) -> EventBody {
        match logged {
            Logged::Conversation { id, before, after, messages } => match self.rows.get(&id) {
                Some(row) => EventBody::Conversation {
                    before,
                    after,
                    row: Box::new(row.clone()),
                    reads: self.reads.get(&id).cloned().unwrap_or_default(),
                    messages: messages.iter().filter_map(|id| self.messages.get(id).cloned()).collect(),
                },
                None => EventBody::Counted { before, after },
            },
            Logged::Set(changes) => EventBody::Set(changes),
            Logged::Contact { id, seen_by } => match self.contacts.get(&id) {
                Some(contact) => {
                    let now_seen_by = self.placements.get(&id).cloned().unwrap_or_default();
                    EventBody::Contact { contact: Box::new(contact.clone()), seen_by, now_seen_by }
                }
                None => EventBody::Nothing,
            },
            Logged::Read { member, conversation, read_count } => {
                EventBody::Marked { member, marks: vec![(conversation, read_count)] }
            }
            Logged::Marked { member, marks } => EventBody::Marked { member, marks },
            Logged::Draft { member, conversation, mode } => {
                let none = || Draft { mode, text: String::new(), id: None };
                let draft = self.drafts.get(&(member, conversation, mode)).cloned().unwrap_or_else(none);
                EventBody::Draft { member, conversation, draft }
            }
            Logged::Notices { member } => EventBody::Notices { member },
            Logged::Member(member) => EventBody::Member(member),
            Logged::Access { member } => EventBody::Access { member },
            Logged::Team(team) => EventBody::Team(team),
            Logged::Channel(channel) => EventBody::Channel(channel),
            Logged::Workspace(workspace) => EventBody::Workspace(workspace),
            Logged::Tag(tag) => EventBody::Tag(tag),
            Logged::Reasons(reasons) => EventBody::Reasons(reasons),
            Logged::View(change) => EventBody::View(change),
            Logged::ViewOrder { member, order } => EventBody::ViewOrder { member, order },
        }
    }
}
