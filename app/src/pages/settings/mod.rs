//! The settings: a side list of pages, and the selected page.

mod audit;
mod browser;
mod channel_form;
mod channels;
mod closing;
mod copy;
mod help;
mod invites;
mod mailbox;
mod mailbox_form;
mod member_row;
mod members;
mod notifications;
mod parts;
mod password;
mod sessions;
mod system;
mod tag_dialogs;
mod tag_row;
mod tags;
mod team_card;
mod teams;
mod workspace;

use leptos::prelude::*;
use leptos_router::{components::Outlet, hooks::use_location};

use crate::{
    components::{
        frame::{Frame, Layout, Panel, ThemeChoice, use_chat},
        ui::{Glyph, Icon},
    },
    piece::{Piece, Place, channels_part, settings_part, show_piece},
    state::use_workspace,
};
use model::Permission;

use audit::SettingsAudit;
use channels::SettingsChannels;
use closing::SettingsClosing;
use help::SettingsHelp;
use members::SettingsMembers;
use notifications::SettingsNotifications;
use sessions::SettingsSessions;
use system::SettingsSystem;
use tags::SettingsTags;
use teams::SettingsTeams;
use workspace::SettingsWorkspace;

/// The parts of the settings that routes refer to. The settings are a separate piece of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SettingsPart {
    /// The side list, and the place for one page.
    Frame,
    /// `/settings` itself.
    Index,
    Channels,
    Members,
    Teams,
    Tags,
    Closing,
    Notifications,
    Sessions,
    Help,
    System,
    Audit,
    Workspace,
}

/// A part of the settings, once their piece is loaded. The frame waits for the piece, and the pages are inside the frame.
pub fn settings(part: SettingsPart) -> AnyView {
    let place = if part == SettingsPart::Frame { Place::Page } else { Place::Part };
    show_piece(Piece::Settings, place, move || Box::pin(settings_part(part)))
}

/// Renders a part of the settings. This function is inside the piece.
pub(crate) fn draw(part: SettingsPart) -> AnyView {
    match part {
        SettingsPart::Frame => SettingsPage().into_any(),
        SettingsPart::Index => SettingsIndex().into_any(),
        SettingsPart::Channels => channels(),
        SettingsPart::Members => SettingsMembers().into_any(),
        SettingsPart::Teams => SettingsTeams().into_any(),
        SettingsPart::Tags => SettingsTags().into_any(),
        SettingsPart::Closing => SettingsClosing().into_any(),
        SettingsPart::Notifications => SettingsNotifications().into_any(),
        SettingsPart::Sessions => SettingsSessions().into_any(),
        SettingsPart::Help => SettingsHelp().into_any(),
        SettingsPart::System => SettingsSystem().into_any(),
        SettingsPart::Audit => SettingsAudit().into_any(),
        SettingsPart::Workspace => SettingsWorkspace().into_any(),
    }
}

/// The page of the channels, once its piece is loaded.
fn channels() -> AnyView {
    show_piece(Piece::Channels, Place::Part, || Box::pin(channels_part()))
}

/// Renders the page of the channels. This function is inside its piece.
pub(crate) fn draw_channels() -> AnyView {
    SettingsChannels().into_any()
}

/// A page in the side list.
struct Entry {
    path: &'static str,
    icon: Icon,
    name: &'static str,
}

const fn entry(path: &'static str, icon: Icon, name: &'static str) -> Entry {
    Entry { path, icon, name }
}

const GROUPS: [(&str, &[Entry]); 3] = [
    (
        "You",
        &[
            entry("/settings/notifications", Icon::Notifier, "Notifications"),
            entry("/settings/sessions", Icon::Laptop, "Sessions and password"),
            entry("/settings/help", Icon::Info, "Help"),
        ],
    ),
    (
        "Workspace",
        &[
            entry("/settings/channels", Icon::Plug, "Channels"),
            entry("/settings/members", Icon::UserRound, "Members"),
            entry("/settings/teams", Icon::Users, "Teams"),
            entry("/settings/tags", Icon::Tags, "Tags"),
            entry("/settings/closing", Icon::CircleCheck, "Closing"),
            entry("/settings/workspace", Icon::Building2, "Workspace"),
        ],
    ),
    (
        "System",
        &[
            entry("/settings/system", Icon::Activity, "Health and jobs"),
            entry("/settings/audit", Icon::History, "Audit log"),
        ],
    ),
];

