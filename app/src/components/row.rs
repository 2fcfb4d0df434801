//! A card of the list (L2).

use leptos::prelude::*;

use super::words::{channel_attr, channel_icon, duration, member_in_sentence, sender_name};
use crate::{
    components::ui::{Avatar, Badge, Glyph, Icon, Pill, RelativeTime, Tone},
    model::{ConversationId, ConversationRow, Pen, PreviewBy, Slot, Status, View},
    state::{use_house, use_inbox, use_now},
};

/// The response goal of new conversations (N4), in milliseconds: beyond it the timer turns red.
const GOAL_MS: i64 = 2 * 3_600_000;

/// The address of a conversation in a view.
pub fn row_href(view: View, id: ConversationId) -> String {
    format!("/inbox/{id}?view={}", view.as_str())
}

/// A card.
#[component]
pub fn Row(
    /// Its conversation.
    row: ArcRwSignal<ConversationRow>,
    /// The view it is shown in.
    #[prop(into)]
    view: Signal<View>,
) -> impl IntoView {
    let (house, inbox, now) = (use_house(), use_inbox(), use_now());
    let id = row.with_untracked(|row| row.id);
    let kind = row.with_untracked(|row| row.kind);
    let row = RwSignal::from(row);
    let name = Memo::new(move |_| row.with(|row| row.display_name().to_owned()));
    let unread = Memo::new(move |_| u32::try_from(row.with(ConversationRow::unread)).unwrap_or(u32::MAX));
    let current = move || (inbox.selected.get() == Some(id)).then_some("true");
    let preview = move || {
        row.with(|row| match row.preview.by {
            PreviewBy::Them => row.preview.text.clone(),
            PreviewBy::Us(sender) => format!("{}: {}", sender_name(house, sender), row.preview.text),
            PreviewBy::Note(_) => format!("Note: {}", row.preview.text),
        })
    };
    view! {
        <a
            class="row"
            id=format!("row-{id}")
            href=move || row_href(view.get(), id)
            aria-current=current
            data-unread=move || (unread.get() > 0).then_some("")
        >
            <Avatar name seed=id.to_string()>
                <span class="avatar-channel" data-channel=channel_attr(kind)>
                    <Glyph icon=channel_icon(kind) />
                </span>
            </Avatar>
            <span class="row-main">
                <span class="row-name" dir="auto">
                    {move || name.get()}
                </span>
                <RelativeTime at=Signal::derive(move || row.with(|row| row.last_at.0)) now class="row-time" />
                <span class="row-preview" dir="auto">
                    {preview}
                </span>
                <span class="row-meta">
                    <span class="sr">{format!("{}. ", kind.label())}</span>
                    {move || pills(&row.get(), house, now)}
                </span>
                {move || (unread.get() > 0).then(|| view! { <Badge count=unread what="unread" class="row-count" /> })}
            </span>
        </a>
    }
}

/// At most three: what waits, who has it, where it stands.
fn pills(row: &ConversationRow, house: crate::state::House, now: Signal<i64>) -> Vec<AnyView> {
    let state = &row.state;
    let mut pills = Vec::new();
    if let Some(since) = state.waiting_since.filter(|_| state.status != Status::Closed) {
        let waited = move || now.get() - since.0;
        let tone = Signal::derive(move || if waited() > GOAL_MS { Tone::Bad } else { Tone::Wait });
        let text = Signal::derive(move || duration(waited()));
        pills.push(view! { <Pill icon=Icon::Clock tone text /> }.into_any());
    }
    if state.slot() == Slot::Missed {
        pills.push(view! { <Pill icon=Icon::PhoneMissed tone=Tone::Bad text="Missed" /> }.into_any());
    }
    match (state.assignee, state.pen) {
        (Some(member), _) => {
            let text = member_in_sentence(house, member);
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
