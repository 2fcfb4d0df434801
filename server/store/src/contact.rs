//! Contacts, and the addresses (identities) they write from.

use model::{ChannelKind, Contact, ContactId, IdentityId, LeadStatus};

use super::{
    Scope, Tx,
    codec::{read, read_opt},
    conn::{Conn, Engine, Val, args, row},
    scope::{among, ours},
};
use crate::error::StoreError;

/// The columns that make a [`Contact`], in one place.
macro_rules! columns {
    () => {
        "id, version, name, email, phone, company, title, location, language, time_zone, lead_status"
    };
}
pub(super) const COLUMNS: &str = columns!();

const ONE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM contact \
     WHERE workspace_id = $1 AND id = $2"
);
const INSERT: &str = "INSERT INTO contact (workspace_id, id, version, name, email, phone, company, title, location, language, time_zone, \
     lead_status, created_at, near_due) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, FALSE)";
const SAVE: &str = "UPDATE contact SET version = version + 1, name = $4, email = $5, phone = $6, company = $7, title = $8, location = $9, \
     language = $10, time_zone = $11, lead_status = $12 WHERE workspace_id = $1 AND id = $2 AND version = $3";
const IDENTITY: &str = "SELECT id, label, contact_id FROM identity WHERE workspace_id = $1 AND channel_kind = $2 AND address = $3 AND said_by = $4";
const ADD_IDENTITY: &str = "INSERT INTO identity (workspace_id, id, channel_kind, address, label, contact_id, created_at, said_by) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const SET_LABEL: &str = "UPDATE identity SET label = $3 WHERE workspace_id = $1 AND id = $2";
const LINK: &str = "UPDATE identity SET contact_id = $3 WHERE workspace_id = $1 AND id = $2 AND contact_id IS NULL";
const LINK_CONVERSATIONS: &str =
    "UPDATE conversation SET contact_id = $3 WHERE workspace_id = $1 AND identity_id = $2 AND contact_id IS NULL";

pub(super) const STATEMENTS: &[&str] =
    &[ONE, INSERT, SAVE, IDENTITY, ADD_IDENTITY, SET_LABEL, LINK, LINK_CONVERSATIONS];

row! {
    pub(super) struct Raw {
        id: String,
        version: i64,
        name: String,
        email: String,
        phone: String,
        company: String,
        title: String,
        location: String,
        language: String,
        time_zone: String,
        lead_status: String,
    }
}

impl TryFrom<Raw> for Contact {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: read("contact", raw.id)?,
            version: raw.version,
            name: raw.name,
            email: raw.email,
            phone: raw.phone,
            company: raw.company,
            title: raw.title,
            location: raw.location,
            language: raw.language,
            time_zone: raw.time_zone,
            lead_status: read::<LeadStatus>("lead status", raw.lead_status)?,
        })
    }
}

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
    format!("SELECT {COLUMNS} FROM contact WHERE workspace_id = $1 AND id {}", among(engine, "$2"))
}

/// The column values of a contact, from its id to its lead status.
pub(super) fn fields(contact: &Contact) -> Vec<Val> {
    let c = contact.clone();
    let mut values = args![c.id, c.version, c.name, c.email, c.phone, c.company, c.title, c.location, c.language];
    values.extend(args![c.time_zone, c.lead_status.as_str()]);
    values
}

/// Stores a new contact.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope, contact: &Contact) -> Result<(), StoreError> {
    let mut values = args![scope.workspace()];
    values.extend(fields(contact));
    values.extend(args![tx.now()]);
    tx.exec(INSERT, values).await?;
    Ok(())
}

/// Stores an edited contact. Its `version` is the one that was read. False when another change came first.
///
/// # Errors
/// When the database fails.
pub async fn save(tx: &mut Tx<'_>, scope: &Scope, contact: &Contact) -> Result<bool, StoreError> {
    let mut values = args![scope.workspace()];
    values.extend(fields(contact));
    Ok(tx.exec(SAVE, values).await? == 1)
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

row! {
    struct RawIdentity {
        id: String,
        label: String,
        contact_id: Option<String>,
    }
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

/// Adds an identity for an address.
///
/// # Errors
/// When the database fails, also when the address exists already.
pub async fn add_identity(
    tx: &mut Tx<'_>,
    scope: &Scope,
    Address { kind, address, said_by }: Address<'_>,
    identity: &Identity,
) -> Result<(), StoreError> {
    let (label, contact) = (identity.label.clone(), identity.contact);
    let values = args![scope.workspace(), identity.id, kind.as_str(), address, label, contact, tx.now(), said_by];
    tx.exec(ADD_IDENTITY, values).await?;
    Ok(())
}

/// Changes the label that stands for the name of an address.
///
/// # Errors
/// When the database fails.
pub async fn set_label(tx: &mut Tx<'_>, scope: &Scope, identity: IdentityId, label: &str) -> Result<(), StoreError> {
    tx.exec(SET_LABEL, args![scope.workspace(), identity, label]).await?;
    Ok(())
}

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
