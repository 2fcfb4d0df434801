//! Contacts, and the addresses (identities) they write from.

use model::{ChannelKind, Contact, ContactId, IdentityId, LeadStatus, Timestamp};

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, Engine, Val, args},
    scope::{among, ours},
    table::{insert, set, sql, table},
    tag,
};
use crate::error::StoreError;

pub(super) const STATEMENTS: &[&str] =
    &[ONE, INSERT, SAVE, IDENTITY, ADD_IDENTITY, SET_LABEL, LINK, LINK_CONVERSATIONS];

table! {
    /// What a person may edit.
    struct Card {
        name: String,
        email: String,
        phone: String,
        company: String,
        title: String,
        location: String,
        language: String,
        time_zone: String,
        lead_status: String,
        tags: String,
    }
}

table! {
    /// A contact.
    pub(super) struct Raw {
        id: String,
        version: i64,
        ..card: Card,
    }
}

/// What is stored of a contact, in the order of [`fields`] behind its workspace.
pub(super) const STORED: &str = sql!("workspace_id, ", Raw::COLUMNS, ", created_at");

impl TryFrom<Raw> for Contact {
    type Error = StoreError;
    fn try_from(Raw { id, version, card }: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: read("contact", id)?,
            version,
            name: card.name,
            email: card.email,
            phone: card.phone,
            company: card.company,
            title: card.title,
            location: card.location,
            language: card.language,
            time_zone: card.time_zone,
            lead_status: read::<LeadStatus>("lead status", card.lead_status)?,
            tags: tag::parse(&card.tags)?,
        })
    }
}

impl From<Contact> for Raw {
    fn from(contact: Contact) -> Self {
        let card = Card {
            name: contact.name,
            email: contact.email,
            phone: contact.phone,
            company: contact.company,
            title: contact.title,
            location: contact.location,
            language: contact.language,
            time_zone: contact.time_zone,
            lead_status: contact.lead_status.as_str().to_owned(),
            tags: tag::text(&contact.tags),
        };
        Self { id: contact.id.to_string(), version: contact.version, card }
    }
}

/// The values of a contact that was created at this time.
pub(super) fn fields(contact: &Contact, at: Timestamp) -> Vec<Val> {
    args![; Raw::from(contact.clone()).values(); at]
}

const ONE: &str = sql!("SELECT ", Raw::COLUMNS, " FROM contact WHERE workspace_id = $1 AND id = $2");

/// Finds a contact. The caller decides whether the member may see it, which depends on the contact's conversations.
///
/// # Errors
/// When the database fails.
pub async fn one(conn: &mut Conn<'_>, scope: &Scope, id: ContactId) -> Result<Option<Contact>, StoreError> {
    conn.opt::<Raw>(ONE, args![scope.workspace(), id]).await?.map(Contact::try_from).transpose()
}

/// Contacts by a JSON array of ids. The caller has checked that the member may see them.
pub(super) async fn some(conn: &mut Conn<'_>, scope: &Scope, ids: &str) -> Result<Vec<Contact>, StoreError> {
    let sql = ours(some_sql(conn.engine()));
    let raw: Vec<Raw> = conn.all(sql, args![scope.workspace(), ids]).await?;
    raw.into_iter().map(Contact::try_from).collect()
}

/// `$2` is a JSON array of ids.
pub(super) fn some_sql(engine: Engine) -> String {
    format!("SELECT {} FROM contact WHERE workspace_id = $1 AND id {}", Raw::COLUMNS, among(engine, "$2"))
}

const INSERT: &str = insert!("contact", STORED);

/// Stores a new contact.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, contact: &Contact) -> Result<(), StoreError> {
    tx.exec(INSERT, args![scope.workspace(); fields(contact, tx.now())]).await?;
    Ok(())
}

const SAVE: &str = sql!(
    "UPDATE contact SET version = version + 1, ",
    set!(4, Card::COLUMNS),
    " WHERE workspace_id = $1 AND id = $2 AND version = $3"
);

/// Stores an edited contact. Its `version` is the one that was read. False when another change came first.
///
/// # Errors
/// When the database fails.
pub async fn save(tx: &mut Tx<'_>, scope: &Scope, contact: &Contact) -> Result<bool, StoreError> {
    Ok(tx.exec(SAVE, args![scope.workspace(); Raw::from(contact.clone()).values()]).await? == 1)
}

