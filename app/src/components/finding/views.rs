//! Saving the list as a view, and editing the views (L4).

use leptos::prelude::*;

use super::{head::in_order, use_finding};
use crate::{
    api::views::{delete_view, order_views, save_view},
    components::ui::{
        Button, Choice, FormError, Glyph, Icon, IconButton, TextField, Toast, Variant, field_error, other_error,
        use_saving, use_toasts,
    },
    state::{give_focus, new_uuid, use_list, use_workspace},
};
use model::{Audience, Permission, SavedView, SavedViewId, TeamId, ViewIcon};

/// An audience as the value of a select.
fn word(audience: Audience) -> String {
    match audience {
        Audience::Private => "private".to_owned(),
        Audience::Everyone => "everyone".to_owned(),
        Audience::Team(team) => team.to_string(),
    }
}

fn audience(word: &str) -> Audience {
    match word {
        "everyone" => Audience::Everyone,
        team => team.parse::<TeamId>().map_or(Audience::Private, Audience::Team),
    }
}

/// The audiences that a member may choose.
fn audiences() -> Vec<(String, String)> {
    let mut options = vec![("private".to_owned(), "Only me".to_owned())];
    use_workspace().boot.with_untracked(|boot| {
        if !boot.me.may(Permission::Converse) {
            return;
        }
        let any = boot.me.may(Permission::Administer);
        let mine = boot.teams.iter().filter(|team| any || boot.me.access.teams.contains(&team.id));
        options.extend(mine.map(|team| (team.id.to_string(), format!("Team {}", team.name))));
        options.push(("everyone".to_owned(), "Everyone".to_owned()));
    });
    options
}

#[component]
fn AudienceSelect(value: RwSignal<Audience>) -> impl IntoView {
    let options = audiences()
        .into_iter()
        .map(|(one, label)| {
            let chosen = {
                let one = one.clone();
                move || word(value.get()) == one
            };
            view! { <option value=one prop:selected=chosen>{label}</option> }
        })
        .collect_view();
    view! {
        <label class="filter-group">
            <span class="filter-name">"Who has it"</span>
            <span class="select">
                <select class="input" on:change=move |event| value.set(audience(&event_target_value(&event)))>
                    {options}
                </select>
                <Glyph icon=Icon::ChevronDown />
            </span>
        </label>
    }
}

#[component]
fn IconSelect(value: RwSignal<ViewIcon>) -> impl IntoView {
    let options = ViewIcon::ALL.iter().map(|icon| (icon.as_str(), icon.label())).collect();
    let choose = move |word: String| {
        if let Ok(icon) = word.parse() {
            value.set(icon);
        }
    };
    view! {
        <label class="filter-group">
            <span class="filter-name">"Icon"</span>
            <Choice
                name=Signal::stored("Icon".to_owned())
                options
                value=Signal::derive(move || value.get().as_str())
                on_choose=choose
            />
        </label>
    }
}

/// The form that saves the list as it is.
#[component]
pub fn SaveView() -> impl IntoView {
    let (list, workspace, finding, toasts) = (use_list(), use_workspace(), use_finding(), use_toasts());
    let name = RwSignal::new(String::new());
    let (who, icon) = (RwSignal::new(Audience::Private), RwSignal::new(ViewIcon::List));
    // The id stays until the view is saved, so that a retry saves the same view.
    let id = StoredValue::new(new_uuid());
    let saving = use_saving();
    let error = Signal::from(saving.error);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let owner = workspace.boot.with_untracked(|boot| boot.me.member.id);
        let view = SavedView {
            id: SavedViewId::new(id.get_value()),
            owner,
            audience: who.get_untracked(),
            name: name.get_untracked(),
            icon: icon.get_untracked(),
            listing: list.listing.get_untracked(),
        };
        saving.run(save_view(view), move |saved| {
            id.set_value(new_uuid());
            name.set(String::new());
            finding.save.set(false);
            toasts.push(Toast::new(format!("View “{}” saved", saved.name)));
        });
    };
    view! {
        <form class="form" method="dialog" on:submit=submit>
            <FormError error=other_error(error, &["name", "audience"]) />
            <TextField
                id="view-name"
                label="Name"
                value=name
                on_input=move |value: String| name.set(value)
                error=field_error(error, "name")
            />
            <AudienceSelect value=who />
            <IconSelect value=icon />
            <FormError error=field_error(error, "audience") />
            <div class="form-foot">
                <Button variant=Variant::Primary submit=true busy=saving.busy>
                    "Save view"
                </Button>
            </div>
        </form>
    }
}

