//! The keys that act on conversations, and which of them a member has changed (L6).

use super::{ApiError, text_enum::text_enum};

text_enum! {
    /// A command with a key that members can change.
    pub enum KeyCommand {
        /// Selects the conversation.
        Select = "select",
        /// Assigns it to oneself, or to nobody.
        Assign = "assign",
        /// Closes it.
        Close = "close",
        /// Opens it again.
        Reopen = "reopen",
        /// Sets it to pending.
        Pending = "pending",
        /// Snoozes it.
        Snooze = "snooze",
        /// Adds tags.
        Tags = "tags",
        /// Marks it as read or as not read.
        Read = "read",
        /// Begins a reply.
        Reply = "reply",
        /// Begins a note.
        Note = "note",
    }
}

impl KeyCommand {
    /// What it does, in words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Select => "Select the conversation",
            Self::Assign => "Assign to yourself, or to nobody if it is yours",
            Self::Close => "Close, with a reason",
            Self::Reopen => "Reopen",
            Self::Pending => "Set to pending",
            Self::Snooze => "Snooze",
            Self::Tags => "Add tags",
            Self::Read => "Mark as unread, or as read if it is unread",
            Self::Reply => "Write a reply",
            Self::Note => "Write a note",
        }
    }

    /// Its key where the member has chosen no other.
    pub const fn usual(self) -> char {
        match self {
            Self::Select => 'x',
            Self::Assign => 'a',
            Self::Close => 'e',
            Self::Reopen => 'o',
            Self::Pending => 'p',
            Self::Snooze => 'z',
            Self::Tags => 't',
            Self::Read => 'u',
            Self::Reply => 'r',
            Self::Note => 'n',
        }
    }
}

/// Letters with a meaning that cannot be changed: move in the list, filters, a new conversation.
const TAKEN: &[char] = &['j', 'k', 'f', 'c'];

/// The keys of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<(KeyCommand, char)>);

impl Keys {
    /// Reads what is stored: `command=key`, with spaces between. What is not named has its usual key.
    ///
    /// # Errors
    /// When a command does not exist, a key is no letter or has another meaning, or two commands have the same key.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let invalid = |message: String| ApiError::invalid("keys", message);
        let mut keys = Self::default();
        for word in text.split_whitespace().take(KeyCommand::ALL.len() + 1) {
            let (command, key) = word.split_once('=').unwrap_or((word, ""));
            let command: KeyCommand =
                command.parse().map_err(|_| invalid(format!("There is no command “{}”.", start(command))))?;
            let mut letters = key.chars();
            let letter = letters.next().filter(|letter| letter.is_ascii_lowercase() && letters.next().is_none());
            let Some(letter) = letter else {
                return Err(invalid(format!("“{}” cannot be a key. Choose a letter from a to z.", start(key))));
            };
            if TAKEN.contains(&letter) {
                return Err(invalid(format!("“{letter}” has another meaning already. Choose another letter.")));
            }
            keys.0.retain(|(one, _)| *one != command);
            if letter != command.usual() {
                keys.0.push((command, letter));
            }
        }
        for (at, command) in KeyCommand::ALL.iter().enumerate() {
            let same = KeyCommand::ALL.iter().take(at).find(|other| keys.of(**other) == keys.of(*command));
            if let Some(other) = same {
                let (key, other, one) = (keys.of(*command), other.label(), command.label());
                return Err(invalid(format!(
                    "“{key}” would be the key of “{other}” and of “{one}”. Give each its own."
                )));
            }
        }
        keys.0.sort_unstable_by_key(|(command, _)| command.as_str());
        Ok(keys)
    }

    /// The key of a command.
    pub fn of(&self, command: KeyCommand) -> char {
        self.0.iter().find(|(one, _)| *one == command).map_or(command.usual(), |(_, key)| *key)
    }

    /// The command of a key.
    pub fn command(&self, key: char) -> Option<KeyCommand> {
        KeyCommand::ALL.iter().find(|command| self.of(**command) == key).copied()
    }

    /// With another key for a command.
    ///
    /// # Errors
    /// As [`Keys::parse`].
    pub fn with(&self, command: KeyCommand, key: char) -> Result<Self, ApiError> {
        Self::parse(&format!("{self} {}={}", command.as_str(), key.to_ascii_lowercase()))
    }
}

/// A sentence must not be as long as what somebody sends.
fn start(text: &str) -> String {
    text.chars().take(20).collect()
}

impl std::fmt::Display for Keys {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (command, key)) in self.0.iter().enumerate() {
            let space = if at > 0 { " " } else { "" };
            write!(to, "{space}{}={key}", command.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{KeyCommand, Keys};

    #[test]
    fn l6_keys_are_changed_and_clashes_are_named() {
        let keys = Keys::default().with(KeyCommand::Close, 'd').unwrap();
        assert_eq!((keys.of(KeyCommand::Close), keys.command('d')), ('d', Some(KeyCommand::Close)));
        assert_eq!(keys.command('e'), None, "the usual key is free");
        assert_eq!(keys.to_string(), "close=d");
        let clash = keys.with(KeyCommand::Snooze, 'A').unwrap_err().to_string();
        assert!(clash.contains("“a”") && clash.contains("Assign") && clash.contains("Snooze"), "{clash}");
        assert_eq!(keys.with(KeyCommand::Close, 'e').unwrap(), Keys::default(), "back to the usual one");
        for (key, says) in [('j', "another meaning"), ('1', "a to z"), ('é', "a to z"), (' ', "a to z")] {
            assert!(keys.with(KeyCommand::Note, key).unwrap_err().to_string().contains(says), "{key:?}");
        }
    }

    proptest! {
        #[test]
        fn l6_no_stored_keys_break_anything_and_none_is_meant_twice(text in "([a-z]{0,8}=?[a-z]{0,2} ?){0,14}|.{0,200}") {
            if let Ok(keys) = Keys::parse(&text) {
                prop_assert_eq!(&Keys::parse(&keys.to_string()).unwrap(), &keys);
                for command in KeyCommand::ALL {
                    prop_assert_eq!(keys.command(keys.of(*command)), Some(*command));
                }
            }
        }
    }
}
