//! The list under the field: completions of the word that is typed, or recent searches while nothing is typed.

use leptos::prelude::*;

use super::{
    complete::{Lists, Offer, Offered},
    field::{Hints, SearchBox, SearchKey, caret},
    recent::Recent,
};
use crate::{
    components::ui::{Glyph, Icon},
    state::{Search, use_search, use_workspace},
};

/// What the list offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Offering {
    #[default]
    Nothing,
    Complete(Offered),
    Recent(Vec<String>),
}

impl Offering {
    const fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Complete(offered) => offered.offers.len(),
            Self::Recent(texts) => texts.len(),
        }
    }
}

/// The list under the field. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct Offers {
    search: Search,
    field: SearchBox,
    recent: Recent,
    offering: Memo<Offering>,
    /// The option that the arrow keys moved to, and the text for which they did.
    moved: RwSignal<Option<(String, usize)>>,
    /// The text for which the list was closed.
    closed: RwSignal<Option<String>>,
}

impl Offers {
    pub fn new(field: SearchBox, recent: Recent) -> Self {
        let (search, workspace) = (use_search(), use_workspace());
        let (moved, closed) = (RwSignal::new(None), RwSignal::new(None::<String>));
        let offering = Memo::new(move |_| {
            let text = search.text.get();
            if !field.focused.get() || closed.with(|closed| closed.as_ref() == Some(&text)) {
                return Offering::Nothing;
            }
            if text.is_empty() {
                return match recent.texts.get() {
                    texts if texts.is_empty() => Offering::Nothing,
                    texts => Offering::Recent(texts),
                };
            }
            let offered = workspace.boot.with(|boot| {
                let lists = Lists { members: &boot.members, channels: &boot.channels, tags: &boot.tags };
                Offered::at(&text, caret(), lists)
            });
            if offered.offers.is_empty() { Offering::Nothing } else { Offering::Complete(offered) }
        });
        // Whoever comes back to the empty field is offered the recent searches again.
        Effect::new(move |_| {
            if !field.focused.get() {
                closed.set(None);
            }
        });
        Self { search, field, recent, offering, moved, closed }
    }

    fn chosen(self) -> Option<usize> {
        let moved = self.moved.get();
        match moved.filter(|(text, _)| self.search.text.with(|now| now == text)) {
            Some((_, at)) => Some(at),
            None => self.offering.with(|offering| match offering {
                Offering::Complete(offered) if offered.first => Some(0),
                _ => None,
            }),
        }
    }

    /// What a screen reader is told. None while nothing is offered.
    pub fn hints(self) -> Option<Hints> {
        let is_open = self.offering.with(|offering| offering.len() > 0);
        is_open.then(|| Hints { list: Some("search-offers"), chosen: self.chosen().map(|at| format!("offer-{at}")) })
    }

    /// Handles a key, and returns whether it was used.
    pub fn press(self, key: SearchKey) -> bool {
        let (offering, chosen) = untrack(|| (self.offering.get(), self.chosen()));
        let count = offering.len();
        if count == 0 {
            return false;
        }
        let text = self.search.text.get_untracked();
        match (key, chosen) {
            (SearchKey::Down, _) => self.moved.set(Some((text, chosen.map_or(0, |at| (at + 1) % count)))),
            (SearchKey::Up, _) => {
                self.moved.set(Some((text, chosen.unwrap_or(0).checked_sub(1).unwrap_or(count - 1))));
            }
            (SearchKey::Enter, Some(at)) => self.accept(at),
            (SearchKey::Tab, at) if matches!(offering, Offering::Complete(_)) => self.accept(at.unwrap_or(0)),
            (SearchKey::Delete, Some(at)) => match offering {
                Offering::Recent(texts) => self.remove(texts.get(at).cloned().unwrap_or_default()),
                _ => return false,
            },
            (SearchKey::Escape, _) if !text.is_empty() => self.closed.set(Some(text)),
            _ => return false,
        }
        true
    }

    fn accept(self, at: usize) {
        match self.offering.get_untracked() {
            Offering::Complete(offered) => {
                if let Some((text, caret)) = offered.accept(&self.search.text.get_untracked(), at) {
                    self.field.write(text, Some(caret));
                }
            }
            Offering::Recent(texts) => {
                if let Some(text) = texts.into_iter().nth(at) {
                    // It is searched for as it stands, so its last word needs no completion.
                    self.closed.set(Some(text.clone()));
                    self.field.write(text, None);
                }
            }
            Offering::Nothing => {}
        }
    }

    fn remove(self, text: String) {
        self.moved.set(None);
        self.recent.remove(&text);
    }

    /// The list.
    pub fn draw(self) -> AnyView {
        let option = move |at: usize, icon: Option<Icon>, label: String, about: String| {
            let chosen = move || self.chosen() == Some(at);
            view! {
                <div
                    class="offer"
                    role="option"
                    id=format!("offer-{at}")
                    aria-selected=move || if chosen() { "true" } else { "false" }
                    on:click=move |_| self.accept(at)
                >
                    {icon.map(|icon| view! { <Glyph icon /> })}
                    <bdi class="offer-label">{label}</bdi>
                    {(!about.is_empty()).then(|| view! { <bdi class="offer-about">{about}</bdi> })}
                </div>
            }
        };
        let complete =
            move |(at, Offer { label, about, .. }): (usize, Offer)| option(at, None, label, about).into_any();
        let recent = move |(at, text): (usize, String)| {
            let gone = text.clone();
            view! {
                <div class="offer-recent" role="presentation">
                    {option(at, Some(Icon::History), text, String::new())}
                    // By keyboard, the Delete key does the same: an option of a list can hold no button.
                    <button
                        type="button"
                        class="offer-remove"
                        tabindex="-1"
                        aria-hidden="true"
                        title="Remove"
                        on:click=move |_| self.remove(gone.clone())
                    >
                        <Glyph icon=Icon::X />
                    </button>
                </div>
            }
            .into_any()
        };
        let options = move || {
            let (name, head, options) = match self.offering.get() {
                Offering::Nothing => return None,
                Offering::Complete(offered) => {
                    ("Completions", None, offered.offers.into_iter().enumerate().map(complete).collect_view())
                }
                Offering::Recent(texts) => {
                    let head = view! {
                        <p class="offer-head" aria-hidden="true">
                            "Recent searches"
                        </p>
                    };
                    (
                        "Recent searches. The Delete key removes one.",
                        Some(head),
                        texts.into_iter().enumerate().map(recent).collect_view(),
                    )
                }
            };
            Some(view! {
                // The field keeps the focus while something is pressed here.
                <div class="offers" on:mousedown=move |event| event.prevent_default()>
                    {head}
                    <div role="listbox" id="search-offers" aria-label=name>
                        {options}
                    </div>
                </div>
            })
        };
        options.into_any()
    }
}
