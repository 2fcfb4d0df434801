//! A new mail that begins a conversation (T16).

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;
use uuid::Uuid;

use super::composer::{AttachButton, FileList, Uploads, read_addresses, written};
use crate::{
    api::conversation::{Beginning, NewMessage, send_message},
    components::ui::{Button, Dialog, Variant, use_saving},
    piece::{Piece, Place, WritingPart, show_piece, writing_part},
    state::{WorkspaceState, forget, keep, new_uuid, recall, unsent, use_workspace},
};
use model::{
    ApiError, Channel, ChannelId, Compose, Contact, ContactField, ContactId, ConversationId, DraftMode, MailChoice,
    Mailbox, MemberId, MessageId, Permission, Recipients,
};

/// The new mail being written, if any. Copies share their state.
#[derive(Clone, Copy)]
pub struct Begin {
    open: RwSignal<bool>,
    to: RwSignal<String>,
    contact: RwSignal<Option<ContactId>>,
    /// Increases with each new recipient, because text written to one person must not go to another.
    people: RwSignal<u32>,
}

impl Begin {
    /// Provides an empty state to everything below.
    pub fn provide() -> Self {
        let begin = Self {
            open: RwSignal::new(false),
            to: RwSignal::default(),
            contact: RwSignal::new(None),
            people: RwSignal::new(0),
        };
        provide_context(begin);
        begin
    }

    /// Starts a mail without a recipient.
    pub fn to_anybody(self) {
        self.turn_to(None, String::new());
    }

    /// Starts a mail to a contact.
    pub fn to_contact(self, contact: &Contact) {
        let to = written(&Mailbox { name: contact.name.clone(), address: contact.email.clone() });
        self.turn_to(Some(contact.id), to);
    }

    /// Opens the dialog. A mail already begun for the same recipient continues.
    fn turn_to(self, contact: Option<ContactId>, to: String) {
        if self.contact.get_untracked() != contact {
            self.contact.set(contact);
            self.people.update(|people| *people += 1);
            self.to.set(to);
        }
        self.open.set(true);
    }
}

/// The new mail being written.
pub fn use_begin() -> Begin {
    expect_context()
}

/// Whether this member may begin a conversation and has a mailbox to send from.
pub fn may_begin(workspace: WorkspaceState) -> bool {
    workspace.boot.with(|boot| boot.me.may(Permission::Converse)) && !mailboxes(workspace).is_empty()
}

fn mailboxes(workspace: WorkspaceState) -> Vec<(ChannelId, String)> {
    workspace.boot.with(|boot| {
        let connected = |channel: &&Channel| {
            channel.kind.capabilities().may_begin() && !channel.address.is_empty() && !channel.is_sample()
        };
        let mailboxes = boot.channels.iter().filter(connected).filter(|one| boot.me.access.may_begin(one.id));
        let label = |name: &str, address: &str| match name == address {
            true => address.to_owned(),
            false => format!("{name} <{address}>"),
        };
        mailboxes.map(|channel| (channel.id, label(&channel.name, &channel.address))).collect()
    })
}

/// The dialog for a new mail.
#[component]
pub fn BeginDialog() -> impl IntoView {
    let begin = use_begin();
    // The dialog is created when first opened. The typed text stays when it closes.
    let asked = Memo::new(move |before: Option<&bool>| before == Some(&true) || begin.open.get());
    view! {
        <Show when=move || asked.get()>
            <Dialog title="New e-mail" open=begin.open>
                {show_piece(Piece::Writing, Place::Part, || Box::pin(writing_part(WritingPart::NewMail)))}
            </Dialog>
        </Show>
    }
}

/// Draws the content of the dialog. Called from the code that loads later.
pub(crate) fn draw() -> AnyView {
    view! { <Form begin=use_begin() /> }.into_any()
}

