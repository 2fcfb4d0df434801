//! Mentions (T7): `@` in a note finds members and teams. In a reply it offers to make a note of it, because mentions are internal.

use leptos::{ev::KeyboardEvent, html, prelude::*};

use super::text::Drafts;
use crate::{
    components::ui::{Glyph, Icon},
    state::{use_thread, use_workspace},
};
use model::{
    Access, Bootstrap, DraftMode, MOST_MENTIONS, Member, Mentioned, Permission, Placement, Visibility, mention_pieces,
    plain,
};

/// How many completions are offered.
const MOST: usize = 8;
/// The longest beginning of a name that is looked for, in characters.
const LONGEST: usize = 40;

/// Somebody who can be mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Offer {
    who: Mentioned,
    name: String,
    /// What tells them from others.
    about: String,
    /// They may not see the conversation.
    is_blind: bool,
}

/// The `@…` that is being typed: where it begins and ends in the text, in bytes, and what stands behind the `@`.
fn being_typed(text: &str, caret: u32) -> Option<(usize, usize, &str)> {
    let mut units = 0_u32;
    let end = text.char_indices().find(|(_, c)| {
        let is_there = units >= caret;
        units = units.saturating_add(c.len_utf16() as u32);
        is_there
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    let before = text.get(..end)?;
    let start = before.rfind('@')?;
    let typed = before.get(start + 1..)?;
    let is_word = before[..start].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let is_name = !typed.starts_with(char::is_whitespace) && !typed.contains('\n') && typed.chars().count() <= LONGEST;
    (is_word && is_name).then_some((start, end, typed))
}

/// Whether a member may see a conversation.
fn sees(member: &Member, boot: &Bootstrap, of: &Placement) -> bool {
    if member.role.may(Permission::Administer, &[]) || member.visibility == Visibility::All {
        return true;
    }
    let teams = boot.teams.iter().filter(|team| member.teams.contains(&team.id));
    let channels = teams.flat_map(|team| team.channels.iter().copied()).collect();
    let Member { id, visibility, teams, .. } = member.clone();
    Access { member: id, visibility, teams, channels }.sees(of)
}

/// Everybody who can be mentioned.
fn everybody(boot: &Bootstrap, of: &Placement) -> Vec<Offer> {
    let members = boot.members.iter().filter(|member| !member.disabled).map(|member| Offer {
        who: Mentioned::Member(member.id),
        name: member.name.clone(),
        about: member.email.clone(),
        is_blind: !sees(member, boot, of),
    });
    let teams = boot.teams.iter().map(|team| Offer {
        who: Mentioned::Team(team.id),
        name: team.name.clone(),
        about: "Team".to_owned(),
        is_blind: false,
    });
    members.chain(teams).collect()
}

/// Those whose name fits what is typed. Those whose name begins with it come first.
fn fitting(all: Vec<Offer>, typed: &str) -> Vec<Offer> {
    let typed = plain(typed);
    // A name that stands there already is complete, unless a longer one begins like it.
    let done = all.iter().any(|offer| plain(&offer.name) == typed.trim_end()) && typed.ends_with(' ');
    // Scripts without spaces have no beginnings of words.
    let anywhere = typed.chars().any(|c| c >= '\u{2e80}');
    let rank = |offer: &Offer| {
        let name = plain(&offer.name);
        let inner = name.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(&typed));
        let inner = inner || name.split_whitespace().any(|word| word.starts_with(&typed));
        if name.starts_with(&typed) { Some(0) } else { (inner || (anywhere && name.contains(&typed))).then_some(1) }
    };
    let mut found: Vec<_> = all.into_iter().filter_map(|offer| Some((rank(&offer)?, offer))).collect();
    found.sort_by(|(rank, offer), (other_rank, other)| rank.cmp(other_rank).then_with(|| offer.name.cmp(&other.name)));
    if done { Vec::new() } else { found.into_iter().take(MOST).map(|(_, offer)| offer).collect() }
}

/// Whom a text mentions. Where several have the same name, all of them.
fn mentioned(all: &[Offer], text: &str) -> Vec<Offer> {
    if !text.contains('@') {
        return Vec::new();
    }
    let names: Vec<&str> = all.iter().map(|offer| offer.name.as_str()).collect();
    let found = mention_pieces(text, &names).into_iter().filter_map(|(_, which)| names.get(which?).copied());
    let found: Vec<&str> = found.collect();
    all.iter().filter(|offer| found.contains(&offer.name.as_str())).cloned().collect()
}

/// The mentions of the text in the composer. Copies share their state.
#[derive(Clone, Copy)]
pub struct Mentions {
    drafts: Drafts,
    mode: RwSignal<DraftMode>,
    area: NodeRef<html::Textarea>,
    /// Where the `@…` that is being typed begins and ends.
    at: RwSignal<Option<(usize, usize)>>,
    offers: Memo<Vec<Offer>>,
    /// Which offer is chosen.
    active: RwSignal<usize>,
    /// Whom the note mentions.
    told: Memo<Vec<Offer>>,
}

impl Mentions {
    /// Those of a composer.
    pub fn of(drafts: Drafts, mode: RwSignal<DraftMode>, area: NodeRef<html::Textarea>) -> Self {
        let (thread, workspace) = (use_thread(), use_workspace());
        let at = RwSignal::new(None::<(usize, usize)>);
        let all = move || {
            let placement = thread.open.with(|row| row.as_ref().map(|row| row.facts().placement()));
            placement.map(|of| workspace.boot.with(|boot| everybody(boot, &of))).unwrap_or_default()
        };
        let offers = Memo::new(move |_| {
            let Some((start, end)) = at.get() else { return Vec::new() };
            let typed = drafts.text.with(|text| text.get(start + 1..end).map(str::to_owned)).unwrap_or_default();
            // An `@` alone may be anything in a reply.
            if typed.is_empty() && mode.get() == DraftMode::Reply { Vec::new() } else { fitting(all(), &typed) }
        });
        let told = Memo::new(move |_| match mode.get() {
            DraftMode::Note => {
                drafts.text.with(|text| if text.contains('@') { mentioned(&all(), text) } else { Vec::new() })
            }
            DraftMode::Reply => Vec::new(),
        });
        Self { drafts, mode, area, at, offers, active: RwSignal::new(0), told }
    }

    /// Whom the note mentions.
    pub fn chosen(self) -> Vec<Mentioned> {
        self.told.with_untracked(|told| told.iter().map(|offer| offer.who).collect())
    }

    /// Why a note with these mentions cannot be stored.
    pub fn fault(self) -> Option<String> {
        (self.told.with(Vec::len) > MOST_MENTIONS)
            .then(|| format!("Mention at most {MOST_MENTIONS} people and teams in one note"))
    }

    /// The text or the caret changed.
    pub fn look(self) {
        let now =
            self.drafts.text.with_untracked(|text| being_typed(text, caret(self.area)).map(|(from, to, _)| (from, to)));
        if self.at.get_untracked() != now {
            self.at.set(now);
            self.active.set(0);
        }
    }

    /// Leaves the completions.
    pub fn close(self) {
        self.at.set(None);
    }

    fn is_open(self) -> bool {
        self.offers.with(|offers| !offers.is_empty())
    }

    /// A key in the text. Whether it was meant for the completions.
    pub fn key(self, event: &KeyboardEvent) -> bool {
        let count = untrack(|| self.offers.with(Vec::len));
        if count == 0 || event.is_composing() || event.ctrl_key() || event.meta_key() {
            return false;
        }
        let active = self.active.get_untracked().min(count - 1);
        match event.key().as_str() {
            "ArrowDown" => self.active.set((active + 1) % count),
            "ArrowUp" => self.active.set((active + count - 1) % count),
            "Enter" | "Tab" if !event.shift_key() => self.accept(active),
            "Escape" => self.close(),
            _ => return false,
        }
        event.prevent_default();
        event.stop_propagation();
        true
    }

    /// Puts a mention in place of what was typed. A reply becomes a note.
    fn accept(self, which: usize) {
        let Some((start, end)) = self.at.get_untracked() else { return };
        let Some(offer) = self.offers.with_untracked(|offers| offers.get(which).cloned()) else { return };
        let text = self.drafts.text.get_untracked();
        let (Some(before), Some(after)) = (text.get(..start), text.get(end..)) else { return };
        let begin = format!("{before}@{} ", offer.name);
        let caret = begin.encode_utf16().count() as u32;
        self.close();
        let whole = begin + after.strip_prefix(' ').unwrap_or(after);
        self.drafts.typed(whole.clone());
        if self.mode.get_untracked() == DraftMode::Reply {
            self.drafts.move_to(DraftMode::Note);
            self.mode.set(DraftMode::Note);
        }
        put_caret(self.area, &whole, caret);
    }

    /// What assistive technology is told of the chosen completion.
    pub fn active_id(self) -> Option<String> {
        self.is_open()
            .then(|| format!("mention-{}", self.active.get().min(self.offers.with(Vec::len).saturating_sub(1))))
    }

    /// The id of the list of completions, while there is one.
    pub fn list_id(self) -> Option<&'static str> {
        self.is_open().then_some("mentions")
    }
}

