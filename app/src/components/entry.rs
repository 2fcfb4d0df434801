//! One entry of a thread: a message, a note, an event line or a day (T2, T3).

use leptos::prelude::*;

use super::{
    composer::GivenBack,
    mail::{MailBody, MailTop},
    words::{duration, file_kind, line_text, sender_name, size},
};
use crate::{
    api::conversation::{cancel_message, send_now},
    components::ui::{Button, CountdownRing, Glyph, Icon, RelativeTime, Variant, exact, iso, use_toasts},
    state::{now_ms, use_now, use_thread, use_workspace, use_zone},
};
use model::{
    Attachment, Delivery, DeliveryState, Entry, Line, Link, Mention, Message, Piece, Sender, linkify, mention_pieces,
};

/// A message, a note or an event line.
#[component]
pub fn EntryView(
    /// The message.
    message: ArcRwSignal<Message>,
    /// Whether it is the first in a group from the same sender.
    first: bool,
    /// The name of the customer.
    #[prop(into)]
    them: Signal<String>,
    /// Hands a cancelled message to the composer.
    back: RwSignal<Option<GivenBack>>,
) -> impl IntoView {
    let message = RwSignal::from(message);
    move || {
        let shown = message.get();
        match &shown.entry {
            Entry::Line { line } => {
                let text = line_text(use_workspace(), *line);
                view! { <EventLine text n=shown.n at=shown.at.0 said=shown.text.clone() line=*line /> }.into_any()
            }
            _ => view! { <Bubble message=shown first them back /> }.into_any(),
        }
    }
}

/// A dated line about an event.
#[component]
fn EventLine(
    /// What happened.
    text: String,
    /// Its position in the thread.
    n: i64,
    /// The time of the event.
    at: i64,
    /// The text a machine reported. Empty if there is none.
    said: String,
    /// The event.
    line: Line,
) -> impl IntoView {
    let said = (!said.is_empty()).then(|| {
        view! {
            <details class="event-said">
                <summary>"Show report"</summary>
                <div dir="auto">{paragraphs(&said)}</div>
            </details>
        }
    });
    let other = match line {
        Line::Stranger { conversation } => Some(view! {
            " · "
            <a class="link" href=format!("/inbox/{conversation}")>
                "Open conversation"
            </a>
        }),
        _ => None,
    };
    view! {
        <li class="event" id=format!("m{n}")>
            <Glyph icon=Icon::Info />
            <span>{text} " · " <RelativeTime at=at now=use_now() /> {other}</span>
            {said}
        </li>
    }
}

#[component]
fn Bubble(message: Message, first: bool, them: Signal<String>, back: RwSignal<Option<GivenBack>>) -> impl IntoView {
    let workspace = use_workspace();
    let me = workspace.boot.with_untracked(|boot| boot.me.member.id);
    let (kind, who, state) = match &message.entry {
        Entry::Incoming => ("in", None, None),
        Entry::Outgoing { by, delivery } => {
            let kind = if matches!(by, Sender::Agent(_)) { "ai" } else { "out" };
            (kind, Some(sender_name(workspace, *by)), Some(delivery.clone()))
        }
        Entry::Note { by } if *by == me => ("note", Some("Your note".to_owned()), None),
        Entry::Note { by } => ("note", Some(format!("Note by {}", super::words::member_name(workspace, *by))), None),
        Entry::Line { .. } => ("line", None, None),
    };
    let is_note = kind == "note";
    let name = move || who.clone().unwrap_or_else(|| them.get());
    let attr = state.as_ref().map(|delivery| state_attr(delivery.state));
    let mark = state.clone().map(|delivery| view! { <Mark delivery /> });
    let header = first.then(|| {
        view! {
            <div class="msg-by">
                {is_note.then(|| view! { <Glyph icon=Icon::Lock /> })}
                <b>
                    <bdi>{name}</bdi>
                </b>
                " "
                <RelativeTime at=message.at.0 now=use_now() />
                {is_note.then(|| view! { <span>"Only your team sees this"</span> })}
                {mark}
            </div>
        }
    });
    let pictures: Vec<_> = message.attachments.iter().filter(|f| f.is_image()).cloned().collect();
    let files: Vec<_> = message.attachments.iter().filter(|f| !f.is_image()).cloned().collect();
    let inside = message.mail().map(|head| head.inside.clone()).unwrap_or_default();
    let after = state.map(|delivery| view! { <After message=message.clone() delivery back /> });
    let (zone, at) = (use_zone(), message.at.0);
    let bubble = match message.mail() {
        Some(head) => Some(
            view! { <MailTop head=head.clone() at=at /> <MailBody message=message.clone() head=head.clone() /> }
                .into_any(),
        ),
        None => (!message.text.is_empty()).then(|| {
            view! {
                <div class="bubble" dir="auto" title=move || exact(zone.local(at))>
                    {mentioning(&message.text, message.mentions())}
                </div>
            }
            .into_any()
        }),
    };
    view! {
        <li class="msg" data-kind=kind data-first=first.then_some("") data-state=attr id=format!("m{}", message.n)>
            {header}
            {bubble}
            {pictures
                .into_iter()
                .map(|file| {
                    let inside = inside.contains(&file.id);
                    view! { <Picture file inside /> }
                })
                .collect_view()}
            {(!files.is_empty())
                .then(|| view! { <div class="files">{files.into_iter().map(|file| view! { <FileLink file /> }).collect_view()}</div> })}
            {after}
        </li>
    }
}

