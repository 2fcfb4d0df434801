//! Tags: members create them where they type them, admins rename, merge and archive them (D3). Which tags a conversation has is changed by
//! [`Act::AddTag`](model::Act) and [`Act::RemoveTag`](model::Act) like any other act.

use std::collections::BTreeSet;

use async_trait::async_trait;
use model::{
    ApiError, AuditEvent, Contact, ContactId, EventBody, JobId, MOST_IN_A_SET, MOST_IN_WORKSPACE, MOST_TAGS, Needs,
    Permission, Tag, TagColor, TagId, Tags, ViewChange,
};
use serde_json::json;
use store::{
    Command, Scope, Tx,
    clock::new_id,
    contact, conversation,
    error::{Error, Result},
    saved_view, tag,
};

use super::{audit_log::note, change::Change, deliver::Lease, work::Work};

/// How many tags only admins can add. The others cannot use up all that there may be.
const FOR_ADMINS: usize = 100;

/// Creates a tag. A tag with this name, whatever the case, is returned as it is. For a tag that was merged, that is the one that replaced it.
/// Only admins can use an archived one again.
#[derive(Debug, Clone)]
pub struct AddTag {
    /// The name.
    pub name: String,
    /// The colour. None chooses one.
    pub color: Option<TagColor>,
}

#[async_trait]
impl Command for AddTag {
    type Output = Tag;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Tag> {
        let scope = tx.scope()?;
        let name = Tag::check_name(&self.name)?;
        let all = tag::all(tx.conn(), &scope).await?;
        let administers = scope.person()?.may(Permission::Administer);
        if let Some(known) = all.iter().find(|tag| tag::key(&tag.name) == tag::key(&name)) {
            let known = all.iter().find(|tag| Some(tag.id) == known.merged_into).unwrap_or(known);
            if !known.archived {
                return Ok(known.clone());
            }
            if !administers {
                let message = "This tag was archived. An admin can use it again, in Settings, Tags.";
                return Err(ApiError::invalid("name", message).into());
            }
            let back = Tag { archived: false, merged_into: None, ..known.clone() };
            note(tx, &scope, AuditEvent::TagEdited, json!({ "tag": back.id, "name": back.name })).await?;
            return keep(tx, &scope, back).await;
        }
        let most = if administers { MOST_IN_WORKSPACE } else { MOST_IN_WORKSPACE - FOR_ADMINS };
        if all.len() >= most {
            let message = match administers {
                true => format!("A workspace can have at most {MOST_IN_WORKSPACE} tags. Use one of them."),
                false => "There are too many tags. Use one of them, or ask an admin to add this one.".to_owned(),
            };
            return Err(ApiError::invalid("name", message).into());
        }
        let id = TagId::new(all.iter().map(|tag| tag.id.number()).max().unwrap_or(0) + 1);
        let color = self.color.unwrap_or_else(|| TagColor::of_new(id));
        let new = Tag { id, name, color, archived: false, merged_into: None };
        note(tx, &scope, AuditEvent::TagAdded, json!({ "tag": new.id, "name": new.name })).await?;
        tag::insert(tx, &scope, &new).await?;
        tx.emit(scope.workspace(), EventBody::Tag(new.clone()));
        Ok(new)
    }
}

/// Renames a tag, gives it another colour, or archives it. An archived tag stays where it is and cannot be added any more.
#[derive(Debug, Clone)]
pub struct EditTag {
    /// The tag.
    pub id: TagId,
    /// The new name.
    pub name: String,
    /// The new colour.
    pub color: TagColor,
    /// Whether it is archived.
    pub archived: bool,
}

