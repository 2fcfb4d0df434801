//! Notices (N2): what a member is told of, and by which ways. And mentions (T7), which are told of.

use serde::{Deserialize, Serialize};

use super::{ConversationId, MemberId, TeamId, Timestamp, text_enum::text_enum};

/// How many notices of one member are listed and counted. Older ones are deleted.
pub const MOST_NOTICES: i64 = 200;

/// How many people and teams one note can mention.
pub const MOST_MENTIONS: usize = 50;

text_enum! {
    /// What a notice tells. Stored switches count on the order, so a new kind comes last.
    pub enum NoticeKind {
        /// Somebody else assigned conversations to the member.
        Assigned = "assigned",
        /// A note mentions the member or one of their teams.
        Mentioned = "mentioned",
        /// The person outside wrote in a conversation that is assigned to the member.
        Reply = "reply",
        /// A reply of the member was not sent, or came back.
        Failed = "failed",
        /// A conversation began that is assigned to nobody. Each browser sees that in the stream, so no notice of this kind is stored.
        New = "new",
    }
}

impl NoticeKind {
    /// The text in the settings.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Assigned => "A conversation is assigned to me",
            Self::Mentioned => "A note mentions me or my team",
            Self::Reply => "A reply comes in to a conversation of mine",
            Self::Failed => "A reply of mine is not sent",
            Self::New => "A new conversation is assigned to nobody",
        }
    }

    const fn bit(self) -> i64 {
        1 << self as i64
    }
}

/// Some kinds of notices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeKinds(i64);

impl NoticeKinds {
    /// What a member who changed no switch is told of in the app. The list has a number for new conversations already.
    pub const USUAL: Self = Self::EVERY.with(NoticeKind::New, false);
    /// Every kind.
    const EVERY: Self = Self((1 << NoticeKind::ALL.len()) - 1);

    /// From the number that is stored. What is no kind is left out.
    pub const fn of(number: i64) -> Self {
        Self(number & Self::EVERY.0)
    }

    /// As it is stored.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Whether this kind is one of them.
    pub const fn has(self, kind: NoticeKind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// The same with a kind, or without it.
    #[must_use]
    pub const fn with(self, kind: NoticeKind, on: bool) -> Self {
        if on { Self(self.0 | kind.bit()) } else { Self(self.0 & !kind.bit()) }
    }
}

/// By which ways a member wants to be told of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSwitches {
    /// In the list under the bell.
    pub listed: NoticeKinds,
    /// By the browser, also while another window is in front.
    pub browser: NoticeKinds,
}

impl Default for NoticeSwitches {
    fn default() -> Self {
        Self { listed: NoticeKinds::USUAL, browser: NoticeKinds::default() }
    }
}

/// A notice, as its member may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number among the member's. A notice that tells of more gets a new one.
    pub n: i64,
    /// What it tells.
    pub kind: NoticeKind,
    /// The conversation. None if it tells of several.
    pub conversation: Option<ConversationId>,
    /// Whom that is with.
    pub name: String,
    /// What was said there last. Empty if it tells of several.
    pub text: String,
    /// The member who caused it.
    pub by: Option<MemberId>,
    /// The place in the thread of what it is about.
    pub place: Option<i64>,
    /// How many conversations it tells of, or how many messages came in.
    pub count: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Whether the member has seen it.
    pub seen: bool,
}

/// A member's notices, newest first, and their switches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticePage {
    /// The notices of the kinds that are switched on by any way.
    pub notices: Vec<Notice>,
    /// The number of the newest one, including those that are not shown.
    pub last: i64,
    /// When the member last marked all as seen.
    pub seen_at: Timestamp,
    /// The switches.
    pub switches: NoticeSwitches,
}

impl NoticePage {
    /// The number of unseen notices in the list.
    pub fn unseen(&self) -> i64 {
        self.unseen_elsewhere(None)
    }

    /// The number at the bell while a conversation is in front of the member.
    pub fn unseen_elsewhere(&self, here: Option<ConversationId>) -> i64 {
        let counts = |notice: &&Notice| {
            !notice.seen && self.switches.listed.has(notice.kind) && (here.is_none() || notice.conversation != here)
        };
        self.notices.iter().filter(counts).count() as i64
    }
}

/// What a member has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenNotices {
    /// All up to a number.
    UpTo(i64),
    /// One.
    One(i64),
    /// Those about a conversation that the member opened.
    Of(ConversationId),
}

/// Who is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mentioned {
    /// A member.
    Member(MemberId),
    /// Everybody in a team.
    Team(TeamId),
}

/// A mention in a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// Who.
    pub who: Mentioned,
    /// Their name when the note was written, as it stands in the text behind an `@`.
    pub name: String,
}

/// Cuts a text into what mentions somebody and what does not, by the names that it mentions. Of two names that begin alike the longer one
/// counts.
pub fn mention_pieces<'t>(text: &'t str, names: &[&str]) -> Vec<(&'t str, Option<usize>)> {
    let mut pieces = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(next) = text[at..].find('@').map(|next| at + next) {
        let after = &text[next + 1..];
        let starts = text[..next].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let fits = |name: &&str| !name.is_empty() && after.starts_with(*name) && ends_word(name, after);
        let found =
            names.iter().enumerate().filter(|(_, name)| starts && fits(name)).max_by_key(|(_, name)| name.len());
        at = next + 1;
        if let Some((which, name)) = found {
            if plain < next {
                pieces.push((&text[plain..next], None));
            }
            at += name.len();
            plain = at;
            pieces.push((&text[next..at], Some(which)));
        }
    }
    if plain < text.len() {
        pieces.push((&text[plain..], None));
    }
    pieces
}

/// Whether a name at the beginning of a text is not only the beginning of a longer word.
fn ends_word(name: &str, text: &str) -> bool {
    text[name.len()..].chars().next().is_none_or(|next| !next.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n2_switches_are_stored_as_a_number() {
        let usual = NoticeSwitches::default();
        for &kind in NoticeKind::ALL {
            assert_eq!(usual.listed.has(kind), kind != NoticeKind::New, "{kind:?}");
            assert!(!usual.browser.has(kind), "nobody is asked unless they want it");
            let turned = usual.listed.with(kind, !usual.listed.has(kind));
            assert_ne!(turned.has(kind), usual.listed.has(kind));
            assert_eq!(NoticeKinds::of(turned.number()), turned);
            assert_eq!(turned.with(kind, usual.listed.has(kind)), usual.listed);
        }
        assert_eq!(NoticeKinds::of(i64::MAX).number(), 31);
        assert_eq!(NoticeKinds::of(-1), NoticeKinds::of(i64::MAX));
    }

    #[test]
    fn t7_a_text_is_cut_at_the_names_it_mentions() {
        let names = ["Ben", "Ben Fischer", "Zoë", ""];
        let cut = |text| {
            let pieces = mention_pieces(text, &names);
            assert_eq!(pieces.iter().map(|(piece, _)| *piece).collect::<String>(), text);
            pieces.into_iter().filter_map(|(piece, who)| Some((piece, who?))).collect::<Vec<_>>()
        };
        assert_eq!(cut("@Ben Fischer, look"), [("@Ben Fischer", 1)]);
        assert_eq!(cut("Ask @Ben or @Zoë."), [("@Ben", 0), ("@Zoë", 2)]);
        assert_eq!(cut("@Benedict @@Ben"), [("@Ben", 0)]);
        assert_eq!(cut("mail@Ben, @, @ Ben"), []);
        assert_eq!(cut(""), []);
    }
}
