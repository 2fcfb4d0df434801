//! The list under the bell (N2): who did what, in which conversation, and when.

use leptos::{ev::KeyboardEvent, prelude::*};

use crate::{
    api::notices::see_notices,
    components::{
        ui::{Button, CardSkeleton, EmptyState, Glyph, Icon, RelativeTime, Tone, Variant, use_toasts},
        words::member_name,
    },
    state::{Notices, WorkspaceState, use_notices, use_now, use_workspace},
};
use model::{Notice, NoticeKind, SeenNotices};

/// How many notices are on screen. Each is a link, so older ones would only be in the way.
const MOST_SHOWN: usize = 50;

/// What the popover shows.
#[component]
pub(super) fn NoticeList() -> impl IntoView {
    let notices = use_notices();
    let toasts = use_toasts();
    let mark_all = move |()| {
        let last = notices.page.with_untracked(|page| page.as_ref().map_or(0, |page| page.last));
        toasts.run(see_notices(SeenNotices::UpTo(last)), move |()| {
            notices.came.try_set(Vec::new());
            notices.ask();
        });
    };
    let content = move || match (notices.page.get(), notices.failed.get()) {
        (Some(page), _) => {
            let shown = page.notices.into_iter().filter(|notice| page.switches.listed.has(notice.kind));
            let lines: Vec<_> = shown.take(MOST_SHOWN).map(|notice| view! { <Line notice /> }).collect();
            let new = page.switches.listed.has(NoticeKind::New).then(|| view! { <NewLine notices /> });
            let is_empty = lines.is_empty() && new.as_ref().is_none_or(|_| notices.came.with(Vec::is_empty));
            match is_empty {
                true => view! {
                    <EmptyState
                        icon=Icon::Notifier
                        title="No notices"
                        text="You are told here when somebody assigns a conversation to you, mentions you, or answers you."
                    />
                }
                .into_any(),
                false => view! { <ul class="notice-list" on:keydown=move_by_arrow>{new} {lines}</ul> }.into_any(),
            }
        }
        (None, true) => view! {
            <EmptyState
                icon=Icon::TriangleAlert
                tone=Tone::Bad
                title="Your notices could not be loaded"
                text="Nothing is lost. Try again in a moment."
            >
                <Button small=true on_press=move |()| notices.ask()>
                    "Try again"
                </Button>
            </EmptyState>
        }
        .into_any(),
        (None, false) => view! { <CardSkeleton lines=3 /> }.into_any(),
    };
    view! {
        <header class="notice-head">
            <h2>"Notices"</h2>
            <Show when=move || { notices.unseen.get() > 0 }>
                <Button variant=Variant::Quiet small=true icon=Icon::CheckCheck on_press=Callback::new(mark_all)>
                    "Mark all as seen"
                </Button>
            </Show>
        </header>
        {content}
        <a class="notice-foot" href="/settings/notifications" on:click=move |_| close()>
            <Glyph icon=Icon::Settings />
            "Choose what you are told"
        </a>
    }
}

/// What a notice says: who did what.
pub(super) fn sentence(workspace: WorkspaceState, notice: &Notice) -> String {
    let by = notice.by.map_or_else(|| "Tandem".to_owned(), |by| member_name(workspace, by));
    let Notice { name, count, .. } = notice;
    match (notice.kind, notice.conversation) {
        (NoticeKind::Assigned, None) => format!("{by} assigned {count} conversations to you"),
        (NoticeKind::Assigned, Some(_)) => format!("{by} assigned {name} to you"),
        (NoticeKind::Mentioned, _) => format!("{by} mentioned you: {name}"),
        (NoticeKind::Reply, _) if *count > 1 => format!("{name} sent {count} messages"),
        (NoticeKind::Reply, _) => format!("{name} answered"),
        (NoticeKind::Failed, _) => format!("Your reply to {name} was not sent"),
        (NoticeKind::New, _) => "A new conversation".to_owned(),
    }
}

/// Where a notice leads.
pub(super) fn target(notice: &Notice) -> String {
    match (notice.conversation, notice.place) {
        (Some(id), Some(place)) => format!("/inbox/{id}?at={place}"),
        (Some(id), None) => format!("/inbox/{id}"),
        (None, _) => "/inbox?view=mine".to_owned(),
    }
}

const fn icon(kind: NoticeKind) -> Icon {
    match kind {
        NoticeKind::Assigned => Icon::UserRoundCheck,
        NoticeKind::Mentioned => Icon::AtSign,
        NoticeKind::Reply => Icon::Reply,
        NoticeKind::Failed => Icon::TriangleAlert,
        NoticeKind::New => Icon::Inbox,
    }
}

#[component]
fn Line(notice: Notice) -> impl IntoView {
    let (workspace, notices) = (use_workspace(), use_notices());
    let (text, n, seen) = (notice.text.clone(), notice.n, notice.seen);
    let (href, kind, at) = (target(&notice), notice.kind, notice.at.0);
    let is_one = notice.conversation.is_some();
    let open = move |_| {
        close();
        // One about a conversation is seen when that is open. One about a set is seen now.
        if !seen && !is_one {
            leptos::task::spawn_local(async move {
                if see_notices(SeenNotices::One(n)).await.is_ok() {
                    notices.ask();
                }
            });
        }
    };
    view! {
        <li>
            <a
                class="notice"
                href=href
                data-kind=kind.as_str()
                data-unseen=(!seen).then_some("")
                on:click=open
            >
                <Glyph icon=icon(kind) />
                <span class="notice-text">
                    {(!seen).then(|| view! { <span class="sr">"New: "</span> })}
                    <bdi class="notice-what">{move || sentence(workspace, &notice)}</bdi>
                    {(!text.is_empty()).then(|| view! { <bdi class="notice-said cut">{text}</bdi> })}
                </span>
                <RelativeTime class="notice-time" at=at now=use_now() />
            </a>
        </li>
    }
    .into_any()
}

/// How many conversations began since the member looked. They are no notices of the server's.
#[component]
fn NewLine(notices: Notices) -> impl IntoView {
    move || {
        let count = notices.came.with(Vec::len);
        let what = if count == 1 { "1 new conversation".to_owned() } else { format!("{count} new conversations") };
        (count > 0).then(|| {
            view! {
                <li>
                    <a
                        class="notice"
                        href="/inbox?view=new"
                        data-kind="new"
                        data-unseen=""
                        on:click=move |_| {
                            close();
                            notices.came.set(Vec::new());
                        }
                    >
                        <Glyph icon=icon(NoticeKind::New) />
                        <span class="notice-text">
                            <span class="notice-what">{what} " assigned to nobody"</span>
                        </span>
                    </a>
                </li>
            }
        })
    }
}

/// Moves the focus through the list.
fn move_by_arrow(event: KeyboardEvent) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let down = match event.key().as_str() {
            "ArrowDown" => true,
            "ArrowUp" => false,
            _ => return,
        };
        event.prevent_default();
        let line = document().active_element().and_then(|at| at.closest("li").ok().flatten());
        let next =
            line.and_then(|line| if down { line.next_element_sibling() } else { line.previous_element_sibling() });
        let link = next.and_then(|next| next.query_selector("a").ok().flatten());
        if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = link.focus();
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = event;
}

/// Closes the popover.
fn close() {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast;
        let popover = document().get_element_by_id("notices");
        if let Some(popover) = popover.and_then(|popover| popover.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Fails only if it is closed already.
            let _ = popover.hide_popover();
        }
    }
}