#[async_trait]
impl Command for EditTag {
    type Output = Tag;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Tag> {
        let scope = tx.scope()?;
        let name = Tag::check_name(&self.name)?;
        let all = tag::all(tx.conn(), &scope).await?;
        let known = find(&all, self.id)?;
        if all.iter().any(|other| other.id != self.id && tag::key(&other.name) == tag::key(&name)) {
            let message = "Another tag has this name. Merge the two, or choose another name.";
            return Err(ApiError::invalid("name", message).into());
        }
        // A tag that was merged comes back as a tag of its own when it is no longer archived.
        let merged_into = known.merged_into.filter(|_| self.archived);
        let edited = Tag { id: self.id, name, color: self.color, archived: self.archived, merged_into };
        if edited == *known {
            return Ok(edited);
        }
        note(tx, &scope, AuditEvent::TagEdited, json!({ "tag": self.id, "name": edited.name })).await?;
        keep(tx, &scope, edited).await
    }
}

/// Replaces a tag by another one, everywhere. The tag is archived at once; conversations and contacts follow in the background.
#[derive(Debug, Clone, Copy)]
pub struct MergeTag {
    /// The tag that goes.
    pub id: TagId,
    /// The tag that replaces it.
    pub into: TagId,
}

#[async_trait]
impl Command for MergeTag {
    type Output = Tag;
    const NEEDS: Needs = Needs::May(Permission::Administer);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Tag> {
        let scope = tx.scope()?;
        let all = tag::all(tx.conn(), &scope).await?;
        let (known, into) = (find(&all, self.id)?, find(&all, self.into)?);
        if self.id == self.into || into.archived || known.merged_into.is_some() {
            return Err(ApiError::invalid("into", "Choose another tag that is in use.").into());
        }
        let merged = Tag { archived: true, merged_into: Some(self.into), ..known.clone() };
        note(tx, &scope, AuditEvent::TagMerged, json!({ "tag": known.name, "into": into.name })).await?;
        // Tags that were merged into this one follow it.
        for older in all.iter().filter(|tag| tag.merged_into == Some(self.id)) {
            keep(tx, &scope, Tag { merged_into: Some(self.into), ..older.clone() }).await?;
        }
        let merged = keep(tx, &scope, merged).await?;
        views_follow(tx, &scope).await?;
        let (work, at) = (Work::MergeTag { tag: self.id }, tx.now());
        work.enqueue(tx, scope.workspace(), JobId::new(new_id()), None, at).await?;
        Ok(merged)
    }
}

/// Saved views ask for the tags that replaced theirs.
async fn views_follow(tx: &mut Tx<'_>, scope: &Scope) -> Result<()> {
    let tags = tag::all(tx.conn(), scope).await?;
    for before in saved_view::all(tx.conn(), scope).await? {
        let followed = before.listing.filter.tags.following(&tags);
        if followed != before.listing.filter.tags {
            let mut view = before.clone();
            view.listing.filter.tags = followed;
            saved_view::save(tx, scope, &view).await?;
            let change = ViewChange { before: Some(before), after: Some(view) };
            tx.emit(scope.workspace(), EventBody::View(Box::new(change)));
        }
    }
    Ok(())
}

fn find(all: &[Tag], id: TagId) -> Result<&Tag> {
    all.iter().find(|tag| tag.id == id).ok_or(Error::NOT_FOUND)
}

async fn keep(tx: &mut Tx<'_>, scope: &Scope, tag: Tag) -> Result<Tag> {
    tag::save(tx, scope, &tag).await?;
    tx.emit(scope.workspace(), EventBody::Tag(tag.clone()));
    Ok(tag)
}

/// Replaces a merged tag in some conversations and contacts, and enqueues the next turn until none has it.
#[derive(Debug, Clone)]
pub struct ReplaceMerged {
    /// The tag that goes.
    pub tag: TagId,
    /// The job it is done for.
    pub lease: Lease,
}

