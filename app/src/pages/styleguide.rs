//! Every part of the interface in every state, on one page.

use leptos::prelude::*;

use crate::components::{
    ui::*,
    words::{channel_attr, channel_icon},
};
use model::{ChannelKind, TagColor};

/// A fixed current time, so that the page always looks the same.
const NOW: i64 = 1_794_483_605_000;

/// A heading with examples.
#[component]
fn Show(
    /// The heading.
    #[prop(into)]
    title: String,
    /// The examples.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card">
            <header class="card-head"><h2>{title}</h2></header>
            <div class="card-body cluster">{children()}</div>
        </section>
    }
    .into_any()
}

/// Buttons with and without text.
#[component]
fn Buttons() -> impl IntoView {
    let on = RwSignal::new(true);
    view! {
        <Show title="Buttons">
            <Button variant=Variant::Primary shortcut="⌘ ↵">"Send to Amélie"</Button>
            <Button>"Plain"</Button>
            <Button icon=Icon::RefreshCw>"Try again"</Button>
            <Button variant=Variant::Quiet>"Quiet"</Button>
            <Button variant=Variant::Danger>"Delete"</Button>
            <Button variant=Variant::Danger final_step=true>"Delete for ever"</Button>
            <Button variant=Variant::Ai icon=Icon::Play>"Resume AI"</Button>
            <Button small=true>"Small"</Button>
            <Button variant=Variant::Primary busy=true>"Saving"</Button>
            <Button busy=true>"Busy"</Button>
            <Button disabled_because=Some("A file is still uploading".to_owned())>"Cannot be sent"</Button>
            <Button variant=Variant::Primary disabled_because=Some("Write something first".to_owned())>"Send"</Button>
            <Button variant=Variant::Danger small=true>"Small, danger"</Button>
            <Button variant=Variant::Ai small=true icon=Icon::Pause>"Small, AI"</Button>
            <Button wide=true>"As wide as what is around it"</Button>
        </Show>
        <Show title="Icon buttons">
            <IconButton icon=Icon::ListFilter name="Filter" />
            <IconButton icon=Icon::X name="Close" tone=IconTone::Danger />
            <IconButton
                icon=Icon::UserRoundCheck
                name="Assigned to you"
                tone=IconTone::Good
                pressed=on
                on_press=move || on.update(|on| *on = !*on)
            />
            <IconButton icon=Icon::UserRoundPlus name="Assign to yourself" tone=IconTone::Good pressed=Signal::derive(|| false) />
            <IconButton icon=Icon::Bold name="Bold" pressed=Signal::derive(|| true) />
            <IconButton icon=Icon::X name="Remove" small=true tone=IconTone::Danger tip=TipSide::Above />
            <IconButton icon=Icon::Plus name="Add" small=true />
            <IconButton
                icon=Icon::Paperclip
                name="Attach"
                disabled_because=Some("This channel carries no files".to_owned())
            />
        </Show>
    }
    .into_any()
}

/// People, text, counts and times.
#[component]
fn Words() -> impl IntoView {
    let names = ["Amélie Laurent", "نور الحسيني", "田中 美咲", "👩🏽‍🚀 Space Bakery", "+49 151 234", "Marcus Bergström"];
    let avatars = names.iter().map(|name| view! { <Avatar name=*name seed=*name /> }).collect_view();
    let channels = ChannelKind::ALL.iter().map(|kind| {
        view! {
            <Avatar name=kind.label() seed=kind.label()>
                <span class="avatar-channel" data-channel=channel_attr(*kind)>
                    <Glyph icon=channel_icon(*kind) />
                </span>
            </Avatar>
        }
    });
    let tones = [Tone::Neutral, Tone::Accent, Tone::Ai, Tone::Wait, Tone::Bad, Tone::Good];
    let tones = tones.map(|tone| view! { <Pill text=format!("{tone:?}") tone /> }).collect_view();
    let dots =
        TagColor::ALL.iter().map(|color| view! { <Pill text=color.label() dot=color.as_str() /> }).collect_view();
    let live = [("live", "Live"), ("reconnecting", "Catching up"), ("offline", "Offline")];
    let live = live.map(|(state, word)| view! { <span class="live" data-state=state>{word}</span> }).collect_view();
    view! {
        <Show title="Mark and avatars">
            <Mark />
            {avatars}
            <Avatar name="Tiny One" seed="a" size=AvatarSize::Tiny />
            <Avatar name="Small One" seed="b" size=AvatarSize::Small />
            <Avatar name="Large One" seed="c" size=AvatarSize::Large />
            <Avatar name="Ada" seed="d" ai=true />
            <Avatar name="With a picture" seed="e" picture="/mark.svg" />
        </Show>
        <Show title="Channels">{channels.collect_view()}</Show>
        <Show title="Pills, badges, keys, times">
            <Pill text="Pending" />
            <Pill text="You" icon=Icon::Pencil tone=Tone::Accent />
            <Pill text="Ada is writing" icon=Icon::Sparkles tone=Tone::Ai solid=true pulse=true />
            <Pill text="1 h 52" icon=Icon::Clock tone=Tone::Wait />
            <Pill text="Urgent" icon=Icon::Siren tone=Tone::Bad />
            <Pill text="Connected" icon=Icon::Check tone=Tone::Good />
            <Pill text="Enterprise" dot="blue" />
            <Pill text="+2" more=true />
            {tones}
            {dots}
            {live}
            <Badge count=2 what="unread" />
            <Badge count=10_000 what="unread" />
            <Badge count=5 what="waiting" quiet=true />
            <Kbd keys="⌘ K" />
            <RelativeTime at=NOW now=NOW />
            <RelativeTime at=NOW - 120_000 now=NOW />
            <RelativeTime at=NOW - 2 * 86_400_000 now=NOW />
            <RelativeTime at=NOW - 400 * 86_400_000 now=NOW />
            <CountdownRing left=1.0 />
            <CountdownRing left=0.4 />
        </Show>
    }
    .into_any()
}