/// The completions, above the composer.
#[component]
pub fn MentionList(mentions: Mentions) -> impl IntoView {
    let options = move || {
        let reply = mentions.mode.get() == DraftMode::Reply;
        let option = move |(place, offer): (usize, Offer)| {
            let Offer { who, name, about, is_blind } = offer;
            let icon = if matches!(who, Mentioned::Team(_)) { Icon::Users } else { Icon::UserRound };
            let chosen = move || mentions.active.get().min(mentions.offers.with(Vec::len).saturating_sub(1)) == place;
            view! {
                <li
                    id=format!("mention-{place}")
                    class="mention-offer"
                    role="option"
                    aria-selected=move || chosen().to_string()
                    on:mousedown=|event| event.prevent_default()
                    on:click=move |_| mentions.accept(place)
                >
                    <Glyph icon=icon />
                    <span class="cut">
                        {reply.then_some("Make this a note for ")}
                        <bdi>{name}</bdi>
                    </span>
                    <span class="mention-about cut" data-tone=is_blind.then_some("wait")>
                        {if is_blind { "Cannot see this conversation".to_owned() } else { about }}
                    </span>
                </li>
            }
        };
        mentions.offers.get().into_iter().enumerate().map(option).collect_view()
    };
    let count = move || match mentions.offers.with(Vec::len) {
        0 => String::new(),
        n => format!("{n} to mention. Choose with the arrow keys and Enter."),
    };
    view! {
        <p class="sr" role="status">{count}</p>
        <div class="mention-box" hidden=move || !mentions.is_open()>
            <p class="mention-why" hidden=move || mentions.mode.get() == DraftMode::Note>
                "Only your team sees mentions, so they stand in notes."
            </p>
            <ul id="mentions" role="listbox" aria-label="Mention">
                {options}
            </ul>
        </div>
    }
}

