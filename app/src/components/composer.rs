//! The composer, which writes replies and notes: text, files, and a draft that survives reloads and lost connections (T4, T5, T7).

mod files;
mod mentions;
mod recipients;
mod text;

use leptos::{html, prelude::*};

use crate::{
    api::conversation::NewMessage,
    components::{
        here::colleagues,
        ui::{Glyph, Icon},
        words::member_name,
    },
    piece::{Piece, Place, WritingPart, show_piece, writing_part},
    state::{Connection, Ghost, give_focus, now_ms, use_live, use_outbox, use_presence, use_thread, use_workspace},
};
pub(super) use files::{AttachButton, FileList, Uploads};
use mentions::{MentionLine, MentionList, Mentions};
use model::{Attachment, Compose, Content, ConversationId, DraftMode, Message, Preview, PreviewBy, Sender};
use recipients::{MailLines, MailShort, MailTo};
pub(super) use recipients::{read_addresses, written};
use text::Drafts;

/// The labels of the two modes.
const MODES: [(DraftMode, &str); 2] = [(DraftMode::Reply, "Reply"), (DraftMode::Note, "Note")];

/// A message that returns to the composer because a member cancelled it or the server refused it.
#[derive(Clone)]
pub struct GivenBack {
    mode: DraftMode,
    text: String,
    files: Vec<Attachment>,
    compose: Compose,
}

impl GivenBack {
    /// A cancelled reply, with the text as it was before the signature was added.
    pub fn reply(message: Message) -> Self {
        let (text, compose) = match &message.content {
            Content::Mail(head) => (head.folds.of(&message.text).0.to_owned(), Compose::Mail(head.choice())),
            _ => (message.text, Compose::Text),
        };
        Self { mode: DraftMode::Reply, text, files: message.attachments, compose }
    }

    /// A message that never reached the server.
    pub fn ghost(ghost: Ghost) -> Self {
        let NewMessage { mode, text, compose, .. } = ghost.new;
        Self { mode, text, files: ghost.files, compose }
    }
}

/// Moves the focus from the composer to the list, to the conversation's card if it is visible. The draft stays.
fn leave(id: ConversationId) {
    #[cfg(feature = "hydrate")]
    if let Some(active) = document().active_element() {
        use wasm_bindgen::JsCast;
        let _ = active.dyn_into::<web_sys::HtmlElement>().map(|element| element.blur());
    }
    give_focus(&format!("#row-{id}"));
}

/// Shows the composer once its part of the code has loaded.
pub fn show(id: ConversationId, them: Signal<String>, back: RwSignal<Option<GivenBack>>) -> AnyView {
    let part = WritingPart::Composer { id, them, back };
    show_piece(Piece::Writing, Place::Composer, move || Box::pin(writing_part(part)))
}

/// Draws the composer. Called from the code that loads later.
pub(crate) fn draw(id: ConversationId, them: Signal<String>, back: RwSignal<Option<GivenBack>>) -> AnyView {
    view! { <Composer id them back /> }.into_any()
}

/// A colleague's reply that comes while this member writes, in words. It is in the thread too, which may be scrolled away. Sending asks once
/// more if there was no time to see it (Promise 4).
fn answers_meanwhile(id: ConversationId, drafts: Drafts) -> RwSignal<Option<String>> {
    let (thread, workspace, came) = (use_thread(), use_workspace(), RwSignal::new(None));
    let me = workspace.boot.with_untracked(|boot| boot.me.member.id);
    Effect::new(move |before: Option<Option<Preview>>| {
        let now = thread.open.with(|row| row.as_ref().filter(|row| row.id == id).map(|row| row.preview.clone()));
        let writes = drafts.text.with_untracked(|text| !text.trim().is_empty());
        if let (Some(Some(before)), Some(now)) = (before, &now)
            && before != *now
            && let PreviewBy::Us(Sender::Member(by)) = now.by
            && by != me
            && writes
        {
            let name = untrack(|| member_name(workspace, by));
            came.set(Some(format!("{name} replied while you were writing: “{}”", now.text)));
        }
        now
    });
    came
}

