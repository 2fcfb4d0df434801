//! Who else is in a conversation: on its card, above the composer, and at the end of the thread (T12).

use leptos::prelude::*;

use super::words::member_name;
use crate::{
    components::ui::{Avatar, AvatarSize},
    state::{Presence, WorkspaceState},
};
use model::{ConversationId, Doing, Here};

/// How many faces a card has room for.
const FACES: usize = 3;

/// What colleagues do, in words: "Ben is writing a reply… Cleo is looking at this." Empty if nobody is there.
pub fn colleagues(there: &[Here], workspace: WorkspaceState) -> String {
    let mut words = String::new();
    for (doing, what) in [
        (Doing::Replying, "writing a reply…"),
        (Doing::Noting, "writing a note…"),
        (Doing::Looking, "looking at this."),
    ] {
        let who = |one: &Here| one.who.filter(|_| one.doing == doing);
        let names: Vec<String> = there.iter().filter_map(who).map(|member| member_name(workspace, member)).collect();
        let be = match names.as_slice() {
            [] => continue,
            [one] => format!("{one} is"),
            [one, two] => format!("{one} and {two} are"),
            [one, rest @ ..] => format!("{one} and {} others are", rest.len()),
        };
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&be);
        words.push(' ');
        words.push_str(what);
    }
    words
}

/// The people on a card. It watches who is where and nothing else of the card, and nothing else watches it.
pub fn on_card(presence: Presence, workspace: WorkspaceState, id: ConversationId) -> Option<AnyView> {
    let there = presence.of(id);
    if there.is_empty() {
        return None;
    }
    let face = |one: &Here| match one.who {
        Some(member) => {
            let (name, seed) = (member_name(workspace, member), member.to_string());
            view! {
                <span class="here" data-doing=one.doing.as_str()>
                    <Avatar name seed size=AvatarSize::Tiny />
                </span>
            }
            .into_any()
        }
        None => dots(),
    };
    let words = colleagues(&there, workspace);
    let title = words.clone();
    Some(
        view! {
            <span class="row-here" title=title>
                {there.iter().take(FACES).map(face).collect_view()}
                <span class="sr">{words}</span>
            </span>
        }
        .into_any(),
    )
}

/// The line at the end of a thread while the person outside writes.
pub fn at_the_end(presence: Presence, id: ConversationId, them: Signal<String>) -> Option<AnyView> {
    presence.of(id).iter().any(|one| one.who.is_none()).then(|| {
        view! {
            <li class="typing">
                {dots()}
                <span role="status" dir="auto">
                    {move || format!("{} is typing…", them.get())}
                </span>
            </li>
        }
        .into_any()
    })
}

fn dots() -> AnyView {
    view! { <i class="typing-dots" aria-hidden="true" inner_html="<i></i><i></i><i></i>"></i> }.into_any()
}