/// One address of a person outside: a row that a contact, messages and conversations refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// What is shown while the name is not known.
    pub label: String,
    /// The contact it belongs to, once known.
    pub contact: Option<ContactId>,
}

table! {
    struct RawIdentity {
        id: String,
        label: String,
        contact_id: Option<String>,
    }
}

/// What is stored of an identity, in the order of [`identity_fields`] behind its workspace.
pub(super) const STORED_IDENTITY: &str =
    sql!("workspace_id, ", RawIdentity::COLUMNS, ", channel_kind, address, said_by, created_at");

/// The values of an identity that was created at this time.
pub(super) fn identity_fields(of: &Identity, address: Address<'_>, at: Timestamp) -> Vec<Val> {
    let (label, contact_id) = (of.label.clone(), of.contact.map(|id| id.to_string()));
    let raw = RawIdentity { id: of.id.to_string(), label, contact_id };
    args![; raw.values(); address.kind.as_str(), address.address, address.said_by, at]
}

/// An address on a kind of channel. `said_by` is empty for an address that its owner writes from. Otherwise somebody else claimed that a
/// person has this address; such claims are stored apart from proven addresses (S14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// The kind of channel on which the address is valid.
    pub kind: ChannelKind,
    /// The address, such as an e-mail address.
    pub address: &'a str,
    /// Who claims it. Empty for an address that its owner writes from.
    pub said_by: &'a str,
}

impl<'a> Address<'a> {
    /// An address that its owner writes from.
    pub const fn own(kind: ChannelKind, address: &'a str) -> Self {
        Self { kind, address, said_by: "" }
    }
}

const IDENTITY: &str = sql!(
    "SELECT ",
    RawIdentity::COLUMNS,
    " FROM identity WHERE workspace_id = $1 AND channel_kind = $2 AND address = $3 AND said_by = $4"
);

/// Finds the identity of an address.
///
/// # Errors
/// When the database fails.
pub async fn identity(
    conn: &mut Conn<'_>,
    scope: &Scope,
    Address { kind, address, said_by }: Address<'_>,
) -> Result<Option<Identity>, StoreError> {
    let values = args![scope.workspace(), kind.as_str(), address, said_by];
    let Some(raw) = conn.opt::<RawIdentity>(IDENTITY, values).await? else { return Ok(None) };
    Ok(Some(Identity {
        id: read("identity", raw.id)?,
        label: raw.label,
        contact: read_opt("contact", raw.contact_id)?,
    }))
}

const ADD_IDENTITY: &str = insert!("identity", STORED_IDENTITY);

/// Adds an identity for an address.
///
/// # Errors
/// When the database fails, also when the address exists already.
pub async fn add_identity(
    tx: &mut Tx<'_>,
    scope: &Scope,
    address: Address<'_>,
    identity: &Identity,
) -> Result<(), StoreError> {
    tx.exec(ADD_IDENTITY, args![scope.workspace(); identity_fields(identity, address, tx.now())]).await?;
    Ok(())
}

const SET_LABEL: &str = "UPDATE identity SET label = $3 WHERE workspace_id = $1 AND id = $2";

/// Changes the label that stands for the name of an address.
///
/// # Errors
/// When the database fails.
pub async fn set_label(tx: &mut Tx<'_>, scope: &Scope, identity: IdentityId, label: &str) -> Result<(), StoreError> {
    tx.exec(SET_LABEL, args![scope.workspace(), identity, label]).await?;
    Ok(())
}

const LINK: &str = "UPDATE identity SET contact_id = $3 WHERE workspace_id = $1 AND id = $2 AND contact_id IS NULL";
const LINK_CONVERSATIONS: &str =
    "UPDATE conversation SET contact_id = $3 WHERE workspace_id = $1 AND identity_id = $2 AND contact_id IS NULL";

/// Gives an identity to a contact, together with its conversations that have no contact yet. Returns false and changes nothing if the
/// identity has a contact already: the member may not be allowed to see that contact, so nothing is taken from it (S21).
///
/// # Errors
/// When the database fails.
pub async fn link(
    tx: &mut Tx<'_>,
    scope: &Scope,
    identity: IdentityId,
    contact: ContactId,
) -> Result<bool, StoreError> {
    if tx.exec(LINK, args![scope.workspace(), identity, contact]).await? == 0 {
        return Ok(false);
    }
    tx.exec(LINK_CONVERSATIONS, args![scope.workspace(), identity, contact]).await?;
    Ok(true)
}
