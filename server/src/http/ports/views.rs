//! Saved views.

use app::api::views::ViewPort;
use async_trait::async_trait;
use domain::views::{DeleteView, OrderViews, SaveView};
use model::{SavedView, SavedViewId};

use super::{Answer, MemberPort};

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
}
