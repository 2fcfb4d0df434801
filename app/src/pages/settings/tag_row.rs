//! One tag in the table: how often it is used, and what an admin can do to it.

use leptos::prelude::*;

use super::tag_dialogs::{Ask, quoted, save};
use crate::{
    api::tags::{TagUse, edit_tag},
    components::{
        tags::tag_chip,
        ui::{Button, Glyph, Icon, InlineError, Menu, MenuItem, use_saving},
    },
    state::use_workspace,
};
use model::{Tag, TagId};

/// From this number on, a number is a lower bound.
const COUNTED: i64 = 1_000;

/// A row of the table.
#[component]
pub(super) fn TagRow(
    /// The tag to show.
    id: TagId,
    /// How often tags are used.
    uses: RwSignal<Option<Vec<TagUse>>>,
    /// Opens a dialog about a tag.
    asked: RwSignal<Option<(Ask, Tag)>>,
) -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let tag = Memo::new(move |_| workspace.boot.with(|boot| boot.tags.iter().find(|tag| tag.id == id).cloned()));
    let cell = move |one: &'static str, of: fn(&TagUse) -> i64| {
        // A tag that was created after the numbers were read is used nowhere yet, as far as this page knows.
        let count = uses.with(|uses| Some(uses.as_ref()?.iter().find(|one| one.tag == id).map_or(0, of)));
        count.map(|count| {
            view! {
                {number(count)}
                <span class="cell-unit">{unit(count, one)}</span>
            }
        })
    };
    let ask = move |what: Ask| asked.set(tag.get_untracked().map(|tag| (what, tag)));
    let archive = move |archived: bool| {
        if let Some(tag) = tag.get_untracked() {
            save(workspace, saving, edit_tag(id, tag.name, tag.color, archived), || ());
        }
    };
    let merged_into = move || {
        let into = tag.get()?.merged_into?;
        let into =
            workspace.boot.with(|boot| boot.tags.iter().find(|tag| tag.id == into).map(|tag| quoted(&tag.name)))?;
        Some(view! { <span class="cell-note">{format!("Merged into {into}")}</span> })
    };
    let actions = move || {
        let tag = tag.get()?;
        let name = tag.name;
        Some(match tag.archived {
            true => view! {
                <Button small=true name=format!("Restore {name}") busy=saving.busy on_press=move || archive(false)>
                    "Restore"
                </Button>
            }
            .into_any(),
            false => view! {
                <Button small=true name=format!("Edit {name}") on_press=move || ask(Ask::Edit)>
                    "Edit"
                </Button>
                <Menu
                    id=format!("tag-menu-{id}")
                    name=format!("More for {name}")
                    button_class="icon-btn icon-btn-small"
                    icon_only=true
                    align_end=true
                    late=true
                    trigger=|| view! { <Glyph icon=Icon::Ellipsis /> }
                >
                    <MenuItem label="Merge into another tag" icon=Icon::Tags on_select=move || ask(Ask::Merge) />
                    <MenuItem label="Archive" icon=Icon::Archive on_select=move || archive(true) />
                </Menu>
            }
            .into_any(),
        })
    };
    view! {
        <tr>
            <td>
                <div class="cell-tag">{move || tag.get().map(|tag| tag_chip(&tag))} {merged_into}</div>
                <InlineError error=saving.failure() />
            </td>
            <td class="cell-count">{move || cell("conversation", |one| one.conversations)}</td>
            <td class="cell-count">{move || cell("contact", |one| one.contacts)}</td>
            <td class="cell-end">{actions}</td>
        </tr>
    }
    .into_any()
}

fn number(count: i64) -> String {
    if count >= COUNTED { "1,000+".to_owned() } else { count.to_string() }
}

/// What is counted. A phone shows it, because it shows no headings.
fn unit(count: i64, one: &str) -> String {
    if count == 1 { format!(" {one}") } else { format!(" {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d3_large_numbers_are_lower_bounds() {
        assert_eq!([0, 1, 999, 1_000, 1_001].map(number), ["0", "1", "999", "1,000+", "1,000+"]);
        assert_eq!((unit(1, "contact"), unit(0, "contact")), (" contact".to_owned(), " contacts".to_owned()));
    }
}
