//! Saved views.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};
use model::{SavedView, SavedViewId};

operations! {
    /// Operations on saved views.
    pub trait ViewPort {
        /// Creates a view or changes one. The browser makes the id, so that a repeated request is the same view.
        "save_view" needs Needs::May(Permission::Read) => save_view(view: SavedView) -> SavedView;
        /// Deletes a view.
        "delete_view" needs Needs::May(Permission::Read) => delete_view(id: SavedViewId) -> ();
        /// Stores the order of the member's views.
        "order_views" needs Needs::May(Permission::Read) => order_views(order: Vec<SavedViewId>) -> ();
    }
}
