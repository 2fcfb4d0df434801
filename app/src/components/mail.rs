//! An e-mail in the thread: recipients, subject, and its text with the quote folded, or its HTML layout (T3).

use leptos::prelude::*;

use super::{composer, entry::paragraphs};
use crate::{
    components::ui::{Button, Variant, exact},
    state::use_zone,
};
use model::{Entry, Look, MailHead, Mailbox, Message, Parties};

/// Addresses in one line. Those with a name show the name.
pub fn names(list: &[Mailbox]) -> String {
    let name = |one: &Mailbox| if one.name.is_empty() { one.address.clone() } else { one.name.clone() };
    list.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The lines above a mail's text: its subject and its recipients.
#[component]
pub fn MailTop(
    /// The mail's head.
    head: MailHead,
    /// When the mail arrived or left.
    at: i64,
) -> impl IntoView {
    let zone = use_zone();
    let full = |list: &[Mailbox]| {
        list.iter()
            .map(|one| match one.name.is_empty() {
                true => one.address.clone(),
                false => format!("{} <{}>", one.name, one.address),
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let parties = &head.parties;
    let rows: Vec<_> = [
        ("From", parties.from.as_ref().map(|from| full(std::slice::from_ref(from))).unwrap_or_default()),
        ("Reply to", full(&parties.reply_to)),
        ("To", full(&parties.to)),
        ("Cc", full(&parties.cc)),
        ("Bcc", full(&head.bcc)),
    ]
    .into_iter()
    .filter(|(_, list)| !list.is_empty())
    .map(|(word, list)| view! { <dt>{word}</dt> <dd><bdi>{list}</bdi></dd> })
    .collect();
    // The date in the mail, if it is far from the time of arrival: the mail is old, or the sender's clock is wrong.
    let sent = head.sent_at.filter(|sent| (sent.0 - at).abs() > 3_600_000);
    let sent = sent.map(|sent| view! { <dt>"Sent"</dt> <dd>{move || exact(zone.local(sent.0))}</dd> });
    let short = match (names(&parties.to), names(&parties.cc)) {
        (to, cc) if cc.is_empty() => format!("to {to}"),
        (to, cc) => format!("to {to}, cc {cc}"),
    };
    let subject = if head.subject.is_empty() { "No subject".to_owned() } else { head.subject };
    view! {
        <details class="mail-top">
            <summary>
                <b dir="auto">{subject}</b>
                " "
                <span>
                    <bdi>{short}</bdi>
                </span>
            </summary>
            <dl>{rows} {sent}</dl>
        </details>
    }
}

/// A mail's text, or its HTML layout.
#[component]
pub fn MailBody(
    /// The message.
    message: Message,
    /// The mail's head.
    head: MailHead,
) -> impl IntoView {
    let formatted = RwSignal::new(head.look == Look::Rich);
    let pictures = RwSignal::new(false);
    let id = message.id;
    let has_html = head.look != Look::Plain;
    let remote = head.remote_pictures;
    let (written, signature, quoted) = head.folds.of(&message.text);
    let (written, signature, quoted) = (written.to_owned(), signature.to_owned(), quoted.to_owned());
    // A taller mail scrolls. Older mails have no stored height, so the length of their text gives an estimate.
    let height = match head.frame {
        Some(frame) => format!("--frame-wide:{}px;--frame-narrow:{}px", frame.wide, frame.narrow),
        None => {
            let lines = written.lines().map(|line| 1 + line.len() / 80).sum::<usize>() + 2;
            format!("--frame-wide:{0}px;--frame-narrow:{0}px", 21 * lines)
        }
    };
    let subject = head.subject.clone();
    let body = move || match formatted.get() {
        true => {
            let src = format!("/api/mail/{id}/view{}", if pictures.get() { "?pictures=true" } else { "" });
            // Built without the `view!` macro, which does not know the iframe attribute for lazy loading.
            leptos::html::iframe()
                .class("mail-frame")
                .title(format!("E-mail: {subject}"))
                .src(src)
                .style(height.clone())
                .attr("loading", "lazy")
                .attr("sandbox", "allow-popups allow-popups-to-escape-sandbox")
                .attr("referrerpolicy", "no-referrer")
                .into_any()
        }
        false => view! {
            <div class="bubble" dir="auto">
                {match written.trim().is_empty() {
                    true => view! { <p class="mail-empty">"This e-mail has no text."</p> }.into_any(),
                    false => paragraphs(&written).into_any(),
                }}
                {fold("Signature", &signature)}
                {fold("Quoted text", &quoted)}
            </div>
        }
        .into_any(),
    };
    let tools = has_html.then(|| {
        let word = move || if formatted.get() { "Show as text" } else { "Show formatted" };
        view! {
            <Button variant=Variant::Quiet small=true on_press=move || formatted.update(|on| *on = !*on)>
                {word}
            </Button>
        }
    });
    let ask = move || {
        (remote && formatted.get() && !pictures.get()).then(|| {
            view! {
                <div class="mail-remote" role="note">
                    <span>"Remote images are blocked. Loading them tells the sender that you opened the e-mail."</span>
                    <Button variant=Variant::Plain small=true on_press=move || pictures.set(true)>
                        "Show images"
                    </Button>
                </div>
            }
        })
    };
    let Parties { claimed, reply_to, .. } = &head.parties;
    let elsewhere = reply_to.iter().find(|one| head.parties.is_only_said(one));
    let said = match (&message.entry, claimed, elsewhere) {
        (Entry::Incoming, Some(claimed), _) => Some(("This e-mail claims to be from ", composer::written(claimed))),
        (Entry::Incoming, None, Some(elsewhere)) => {
            Some(("This e-mail asks for replies to ", composer::written(elsewhere)))
        }
        _ => None,
    };
    let said = said.map(|(what, who)| {
        view! {
            <p class="mail-remote" role="note">
                <span>{what} <bdi>{who}</bdi> ". Not verified."</span>
            </p>
        }
    });
    let disowned = head.disowned.then(|| {
        view! {
            <p class="mail-remote" data-tone="bad" role="note">
                "The sender’s domain does not confirm this e-mail (DMARC). It may be forged."
            </p>
        }
    });
    let cards = head.cards.into_iter().map(|card| {
        let lines = card.lines.into_iter().map(|(word, text)| view! { <dt>{word}</dt> <dd dir="auto">{text}</dd> });
        view! {
            <section class="mail-card" aria-label=card.title.clone()>
                <b dir="auto">{card.title.clone()}</b>
                <dl>{lines.collect_view()}</dl>
            </section>
        }
    });
    let cards = cards.collect_view();
    view! {
        {disowned}
        {said}
        {ask}
        {body}
        {cards}
        <div class="mail-tools">
            {head.cut.then(|| view! { <span>"Only the beginning is shown. Open the source to read all of it."</span> })}
            {tools}
            <a class="mail-source" href=format!("/api/mail/{id}/source") target="_blank" rel="noopener">
                "Source"
            </a>
        </div>
    }
}

/// A folded part of the text that a click opens.
fn fold(word: &'static str, text: &str) -> Option<impl IntoView + use<>> {
    let text = text.trim_matches(['\n', '\r']).to_owned();
    (!text.trim().is_empty()).then(|| {
        view! {
            <details class="mail-fold">
                <summary>{word}</summary>
                <div>{paragraphs(&text)}</div>
            </details>
        }
    })
}
