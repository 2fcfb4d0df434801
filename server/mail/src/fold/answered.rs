//! What is known of the mails that a mail answers.

/// What a mail answers, as far as it is known here.
#[derive(Debug, Clone, Default)]
pub enum Answers {
    /// Nothing: what else it has in it, it wants to show.
    #[default]
    Nothing,
    /// Mails that are not known here.
    Unknown,
    /// Mails that are known here, or some of them.
    Known(Known),
}

impl Answers {
    /// What was written in the mails that are answered. `is_nearest`: the one that is answered directly is among them.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>, is_nearest: bool) -> Self {
        let bare: Vec<String> = texts.into_iter().map(bare).filter(|text| !text.is_empty()).collect();
        if bare.is_empty() { Self::Unknown } else { Self::Known(Known { bare, is_nearest }) }
    }

    /// Whether the answered mails are known to have these lines in them, all of them.
    pub(super) fn have<'l>(&self, lines: impl Iterator<Item = &'l str>) -> bool {
        let Self::Known(known) = self else { return false };
        let (mut letters, mut compared) = (0, 0);
        let all = lines.map(bare).all(|line| {
            letters += line.chars().count();
            compared += 1;
            compared <= MOST && known.has(&line)
        });
        all && letters >= FEWEST
    }

    /// Whether what stands below a head can come from the answered mails: whether one of its first lines does, where they are known.
    pub(super) fn may_have<'l>(&self, lines: impl Iterator<Item = &'l str>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Known(known) if known.is_nearest => {
                let first: Vec<String> = lines.map(bare).filter(|line| !line.is_empty()).take(FIRST).collect();
                // "Hello" is in any of them.
                let telling = first.iter().filter(|line| line.chars().count() >= TELLING);
                let telling: Vec<&String> = match telling.clone().next() {
                    Some(_) => telling.collect(),
                    None => first.iter().collect(),
                };
                telling.is_empty() || telling.into_iter().any(|line| known.has(line))
            }
            Self::Unknown | Self::Known(_) => true,
        }
    }
}

/// Fewer letters than these prove nothing.
const FEWEST: usize = 4;
/// More lines than these are not compared.
const MOST: usize = 2000;
/// How many lines below a head are compared.
const FIRST: usize = 12;
/// How many letters a line has that is not in many mails.
const TELLING: usize = 10;

/// The texts of answered mails.
#[derive(Debug, Clone)]
pub struct Known {
    bare: Vec<String>,
    /// The mail that is answered directly is among them.
    is_nearest: bool,
}

impl Known {
    fn has(&self, line: &str) -> bool {
        self.bare.iter().any(|text| text.contains(line))
    }
}

/// A text's letters and digits: programs break and space what they quote in their own ways.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
