//! A conversation's card in the list (L2).

use leptos::prelude::*;

use super::{
    here::on_card,
    tags::card_tags,
    words::{channel_attr, channel_icon, duration, member_in_sentence, sender_name},
};
use crate::{
    components::ui::{Avatar, Badge, Glyph, Icon, Pill, RelativeTime, Tone},
    state::{WorkspaceState, use_list, use_now, use_presence, use_workspace},
};
use model::{ChannelKind, ConversationId, ConversationRow, ConversationState, Listing, Pen, PreviewBy, Slot, Status};

/// The response goal of new conversations (N4), in milliseconds. After it, the timer turns red.
const GOAL_MS: i64 = 2 * 3_600_000;

/// The URL of a conversation beside a list.
pub fn row_href(listing: &Listing, id: ConversationId) -> String {
    format!("/inbox/{id}?{}", listing.query())
}

/// The URL of a list without an open conversation.
pub fn list_href(listing: &Listing) -> String {
    format!("/inbox?{}", listing.query())
}

/// A conversation's card.
#[component]
pub fn Row(
    /// The conversation.
    row: ArcRwSignal<ConversationRow>,
) -> impl IntoView {
    let (workspace, list, now, presence) = (use_workspace(), use_list(), use_now(), use_presence());
    let id = row.with_untracked(|row| row.id);
    let row = RwSignal::from(row);
    let current = move || (list.selected.get() == Some(id)).then_some("true");
    let unread = move || row.with(|row| (row.unread() > 0).then_some(""));
    view! {
        <a class="row" id=format!("row-{id}") href=move || list.listing.with(|listing| row_href(listing, id)) aria-current=current data-unread=unread>
            {move || row.with(|row| face(row, workspace, now))}
            {move || on_card(presence, workspace, id)}
        </a>
    }
}

/// The content of a card, rendered again when any of its values changes. So each card has one subscription and not twenty.
fn face(row: &ConversationRow, workspace: WorkspaceState, now: Signal<i64>) -> AnyView {
    let (name, seed) = (row.display_name().to_owned(), row.id.to_string());
    let preview = match row.preview.by {
        // A member started this conversation and then cancelled the message.
        PreviewBy::Them if row.inbound_count == 0 && row.preview.text.is_empty() => "Nothing sent yet".to_owned(),
        PreviewBy::Them => row.preview.text.clone(),
        PreviewBy::Us(sender) => format!("{}: {}", sender_name(workspace, sender), row.preview.text),
        PreviewBy::Note(_) => format!("Note: {}", row.preview.text),
    };
    let unread = u32::try_from(row.unread()).unwrap_or(u32::MAX);
    let (kind, at, state) = (row.kind, row.last_at.0, row.state.clone());
    view! {
        <Avatar name=name.clone() seed=seed>
            {channel_mark(kind)}
        </Avatar>
        <span class="row-main">
            <span class="row-name" dir="auto">
                {name}
            </span>
            <RelativeTime at=at now class="row-time" />
            <span class="row-preview" dir="auto">
                {preview}
            </span>
            <span class="row-meta">
                <span class="sr">{format!("{}. ", kind.label())}</span>
                {move || pills(&state, workspace, now.get())}
                {card_tags(row.tags, workspace)}
            </span>
            {(unread > 0).then(|| view! { <Badge count=unread what="unread" class="row-count" /> })}
        </span>
    }
    .into_any()
}

/// The channel's icon at the foot of an avatar.
pub fn channel_mark(kind: ChannelKind) -> impl IntoView {
    view! {
        <span class="avatar-channel" data-channel=channel_attr(kind)>
            <Glyph icon=channel_icon(kind) />
        </span>
    }
}

/// The pills of a card: a failed send, and at most three others for waiting, assignment and status.
fn pills(state: &ConversationState, workspace: WorkspaceState, now: i64) -> Vec<AnyView> {
    let mut pills = Vec::new();
    if state.is_unsent() {
        pills.push(view! { <Pill icon=Icon::CircleAlert tone=Tone::Bad text="Not sent" /> }.into_any());
    }
    if let Some(since) = state.waiting_since.filter(|_| state.status != Status::Closed) {
        let waited = now - since.0;
        let (tone, text) = (if waited > GOAL_MS { Tone::Bad } else { Tone::Wait }, duration(waited));
        pills.push(view! { <Pill icon=Icon::Clock tone text /> }.into_any());
    }
    if state.slot() == Slot::Missed {
        pills.push(view! { <Pill icon=Icon::PhoneMissed tone=Tone::Bad text="Missed" /> }.into_any());
    }
    match (state.assignee, state.pen) {
        (Some(member), _) => {
            let text = member_in_sentence(workspace, member);
            pills.push(view! { <Pill icon=Icon::UserRound text /> }.into_any());
        }
        (None, Pen::Agent(_)) => {
            pills.push(view! { <Pill icon=Icon::Sparkles solid=true tone=Tone::Ai text="AI" /> }.into_any())
        }
        _ => {}
    }
    if state.status != Status::Open && pills.len() < 3 {
        pills.push(view! { <Pill text=super::words::status_label(state.status) /> }.into_any());
    }
    pills
}