/// Fields in every state.
#[component]
fn Fields() -> impl IntoView {
    let mail = RwSignal::new("anna@example".to_owned());
    let note = RwSignal::new(String::new());
    let title = RwSignal::new("Head of purchasing".to_owned());
    let wrong = "Give the country too, as in +33 6 55".to_owned();
    view! {
        <Show title="Fields">
            <Field id="sg-name" label="Name" name="name" value=note placeholder="Maison Corail" hint="As your team knows it." />
            <Field
                id="sg-mail"
                label="E-mail"
                name="mail"
                kind=InputKind::Email
                value=mail
                error=Some("This address has no ending such as .com".to_owned())
            />
            <Field id="sg-key" label="Key" name="key" value=RwSignal::new("tdm_5f2c".to_owned()) readonly=true optional=true />
            <Field id="sg-secret" label="Password" name="secret" kind=InputKind::Password value=RwSignal::new("secret".to_owned()) />
            <FieldFrame id="sg-text" label="Auto-reply" hint=Some("Empty sends none.".to_owned())>
                <textarea class="input" id="sg-text" rows="2">"Thank you for writing."</textarea>
            </FieldFrame>
            <FieldFrame id="sg-role" label="Role">
                <span class="select">
                    <select class="input" id="sg-role"><option>"Agent"</option></select>
                    <Glyph icon=Icon::ChevronDown />
                </span>
            </FieldFrame>
            <label class="check"><input type="checkbox" checked /><span class="check-text">"Ticked"</span></label>
            <label class="check"><input type="checkbox" /><span class="check-text">"Not ticked"</span></label>
            <input class="switch" type="checkbox" role="switch" aria-label="On" checked />
            <input class="switch" type="checkbox" role="switch" aria-label="Off" />
        </Show>
        <Show title="Edited in place">
            <EditableField label="Title" value=title on_save=move |new: String| title.set(new) />
            <EditableField label="Language" value="" on_save=|_: String| () />
            <EditableField label="Company" value="Maison Corail" state=SaveState::Saving on_save=|_: String| () />
            <EditableField
                label="Phone"
                value="06 55 51"
                state=SaveState::Failed(wrong)
                on_save=|_: String| ()
            />
        </Show>
    }
    .into_any()
}