/// The names and paths of all pages.
pub fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    GROUPS.iter().flat_map(|(_, entries)| entries.iter()).map(|entry| (entry.name, entry.path))
}

/// The title of the page at a path.
fn name_of(path: &str) -> &'static str {
    let entries = GROUPS.iter().flat_map(|(_, entries)| entries.iter());
    entries.into_iter().find(|entry| entry.path == path).map_or("Settings", |entry| entry.name)
}

/// The frame of all settings: the side list and the place for one page.
#[component]
fn SettingsPage() -> impl IntoView {
    let path = use_location().pathname;
    let index = Memo::new(move |_| path.with(|path| path.trim_end_matches('/') == "/settings"));
    let workspace = use_workspace();
    let admin = Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Administer)));
    let here = Memo::new(move |_| match (index.get(), admin.get()) {
        (true, true) => "/settings/channels".to_owned(),
        (true, false) => "/settings/sessions".to_owned(),
        (false, _) => path.get(),
    });
    let panel = Signal::derive(move || if index.get() { Panel::List } else { Panel::Page });
    let groups = GROUPS
        .iter()
        .map(|(group, entries)| {
            let links = entries
                .iter()
                .map(|entry| {
                    let current = move || here.with(|here| here == entry.path).then_some("page");
                    view! {
                        <a class="side-link" href=entry.path aria-current=current>
                            <Glyph icon=entry.icon />
                            {entry.name}
                        </a>
                    }
                })
                .collect_view();
            view! {
                <h2 class="side-head">{*group}</h2>
                {links}
            }
        })
        .collect_view();
    view! {
        <Frame panel=panel page=Layout::Settings>
            <section class="panel settings-nav" aria-label="Settings pages">
                <header class="bar">
                    <h1 class="bar-title">"Settings"</h1>
                </header>
                <nav class="side-nav scroll" aria-label="Settings">
                    {groups}
                    <AccountOnPhone />
                </nav>
            </section>
            <main class="panel settings-page" id="main" tabindex="-1">
                <header class="bar phone-only">
                    <a class="icon-btn back" href="/settings" aria-label="Back to settings">
                        <Glyph icon=Icon::ArrowLeft flip=true />
                    </a>
                    <span class="bar-title">{move || path.with(|path| name_of(path))}</span>
                </header>
                <div class="scroll">
                    <div class="page">
                        <Outlet />
                    </div>
                </div>
            </main>
        </Frame>
    }
    .into_any()
}

/// `/settings` itself. Next to the side list it shows the page that is used most. A phone shows only the list.
#[component]
fn SettingsIndex() -> impl IntoView {
    let workspace = use_workspace();
    let admin = Memo::new(move |_| workspace.boot.with(|boot| boot.me.may(Permission::Administer)));
    move || match admin.get() {
        true => channels(),
        false => view! { <SettingsSessions /> }.into_any(),
    }
}

/// The content of the rail's foot, for layouts where the rail has no foot.
#[component]
fn AccountOnPhone() -> impl IntoView {
    let chat = use_chat();
    view! {
        <div class="phone-only">
            <h2 class="side-head">"On this device"</h2>
            <div class="side-choice">
                <ThemeChoice />
            </div>
            <label class="side-link" hidden=move || !chat.mine.get()>
                <Glyph icon=Icon::MessageCircle />
                <span>{move || chat.label()}</span>
                <input
                    class="switch push"
                    type="checkbox"
                    role="switch"
                    checked=chat.on.get_untracked()
                    prop:checked=move || chat.on.get()
                    on:change=move |_| chat.turn.run(())
                />
            </label>
            <form method="post" action="/api/fn/sign_out">
                <button type="submit" class="side-link">
                    <Glyph icon=Icon::LogOut flip=true />
                    "Sign out"
                </button>
            </form>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn the_bar_names_the_page() {
        assert_eq!(name_of("/settings/teams"), "Teams");
        assert_eq!(name_of("/settings"), "Settings");
    }
}
