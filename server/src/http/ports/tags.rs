//! Tags.

use app::api::tags::{TagPort, TagUse};
use async_trait::async_trait;
use domain::tags::{AddTag, EditTag, MergeTag, TagContact};
use model::{Contact, ContactId, Permission, Tag, TagColor, TagId};
use store::tag;

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl TagPort for MemberPort {
    async fn add_tag(&self, name: String, color: Option<TagColor>) -> Answer<Tag> {
        self.write(AddTag { name, color }).await
    }

    async fn edit_tag(&self, id: TagId, name: String, color: TagColor, archived: bool) -> Answer<Tag> {
        self.write(EditTag { id, name, color, archived }).await
    }

    async fn merge_tag(&self, id: TagId, into: TagId) -> Answer<Tag> {
        self.write(MergeTag { id, into }).await
    }

    async fn tag_uses(&self) -> Answer<Vec<TagUse>> {
        self.scope().require(Permission::Administer).for_client()?;
        let read = async {
            let mut snapshot = self.http.db.snapshot().await?;
            Ok(tag::uses(&mut snapshot.conn(), self.scope()).await?)
        };
        let uses = read.await.for_client()?;
        Ok(uses.into_iter().map(|(tag, conversations, contacts)| TagUse { tag, conversations, contacts }).collect())
    }

    async fn tag_contact(&self, id: ContactId, tag: TagId, add: bool) -> Answer<Contact> {
        self.write(TagContact { id, tag, add }).await
    }
}
