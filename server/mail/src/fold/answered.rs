//! What is known about the mails that a mail answers.

/// The answered mails, as far as they are known here.
#[derive(Debug, Clone, Default)]
pub enum Answers {
    /// The mail answers nothing: whatever it contains, it wants to show.
    #[default]
    Nothing,
    /// It answers mails that are not known here.
    Unknown,
    /// It answers mails of which some are known here.
    Known(Known),
}

impl Answers {
    /// Made from the texts of answered mails. `is_nearest`: the directly answered mail is among them.
    pub fn of<'t>(texts: impl IntoIterator<Item = &'t str>, is_nearest: bool) -> Self {
        let bare: Vec<String> = texts.into_iter().map(bare).filter(|text| !text.is_empty()).collect();
        if bare.is_empty() { Self::Unknown } else { Self::Known(Known { bare, is_nearest }) }
    }

    /// Whether the answered mails are known to contain all these lines.
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

    /// Whether the text below a head can be from the answered mails. If they are known, they must contain one of its first lines.
    pub(super) fn may_have<'l>(&self, lines: impl Iterator<Item = &'l str>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Known(known) if known.is_nearest => {
                let first: Vec<String> = lines.map(bare).filter(|line| !line.is_empty()).take(FIRST).collect();
                // A line like "Hello" is in any mail.
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

/// Fewer letters prove nothing.
const FEWEST: usize = 4;
/// The most lines that are compared.
const MOST: usize = 2000;
/// How many lines below a head are compared.
const FIRST: usize = 12;
/// A line with this many letters is rarely in two mails by chance.
const TELLING: usize = 10;

/// The texts of answered mails.
#[derive(Debug, Clone)]
pub struct Known {
    bare: Vec<String>,
    /// Whether the directly answered mail is among them.
    is_nearest: bool,
}

impl Known {
    fn has(&self, line: &str) -> bool {
        self.bare.iter().any(|text| text.contains(line))
    }
}

/// A text's letters and digits. Programs break and space quoted text in their own ways.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
