//! The parts of the interface that know nothing of the product: each with its markup, its keys and its states.

mod avatar;
mod badge;
mod banner;
mod button;
mod countdown_ring;
mod dialog;
mod editable_field;
mod empty_state;
mod field;
mod glyph;
mod icon;
mod icon_button;
mod kbd;
mod mark;
mod menu;
#[cfg(feature = "hydrate")]
mod menu_keys;
mod pill;
mod relative_time;
mod skeleton;
mod tabs;
mod tag_colour;
mod toast;
mod tone;

pub use avatar::{Avatar, AvatarSize, colour_class, initials};
pub use badge::{Badge, short_count};
pub use banner::{Banner, BannerPlace};
pub use button::{Button, Variant};
pub use countdown_ring::CountdownRing;
pub use dialog::Dialog;
pub use editable_field::{EditableField, SaveState};
pub use empty_state::EmptyState;
pub use field::{Field, FieldFrame, InputKind};
pub use glyph::Glyph;
pub use icon::Icon;
pub use icon_button::{IconButton, IconTone, TipSide};
pub use kbd::Kbd;
pub use mark::Mark;
pub use menu::{ItemTone, Menu, MenuItem, MenuLine};
pub use pill::Pill;
pub use relative_time::{RelativeTime, exact, iso, relative};
pub use skeleton::{Shape, Skeleton, Width};
pub use tabs::{Segmented, Tab, Tabs};
pub use tag_colour::tag_class;
pub use toast::{Toast, ToastHost, ToastView, Toasts};
pub use tone::Tone;
