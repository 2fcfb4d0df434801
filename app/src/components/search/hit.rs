//! One result: a person or a message.

use leptos::prelude::*;

use super::found::Target;
use crate::{
    components::{
        row::channel_mark,
        ui::{Avatar, Glyph, Icon, Pill, RelativeTime},
        words::{sender_name, status_label},
    },
    state::{at_of, query_at, use_now, use_prefetch, use_workspace},
};
use model::{ConversationId, MessageHit, PersonHit, PreviewBy, SnippetPart, Status};

/// What all results share.
#[derive(Clone, Copy)]
pub(super) struct Hits {
    /// The result that the arrow keys moved to.
    pub chosen: Signal<Option<usize>>,
    /// The query of the URL, which a result keeps.
    pub query: Memo<String>,
    /// The open conversation.
    pub selected: RwSignal<Option<ConversationId>>,
    /// Called before a result is opened.
    pub open: Callback<Target>,
}

impl Hits {
    /// A person. Without a conversation there is nothing to open, and no place among the options.
    pub fn person(self, at: Option<usize>, person: PersonHit) -> AnyView {
        let PersonHit { contact, conversation, last_at, kind, name, company, email, near } = person;
        let seed =
            conversation.map(|id| id.to_string()).or(contact.map(|id| id.to_string())).unwrap_or_else(|| email.clone());
        let about = [company, email]
            .into_iter()
            .filter(|text| !text.is_empty() && *text != name)
            .collect::<Vec<_>>()
            .join(" · ");
        let about = match (about.is_empty(), kind) {
            (true, Some(kind)) => kind.label().to_owned(),
            _ => about,
        };
        let inside = view! {
            <Avatar name=name.clone() seed>{kind.map(channel_mark)}</Avatar>
            <span class="hit-main">
                <span class="row-name" dir="auto">{name}</span>
                {last_at.map(|at| view! { <RelativeTime at=at.0 now=use_now() class="row-time" /> })}
                <span class="hit-text" dir="auto">{about}</span>
                {near.then(|| view! { <span class="row-meta"><Pill text="Similar name" /></span> })}
                {conversation.is_none().then(|| view! { <span class="row-meta"><Pill text="No conversation yet" /></span> })}
            </span>
        }
        .into_any();
        match (at, conversation) {
            (Some(place), Some(id)) => self.link(place, Target { id, at: None }, inside),
            _ => view! { <div class="hit" role="option" aria-disabled="true" aria-selected="false">{inside}</div> }
                .into_any(),
        }
    }

    /// A message.
    pub fn message(self, place: usize, hit: MessageHit) -> AnyView {
        let workspace = use_workspace();
        let MessageHit { conversation, n, at, by, name, kind, status, snippet, .. } = hit;
        let by = match by {
            Some(PreviewBy::Us(sender)) => Some(format!("{}: ", sender_name(workspace, sender))),
            Some(PreviewBy::Note(_)) => Some("Note: ".to_owned()),
            Some(PreviewBy::Them) | None => None,
        };
        let part = match snippet.part {
            SnippetPart::Subject => Some(view! { <span class="hit-part">"Subject: "</span> }.into_any()),
            SnippetPart::File => Some(view! { <Glyph icon=Icon::Paperclip label="File" /> }.into_any()),
            SnippetPart::Text => None,
        };
        let pieces = snippet.pieces.into_iter().map(|piece| match piece.hit {
            true => view! { <mark>{piece.text}</mark> }.into_any(),
            false => piece.text.into_any(),
        });
        let closed = (status == Status::Closed).then(|| view! { <Pill text=status_label(status) /> });
        let inside = view! {
            <Avatar name=name.clone() seed=conversation.to_string()>{channel_mark(kind)}</Avatar>
            <span class="hit-main">
                <span class="hit-who">
                    <span class="row-name" dir="auto">{name}</span>
                    {closed}
                </span>
                <RelativeTime at=at.0 now=use_now() class="row-time" />
                <span class="sr">{format!("{}. ", kind.label())}</span>
                <span class="hit-text" dir="auto">
                    {by.map(|by| view! { <span class="hit-part">{by}</span> })}
                    {part}
                    {pieces.collect_view()}
                </span>
            </span>
        }
        .into_any();
        self.link(place, Target { id: conversation, at: Some(n) }, inside)
    }

    fn link(self, place: usize, to: Target, inside: AnyView) -> AnyView {
        let Self { chosen, query, selected, open } = self;
        let prefetch = use_prefetch();
        let is_open = move || {
            let at = query.with(|query| at_of(query));
            selected.get() == Some(to.id) && at == to.at
        };
        // A message is read with those around it, which nothing fetches before.
        let soon = move |_| {
            if to.at.is_none() {
                prefetch.fetch(to.id);
            }
        };
        view! {
            <a
                class="hit"
                role="option"
                id=format!("hit-{place}")
                href=move || format!("/inbox/{}{}", to.id, query.with(|query| query_at(query, to.at)))
                tabindex="-1"
                aria-selected=move || if chosen.get() == Some(place) { "true" } else { "false" }
                aria-current=move || is_open().then_some("true")
                on:click=move |_| open.run(to)
                on:pointerenter=soon
            >
                {inside}
            </a>
        }
        .into_any()
    }
}

#[cfg(feature = "hydrate")]
fn element(selector: &str) -> Option<web_sys::HtmlElement> {
    use wasm_bindgen::JsCast;
    document().query_selector(selector).ok().flatten()?.dyn_into().ok()
}

/// Opens a result as a click does.
pub(super) fn click(place: usize) {
    #[cfg(feature = "hydrate")]
    if let Some(link) = element(&format!("#hit-{place}")) {
        link.click();
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = place;
}

/// Scrolls as little as needed.
pub(super) fn bring_into_sight(place: usize) {
    #[cfg(feature = "hydrate")]
    if let Some(link) = element(&format!("#hit-{place}")) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        link.scroll_into_view_with_scroll_into_view_options(&options);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = place;
}

/// Whether an element is rendered.
pub(super) fn is_in_sight(selector: &str) -> bool {
    #[cfg(feature = "hydrate")]
    {
        element(selector).is_some_and(|element| element.client_width() > 0)
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = selector;
        true
    }
}
