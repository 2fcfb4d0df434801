//! Saved views (L4): a filter and a sort under a name, for one member, a team or everyone.

use serde::{Deserialize, Serialize};

use super::{Access, ApiError, Listing, MemberId, SavedViewId, TeamId, is_unseen, text_enum::text_enum, visible_name};

/// The most views that one member may create.
pub const MOST_VIEWS: usize = 100;
/// The longest name of a view, in characters.
const NAME_CHARS: usize = 60;

/// Who has a view in their list. They see only the conversations that they may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Only the member who created it.
    Private,
    /// That member and the members of a team.
    Team(TeamId),
    /// Every member.
    Everyone,
}

text_enum! {
    /// The icon of a view.
    pub enum ViewIcon {
        /// A list.
        List = "list",
        /// A star.
        Star = "star",
        /// A flag.
        Flag = "flag",
        /// A clock.
        Clock = "clock",
        /// A tag.
        Tag = "tag",
        /// A person.
        Person = "person",
        /// A building.
        Company = "company",
        /// A spark.
        Spark = "spark",
    }
}

impl ViewIcon {
    /// The text in the interface.
    pub const fn label(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Star => "Star",
            Self::Flag => "Flag",
            Self::Clock => "Clock",
            Self::Tag => "Tag",
            Self::Person => "Person",
            Self::Company => "Building",
            Self::Spark => "Spark",
        }
    }
}

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Its id.
    pub id: SavedViewId,
    /// The member who created it.
    pub owner: MemberId,
    /// Who has it.
    pub audience: Audience,
    /// Its name.
    pub name: String,
    /// Its icon.
    pub icon: ViewIcon,
    /// Which conversations it shows, in which order.
    pub listing: Listing,
}

impl SavedView {
    /// Whether a member has it in their list.
    pub fn is_for(&self, access: &Access) -> bool {
        self.owner == access.member
            || match self.audience {
                Audience::Private => false,
                Audience::Team(team) => access.teams.contains(&team),
                Audience::Everyone => true,
            }
    }

    /// The view as it is stored: the name without surrounding spaces, the filter in its normal form.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when the name is empty, too long or cannot be shown, or the filter has too many values.
    pub fn checked(mut self) -> Result<Self, ApiError> {
        self.name = visible_name(&self.name);
        if self.name.is_empty() || self.name.chars().all(is_unseen) {
            return Err(ApiError::invalid("name", "Give the view a name."));
        }
        if self.name.chars().count() > NAME_CHARS {
            return Err(ApiError::invalid("name", format!("A name can have at most {NAME_CHARS} characters.")));
        }
        if self.name.chars().any(char::is_control) {
            return Err(ApiError::invalid("name", "This contains characters that cannot be shown."));
        }
        self.listing = self.listing.checked()?;
        Ok(self)
    }
}
