//! Tags of the workspace, and those of contacts.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
use model::{Contact, ContactId, Tag, TagColor, TagId};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};

/// How often a tag is used. Numbers from 1,000 on are lower bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagUse {
    /// The tag.
    pub tag: TagId,
    /// How many conversations have it.
    pub conversations: i64,
    /// How many contacts have it.
    pub contacts: i64,
}

operations! {
    /// Operations on tags.
    pub trait TagPort {
        /// Creates a tag, or returns the one that has this name.
        "add_tag" needs Needs::May(Permission::Converse) => add_tag(name: String, color: Option<TagColor>) -> Tag;
        /// Renames a tag, gives it another colour, archives it or takes it into use again.
        "edit_tag" needs Needs::May(Permission::Administer) => edit_tag(id: TagId, name: String, color: TagColor, archived: bool) -> Tag;
        /// Replaces a tag by another one everywhere. Returns the tag, which is archived now.
        "merge_tag" needs Needs::May(Permission::Administer) => merge_tag(id: TagId, into: TagId) -> Tag;
        /// How often each tag is used.
        "tag_uses" needs Needs::May(Permission::Administer) => tag_uses() -> Vec<TagUse>;
        /// Adds a tag to a contact, or removes one.
        "tag_contact" needs Needs::May(Permission::Converse) => tag_contact(id: ContactId, tag: TagId, add: bool) -> Contact;
    }
}
