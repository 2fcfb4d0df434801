//! Notices of the member (N2).

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

use super::{Refused, operation::operations};
#[cfg(feature = "ssr")]
use super::{port, told};
#[cfg(feature = "ssr")]
use model::{Needs, Permission};
use model::{NoticePage, NoticeSwitches, SeenNotices};

operations! {
    /// Operations on the member's notices.
    pub trait NoticePort {
        /// The newest notices that the member may see, and their switches.
        "notices" needs Needs::May(Permission::Read) => load_notices() -> NoticePage;
        /// Marks notices as seen.
        "see_notices" needs Needs::May(Permission::Read) => see_notices(seen: SeenNotices) -> ();
        /// Sets by which ways the member is told of what.
        "switch_notices" needs Needs::May(Permission::Read) => switch_notices(switches: NoticeSwitches) -> ();
    }
}
