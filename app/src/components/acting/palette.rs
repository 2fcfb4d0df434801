//! The palette: every command, list, settings page and loaded conversation, found by typing (L6).

use leptos::{ev::KeyboardEvent, html, prelude::*};
use leptos_router::hooks::use_navigate;

use super::{
    keys::{Target, own_keys},
    undo_one,
};
use crate::{
    components::{
        begin::{may_begin, use_begin},
        finding::use_finding,
        row::{list_href, row_href},
        ui::{Dialog, use_toasts},
    },
    pages::settings::pages,
    state::{Search, give_focus, use_acting, use_list, use_search, use_workspace},
};
use model::{Act, KeyCommand, Listing, Permission, View, plain};

/// The most entries on screen.
const MOST_SHOWN: usize = 40;
/// The most conversations among them.
const MOST_ROWS: usize = 10;

/// What an entry does.
#[derive(Debug, Clone, PartialEq)]
enum Does {
    /// Acts on what is selected, focused or open.
    Act(Act),
    /// Assigns to oneself, or to nobody.
    Take,
    /// Opens a page.
    Open(String),
    /// Presses a button of the page.
    Press(&'static str),
    Snooze,
    Close,
    Undo,
    Search(String),
    Filters,
    NewMail,
    Keys,
}

/// An entry.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    label: String,
    /// What kind it is of, or its key.
    kind: &'static str,
    key: String,
    does: Does,
}

fn entry(label: impl Into<String>, kind: &'static str, key: impl Into<String>, does: Does) -> Entry {
    Entry { label: label.into(), kind, key: key.into(), does }
}

/// What a command with a key of its own does from here. None for those that have entries of their own or no sense here.
const fn does(command: KeyCommand) -> Option<Does> {
    Some(match command {
        KeyCommand::Assign => Does::Take,
        KeyCommand::Close => Does::Close,
        KeyCommand::Reopen => Does::Act(Act::Reopen),
        KeyCommand::Pending => Does::Act(Act::Pending),
        KeyCommand::Snooze => Does::Snooze,
        KeyCommand::Tags => Does::Press("[popovertarget=tags]"),
        KeyCommand::Reply => Does::Press("[data-turn-to=reply]"),
        KeyCommand::Note => Does::Press("[data-turn-to=note]"),
        KeyCommand::Select | KeyCommand::Read => return None,
    })
}

/// Those that contain every typed word, those that begin with it first.
fn fitting(all: Vec<Entry>, typed: &str) -> Vec<Entry> {
    let typed = plain(typed.trim());
    let words: Vec<&str> = typed.split_whitespace().collect();
    let text = |one: &Entry| plain(&format!("{} {}", one.label, one.kind));
    let fits = |one: &Entry| words.iter().all(|word| text(one).contains(word));
    let (first, then): (Vec<_>, Vec<_>) =
        all.into_iter().filter(fits).partition(|one| plain(&one.label).starts_with(&typed));
    first.into_iter().chain(then).take(MOST_SHOWN).collect()
}

/// The palette, in a dialog.
#[component]
pub(super) fn Palette(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// What its acts act on.
    target: Target,
    /// Whether the sheet of keys is open.
    sheet: RwSignal<bool>,
) -> impl IntoView {
    let asked = Memo::new(move |before: Option<&bool>| before == Some(&true) || open.get());
    view! {
        <Show when=move || asked.get()>
            <Dialog title="Commands" open=open>
                <Entries open target sheet />
            </Dialog>
        </Show>
    }
}

