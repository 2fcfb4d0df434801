//! Who looks at or writes in a conversation at this moment (T12), and how browsers are told. It is never stored and has no event number.
//!
//! It is told as text and not as JSON, because the program that every page loads reads it: a part for each conversation, separated by `;`.
//! A part is the conversation's id, then a word for each person: what they do (`l`, `n` or `r`) with the member's id behind it. A word
//! without an id is the person outside. `=` at the beginning says that this is everything, and that what was told before is over.

use super::{ConversationId, MemberId, text_enum::text_enum};

text_enum! {
    /// What somebody does in a conversation. Somebody with several tabs does the last of these.
    pub enum Doing {
        /// Looks at it.
        Looking = "looking",
        /// Writes a note.
        Noting = "note",
        /// Writes a reply. Of the person outside: writes to us.
        Replying = "reply",
    }
}

/// Somebody in a conversation. None is the person outside.
pub type Somebody = (Option<MemberId>, Doing);

/// Somebody in a conversation, as a browser keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Here {
    /// The conversation.
    pub conversation: ConversationId,
    /// The member. None for the person outside.
    pub who: Option<MemberId>,
    /// What they do.
    pub doing: Doing,
}

impl Doing {
    const fn letter(self) -> char {
        match self {
            Self::Looking => 'l',
            Self::Noting => 'n',
            Self::Replying => 'r',
        }
    }
}

/// The part of a conversation. Nobody is there if there are no words.
pub fn told_of(conversation: ConversationId, there: &[Somebody]) -> String {
    let mut told = conversation.to_string();
    for (who, doing) in there {
        told.push(' ');
        told.push(doing.letter());
        if let Some(member) = who {
            told.push_str(&member.to_string());
        }
    }
    told
}

/// Everything that a browser knows, for its other tabs.
pub fn told_again(here: &[Here]) -> String {
    let mut told = String::from("=");
    for one in here {
        // Each person in a part of their own would end what was told of the others.
        if here.iter().find(|other| other.conversation == one.conversation) == Some(one) {
            let there = here.iter().filter(|other| other.conversation == one.conversation);
            told.push_str(&told_of(one.conversation, &there.map(|one| (one.who, one.doing)).collect::<Vec<_>>()));
            told.push(';');
        }
    }
    told
}

/// Changes what a browser knows by what it is told. What it does not understand, it leaves out.
pub fn hear(here: &mut Vec<Here>, told: &str) {
    let changes = told.strip_prefix('=');
    if changes.is_some() {
        here.clear();
    }
    for part in changes.unwrap_or(told).split(';') {
        let mut words = part.split(' ');
        let Some(conversation) = words.next().and_then(|id| id.parse::<ConversationId>().ok()) else { continue };
        here.retain(|one| one.conversation != conversation);
        for word in words {
            let doing = match word.as_bytes().first() {
                Some(b'l') => Doing::Looking,
                Some(b'n') => Doing::Noting,
                Some(b'r') => Doing::Replying,
                _ => continue,
            };
            let who = word.get(1..).and_then(|id| id.parse().ok());
            if who.is_some() || word.len() == 1 {
                here.push(Here { conversation, who, doing });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};
    use uuid::Uuid;

    #[test]
    fn t12_what_is_told_is_heard() {
        let [one, two] = [1, 2].map(|n| ConversationId::new(Uuid::from_u128(n)));
        let [anna, ben] = [3, 4].map(|n| MemberId::new(Uuid::from_u128(n)));
        let mut here = Vec::new();
        hear(&mut here, &format!("={}", told_of(one, &[(Some(anna), Doing::Looking), (None, Doing::Replying)])));
        let sees = |who, doing| Here { conversation: one, who, doing };
        assert_eq!(here, [sees(Some(anna), Doing::Looking), sees(None, Doing::Replying)]);
        hear(&mut here, &told_of(two, &[(Some(ben), Doing::Noting)]));
        let mut again = vec![sees(Some(ben), Doing::Looking)];
        hear(&mut again, &told_again(&here));
        assert_eq!(again, here, "another tab knows the same");
        hear(&mut here, &told_of(one, &[]));
        assert_eq!(here, [Here { conversation: two, who: Some(ben), doing: Doing::Noting }]);
        for odd in ["", ";;", "x y", &format!("{two} "), &format!("{two} x rx é lé"), "=é"] {
            hear(&mut here, odd);
        }
        assert_eq!(here, [], "what is no sentence says nothing");
    }
}
