//! Connects a mailbox: address and password, the servers found for them, and a test that names the step that fails (H1, H9).

use leptos::{ev::SubmitEvent, html::Input, prelude::*};

use crate::{
    api::mailbox::{FoundMailbox, MailboxCheck, NewMailbox, check_mailbox, connect_mailbox, find_mailbox},
    components::ui::{
        Banner, BannerPlace, Button, Choice, FieldFrame, FormError, Glyph, Icon, PasswordField, Saving, TextField,
        Tone, Variant, field_error, other_error, use_saving,
    },
};
use model::{ChannelId, CheckedStep, EmailSettings, Host, Security, StepOutcome};

/// The fields that can show an error.
const FIELDS: &[&str] =
    &["address", "password", "sender", "user", "imap", "smtp", "folder", "sent_folder", "signature"];

/// The content of the form.
#[derive(Clone, Copy)]
struct Form {
    id: ChannelId,
    address: RwSignal<String>,
    settings: RwSignal<Option<EmailSettings>>,
    /// The source of the settings, and a notice about them.
    found: RwSignal<Option<(String, String)>>,
    check: RwSignal<Option<MailboxCheck>>,
    saving: Saving,
}

/// The form for a new or a connected mailbox.
#[component]
pub(super) fn MailboxForm(
    /// The id of the existing or new channel.
    id: ChannelId,
    /// The current settings of a connected mailbox.
    #[prop(optional_no_strip)]
    known: Option<EmailSettings>,
    /// Called when the mailbox is connected.
    #[prop(into)]
    on_done: Callback<()>,
    /// Called when the admin cancels.
    #[prop(into)]
    on_cancel: Callback<()>,
) -> impl IntoView {
    let is_new = known.is_none();
    let form = Form {
        id,
        address: RwSignal::new(known.as_ref().map(|known| known.address.clone()).unwrap_or_default()),
        settings: RwSignal::new(known),
        found: RwSignal::new(None),
        check: RwSignal::new(None),
        saving: use_saving(),
    };
    let password = NodeRef::<Input>::new();
    let ready = Memo::new(move |_| form.settings.with(Option::is_some));
    // Also None if the form was closed during the test.
    let mailbox = move || {
        let settings = form.settings.try_get_untracked()??;
        let typed = password.try_get_untracked()?.map(|input| input.value()).filter(|value| !value.is_empty());
        Some(NewMailbox { id, settings, password: typed })
    };
    let save = move || {
        if let Some(mailbox) = mailbox() {
            form.saving.run(connect_mailbox(mailbox), move |_| _ = on_done.try_run(()));
        }
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if !ready.get_untracked() {
            form.saving.run(find_mailbox(form.address.get_untracked()), move |found: FoundMailbox| {
                form.settings.try_set(Some(found.settings));
                form.found.try_set(Some((found.by, found.notice)));
            });
            return;
        }
        let Some(mailbox) = mailbox() else { return };
        form.check.set(None);
        form.saving.run(check_mailbox(mailbox), move |checked| {
            let good = checked.is_good();
            form.settings.try_set(Some(checked.settings.clone()));
            form.check.try_set(Some(checked));
            form.saving.busy.try_set(false);
            if good {
                save();
            }
        });
    };
    let error = Signal::from(form.saving.error);
    let failed = move || form.check.with(|check| check.as_ref().is_some_and(|check| !check.is_good()));
    let title = if is_new { "Add e-mail" } else { "Mailbox settings" };
    view! {
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-head">
                <div>
                    <h2>{title}</h2>
                    <p>"Any mailbox with IMAP and SMTP. The password is stored encrypted."</p>
                </div>
            </div>
            <div class="card-body form">
                <FormError error=other_error(error, FIELDS) />
                <TextField
                    id=format!("address-{id}")
                    label="Address"
                    value=form.address
                    on_input=move |value: String| {
                        form.address.set(value.clone());
                        form.settings.update(|settings| if let Some(settings) = settings { settings.address = value; });
                    }
                    literal=true
                    placeholder="support@example.com"
                    error=field_error(error, "address")
                />
                <PasswordField
                    id=format!("password-{id}")
                    label="Password"
                    optional=!is_new
                    autocomplete="off"
                    hint=Some(
                        if is_new { "Many providers require an app password. Create one in the account's security settings." } else { "Leave empty to keep the stored password." }.to_owned(),
                    )
                    error=field_error(error, "password")
                    node_ref=password
                />
                {move || form.found.get().map(|(by, notice)| view! { <Found by notice /> })}
                <Show when=move || ready.get()>
                    <Servers form />
                </Show>
                {move || form.check.get().map(|check| view! { <Steps steps=check.steps /> })}
                <Show when=move || form.saving.busy.get() && ready.get()>
                    <p class="field-hint" role="status">"Testing. This can take a minute because a test e-mail is sent to the mailbox."</p>
                </Show>
            </div>
            <div class="card-foot">
                <Button variant=Variant::Quiet on_press=move || _ = on_cancel.try_run(())>
                    "Cancel"
                </Button>
                <Show when=failed>
                    <Button on_press=save busy=form.saving.busy>
                        "Connect anyway"
                    </Button>
                </Show>
                <Button variant=Variant::Primary submit=true busy=form.saving.busy>
                    {move || if ready.get() { "Test and connect" } else { "Find the servers" }}
                </Button>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Found(by: String, notice: String) -> impl IntoView {
    let tone = if notice.is_empty() { Tone::Good } else { Tone::Wait };
    let text = if notice.is_empty() { "Check them, then test.".to_owned() } else { notice };
    view! {
        <Banner icon=Icon::Info title=format!("Servers from {by}.") text=text tone=tone place=BannerPlace::Card />
    }
}

/// All settings that were found, for editing.
#[component]
fn Servers(form: Form) -> impl IntoView {
    let error = Signal::from(form.saving.error);
    let id = form.id;
    let text = move |pick: fn(&EmailSettings) -> String| {
        Signal::derive(move || form.settings.with(|settings| settings.as_ref().map(pick).unwrap_or_default()))
    };
    let write = move |change: fn(&mut EmailSettings, String), value: String| {
        form.settings.update(|settings| {
            if let Some(settings) = settings {
                change(settings, value)
            }
        });
    };
    view! {
        <div class="form-grid">
            <TextField
                id=format!("sender-{id}")
                label="Sender name"
                value=text(|s| s.name.clone())
                on_input=move |value: String| write(|s, v| s.name = v, value)
                optional=true
                hint="Shown next to the address in e-mails that you send."
                error=field_error(error, "sender")
            />
            <TextField
                id=format!("user-{id}")
                label="User name"
                value=text(|s| s.user.clone())
                on_input=move |value: String| write(|s, v| s.user = v, value)
                literal=true
                error=field_error(error, "user")
            />
        </div>
        <HostFields
            id=format!("imap-{id}")
            label="Incoming (IMAP)"
            host=Signal::derive(move || form.settings.with(|s| s.as_ref().map(|s| s.imap.clone())))
            on_change=move |host: Host| form.settings.update(|s| if let Some(s) = s { s.imap = host; })
            error=field_error(error, "imap")
        />
        <HostFields
            id=format!("smtp-{id}")
            label="Outgoing (SMTP)"
            host=Signal::derive(move || form.settings.with(|s| s.as_ref().map(|s| s.smtp.clone())))
            on_change=move |host: Host| form.settings.update(|s| if let Some(s) = s { s.smtp = host; })
            error=field_error(error, "smtp")
        />
        <TextField
            id=format!("folder-{id}")
            label="Folder to read"
            value=text(|s| s.folder.clone())
            on_input=move |value: String| write(|s, v| s.folder = v, value)
            literal=true
            error=field_error(error, "folder")
        />
        <TextField
            id=format!("signature-{id}")
            label="Signature"
            value=text(|s| s.signature.clone())
            on_input=move |value: String| write(|s, v| s.signature = v, value)
            rows=3
            optional=true
            hint="Added below every reply."
            error=field_error(error, "signature")
        />
    }
    .into_any()
}

/// The inputs for a server: name, port and security.
#[component]
fn HostFields(
    /// An id that is unique in the page.
    id: String,
    /// The label.
    label: &'static str,
    /// The server.
    host: Signal<Option<Host>>,
    /// Called with the changed server.
    #[prop(into)]
    on_change: Callback<(Host,)>,
    /// What is wrong.
    error: Signal<Option<String>>,
) -> impl IntoView {
    let change = move |with: &dyn Fn(&mut Host)| {
        if let Some(mut new) = host.get_untracked() {
            with(&mut new);
            on_change.run((new,));
        }
    };
    let name = move || host.with(|host| host.as_ref().map(|host| host.name.clone()).unwrap_or_default());
    let port = move || host.with(|host| host.as_ref().map(|host| host.port.to_string()).unwrap_or_default());
    let security = Signal::derive(move || host.with(|host| host.as_ref().map_or("tls", |host| host.security.as_str())));
    let described = format!("{id}-hint {id}-error");
    view! {
        <FieldFrame id=id.clone() label=label optional=false hint=None error=error>
            <div class="host-fields">
                <input
                    class="input"
                    id=id
                    type="text"
                    dir="ltr"
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby=described
                    prop:value=name
                    on:input=move |event| {
                        let value = event_target_value(&event);
                        change(&|host| host.name.clone_from(&value));
                    }
                />
                <input
                    class="input"
                    type="text"
                    inputmode="numeric"
                    aria-label=format!("{label}: port")
                    prop:value=port
                    on:input=move |event| {
                        let value = event_target_value(&event).trim().parse().unwrap_or(0);
                        change(&|host| host.port = value);
                    }
                />
                <Choice
                    name=Signal::stored(format!("{label}: encryption"))
                    options=vec![("tls", "TLS"), ("starttls", "STARTTLS")]
                    value=security
                    on_choose=move |word: String| {
                        if let Ok(security) = word.parse::<Security>() {
                            change(&|host| host.security = security);
                        }
                    }
                />
            </div>
        </FieldFrame>
    }
    .into_any()
}

/// The result of the test, step by step.
#[component]
pub(super) fn Steps(
    /// All steps in order.
    steps: Vec<CheckedStep>,
) -> impl IntoView {
    let rows = steps
        .into_iter()
        .map(|CheckedStep { step, outcome }| {
            let (word, icon, state, text) = match outcome {
                StepOutcome::Good(found) => ("passed", Icon::Check, "good", found),
                StepOutcome::Bad { reason, next_step } => {
                    ("failed", Icon::CircleAlert, "bad", format!("{reason} {next_step}"))
                }
                StepOutcome::Skipped => ("not tried", Icon::Circle, "skipped", String::new()),
            };
            view! {
                <li data-state=state>
                    <Glyph icon />
                    <b>{step.label()}</b>
                    <span class="sr">{word}</span>
                    <span dir="auto">{text}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <div role="status">
            <ol class="check-steps" aria-label="Test results">
                {rows}
            </ol>
        </div>
    }
}
