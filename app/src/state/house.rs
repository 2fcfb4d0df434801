//! Who I am and the workspace around me, for every component below the signed-in layout.

use leptos::prelude::*;

use crate::model::{Bootstrap, Timestamp};

/// The workspace as last known; live events keep it up to date.
#[derive(Clone, Copy)]
pub struct House {
    /// People, teams, channels, me.
    pub boot: RwSignal<Bootstrap>,
    /// The time, in steps of some seconds, by the server's clock: both sides render the same.
    pub now: RwSignal<Timestamp>,
}

/// The workspace. Only below the signed-in layout.
///
/// # Panics
/// Outside of it.
pub fn use_house() -> House {
    expect_context::<House>()
}

/// The time for relative times, in milliseconds since 1970.
pub fn use_now() -> Signal<i64> {
    let house = use_house();
    Signal::derive(move || house.now.get().0)
}
