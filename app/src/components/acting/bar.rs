//! The bar for the picked conversations (L7).

use leptos::prelude::*;

use super::{
    closing::next_after,
    done,
    sweep::{act_on_view, in_view, number},
    what_was_done,
};
use crate::{
    components::{
        tags::by_name,
        ui::{Button, Glyph, Icon, IconButton, Menu, MenuItem, Toast, Toasts, Variant, use_toasts},
    },
    state::{Acting, ListState, use_acting, use_list, use_workspace},
};
use model::{Act, Bootstrap, ConversationId, Permission};

/// Acts on all picked conversations, and offers one undo for all of it. Then nothing is picked any more.
pub(super) fn act_on_picked(acting: Acting, list: ListState, toasts: Toasts, act: Act) {
    if acting.whole.get_untracked() {
        return act_on_view(acting, list, toasts, act);
    }
    let picked = acting.picked.get_untracked();
    let rows = picked.iter().filter_map(|id| Some(list.row(*id)?.get_untracked()));
    let rows: Vec<_> = rows.filter(|row| act.ahead(row.inbound_count, row) != *row).collect();
    acting.picked.set(Vec::new());
    if rows.is_empty() {
        return toasts.push(Toast::new("Nothing changed: it was like that already"));
    }
    let goes = matches!(act, Act::Close(_)).then(|| next_after(list, &picked)).flatten();
    let back = goes.and(list.selected.get_untracked());
    if goes.is_some() {
        acting.goes.set(goes);
    }
    let on: Vec<_> = rows.iter().map(|row| (row.id, row.seen())).collect();
    let undo = acting.ask(&on, act);
    if let Some(goes) = goes {
        acting.went.set_value(Some((undo, goes)));
    }
    let what = what_was_done(act);
    match on.len() {
        1 => done(acting, toasts, (undo, back), format!("{what}: 1 conversation")),
        n => done(acting, toasts, (undo, back), format!("{what}: {n} conversations")),
    }
}

/// The bar. It is there while something is picked.
#[component]
pub(super) fn Bar() -> impl IntoView {
    let (acting, list, workspace) = (use_acting(), use_list(), use_workspace());
    let may = workspace.boot.with_untracked(|boot| boot.me.may(Permission::Converse));
    let count = Memo::new(move |_| acting.picked.with(Vec::len));
    // What is no longer in the list is not acted on unseen.
    Effect::new(move |_| {
        list.listing.track();
        acting.pick_none();
    });
    // Nor what has left it: somebody else took or closed it meanwhile.
    Effect::new(move |_| {
        let here = list.order.get();
        let gone = |id: &ConversationId| !here.contains(id);
        if acting.picked.with_untracked(|picked| picked.iter().any(gone)) {
            acting.picked.update(|picked| picked.retain(|id| !gone(id)));
        }
    });
    let toasts = use_toasts();
    let act = Callback::new(move |act: Act| act_on_picked(acting, list, toasts, act));
    let all = Callback::new(move |()| acting.picked.set(list.order.get_untracked()));
    let none = Callback::new(move |()| acting.pick_none());
    // What was loaded or picked meanwhile is another choice.
    Effect::new(move |before: Option<usize>| {
        let now = count.get();
        if before.is_some_and(|before| before != now) {
            acting.whole.set(false);
        }
        now
    });
    let whole = Callback::new(move |()| acting.whole.set(true));
    let count_of_all = Memo::new(move |_| number(in_view(list)));
    let is_all = move || count.get() >= list.order.with(Vec::len);
    let body = move || {
        view! {
            <div class="acting" role="toolbar" aria-label="Selected conversations">
                <span class="acting-count" role="status">
                    {move || match acting.whole.get() {
                        true => format!("All {} selected", count_of_all.get()),
                        false => format!("{} selected", count.get()),
                    }}
                </span>
                <Show when=move || is_all() && list.more.get() && !acting.whole.get()>
                    <Button variant=Variant::Plain small=true on_press=whole>
                        {move || format!("All {} in this view", count_of_all.get())}
                    </Button>
                </Show>
                <Show when=move || !is_all()>
                    <Button variant=Variant::Plain small=true on_press=all>
                        "All loaded"
                    </Button>
                </Show>
                {may.then(|| acts(act))}
                <IconButton icon=Icon::X name="Clear selection (Esc)" small=true at_end=true on_press=none />
            </div>
        }
    };
    move || (count.get() > 0).then(body)
}

fn acts(act: Callback<Act>) -> impl IntoView {
    let workspace = use_workspace();
    let snoozes = use_acting().snoozes;
    let run = move |what: Act| Callback::new(move |()| act.run(what));
    // Items change only when what they show does: an item that is drawn again loses the focus, and the menu its way back to the button.
    let items = move |of: fn(&Bootstrap) -> Vec<(String, Act)>| {
        let items = Memo::new(move |_| workspace.boot.with(of));
        move || {
            let item = |(label, what): (String, Act)| view! { <MenuItem label on_select=run(what) /> };
            items.get().into_iter().map(item).collect_view()
        }
    };
    let members = items(|boot| {
        let me = boot.me.member.id;
        let first = [("Me".to_owned(), Act::Assign(Some(me))), ("Nobody".to_owned(), Act::Assign(None))];
        let others = boot.members.iter().filter(|one| !one.disabled && one.id != me);
        let others = others.map(|one| (one.name.clone(), Act::Assign(Some(one.id))));
        let teams = boot.teams.iter().map(|one| (one.name.clone(), Act::Team(Some(one.id))));
        first.into_iter().chain(others).chain(teams).collect()
    });
    let tags = items(|boot| {
        let usable = boot.tags.iter().filter(|tag| !tag.archived).collect();
        by_name(usable).into_iter().map(|tag| (tag.name.clone(), Act::AddTag(tag.id))).collect()
    });
    let reasons = items(|boot| {
        let usable = boot.reasons.iter().filter(|one| !one.archived);
        usable.map(|one| (one.name.clone(), Act::Close(one.id))).collect()
    });
    view! {
        <Menu id="acting-assign" name="Assign" button_class="icon-btn icon-btn-small" icon_only=true late=true trigger=|| view! { <Glyph icon=Icon::UserRoundPlus /> }>
            {members}
        </Menu>
        <Menu id="acting-tag" name="Add tag" button_class="icon-btn icon-btn-small" icon_only=true late=true trigger=|| view! { <Glyph icon=Icon::Tag /> }>
            {tags}
        </Menu>
        <Menu id="acting-status" name="Status" button_class="icon-btn icon-btn-small" icon_only=true late=true trigger=|| view! { <Glyph icon=Icon::Clock /> }>
            <MenuItem label="Open" on_select=run(Act::Reopen) />
            <MenuItem label="Pending" on_select=run(Act::Pending) />
            <MenuItem label="Mark as read" on_select=run(Act::Read) />
            <MenuItem label="Mark as unread" on_select=run(Act::Unread) />
            <MenuItem label="Snooze…" on_select=Callback::new(move |()| snoozes.set(true)) />
        </Menu>
        <Menu id="acting-close" name="Close" button_class="icon-btn icon-btn-small icon-btn-danger" icon_only=true late=true trigger=|| view! { <Glyph icon=Icon::CircleCheck /> }>
            {reasons}
        </Menu>
    }
}