/// The member's views: order, name, audience, filter, deletion.
#[component]
pub fn EditViews() -> impl IntoView {
    let (workspace, toasts) = (use_workspace(), use_toasts());
    let views = Memo::new(move |_| workspace.boot.with(|boot| in_order(&boot.views, &boot.view_order)));
    let ids = Memo::new(move |_| views.with(|views| views.iter().map(|view| view.id).collect::<Vec<_>>()));
    let dragged = RwSignal::new(None::<SavedViewId>);
    let put = Callback::new(move |((id, to),): ((SavedViewId, usize),)| {
        let mut order = ids.get_untracked();
        let Some(from) = order.iter().position(|one| *one == id) else { return };
        let one = order.remove(from);
        order.insert(to.min(order.len()), one);
        if order == ids.get_untracked() {
            return;
        }
        // Shown at once. The event that follows says the same.
        workspace.boot.update(|boot| boot.view_order.clone_from(&order));
        leptos::task::spawn_local(async move {
            if let Err(error) = order_views(order).await {
                toasts.failed(model::ApiError::from(error).to_string());
            }
        });
        request_animation_frame(move || give_focus(&format!("#view-{id} .view-grip")));
    });
    let item = move |id: SavedViewId| view! { <EditView id views dragged put /> };
    view! {
        <Show when=move || ids.with(Vec::is_empty)>
            <p class="filter-none">"No saved views. Filter the list, then choose “Save as view”."</p>
        </Show>
        <ol class="view-list" aria-label="Saved views">
            <For each=move || ids.get() key=|id| *id children=item />
        </ol>
    }
}

#[component]
fn EditView(
    id: SavedViewId,
    views: Memo<Vec<SavedView>>,
    dragged: RwSignal<Option<SavedViewId>>,
    put: Callback<((SavedViewId, usize),)>,
) -> impl IntoView {
    let (list, workspace, toasts) = (use_list(), use_workspace(), use_toasts());
    let view = Memo::new(move |_| views.with(|views| views.iter().find(|view| view.id == id).cloned()));
    let known = view.get_untracked()?;
    let may =
        workspace.boot.with_untracked(|boot| known.owner == boot.me.member.id || boot.me.may(Permission::Administer));
    let place = move || views.with(|views| views.iter().position(|view| view.id == id)).unwrap_or(0);
    let move_by = move |by: isize| put.run(((id, place().saturating_add_signed(by)),));
    let name = RwSignal::new(known.name.clone());
    let who = RwSignal::new(known.audience);
    let saving = use_saving();
    let error = Signal::from(saving.error);
    let save = move |change: Box<dyn Fn(&mut SavedView)>, said: &'static str| {
        let Some(mut edited) = view.get_untracked() else { return };
        change(&mut edited);
        saving.run(save_view(edited), move |_| toasts.push(Toast::new(said)));
    };
    let rename = move |_| {
        let (name, audience) = (name.get_untracked(), who.get_untracked());
        save(Box::new(move |view| (view.name, view.audience) = (name.clone(), audience)), "View saved");
    };
    let replace = move |()| {
        let listing = list.listing.get_untracked();
        save(Box::new(move |view| view.listing = listing.clone()), "The view shows the present list now");
    };
    let delete = move |()| saving.run(delete_view(id), move |()| toasts.push(Toast::new("View deleted")));
    let keys = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "ArrowUp" => {
            event.prevent_default();
            move_by(-1);
        }
        "ArrowDown" => {
            event.prevent_default();
            move_by(1);
        }
        _ => {}
    };
    let drop_here = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        if let Some(one) = dragged.get_untracked() {
            put.run(((one, place()),));
        }
        dragged.set(None);
    };
    let grip_name = move || {
        let name = view.with(|view| view.as_ref().map(|view| view.name.clone())).unwrap_or_default();
        format!("Move {name}: use the arrow keys or drag")
    };
    Some(view! {
        <li
            class="view-item"
            id=format!("view-{id}")
            on:dragover=move |event| event.prevent_default()
            on:drop=drop_here
        >
            <button
                type="button"
                class="icon-btn view-grip"
                draggable="true"
                aria-label=grip_name
                on:dragstart=move |_| dragged.set(Some(id))
                on:dragend=move |_| dragged.set(None)
                on:keydown=keys
            >
                <Glyph icon=Icon::GripVertical />
            </button>
            {if may {
                view! {
                    <div class="view-fields">
                        <TextField
                            id=format!("view-{id}-name")
                            label="Name"
                            value=name
                            on_input=move |value: String| name.set(value)
                            error=field_error(error, "name")
                        />
                        <AudienceSelect value=who />
                        <FormError error=other_error(error, &["name"]) />
                        <div class="view-actions">
                            <Button small=true busy=saving.busy on_press=move || rename(())>
                                "Save"
                            </Button>
                            <Button small=true on_press=move || replace(())>
                                "Use present filter"
                            </Button>
                            <IconButton
                                icon=Icon::Trash2
                                name="Delete view"
                                at_end=true
                                on_press=move || delete(())
                            />
                        </div>
                    </div>
                }
                    .into_any()
            } else {
                view! {
                    <p class="view-fields" dir="auto">
                        {known.name}
                    </p>
                }
                    .into_any()
            }}
        </li>
    })
}
