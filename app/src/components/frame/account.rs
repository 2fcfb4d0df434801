//! The menu under the avatar: the member's name, theme, sessions and sign-out.

use leptos::prelude::*;

use super::{Theme, use_theme};
use crate::{
    components::ui::{Avatar, AvatarSize, Glyph, Icon, Menu, MenuItem, MenuLine},
    state::use_workspace,
};

/// The script that clears the browser's stored data at sign-out. Every page for members includes it.
#[cfg(feature = "ssr")]
pub const SIGN_OUT_SCRIPT: &str = include_str!("sign_out.js");

/// The avatar at the foot of the rail, and its menu.
#[component]
pub(super) fn AccountMenu() -> impl IntoView {
    let workspace = use_workspace();
    let name = Memo::new(move |_| workspace.boot.with(|boot| boot.me.member.name.clone()));
    let email = Memo::new(move |_| workspace.boot.with(|boot| boot.me.member.email.clone()));
    let id = workspace.boot.with_untracked(|boot| boot.me.member.id.to_string());
    let (theme, choose) = use_theme();
    let choice = move |one: Theme| {
        let icon = match one {
            Theme::Light => Icon::Sun,
            Theme::Dark => Icon::Moon,
            Theme::System => Icon::Monitor,
        };
        view! {
            <MenuItem
                label=one.label()
                icon=icon
                checked=Signal::derive(move || theme.get() == Some(one))
                on_select=move || choose.run((one,))
            />
        }
    };
    let face = move || {
        view! {
            <Avatar name=name.get() seed=id.clone() size=AvatarSize::Small />
            <span class="sr">{move || format!("{}: theme, sessions, sign out", name.get())}</span>
        }
    };
    view! {
        <Menu id="account-menu" name="Your account" button_class="rail-me" trigger=face>
            <div class="menu-head" role="presentation">
                <span class="cell-note cut" dir="auto">
                    <b>{move || name.get()}</b>
                </span>
                <span class="cell-note cut">{move || email.get()}</span>
            </div>
            <MenuLine />
            <div role="group" aria-label="Theme">{Theme::ALL.into_iter().map(choice).collect_view()}</div>
            <MenuLine />
            <a class="menu-item" role="menuitem" tabindex="-1" href="/settings/sessions">
                <Glyph icon=Icon::Laptop />
                <span>"Sessions"</span>
            </a>
            <a class="menu-item" role="menuitem" tabindex="-1" href="/settings/help">
                <Glyph icon=Icon::Info />
                <span>"Help"</span>
            </a>
            // A plain form leaves the page, so no data of this workspace stays in memory.
            <form method="post" action="/api/fn/sign_out" role="none">
                <button type="submit" class="menu-item" role="menuitem" tabindex="-1">
                    <Glyph icon=Icon::LogOut flip=true />
                    <span>"Sign out"</span>
                </button>
            </form>
        </Menu>
    }
    .into_any()
}
