//! Who looks at or writes in which conversation now.

use app::api::presence::PresencePort;
use async_trait::async_trait;
use domain::people::{HideMe, SetKeys};
use model::{ApiError, ConversationId, Doing, MemberId, Permission, TabId};
use store::{Scope, Sight, conversation};

use super::{Answer, ForClient, MemberPort};
use crate::live::Placed;

#[async_trait]
impl PresencePort for MemberPort {
    async fn say_where(&self, tab: TabId, conversation: Option<ConversationId>, doing: Doing) -> Answer<()> {
        let scope = self.scope();
        scope.require(Permission::Read).for_client()?;
        let me = scope.person().for_client()?;
        if let Some(seconds) = self.http.presence_rate().hit(me.member.id) {
            return Err(ApiError::TooMany { seconds });
        }
        if conversation.is_some() && doing != Doing::Looking {
            scope.require(Permission::Converse).for_client()?;
        }
        let placed = match conversation {
            None => None,
            Some(id) => Some(self.placed(id).await?),
        };
        let (workspace, member) = (scope.workspace(), me.member.id);
        let at = placed.map(|placed| (placed, doing));
        let heard = self.http.hub.presence().sit(workspace, member, tab, at, me.hidden);
        if heard.begins
            && let Some(id) = conversation
        {
            begins_a_reply(scope, member, id);
        }
        if heard.news {
            self.http.db.tell(workspace, Sight::Member(member, tab, conversation.map(|id| (id, doing))));
        }
        Ok(())
    }

    async fn set_keys(&self, keys: String) -> Answer<()> {
        self.write(SetKeys(keys)).await
    }

    async fn hide_me(&self, hidden: bool) -> Answer<()> {
        self.write(HideMe(hidden)).await
    }
}

impl MemberPort {
    /// Where a conversation belongs, if the member may see it.
    async fn placed(&self, id: ConversationId) -> Answer<Placed> {
        let read = async {
            let mut reader = self.http.db.reader().await?;
            Ok(conversation::load(&mut reader.conn(), self.scope(), id).await?)
        };
        read.await.for_client()?.map(|loaded| Placed::of(&loaded.row)).ok_or(ApiError::NotFound)
    }
}

/// A member pressed the first key of a reply. Every first key press arrives here, also that of a member who hides. Nothing follows from it
/// yet: this is where it will take the pen from an AI agent (Promise 3, `Trigger::Keystroke`).
fn begins_a_reply(scope: &Scope, member: MemberId, conversation: ConversationId) {
    tracing::debug!(workspace = %scope.workspace(), %member, %conversation, "begins to write a reply");
}
