//! The form for a channel's texts and the sites that may embed its widget.

use leptos::{ev::SubmitEvent, prelude::*};

use crate::{
    api::settings::{ChannelEdit, edit_channel},
    components::ui::{Button, FormError, TextField, Variant, field_error, other_error, use_saving},
    state::{WorkspaceState, use_workspace},
};
use model::{Channel, ChannelId, ChannelKind, SetUp};

/// The content of the form. Sites are one per line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Text {
    name: String,
    greeting: String,
    auto_reply: String,
    sites: String,
}

impl Text {
    fn of(channel: &Channel) -> Self {
        Self {
            name: channel.name.clone(),
            greeting: channel.greeting.clone(),
            auto_reply: channel.auto_reply.clone(),
            sites: channel.origins.join("\n"),
        }
    }

    fn edit(self, id: ChannelId) -> ChannelEdit {
        let origins = self.sites.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        ChannelEdit { id, name: self.name, greeting: self.greeting, auto_reply: self.auto_reply, origins }
    }
}

/// The form. Changes that somebody else saves appear here, unless this form has unsaved changes.
#[component]
pub(super) fn ChannelForm(
    /// The channel to edit.
    id: ChannelId,
    /// The kind of channel.
    kind: ChannelKind,
    /// The saved channel.
    channel: Memo<Option<Channel>>,
) -> impl IntoView {
    let workspace = use_workspace();
    let saving = use_saving();
    let typed = RwSignal::new(None::<Text>);
    let text = Memo::new(move |_| {
        typed.get().unwrap_or_else(|| channel.with(|c| c.as_ref().map(Text::of).unwrap_or_default()))
    });
    let write = move |change: fn(&mut Text, String), value: String| {
        let mut new = text.get_untracked();
        change(&mut new, value);
        typed.set(Some(new));
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let edit = text.get_untracked().edit(id);
        saving.run(edit_channel(edit), move |saved| {
            put(workspace, saved);
            typed.try_set(None);
        });
    };
    let discard = move || {
        typed.set(None);
        saving.error.set(None);
    };
    let error = Signal::from(saving.error);
    let changed = Memo::new(move |_| {
        typed.with(|typed| {
            typed.as_ref().is_some_and(|typed| channel.with(|c| c.as_ref().map(Text::of).as_ref() != Some(typed)))
        })
    });
    let unchanged = Signal::derive(move || (!changed.get()).then(|| "No changes to save".to_owned()));
    let web = kind.capabilities().set_up == SetUp::Widget;
    let title = move || text.with(|text| text.name.clone());
    view! {
        <form class="card" method="dialog" on:submit=submit>
            <div class="card-head">
                <div>
                    <h2 dir="auto">{title}</h2>
                    <p>{kind.label()}</p>
                </div>
            </div>
            <div class="card-body form">
                <FormError error=other_error(error, &["name", "greeting", "auto_reply", "origins"]) />
                <TextField
                    id=format!("name-{id}")
                    label="Name"
                    value=Signal::derive(move || text.with(|text| text.name.clone()))
                    on_input=move |value: String| write(|text, value| text.name = value, value)
                    hint="The name that your team sees."
                    error=field_error(error, "name")
                />
                {web
                    .then(|| {
                        view! {
                            <TextField
                                id=format!("greeting-{id}")
                                label="Greeting"
                                value=Signal::derive(move || text.with(|text| text.greeting.clone()))
                                on_input=move |value: String| write(|text, value| text.greeting = value, value)
                                optional=true
                                hint="Visitors see it before they write."
                                error=field_error(error, "greeting")
                            />
                        }
                    })}
                {web
                    .then(|| {
                        view! {
                            <TextField
                                id=format!("auto-reply-{id}")
                                label="Auto-reply while chat is off"
                                value=Signal::derive(move || text.with(|text| text.auto_reply.clone()))
                                on_input=move |value: String| write(|text, value| text.auto_reply = value, value)
                                rows=3
                                optional=true
                                hint="Sent once to each visitor who writes while chat is off. Leave empty to send nothing."
                                error=field_error(error, "auto_reply")
                            />
                        }
                    })}
                {web
                    .then(|| {
                        view! {
                            <TextField
                                id=format!("sites-{id}")
                                label="Allowed sites"
                                value=Signal::derive(move || text.with(|text| text.sites.clone()))
                                on_input=move |value: String| write(|text, value| text.sites = value, value)
                                rows=3
                                optional=true
                                literal=true
                                placeholder="https://www.example.com"
                                hint="One per line. Leave empty to allow every site."
                                error=field_error(error, "origins")
                            />
                        }
                    })}
            </div>
            <div class="card-foot">
                <span hidden=move || !changed.get()>
                    <Button variant=Variant::Quiet on_press=discard>
                        "Discard"
                    </Button>
                </span>
                <Button variant=Variant::Primary submit=true busy=saving.busy disabled_because=unchanged>
                    "Save changes"
                </Button>
            </div>
        </form>
    }
    .into_any()
}

/// Shows the saved channel at once, before the live event arrives.
fn put(workspace: WorkspaceState, saved: Channel) {
    workspace.boot.try_update(|boot| {
        if let Some(known) = boot.channels.iter_mut().find(|channel| channel.id == saved.id) {
            *known = saved;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_stand_one_per_line() {
        let text = Text { sites: " https://a.example \n\n https://b.example".to_owned(), ..Text::default() };
        let edit = text.edit(ChannelId::new(uuid::Uuid::nil()));
        assert_eq!(edit.origins, ["https://a.example", "https://b.example"]);
    }
}
