//! Help: how Tandem is used, its keys, and where to ask (L6).

use leptos::prelude::*;

use super::parts::PageHead;
use crate::{api::settings::support_address, json::fetched};

/// How things are done, as short as they can be said.
const HOW: &[(&str, &[&str])] = &[
    (
        "Find",
        &[
            "Press / and type: names, addresses, words of a message, file names. Quotes find a phrase, a minus leaves a word out.",
            "Write from:, tag:, is:unread or before: in the search for more exact questions. A search that is a filter can be kept as a view.",
            "Filters narrow the list. What is shown is in the address, so a link shows a colleague the same.",
        ],
    ),
    (
        "Act",
        &[
            "The buttons above a conversation and their letters do the same. With several selected, letters act on all of them.",
            "Whatever you do can be undone: by the button that appears, or with Ctrl Z.",
            "Without a network, go on: what you do is shown at once and sent when the connection is back.",
        ],
    ),
    (
        "Write",
        &[
            "Notes are for your team alone. Type @ in a note to tell somebody.",
            "A reply waits a few seconds before it goes out; until then it can be taken back.",
            "Drafts are kept in every conversation, and are there on your other devices.",
        ],
    ),
];

/// The page.
#[component]
pub fn SettingsHelp() -> impl IntoView {
    let address = fetched(|| (), |()| async { support_address().await.ok().flatten() });
    let ask = move || {
        Suspend::new(async move {
            match address.await {
                Some(page) if page.starts_with("https://") => view! {
                    <a href=page.clone() target="_blank" rel="noopener noreferrer">
                        {page.clone()}
                    </a>
                }
                .into_any(),
                Some(mail) => view! { <a href=format!("mailto:{mail}")>{mail.clone()}</a> }.into_any(),
                None => "Whoever runs Tandem for you has named no address for help. Ask an owner or admin of your workspace.".into_any(),
            }
        })
    };
    let part = |(title, lines): &(&'static str, &'static [&'static str])| {
        view! {
            <section class="card">
                <div class="card-body">
                    <h2 class="help-head">{*title}</h2>
                    <ul class="help-list">{lines.iter().map(|line| view! { <li>{*line}</li> }).collect_view()}</ul>
                </div>
            </section>
        }
    };
    view! {
        <PageHead title="Help" lead="How Tandem is used, its keys, and where to ask." />
        {HOW.iter().map(part).collect_view()}
        <section class="card">
            <div class="card-body">
                <h2 class="help-head">"Keys"</h2>
                <p>
                    "Press " <kbd>"?"</kbd> " in " <a href="/inbox">"the inbox"</a>
                    " for all keys, and to change those that act on conversations. " <kbd>"Ctrl K"</kbd>
                    " finds a command by its name."
                </p>
            </div>
        </section>
        <section class="card">
            <div class="card-body">
                <h2 class="help-head">"Ask"</h2>
                <p>
                    <Transition>{ask}</Transition>
                </p>
            </div>
        </section>
    }
    .into_any()
}