/// Who is told of the note, and who cannot be.
#[component]
pub fn MentionLine(mentions: Mentions) -> impl IntoView {
    let line = move || {
        let (blind, told): (Vec<Offer>, Vec<Offer>) = mentions.told.get().into_iter().partition(|offer| offer.is_blind);
        let names = |of: Vec<Offer>| of.into_iter().map(|offer| offer.name).collect::<Vec<_>>().join(", ");
        let some = !told.is_empty();
        let blind = (!blind.is_empty()).then(|| {
            view! {
                <span data-tone="wait">
                    <bdi>{names(blind)}</bdi>
                    " cannot see this conversation, so this note tells them nothing."
                </span>
            }
        });
        let told = some.then(|| view! { <span>"Tells " <bdi>{names(told)}</bdi> "."</span> });
        (told.is_some() || blind.is_some())
            .then(|| view! { <p class="mention-line" role="status">{told} " " {blind}</p> })
    };
    view! { {line} }
}

/// The position of the caret, in UTF-16 units.
fn caret(area: NodeRef<html::Textarea>) -> u32 {
    #[cfg(feature = "hydrate")]
    {
        let area = area.try_get_untracked().flatten();
        area.and_then(|area| area.selection_start().ok().flatten()).unwrap_or(u32::MAX)
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = area;
        0
    }
}

/// Puts the caret behind what was inserted, before the next key: the text is shown at once, and not by the effect that comes later.
fn put_caret(area: NodeRef<html::Textarea>, text: &str, caret: u32) {
    #[cfg(feature = "hydrate")]
    if let Some(area) = area.try_get_untracked().flatten() {
        if area.value() != text {
            area.set_value(text);
        }
        let _ = area.focus();
        let _ = area.set_selection_range(caret, caret);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (area, text, caret);
}

#[cfg(test)]
mod tests {
    use model::{MemberId, TeamId};
    use uuid::Uuid;

    use super::*;

    fn offers() -> Vec<Offer> {
        let named = |n: u128, name: &str| Offer {
            who: Mentioned::Member(MemberId::new(Uuid::from_u128(n))),
            name: name.to_owned(),
            about: String::new(),
            is_blind: false,
        };
        let mut all = vec![named(1, "Ben Fischer"), named(2, "Ada Ben"), named(3, "Zoë"), named(4, "Ben Fischer")];
        all.push(Offer { who: Mentioned::Team(TeamId::new(Uuid::from_u128(5))), ..named(5, "Sales") });
        all
    }

    #[test]
    fn t7_an_at_before_the_caret_is_being_typed() {
        assert_eq!(being_typed("Hi @be", 6), Some((3, 6, "be")));
        assert_eq!(being_typed("Hi @be and", 6), Some((3, 6, "be")));
        assert_eq!(being_typed("Zoë @Ben Fi", 11), Some((5, 12, "Ben Fi")));
        assert_eq!(being_typed("😀 @z", 5), Some((5, 7, "z")));
        assert_eq!(being_typed("@", 1), Some((0, 1, "")));
        for text in ["anna@example", "@ben\nnext", "@ ben", "none", ""] {
            assert_eq!(being_typed(text, u32::MAX), None, "{text}");
        }
        assert_eq!(being_typed(&format!("@{}", "x".repeat(100)), u32::MAX), None);
    }

    #[test]
    fn t7_names_are_found_by_the_beginning_of_any_word() {
        let names = |typed| fitting(offers(), typed).into_iter().map(|offer| offer.name).collect::<Vec<_>>();
        assert_eq!(names("ben"), ["Ben Fischer", "Ben Fischer", "Ada Ben"]);
        assert_eq!(names("FISCH"), ["Ben Fischer", "Ben Fischer"]);
        assert_eq!(names("ZOË"), ["Zoë"]);
        assert!(names("Sales ").is_empty(), "it is complete");
        assert!(names("nobody").is_empty());
        assert_eq!(names("").len(), 5);
    }

    #[test]
    fn t7_whoever_shares_a_name_is_mentioned_with_it() {
        let who = |text| mentioned(&offers(), text).len();
        assert_eq!(who("@Ben Fischer and @Sales"), 3);
        assert_eq!(who("@Ben"), 0);
        assert_eq!(who("Ben Fischer"), 0);
    }
}