#[async_trait]
impl Command for ReplaceMerged {
    type Output = ();
    const NEEDS: Needs = Needs::System;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let scope = tx.scope()?;
        let all = tag::all(tx.conn(), &scope).await?;
        // The tag was taken into use again meanwhile.
        let Some(into) = find(&all, self.tag)?.merged_into else { return self.lease.done(tx).await };
        let most = i64::try_from(MOST_IN_A_SET).unwrap_or(i64::MAX);
        let conversations = tag::conversations(tx.conn(), &scope, self.tag, most).await?;
        let mut set = Vec::with_capacity(conversations.len());
        for id in &conversations {
            let mut change = Change::load(tx, &scope, *id).await?;
            change.now.row.tags = replaced(change.now.row.tags, self.tag, into);
            set.push(change.finish_in_set(tx).await?);
        }
        if !set.is_empty() {
            tx.emit(scope.workspace(), EventBody::Set(set));
        }
        let contacts = tag::contacts(tx.conn(), &scope, self.tag, most).await?;
        for id in &contacts {
            let contact = contact::one(tx.conn(), &scope, *id).await?.ok_or(Error::NOT_FOUND)?;
            let tags = replaced(contact.tags, self.tag, into);
            set_contact_tags(tx, &scope, contact, tags).await?;
        }
        if conversations.len() == MOST_IN_A_SET || contacts.len() == MOST_IN_A_SET {
            let at = tx.now();
            Work::MergeTag { tag: self.tag }.enqueue(tx, scope.workspace(), JobId::new(new_id()), None, at).await?;
        }
        self.lease.done(tx).await
    }
}

fn replaced(tags: Tags, old: TagId, new: TagId) -> Tags {
    let less = tags.without(old);
    less.with(new).unwrap_or(less)
}

/// Adds a tag to a contact, or removes one.
#[derive(Debug, Clone, Copy)]
pub struct TagContact {
    /// The contact.
    pub id: ContactId,
    /// The tag.
    pub tag: TagId,
    /// Whether it is added.
    pub add: bool,
}

#[async_trait]
impl Command for TagContact {
    type Output = Contact;
    const NEEDS: Needs = Needs::May(Permission::Converse);

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Contact> {
        let scope = tx.scope()?;
        let contact = contact::one(tx.conn(), &scope, self.id).await?.ok_or(Error::NOT_FOUND)?;
        // A contact is seen by whoever sees one of its conversations.
        let seen_by = conversation::placements_of_contact(tx.conn(), &scope, self.id).await?;
        if !seen_by.iter().any(|placement| scope.sees(placement)) {
            return Err(Error::NOT_FOUND);
        }
        let tags = match self.add {
            true => added(tx, &scope, contact.tags, self.tag).await?,
            false => contact.tags.without(self.tag),
        };
        if tags == contact.tags {
            return Ok(contact);
        }
        set_contact_tags(tx, &scope, contact, tags).await
    }
}

async fn set_contact_tags(tx: &mut Tx<'_>, scope: &Scope, mut contact: Contact, tags: Tags) -> Result<Contact> {
    tag::move_contact(tx, scope, contact.id, &contact.tags, &tags).await?;
    contact.tags = tags;
    if !contact::save(tx, scope, &contact).await? {
        return Err(store::error::StoreError::Stale.into());
    }
    contact.version += 1;
    let seen_by = conversation::placements_of_contact(tx.conn(), scope, contact.id).await?;
    let body = EventBody::Contact { contact: Box::new(contact.clone()), now_seen_by: seen_by.clone(), seen_by };
    tx.emit(scope.workspace(), body);
    Ok(contact)
}

/// These tags with one more.
///
/// # Errors
/// [`ApiError::Invalid`] when there are too many, or the tag does not exist or is archived.
pub(super) async fn added(tx: &mut Tx<'_>, scope: &Scope, tags: Tags, new: TagId) -> Result<Tags> {
    if tags.contains(new) {
        return Ok(tags);
    }
    usable(tx, scope, new).await?;
    tags.with(new).ok_or_else(|| {
        let message = format!("There are {MOST_TAGS} tags already. Remove one, then add this.");
        ApiError::invalid("tag", message).into()
    })
}

/// Refuses a tag that does not exist or is archived.
pub(super) async fn usable(tx: &mut Tx<'_>, scope: &Scope, id: TagId) -> Result<()> {
    let in_use: BTreeSet<TagId> =
        tag::all(tx.conn(), scope).await?.into_iter().filter(|tag| !tag.archived).map(|tag| tag.id).collect();
    match in_use.contains(&id) {
        true => Ok(()),
        false => Err(ApiError::invalid("tag", "This tag is archived or does not exist. Choose another one.").into()),
    }
}