#[component]
fn Entries(open: RwSignal<bool>, target: Target, sheet: RwSignal<bool>) -> impl IntoView {
    let (workspace, list, acting, search) = (use_workspace(), use_list(), use_acting(), use_search());
    let (finding, begin, toasts, navigate) = (use_finding(), use_begin(), use_toasts(), use_navigate());
    let (typed, at) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let (input, options) = (NodeRef::<html::Input>::new(), NodeRef::<html::Ul>::new());
    let may = workspace.boot.with_untracked(|boot| boot.me.may(Permission::Converse));
    let all = move || {
        let mut all = Vec::new();
        if may {
            let own = workspace.boot.with(own_keys);
            all.extend(
                KeyCommand::ALL
                    .iter()
                    .filter_map(|command| Some(entry(command.label(), "Act", own.of(*command), does(*command)?))),
            );
            all.extend([
                entry("Mark as read", "Act", "", Does::Act(Act::Read)),
                entry("Mark as unread", "Act", "", Does::Act(Act::Unread)),
                entry("Undo what you did last", "Act", "Ctrl Z", Does::Undo),
            ]);
        }
        all.extend([
            entry("Search", "Go", "/", Does::Search(String::new())),
            entry("Filters", "Go", "f", Does::Filters),
            entry("Keyboard shortcuts", "Help", "?", Does::Keys),
        ]);
        if may_begin(workspace) {
            all.push(entry("New e-mail", "Act", "c", Does::NewMail));
        }
        all.extend(
            View::ALL.iter().map(|view| entry(view.label(), "List", "", Does::Open(list_href(&Listing::from(*view))))),
        );
        workspace.boot.with(|boot| {
            let key = |place: usize| if place < 9 { (place + 1).to_string() } else { String::new() };
            let view = |(place, view): (usize, &model::SavedView)| {
                entry(view.name.clone(), "Saved view", key(place), Does::Open(list_href(&view.listing)))
            };
            all.extend(boot.views.iter().enumerate().map(view));
            let members = boot.members.iter().filter(|one| may && !one.disabled);
            all.extend(members.map(|one| {
                entry(format!("Assign to {}", one.name), "Member", "", Does::Act(Act::Assign(Some(one.id))))
            }));
            let teams = boot.teams.iter().filter(|_| may);
            all.extend(
                teams.map(|one| entry(format!("Give to {}", one.name), "Team", "", Does::Act(Act::Team(Some(one.id))))),
            );
        });
        all.extend(pages().map(|(name, path)| entry(name, "Settings", "", Does::Open(path.to_owned()))));
        all
    };
    let found = Memo::new(move |_| {
        if !open.get() {
            return Vec::new();
        }
        let text = typed.get();
        let mut found = fitting(all(), &text);
        if !text.trim().is_empty() {
            let listing = list.listing.get();
            let rows: Vec<Entry> = list.order.with(|order| {
                let name = |id: &model::ConversationId| {
                    list.row(*id).map(|row| row.with_untracked(|row| row.display_name().to_owned()))
                };
                let row = |id| Some(entry(name(id)?, "Conversation", "", Does::Open(row_href(&listing, *id))));
                order.iter().filter_map(row).collect()
            });
            found.extend(fitting(rows, &text).into_iter().take(MOST_ROWS));
            let everywhere = format!("Search for “{}”", text.trim());
            found.push(entry(everywhere, "Conversations and people", "", Does::Search(text)));
        }
        found
    });
    let count = Memo::new(move |_| found.with(Vec::len));
    let active = Memo::new(move |_| at.get().min(count.get().saturating_sub(1)));
    // Every time it opens, it is empty. What was meant for one opening is not meant for the next act.
    Effect::new(move |_| match open.get() {
        true => {
            typed.set(String::new());
            at.set(0);
        }
        false => target.forget(),
    });
    let choose = move |place: usize| {
        let Some(Entry { does, .. }) = found.with_untracked(|all| all.get(place).cloned()) else { return };
        let me = workspace.boot.with_untracked(|boot| boot.me.member.id);
        let used = match does {
            Does::Act(act) => target.act(&|_| act),
            Does::Take => target.act(&|row| Act::Assign((row.state.assignee != Some(me)).then_some(me))),
            Does::Snooze => {
                acting.snoozes.set(target.has_any());
                target.has_any()
            }
            Does::Close => target.has_any(),
            _ => true,
        };
        if !used {
            toasts.failed("Open or select a conversation first.");
        }
        // The dialog gives the focus back when it closes: what takes the focus comes after it.
        let snoozes = does == Does::Snooze;
        if snoozes {
            target.hold();
        }
        // Before the dialog is left, which forgets what is meant.
        if does == Does::Close {
            target.ask_to_close();
        }
        open.set(false);
        match does {
            Does::Open(path) => navigate(&path, Default::default()),
            Does::Press(selector) => request_animation_frame(move || {
                if !super::keys::press(selector) {
                    toasts.failed("Open a conversation first.");
                }
            }),
            Does::Undo => undo_one(acting, toasts, None),
            Does::Search(text) => {
                search.used.set(true);
                if !text.is_empty() {
                    search.text.set(text);
                }
                request_animation_frame(|| give_focus(Search::FIELD));
            }
            Does::Filters => finding.filters.set(true),
            Does::NewMail => begin.to_anybody(),
            Does::Keys => sheet.set(true),
            Does::Act(_) | Does::Take | Does::Snooze | Does::Close => {}
        }
    };
    let choose = Callback::new(choose);
    let keys = move |event: KeyboardEvent| {
        let (count, now) = (count.get_untracked(), active.get_untracked());
        if event.is_composing() {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" if count > 0 => at.set((now + 1) % count),
            "ArrowUp" if count > 0 => at.set((now + count - 1) % count),
            "Enter" => choose.run(now),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
        crate::components::ui::show_option(options, active.get_untracked());
    };
    let line = move |(place, one): (usize, Entry)| {
        view! {
            <li
                id=format!("palette-{place}")
                class="menu-item"
                role="option"
                aria-selected=move || (active.get() == place).to_string()
                data-active=move || (active.get() == place).then_some("")
                on:mousedown=|event| event.prevent_default()
                on:mousemove=move |_| at.set(place)
                on:click=move |_| choose.run(place)
            >
                <span class="cut" dir="auto">{one.label}</span>
                <span class="palette-kind">{one.kind}</span>
                {(!one.key.is_empty()).then(|| view! { <kbd>{one.key}</kbd> })}
            </li>
        }
    };
    view! {
        <div class="palette">
            <input
                node_ref=input
                class="picker-input"
                type="text"
                role="combobox"
                dir="auto"
                autofocus
                autocomplete="off"
                spellcheck="false"
                placeholder="Type a command, a list, a name"
                aria-label="Find a command"
                aria-autocomplete="list"
                aria-controls="palette-list"
                aria-expanded=move || (count.get() > 0).to_string()
                aria-activedescendant=move || (count.get() > 0).then(|| format!("palette-{}", active.get()))
                prop:value=move || typed.get()
                on:input=move |event| {
                    typed.set(event_target_value(&event));
                    at.set(0);
                }
                on:keydown=keys
            />
            <ul id="palette-list" node_ref=options class="picker-list" role="listbox" aria-label="Commands">
                {move || found.get().into_iter().enumerate().map(line).collect_view()}
            </ul>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l6_the_palette_finds_by_every_typed_word_and_beginnings_first() {
        let all = || {
            vec![
                entry("Close as resolved", "Act", "e", Does::Undo),
                entry("Snooze", "Act", "z", Does::Undo),
                entry("Closed", "List", "", Does::Undo),
                entry("Not closed", "Saved view", "1", Does::Undo),
            ]
        };
        let labels = |typed: &str| fitting(all(), typed).into_iter().map(|one| one.label).collect::<Vec<_>>();
        assert_eq!(labels("clos"), ["Close as resolved", "Closed", "Not closed"]);
        assert_eq!(labels("  CLOSED list "), ["Closed"]);
        assert_eq!(labels("view closed"), ["Not closed"]);
        assert_eq!(labels("").len(), 4);
        assert!(labels("%").is_empty());
    }
}
