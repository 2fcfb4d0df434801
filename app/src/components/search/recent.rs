//! What the member searched for last, in this browser. Signing out removes it (frame/sign_out.js), like everything that is not unsent text.

use leptos::prelude::*;

use crate::{
    json,
    state::{forget, keep, recall, use_workspace},
};
use model::{MemberId, lower};

/// How many are kept.
const MOST: usize = 8;
/// How many characters of each are kept.
const LONGEST: usize = 200;

/// The recent searches, newest first. Copies share their state.
#[derive(Clone, Copy)]
pub(super) struct Recent {
    member: MemberId,
    /// The texts.
    pub texts: RwSignal<Vec<String>>,
}

impl Recent {
    /// Those of the signed-in member.
    pub fn new() -> Self {
        let member = use_workspace().boot.with_untracked(|boot| boot.me.member.id);
        let recent = Self { member, texts: RwSignal::default() };
        recent.texts.set(recent.stored());
        recent
    }

    /// Remembers a text as the newest.
    pub fn add(self, text: &str) {
        let text: String = text.trim().chars().take(LONGEST).collect();
        if !text.is_empty() {
            self.change(|texts| {
                texts.retain(|one| lower(one) != lower(&text));
                texts.insert(0, text);
                texts.truncate(MOST);
            });
        }
    }

    /// Forgets a text.
    pub fn remove(self, text: &str) {
        self.change(|texts| texts.retain(|one| one != text));
    }

    fn change(self, change: impl FnOnce(&mut Vec<String>)) {
        // Another tab may have added some.
        let mut texts = self.stored();
        change(&mut texts);
        match serde_json::to_string(&texts) {
            Ok(written) if !texts.is_empty() => keep(&self.key(), &written),
            _ => forget(&self.key()),
        }
        self.texts.set(texts);
    }

    fn stored(self) -> Vec<String> {
        recall(&self.key()).and_then(|text| json::read(&text).ok()).unwrap_or_default()
    }

    fn key(self) -> String {
        format!("tandem:searches:{}", self.member)
    }
}