/// Renders plain text. Blank lines separate paragraphs, and the links that [`linkify`] finds become clickable (S7).
pub(super) fn paragraphs(text: &str) -> Vec<AnyView> {
    mentioning(text, &[])
}

/// The same, with the names that it mentions marked (T7).
fn mentioning(text: &str, mentions: &[Mention]) -> Vec<AnyView> {
    let names: Vec<&str> = mentions.iter().map(|mention| mention.name.as_str()).collect();
    text.split("\n\n")
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let lines: Vec<AnyView> = part
                .lines()
                .enumerate()
                .flat_map(|(at, line)| [(at > 0).then(|| view! { <br /> }.into_any()), Some(marked(line, &names))])
                .flatten()
                .collect();
            view! { <p>{lines}</p> }.into_any()
        })
        .collect()
}

fn marked(line: &str, names: &[&str]) -> AnyView {
    if names.is_empty() {
        return linked(line);
    }
    let part = |(text, who): (&str, Option<usize>)| match who {
        Some(_) => view! { <b class="mention">{text.to_owned()}</b> }.into_any(),
        None => linked(text),
    };
    mention_pieces(line, names).into_iter().map(part).collect::<Vec<_>>().into_any()
}

fn linked(line: &str) -> AnyView {
    let pieces = linkify(line);
    // Most lines have no link, so one text node is enough.
    if pieces.iter().all(|piece| piece.link.is_none()) {
        return line.to_owned().into_any();
    }
    let parts = pieces.into_iter().map(|Piece { text, link }| {
        let text = text.to_owned();
        let Some(Link { href, host }) = link else { return text.into_any() };
        let host = host.map(|host| format!(" ({host})"));
        // A URL always runs from left to right, whatever the direction of the text around it.
        view! {
            <a href=href dir="ltr" target="_blank" rel="noopener noreferrer nofollow">
                {text}
            </a>
            {host}
        }
        .into_any()
    });
    parts.collect::<Vec<_>>().into_any()
}

/// The delivery state's name in the style sheets.
const fn state_attr(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Sending => "queued",
        DeliveryState::Unknown | DeliveryState::Bounced => "failed",
        other => other.as_str(),
    }
}

/// The delivery state of an outgoing message: text for screen readers, an icon for the eye.
#[component]
fn Mark(delivery: Delivery) -> impl IntoView {
    let icon = match delivery.state {
        DeliveryState::Scheduled => Icon::Clock,
        DeliveryState::Queued | DeliveryState::Sending => Icon::Circle,
        DeliveryState::Sent => Icon::Check,
        DeliveryState::Delivered | DeliveryState::Read => Icon::CheckCheck,
        DeliveryState::Failed | DeliveryState::Unknown | DeliveryState::Bounced => Icon::CircleAlert,
        DeliveryState::Cancelled => Icon::Ban,
    };
    view! {
        <span class="mark-state" data-state=state_attr(delivery.state)>
            {delivery.state.label()}
            " "
            <Glyph icon />
        </span>
    }
}

