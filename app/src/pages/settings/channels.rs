//! The page of the connected channels.

use leptos::prelude::*;

use super::{
    channel_form::ChannelForm,
    copy::CopyButton,
    mailbox::MailboxCards,
    mailbox_form::MailboxForm,
    parts::{AdminOnly, PageHead},
};
use crate::{
    components::ui::{Button, EmptyState, Glyph, Icon, Pill, Tone, Variant},
    state::{new_uuid, use_workspace},
};
use model::{AccountState, Channel, ChannelId, SetUp};

/// Every channel, with its texts, its allowed sites and the code that embeds its widget.
#[component]
pub fn SettingsChannels() -> impl IntoView {
    let workspace = use_workspace();
    let ids = Memo::new(move |_| workspace.boot.with(|boot| boot.channels.iter().map(|c| c.id).collect::<Vec<_>>()));
    let adding = RwSignal::new(None::<ChannelId>);
    let open = Memo::new(move |_| workspace.boot.with(|boot| boot.chat_open()));
    view! {
        <PageHead title="Channels" lead="Where your messages come from. They all arrive in the inbox.">
            <div class="head-actions">
                {move || match open.get() {
                    true => view! { <Pill text="Chat on" tone=Tone::Good icon=Icon::MessageCircle /> },
                    false => view! { <Pill text="Chat off: visitors get the auto-reply" icon=Icon::MessageCircle /> },
                }}
                <Button variant=Variant::Primary on_press=move || adding.set(Some(ChannelId::new(new_uuid())))>
                    "Add e-mail"
                </Button>
            </div>
        </PageHead>
        <AdminOnly>
            {move || {
                adding
                    .get()
                    .map(|id| {
                        view! { <MailboxForm id on_done=move || adding.set(None) on_cancel=move || adding.set(None) /> }
                    })
            }}
            <Show when=move || ids.with(Vec::is_empty)>
                <section class="card">
                    <EmptyState icon=Icon::Plug title="No channels yet" text="Add an e-mail channel to receive messages." />
                </section>
            </Show>
            <For each=move || ids.get() key=|id| *id let:id>
                <ChannelCards id=id />
            </For>
        </AdminOnly>
    }
    .into_any()
}

#[component]
fn ChannelCards(
    /// The channel to show.
    id: ChannelId,
) -> impl IntoView {
    let workspace = use_workspace();
    let channel =
        Memo::new(move |_| workspace.boot.with(|boot| boot.channels.iter().find(|channel| channel.id == id).cloned()));
    // A channel never changes its kind or key.
    let known = channel.get_untracked();
    known.map(|known| {
        if known.is_sample() {
            return view! { <SampleCard channel=known /> }.into_any();
        }
        let Channel { kind, key, address, .. } = known;
        view! {
            <ChannelForm id=id kind=kind channel=channel />
            {match kind.capabilities().set_up {
                SetUp::Widget => Some(view! { <Embed public_key=key /> }.into_any()),
                SetUp::Mailbox if !address.is_empty() => Some(view! { <MailboxCards id /> }.into_any()),
                SetUp::Mailbox | SetUp::Missing => None,
            }}
        }
        .into_any()
    })
}

/// A channel that cannot be edited.
#[component]
fn SampleCard(
    /// The channel.
    channel: Channel,
) -> impl IntoView {
    view! {
        <section class="card">
            <div class="card-head">
                <div>
                    <h2 dir="auto">{channel.name}</h2>
                    <p>
                        {channel.kind.label()}
                        ". It belongs to the sample conversations. It receives nothing, and replies are not delivered."
                    </p>
                </div>
                <Pill text=AccountState::Sample.label() tone=Tone::Wait icon=Icon::Info />
            </div>
        </section>
    }
    .into_any()
}

/// How to embed the widget in a site.
#[component]
fn Embed(
    /// The web chat's public key.
    public_key: String,
) -> impl IntoView {
    // Only the browser knows its own origin. Until hydration the page shows a path.
    let origin = RwSignal::new(String::new());
    Effect::new(move |_| {
        if let Ok(here) = window().location().origin() {
            origin.set(here);
        }
    });
    let try_it = format!("/chat/{public_key}");
    let line = Memo::new(move |_| {
        format!(r#"<script async src="{}/widget.js" data-channel="{public_key}"></script>"#, origin.get())
    });
    view! {
        <section class="card">
            <div class="card-head">
                <div>
                    <h2>"Add it to your site"</h2>
                    <p>"Paste this line before the closing body tag of your pages."</p>
                </div>
                <a class="btn btn-plain btn-small" href=try_it target="_blank" rel="noopener">
                    <Glyph icon=Icon::ExternalLink />
                    <span class="btn-label">"Try it"</span>
                </a>
                <CopyButton text=line />
            </div>
            <div class="card-body">
                <pre class="code-block" tabindex="0" dir="ltr" aria-label="Code for your site">
                    <code>{move || line.get()}</code>
                </pre>
            </div>
        </section>
    }
    .into_any()
}