#[component]
fn Form(begin: Begin) -> impl IntoView {
    let workspace = use_workspace();
    let me = workspace.boot.with_untracked(|boot| boot.me.member.id);
    let from = RwSignal::new(untrack(|| mailboxes(workspace)).first().map(|(id, _)| *id));
    let (subject, text) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let saving = use_saving();
    // The ids stay until the mail is sent, so that a retry sends the same mail (R6).
    let ids = StoredValue::new((new_uuid(), new_uuid()));
    let uploads = Uploads::new();
    let navigate = use_navigate();
    let clear = move || {
        subject.try_set(String::new());
        text.try_set(String::new());
        uploads.take();
        ids.try_set_value((new_uuid(), new_uuid()));
    };
    let name = move || kept_as(me, begin.contact.try_get_untracked().flatten());
    let remember = move || {
        let (conversation, message) = ids.get_value();
        let (to, subject, text) = (begin.to.get_untracked(), subject.get_untracked(), text.get_untracked());
        keep(&name(), &Kept { conversation, message, to, subject, text }.lines());
    };
    Effect::new(move |before: Option<u32>| {
        let people = begin.people.get();
        if before != Some(people) {
            clear();
            if let Some(kept) = recall(&name()).and_then(|kept| Kept::read(&kept)) {
                ids.set_value((kept.conversation, kept.message));
                begin.to.set(kept.to);
                subject.set(kept.subject);
                text.set(kept.text);
            }
        }
        people
    });

    let send = move || {
        if saving.busy.get_untracked() {
            return;
        }
        let to = read_addresses(&begin.to.get_untracked());
        let Some(channel) = from.get_untracked() else { return };
        if let Some(why) = missing(&to, &text.get_untracked(), uploads) {
            return saving.error.set(Some(ApiError::invalid("", why)));
        }
        let (conversation, message) = ids.get_value();
        let conversation = ConversationId::new(conversation);
        let files = untrack(|| uploads.ready());
        let recipients = Recipients { to, ..Recipients::default() };
        let new = NewMessage {
            id: MessageId::new(message),
            conversation,
            mode: DraftMode::Reply,
            text: text.get_untracked(),
            attachments: files.iter().map(|file| file.id).collect(),
            compose: Compose::Mail(MailChoice { recipients, subject: Some(subject.get_untracked().trim().to_owned()) }),
            seen: None,
            by: Some(me),
            begin: Some(Beginning { channel, contact: begin.contact.get_untracked() }),
        };
        let sent = name();
        let navigate = navigate.clone();
        saving.run(send_message(new), move |_| {
            forget(&sent);
            // The member may have begun another mail meanwhile.
            if ids.try_get_value() == Some((conversation.uuid(), message)) {
                begin.open.try_set(false);
                begin.contact.try_set(None);
                begin.to.try_set(String::new());
                clear();
            }
            navigate(&format!("/inbox/{conversation}"), Default::default());
        });
    };
    let submit = send.clone();
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    let choose = move || {
        let all = mailboxes(workspace);
        (all.len() > 1).then(|| {
            let options = all
                .into_iter()
                .map(|(id, label)| view! { <option value=id.to_string() prop:selected=move || from.get() == Some(id)>{label}</option> })
                .collect_view();
            view! {
                <label class="field-label" for="begin-from">
                    "From"
                </label>
                <select
                    class="input"
                    id="begin-from"
                    on:change=move |event| from.set(event_target_value(&event).parse().ok())
                >
                    {options}
                </select>
            }
        })
    };
    let line = move |id: &'static str, label: &'static str, value: RwSignal<String>| {
        view! {
            <label class="field-label" for=id>
                {label}
            </label>
            <input
                class="input"
                id=id
                type="text"
                dir="auto"
                autocomplete="off"
                autofocus=id == "begin-to"
                prop:value=move || value.get()
                on:input=move |event| {
                    value.set(event_target_value(&event));
                    remember();
                }
            />
        }
    };
    view! {
        <form
            class="begin"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
            on:keydown=on_key
        >
            {choose}
            {line("begin-to", "To", begin.to)}
            {line("begin-subject", "Subject", subject)}
            <label class="field-label" for="begin-text">
                "Message"
            </label>
            <textarea
                class="input"
                id="begin-text"
                rows="8"
                dir="auto"
                prop:value=move || text.get()
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    remember();
                }
                on:paste=move |event| uploads.add_pasted(&event)
            ></textarea>
            <p class="begin-fault" role="alert">
                {saving.failure()}
            </p>
            <FileList uploads />
            <div class="begin-foot">
                <AttachButton uploads />
                <Button variant=Variant::Primary submit=true busy=saving.busy>
                    "Send"
                </Button>
            </div>
        </form>
    }
}

/// The storage key of the unsent mail in this browser.
fn kept_as(me: MemberId, to: Option<ContactId>) -> String {
    let to = to.map_or_else(|| "anybody".to_owned(), |contact| contact.to_string());
    unsent(me, &format!("begin:{to}"))
}

/// An unsent mail. It survives a reload (T4).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    conversation: Uuid,
    message: Uuid,
    to: String,
    subject: String,
    text: String,
}

impl Kept {
    /// The stored form: the ids, the recipients, the subject, then the text.
    fn lines(&self) -> String {
        let Self { conversation, message, to, subject, text } = self;
        format!("{conversation} {message}\n{to}\n{subject}\n{text}")
    }

    fn read(kept: &str) -> Option<Self> {
        let mut lines = kept.splitn(4, '\n');
        let (conversation, message) = lines.next()?.split_once(' ')?;
        let mut line = || lines.next().map(str::to_owned);
        let (conversation, message) = (conversation.parse().ok()?, message.parse().ok()?);
        Some(Self { conversation, message, to: line()?, subject: line()?, text: line()? })
    }
}

/// What is missing before the mail can be sent.
fn missing(to: &[Mailbox], text: &str, uploads: Uploads) -> Option<String> {
    let is_bad = |one: &&Mailbox| one.address.is_empty() || ContactField::Email.check(&one.address).is_err();
    if to.is_empty() {
        Some("Add at least one recipient.".to_owned())
    } else if let Some(one) = to.iter().find(is_bad) {
        Some(format!("\"{}\" is not a valid e-mail address. Use the format name@example.com.", one.address))
    } else if untrack(|| uploads.busy()) {
        Some("A file is still uploading.".to_owned())
    } else if text.trim().is_empty() && untrack(|| uploads.ready()).is_empty() {
        Some("Write something or attach a file.".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, Uuid};

    #[test]
    fn t4_a_new_mail_is_read_as_it_was_kept() {
        let (conversation, message) = (Uuid::from_u128(7), Uuid::from_u128(8));
        for (to, subject, text) in
            [("", "", ""), ("Dora <d@x.example>", "Hello", "Two\nlines\n\nand more"), ("", "", "\n")]
        {
            let kept = Kept { conversation, message, to: to.into(), subject: subject.into(), text: text.into() };
            assert_eq!(Kept::read(&kept.lines()), Some(kept));
        }
        for broken in ["", "x y\n\n\n", "only one line"] {
            assert_eq!(Kept::read(broken), None, "{broken:?}");
        }
    }
}