/// Tabs, menus, dialogs and toasts.
#[component]
fn Choices() -> impl IntoView {
    let sort = RwSignal::new(0_usize);
    let mode = RwSignal::new(0_usize);
    let open = RwSignal::new(false);
    let toasts = Toasts::provide();
    let tab = |label: &str, count, current| Tab { label: label.to_owned(), href: "#".to_owned(), count, current };
    let tabs = vec![tab("Mine", Some(14), true), tab("Unassigned", Some(5), false), tab("Closed", None, false)];
    let foot = move || {
        view! {
            <Button on_press=move || open.set(false)>"Keep it"</Button>
            <Button variant=Variant::Danger final_step=true on_press=move || open.set(false)>"Delete channel"</Button>
        }
    };
    let undo = move || toasts.push(Toast::new("Conversation closed").action("Undo", || ()));
    view! {
        <Show title="Tabs, menus, dialogs, toasts">
            <Tabs label="Scope" tabs=tabs />
            <Segmented
                label="Message type"
                options=vec!["Reply".to_owned(), "Note".to_owned()]
                chosen=mode
                on_choose=move |index| mode.set(index)
            />
            <Menu id="sg-menu" name="Sort" trigger=|| view! { "Sort" <Glyph icon=Icon::ChevronDown /> }>
                <MenuItem label="Last activity" checked=Signal::derive(move || sort.get() == 0) on_select=move || sort.set(0) />
                <MenuItem label="Waiting longest" checked=Signal::derive(move || sort.get() == 1) on_select=move || sort.set(1) />
                <MenuLine />
                <MenuItem label="Snooze" icon=Icon::AlarmClock shortcut="H" on_select=|| () />
                <MenuItem
                    label="Merge"
                    icon=Icon::Link
                    disabled_because=Some("Choose two conversations".to_owned())
                    on_select=|| ()
                />
                <MenuItem label="Delete" icon=Icon::Trash2 tone=ItemTone::Danger on_select=|| () />
            </Menu>
            <Button on_press=move || open.set(true)>"Open a dialog"</Button>
            <Button on_press=undo>"Show a toast"</Button>
        </Show>
        <Show title="Toasts">
            <ToastView toast=Toast::new("Conversation closed").action("Undo", || ()) on_close=|| () />
            <ToastView toast=Toast::new("Sent to Amélie").tone(Tone::Good) on_close=|| () />
            <ToastView toast=Toast::new("Two messages were refused").tone(Tone::Bad).action("See why", || ()) on_close=|| () />
            <ToastView toast=Toast::new("Sends when you are back").tone(Tone::Wait) on_close=|| () />
            <ToastView toast=Toast::new("Ada answered Amélie").tone(Tone::Ai) on_close=|| () />
        </Show>
        <Show title="A dialog, as it stands open">
            <dialog class="dialog" open aria-label="Delete this channel?" style="position:static;margin:0">
                <header class="dialog-head"><h2>"Delete this channel?"</h2></header>
                <div class="dialog-body"><p>"Its conversations stay. New messages will not arrive any more."</p></div>
                <footer class="dialog-foot">
                    <Button>"Keep it"</Button>
                    <Button variant=Variant::Danger final_step=true>"Delete channel"</Button>
                </footer>
            </dialog>
        </Show>
        <Dialog title="Delete this channel?" open=open foot=foot>
            <p>"Its conversations stay. New messages will not arrive any more."</p>
        </Dialog>
        <ToastHost toasts=toasts />
    }
    .into_any()
}

/// Loading, empty, failed and offline states.
#[component]
fn States() -> impl IntoView {
    view! {
        <Show title="Skeletons">
            <Skeleton shape=Shape::Round />
            <Skeleton width=Width::W20 />
            <Skeleton width=Width::W40 />
            <Skeleton shape=Shape::Pill />
            <Skeleton shape=Shape::Block width=Width::W60 />
        </Show>
        <Show title="Empty and failed">
            <EmptyState icon=Icon::Inbox title="No conversation open" text="Pick one from the list.">
                <Button>"Next unread"</Button>
                <Kbd keys="J" />
            </EmptyState>
            <EmptyState icon=Icon::TriangleAlert title="The list did not load" text="Nothing is lost." tone=Tone::Bad>
                <Button icon=Icon::RefreshCw>"Try again"</Button>
            </EmptyState>
        </Show>
        <Banner icon=Icon::Info title="You are handling this." text="Ada stopped when you started typing." />
        <Banner icon=Icon::WifiOff tone=Tone::Wait title="Offline since 11:40." text="2 messages wait here." />
        <Banner icon=Icon::CircleAlert tone=Tone::Bad title="Two messages were refused." text="They are kept.">
            <Button variant=Variant::Quiet small=true>"See why"</Button>
        </Banner>
        <Banner icon=Icon::Sparkles tone=Tone::Ai title="Ada is handling this." place=BannerPlace::Foot />
        <Banner icon=Icon::Info tone=Tone::Accent title="A colleague writes here too." />
        <Banner icon=Icon::Check tone=Tone::Good title="Connected." place=BannerPlace::Card />
        <Banner icon=Icon::KeyRound tone=Tone::Wait title="Sign in again." text="Nothing is lost." place=BannerPlace::Card>
            <Button small=true>"Sign in"</Button>
        </Banner>
        <Banner icon=Icon::CircleAlert tone=Tone::Bad title="The mailbox refuses us." place=BannerPlace::Card />
    }
    .into_any()
}

/// The page with every part in every state.
#[component]
pub fn Styleguide() -> impl IntoView {
    view! {
        <main class="page page-wide">
            <header class="page-head"><h1>"Parts"</h1></header>
            <Buttons />
            <Words />
            <Fields />
            <Choices />
            <States />
        </main>
    }
    .into_any()
}