/// The actions left for an outgoing message: cancel, send now, retry (T6, T8).
#[component]
fn After(message: Message, delivery: Delivery, back: RwSignal<Option<GivenBack>>) -> impl IntoView {
    let id = message.id;
    let thread = use_thread();
    let toasts = use_toasts();
    let now_send = move |()| toasts.run(send_now(id), |_| ());
    let undo = move |()| {
        let message = message.clone();
        toasts.run(cancel_message(id), move |cancelled| {
            // The event of this cancellation may arrive later. The next mail's recipients must be known before the fields are restored.
            thread.show_cancelled(cancelled);
            back.try_set(Some(GivenBack::reply(message)));
        });
    };
    match delivery.state {
        DeliveryState::Scheduled => {
            view! { <Undo send_at=delivery.send_at.0 undo=Callback::new(undo) now_send=Callback::new(now_send) /> }
                .into_any()
        }
        DeliveryState::Failed | DeliveryState::Unknown => view! {
            <div class="msg-after" data-tone="bad" role="alert">
                <span>{delivery.reason}</span>
                <Button variant=Variant::Plain small=true on_press=Callback::new(now_send)>
                    "Try again"
                </Button>
            </div>
        }
        .into_any(),
        // The channel did not accept the message. The server tries again.
        DeliveryState::Queued if !delivery.reason.is_empty() => view! {
            <div class="msg-after" data-tone="wait" role="status">
                <span>{delivery.reason}</span>
                <Button variant=Variant::Plain small=true on_press=Callback::new(now_send)>
                    "Try now"
                </Button>
                <Button variant=Variant::Quiet small=true on_press=Callback::new(undo)>
                    "Cancel sending"
                </Button>
            </div>
        }
        .into_any(),
        // No retry here, because the same mail would bounce again. The member checks the address before writing anew.
        DeliveryState::Bounced => view! {
            <div class="msg-after" data-tone="bad" role="alert">
                <span>{delivery.reason}</span>
            </div>
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// The bar with the count-down to sending. Messages without a delay never show it.
#[component]
fn Undo(send_at: i64, undo: Callback<()>, now_send: Callback<()>) -> impl IntoView {
    let house_now = use_now();
    let left = RwSignal::new((send_at - house_now.get_untracked()).max(0));
    let whole = left.get_untracked().max(1);
    Effect::new(move |_| {
        // The clocks of browser and server may differ. The remaining time comes from the server's clock.
        let began = now_ms();
        let tick = set_interval_with_handle(
            move || {
                left.try_set((whole - (now_ms() - began)).max(0));
            },
            std::time::Duration::from_millis(100),
        );
        on_cleanup(move || {
            if let Ok(tick) = tick {
                tick.clear();
            }
        });
    });
    let rest = Memo::new(move |_| duration(left.get() + 999));
    // Under a minute, the button says "Undo". Later sends say "Edit", because cancelling returns the text to the composer.
    let word = if whole > 60_000 { "Edit" } else { "Undo" };
    move || {
        (whole > 1).then(|| {
            view! {
                <div class="msg-after undo" role="status">
                    <CountdownRing left=Signal::derive(move || left.get() as f64 / whole as f64) />
                    <span>"Sends in " <span class="num">{move || rest.get()}</span></span>
                    <Button variant=Variant::Quiet small=true on_press=now_send>
                        "Send now"
                    </Button>
                    <Button variant=Variant::Plain small=true on_press=undo>
                        {word}
                    </Button>
                </div>
            }
        })
    }
}

#[component]
fn Picture(file: Attachment, inside: bool) -> impl IntoView {
    let href = format!("/api/files/{}", file.id);
    let src = href.clone();
    view! {
        <a class="picture" href=href target="_blank" rel="noopener" data-inside=inside.then_some("")>
            <img src=src alt=file.name loading="lazy" width="320" height="240" />
        </a>
    }
}

/// A link that downloads a file: its type, name and size.
#[component]
pub fn FileLink(
    /// The file.
    file: Attachment,
) -> impl IntoView {
    let (word, kind) = file_kind(&file.media_type, &file.name);
    let download = file.name.clone();
    view! {
        <a class="file" href=format!("/api/files/{}", file.id) download=download>
            <span class="file-kind" data-kind=kind aria-hidden="true">
                {word}
            </span>
            <span class="file-text">
                <span class="file-name">
                    <bdi>{file.name}</bdi>
                </span>
                <span class="file-meta">{size(file.size)}</span>
            </span>
            <Glyph icon=Icon::Download />
        </a>
    }
}

/// A line that marks the start of a day.
#[component]
pub fn DayLine(
    /// Days since 1970 in the reader's time zone.
    day: i64,
) -> impl IntoView {
    let at = day * 24 * 3_600_000;
    let (now, zone) = (use_now(), use_zone());
    let word = move || {
        let today = zone.local(now.get()).div_euclid(24 * 3_600_000);
        match today - day {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            _ => exact(at).rsplit_once(',').map_or_else(String::new, |(date, _)| date.to_owned()),
        }
    };
    view! {
        <li class="day">
            <time datetime=iso(at).split_once('T').map(|(date, _)| date.to_owned())>{word}</time>
        </li>
    }
}
