//! The meanings of colours. Each colour has the same meaning in every component.

/// The meaning of a pill, banner, toast or empty state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// No meaning.
    #[default]
    Neutral,
    /// Chosen, or about this member.
    Accent,
    /// By or about AI.
    Ai,
    /// Waiting, needs attention.
    Wait,
    /// Danger, emergency, failure.
    Bad,
    /// Connected, on, done.
    Good,
}

impl Tone {
    /// The value of `data-tone`. Neutral has none.
    pub fn attr(self) -> Option<&'static str> {
        match self {
            Self::Neutral => None,
            Self::Accent => Some("accent"),
            Self::Ai => Some("ai"),
            Self::Wait => Some("wait"),
            Self::Bad => Some("bad"),
            Self::Good => Some("good"),
        }
    }
}
