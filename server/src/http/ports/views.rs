//! Saved views.

use app::api::views::ViewPort;
use async_trait::async_trait;
use domain::views::{self, DeleteView, OrderViews, SaveView};
use model::{Count, SavedView, SavedViewId};

use super::{Answer, ForClient, MemberPort};

#[async_trait]
impl ViewPort for MemberPort {
    async fn save_view(&self, view: SavedView) -> Answer<SavedView> {
        self.write(SaveView(view)).await
    }

    async fn delete_view(&self, id: SavedViewId) -> Answer<()> {
        self.write(DeleteView(id)).await
    }

    async fn order_views(&self, order: Vec<SavedViewId>) -> Answer<()> {
        self.write(OrderViews(order)).await
    }

    async fn count_views(&self, asked: Vec<SavedViewId>) -> Answer<Vec<(SavedViewId, Count)>> {
        views::counts(&self.http.db, self.scope(), &asked).await.for_client()
    }
}