#[component]
fn Composer(
    /// The conversation that the message belongs to.
    id: ConversationId,
    /// A short name of the recipient.
    them: Signal<String>,
    /// A message that returns to the composer.
    back: RwSignal<Option<GivenBack>>,
) -> impl IntoView {
    let (thread, live, outbox, presence) = (use_thread(), use_live(), use_outbox(), use_presence());
    let mode = RwSignal::new(DraftMode::Reply);
    let drafts = Drafts::of(id, mode);
    let uploads = Uploads::new();
    let mail = MailTo::new();
    let by_mail = Memo::new(move |_| mode.get() == DraftMode::Reply && mail.is_mail());
    let area = NodeRef::<html::Textarea>::new();
    let mentions = Mentions::of(drafts, mode, area);
    let drop = RwSignal::new(false);
    let kind = thread.open.with_untracked(|row| row.as_ref().map_or("", |row| row.kind.in_sentence()));
    let sample = thread.open.with_untracked(|row| row.as_ref().map(|row| row.channel));
    let sample = sample.is_some_and(|channel| use_workspace().boot.with_untracked(|boot| boot.is_sample(channel)));
    let offline = move || live.connection.get() == Connection::Offline;

    // Signals of a returned message belong to the composer, so they outlive the next run of the effect.
    let owner = Owner::current().unwrap_or_default();
    Effect::new(move |_| {
        if let Some(given) = back.get() {
            back.set(None);
            drafts.put_in_front(given.mode, &given.text);
            mode.set(given.mode);
            owner.with(|| uploads.put_back(given.files));
            if let Compose::Mail(choice) = given.compose {
                mail.put_back(choice);
            }
            if let Some(area) = area.get_untracked() {
                let _ = area.focus();
            }
        }
    });

    let blocked = Memo::new(move |_| {
        if uploads.busy() {
            Some("A file is still uploading".to_owned())
        } else if drafts.text.with(|text| text.trim().is_empty()) && uploads.ready().is_empty() {
            Some("Write something or attach a file".to_owned())
        } else if by_mail.get() {
            mail.fault()
        } else {
            mentions.fault()
        }
    });
    let workspace = use_workspace();
    let here = move || colleagues(&presence.of(id), workspace);
    let came = answers_meanwhile(id, drafts);
    let is_empty = Memo::new(move |_| drafts.text.with(|text| text.trim().is_empty()));
    let answered = move || came.get().filter(|_| !is_empty.get());
    let send = move || {
        if blocked.get_untracked().is_some() {
            return;
        }
        let files = uploads.take();
        let mentioned = mentions.chosen();
        let compose = match by_mail.get_untracked() {
            true => untrack(|| mail.choice()).into(),
            false if mentioned.is_empty() => Compose::Text,
            false => Compose::Note(mentioned),
        };
        mentions.close();
        let (becomes, text) = drafts.take();
        let new = NewMessage {
            id: becomes,
            conversation: id,
            mode: mode.get_untracked(),
            text,
            attachments: files.iter().map(|file| file.id).collect(),
            compose,
            seen: Some(thread.seen()),
            by: None,
            begin: None,
        };
        // Sending a note keeps the recipients and subject typed for the reply.
        if new.mode == DraftMode::Reply {
            mail.reset();
        }
        outbox.push(new, files);
        presence.typed.set(None);
        came.set(None);
        if let Some(area) = area.get_untracked() {
            let _ = area.focus();
        }
    };
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.is_composing() || event.default_prevented() {
            return;
        }
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            send();
        } else if event.key() == "Escape" {
            event.prevent_default();
            leave(id);
        }
    };
    let to = move || match mode.get() {
        DraftMode::Reply => format!("to {}, via {kind}", them.get()),
        DraftMode::Note => "only your team sees this".to_owned(),
    };
    let label = move || match (mode.get(), offline()) {
        (DraftMode::Note, _) => "Add note".to_owned(),
        (DraftMode::Reply, _) if sample => "Try sending".to_owned(),
        (_, true) => "Send when online".to_owned(),
        (DraftMode::Reply, false) => format!("Send to {}", them.get()),
    };
    let hint = move || match (offline(), drafts.saved.get()) {
        (true, _) => "You are offline",
        (false, true) => "Draft saved",
        (false, false) => "",
    };
    let choose = move |(of, word): (DraftMode, &'static str)| {
        let pressed = move || if mode.get() == of { "true" } else { "false" };
        let press = move |_| {
            mode.set(of);
            if let Some(area) = area.get_untracked() {
                let _ = area.focus();
            }
        };
        view! {
            <button type="button" data-turn-to=of.as_str() aria-pressed=pressed on:click=press>
                {word}
            </button>
        }
    };
    view! {
        <div class="composer-frame">
            <p class="composer-here" role="status" dir="auto">
                {here}
            </p>
            <p class="composer-here" data-tone="wait" role="status" dir="auto">
                {answered}
            </p>
            <MentionList mentions />
            <form
                class="composer"
                aria-label=move || if mode.get() == DraftMode::Note { "Note" } else { "Reply" }
                data-mode=move || mode.get().as_str()
                data-drop=move || drop.get().then_some("")
                on:keydown=on_key
                on:submit=move |event| {
                    event.prevent_default();
                    send();
                }
                on:dragover=move |event| {
                    if uploads.may_take(&event) {
                        event.prevent_default();
                        drop.set(true);
                    }
                }
                on:dragleave=move |_| drop.set(false)
                on:drop=move |event| {
                    drop.set(false);
                    uploads.add_dropped(&event);
                }
            >
                <div class="composer-top">
                    <div class="seg" role="group" aria-label="Message type">
                        {MODES.map(choose).collect_view()}
                    </div>
                    <p class="composer-to">
                        {move || match by_mail.get() {
                            true => view! { <MailShort mail /> }.into_any(),
                            false => view! { <bdi>{to}</bdi> }.into_any(),
                        }}
                    </p>
                </div>
                <Show when=move || by_mail.get()>
                    <MailLines mail />
                </Show>
                {sample
                    .then(|| {
                        view! {
                            <p class="composer-sample" role="note" hidden=move || mode.get() == DraftMode::Note>
                                "This is a sample channel. Nothing you send here is delivered."
                            </p>
                        }
                    })}
                <textarea
                    class="composer-text"
                    id="composer"
                    rows="2"
                    dir="auto"
                    node_ref=area
                    aria-label=move || if mode.get() == DraftMode::Note { "Note" } else { "Message" }
                    placeholder=move || if mode.get() == DraftMode::Note { "Write a note for your team." } else { "Write a reply." }
                    prop:value=move || drafts.text.get()
                    aria-autocomplete="list"
                    aria-controls=move || mentions.list_id()
                    aria-activedescendant=move || mentions.active_id()
                    on:input=move |event| {
                        drafts.typed(event_target_value(&event));
                        presence.typed.set(Some((id, mode.get_untracked(), now_ms())));
                        mentions.look();
                    }
                    on:keydown=move |event| {
                        mentions.key(&event);
                    }
                    on:click=move |_| mentions.look()
                    on:blur=move |_| mentions.close()
                    on:paste=move |event| uploads.add_pasted(&event)
                ></textarea>
                <MentionLine mentions />
                <FileList uploads />
                <div class="composer-bottom">
                    <AttachButton uploads />
                    <p class="composer-hint" role="status" data-tone=move || offline().then_some("wait")>
                        {hint}
                    </p>
                    <button
                            type="submit"
                            class="btn btn-primary"
                            aria-disabled=move || blocked.get().map(|_| "true")
                            aria-description=move || blocked.get()
                            data-tip=move || blocked.get()
                            data-tip-side="up"
                            data-tip-align="end"
                        >
                            <Glyph icon=Icon::SendHorizontal />
                            <span class="send-label">{label}</span>
                            <kbd aria-hidden="true">"Ctrl ↵"</kbd>
                        </button>
                </div>
            </form>
        </div>
    }
    .into_any()
}
