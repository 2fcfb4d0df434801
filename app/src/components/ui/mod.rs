//! General interface components that know nothing of the product's data. Each has its markup, keyboard behaviour and states. Forms and what
//! sends a command also know how the server refuses one.

#[cfg(feature = "ssr")]
mod account_form;
mod avatar;
mod badge;
mod banner;
mod breakable;
mod button;
mod combo;
mod countdown_ring;
mod dialog;
#[cfg(feature = "ssr")]
mod door;
mod editable_field;
mod empty_state;
mod field;
mod form;
mod glyph;
mod icon;
mod icon_button;
mod inputs;
mod kbd;
mod keys;
mod mark;
mod menu;
#[cfg(feature = "hydrate")]
mod menu_keys;
mod pill;
mod relative_time;
mod saving;
mod skeleton;
mod table_card;
mod tabs;
mod toast;
mod tone;
mod wish;

#[cfg(feature = "ssr")]
pub use account_form::{AccountForm, LinkPage};
pub use avatar::{Avatar, AvatarSize, colour_class, initials};
pub use badge::{Badge, short_count};
pub use banner::{Banner, BannerPlace};
pub use breakable::breakable;
pub use button::{Button, Variant};
pub use combo::{AfterChoice, Combo, ComboOption, ComboState, show_option};
pub use countdown_ring::CountdownRing;
pub use dialog::Dialog;
#[cfg(feature = "ssr")]
pub use door::{AuthCard, AuthField, Sent};
pub use editable_field::{EditableField, SaveState};
pub use empty_state::EmptyState;
pub use field::{Field, FieldFrame, InputKind};
pub use form::{FormError, PasswordField, field_error, other_error};
pub use glyph::Glyph;
pub use icon::Icon;
pub use icon_button::{IconButton, IconTone, TipSide};
pub use inputs::{Choice, SwitchOption, TextField};
pub use kbd::Kbd;
pub use keys::typed_key;
pub use mark::Mark;
#[cfg(feature = "hydrate")]
pub use menu::place_under;
pub use menu::{ItemTone, Menu, MenuItem, MenuLine};
pub use pill::Pill;
pub use relative_time::{RelativeTime, exact, iso, relative};
pub use saving::{InlineError, Removed, Saving, change_at_once, use_removed, use_saving};
pub use skeleton::{CardSkeleton, Shape, Skeleton, Width};
pub use table_card::TableCard;
pub use tabs::{Segmented, Tab, Tabs};
pub use toast::{Toast, ToastHost, ToastView, Toasts, use_toasts};
pub use tone::Tone;
pub use wish::LastWish;
