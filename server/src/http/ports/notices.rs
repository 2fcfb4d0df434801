//! Notices of the member.

use app::api::notices::NoticePort;
use async_trait::async_trait;
use domain::notices::{self, See, SwitchNotices};
use model::{NoticePage, NoticeSwitches, SeenNotices};

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl NoticePort for MemberPort {
    async fn load_notices(&self) -> Answer<NoticePage> {
        notices::page(&self.http.db, self.scope()).await.for_client()
    }

    async fn see_notices(&self, seen: SeenNotices) -> Answer<()> {
        self.write(See(seen)).await
    }

    async fn switch_notices(&self, switches: NoticeSwitches) -> Answer<()> {
        self.write(SwitchNotices(switches)).await
    }
}
