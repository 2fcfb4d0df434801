//! Tags: short labels that a workspace shares and puts on conversations and contacts (D3).

use std::{fmt, num::ParseIntError, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ApiError, text_enum::text_enum};

/// The most tags that a conversation or contact may have.
pub const MOST_TAGS: usize = 20;
/// The most tags that a workspace may have, archived ones included.
pub const MOST_IN_WORKSPACE: usize = 1_000;
/// The longest name of a tag, in characters.
const NAME_CHARS: usize = 40;

/// A tag's number in its workspace: 1, 2, 3… It is short because rows, events and URLs contain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagId(u32);

impl TagId {
    /// The tag with this number. Number 0 does not exist.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for TagId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TagId {
    type Err = ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

text_enum! {
    /// The colour of a tag. Both themes have a tone for each.
    pub enum TagColor {
        /// Grey.
        Grey = "grey",
        /// Red.
        Red = "red",
        /// Amber.
        Amber = "amber",
        /// Green.
        Green = "green",
        /// Teal.
        Teal = "teal",
        /// Blue.
        Blue = "blue",
        /// Violet.
        Violet = "violet",
        /// Pink.
        Pink = "pink",
    }
}

impl TagColor {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Grey => "Grey",
            Self::Red => "Red",
            Self::Amber => "Amber",
            Self::Green => "Green",
            Self::Teal => "Teal",
            Self::Blue => "Blue",
            Self::Violet => "Violet",
            Self::Pink => "Pink",
        }
    }

    /// The colour of a new tag, so that neighbours differ.
    pub fn of_new(id: TagId) -> Self {
        Self::ALL[id.0 as usize % Self::ALL.len()]
    }
}

/// A tag of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its number.
    pub id: TagId,
    /// Its name. Two tags never have the same name, whatever the case.
    pub name: String,
    /// Its colour.
    pub color: TagColor,
    /// It can no longer be added. Where it was added, it stays.
    pub archived: bool,
    /// The tag that replaces it. Conversations get that one in the background.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<TagId>,
}

impl Tag {
    /// The name without leading, trailing and repeated spaces.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when it is empty, too long, or has characters that cannot be shown.
    pub fn check_name(name: &str) -> Result<String, ApiError> {
        let name = crate::visible_name(name);
        if name.is_empty() {
            return Err(ApiError::invalid("name", "Give the tag a name."));
        }
        if name.chars().count() > NAME_CHARS {
            return Err(ApiError::invalid("name", format!("A tag can have at most {NAME_CHARS} characters.")));
        }
        if name.chars().any(char::is_control) || name.chars().all(crate::is_unseen) {
            return Err(ApiError::invalid("name", "This contains characters that cannot be shown."));
        }
        Ok(name)
    }

    /// The name in small letters, to sort and find it. Whether two names are the same is decided by the store.
    pub fn key(name: &str) -> String {
        crate::lower(name)
    }
}

/// The tags of a conversation or contact, in the order of their numbers. It is small and `Copy`, because every event carries it twice.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tags {
    /// The numbers in ascending order, then zeros.
    numbers: [u32; MOST_TAGS],
}

impl Tags {
    /// The tags in order.
    pub fn iter(&self) -> impl Iterator<Item = TagId> + '_ {
        self.numbers.iter().take_while(|number| **number != 0).map(|number| TagId(*number))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.numbers[0] == 0
    }

    /// Whether this tag is among them.
    pub fn contains(&self, tag: TagId) -> bool {
        tag.0 != 0 && self.numbers.contains(&tag.0)
    }

    /// With one tag more. None when there are [`MOST_TAGS`] already.
    #[must_use]
    pub fn with(self, tag: TagId) -> Option<Self> {
        if self.contains(tag) || tag.0 == 0 {
            return Some(self);
        }
        let len = self.len();
        if len == MOST_TAGS {
            return None;
        }
        let mut numbers = self.numbers;
        let place = numbers.iter().take(len).take_while(|number| **number < tag.0).count();
        numbers.copy_within(place..len, place + 1);
        numbers[place] = tag.0;
        Some(Self { numbers })
    }

    /// Without a tag.
    #[must_use]
    pub fn without(self, tag: TagId) -> Self {
        self.iter().filter(|one| *one != tag).collect()
    }
}

/// Further tags than [`MOST_TAGS`] are left out.
impl FromIterator<TagId> for Tags {
    fn from_iter<I: IntoIterator<Item = TagId>>(tags: I) -> Self {
        tags.into_iter().fold(Self::default(), |all, tag| all.with(tag).unwrap_or(all))
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(TagId::number)).finish()
    }
}

impl Serialize for Tags {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<TagId>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The tags that a filter asks for. An empty list is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagFilter {
    /// At least one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<TagId>,
    /// Each of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<TagId>,
    /// None of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub none: Vec<TagId>,
}

impl TagFilter {
    /// The same with the tags that replaced merged ones.
    #[must_use]
    pub fn following(&self, tags: &[Tag]) -> Self {
        let last = |id: &TagId| {
            let mut id = *id;
            // No chain is longer than there are tags.
            for _ in tags {
                let Some(into) = tags.iter().find(|tag| tag.id == id).and_then(|tag| tag.merged_into) else { break };
                id = into;
            }
            id
        };
        let follow = |ids: &[TagId]| {
            // In order, without the code of a sort: it would be 1 kB of the program.
            ids.iter().map(last).fold(Vec::new(), |mut all: Vec<TagId>, id| {
                if let Err(at) = all.binary_search(&id) {
                    all.insert(at, id);
                }
                all
            })
        };
        Self { any: follow(&self.any), all: follow(&self.all), none: follow(&self.none) }
    }

    /// Whether it asks for nothing.
    pub const fn is_empty(&self) -> bool {
        self.any.is_empty() && self.all.is_empty() && self.none.is_empty()
    }

    /// Whether these tags fit.
    pub fn holds(&self, tags: &Tags) -> bool {
        (self.any.is_empty() || self.any.iter().any(|tag| tags.contains(*tag)))
            && self.all.iter().all(|tag| tags.contains(*tag))
            && !self.none.iter().any(|tag| tags.contains(*tag))
    }

    /// The three lists.
    pub const fn lists_mut(&mut self) -> [&mut Vec<TagId>; 3] {
        [&mut self.any, &mut self.all, &mut self.none]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn d3_tags_are_a_set_of_twenty(steps in proptest::collection::vec((1u32..40, any::<bool>()), 0..80)) {
            let (mut tags, mut set) = (Tags::default(), BTreeSet::new());
            for (number, is_added) in steps {
                let tag = TagId::new(number);
                match is_added {
                    true => match tags.with(tag) {
                        Some(more) => { tags = more; set.insert(tag); }
                        None => prop_assert!(set.len() == MOST_TAGS && !set.contains(&tag)),
                    },
                    false => { tags = tags.without(tag); set.remove(&tag); }
                }
                prop_assert_eq!(tags.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(tags.is_empty(), set.is_empty());
            }
            let json = serde_json::to_string(&tags).unwrap();
            prop_assert_eq!(serde_json::from_str::<Tags>(&json).unwrap(), tags);
        }
    }

    #[test]
    fn d3_a_tag_needs_a_name_that_can_be_shown() {
        assert_eq!(Tag::check_name("  needs \n reply ").unwrap(), "needs reply");
        for bad in ["", "   ", "a\u{0}b", "\u{200b}", &"x".repeat(1_000)] {
            assert!(Tag::check_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Tag::key("VIP"), Tag::key("vip"));
    }
}
