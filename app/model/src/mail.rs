//! What a message that is an e-mail has beside its text (T3, T5).

use serde::{Deserialize, Serialize};

use super::{AttachmentId, ConversationId, Mailbox, Parties, Recipients, Timestamp, text_enum::text_enum};

text_enum! {
    /// What there is to see of a mail beside its text.
    #[derive(Default)]
    pub enum Look {
        /// Nothing: it is plain text.
        #[default]
        Plain = "plain",
        /// HTML that says what the text says.
        Simple = "simple",
        /// HTML with pictures, tables or colours: what its sender wants to be seen.
        Rich = "rich",
    }
}

text_enum! {
    /// What became of a mail.
    pub enum MailOutcome {
        /// It is a message, or an event line of one.
        Taken = "taken",
        /// It came before.
        Again = "again",
        /// It says nothing to anybody here, as a report about a mail that is not ours.
        Aside = "aside",
        /// It could not be read: a person decides.
        Quarantined = "quarantined",
        /// We sent it.
        Sent = "sent",
    }
}

/// Where the parts of a mail's text begin, in bytes: what was written, the signature, what is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Folds {
    /// Where the signature begins; the end of the text without one.
    pub signature: usize,
    /// Where the quotation begins; the end of the text without one.
    pub quoted: usize,
}

impl Folds {
    /// A text in its parts: written, signature, quoted. All is written where the folds do not fit the text.
    pub fn of<'t>(&self, text: &'t str) -> (&'t str, &'t str, &'t str) {
        let fits = self.signature <= self.quoted
            && text.is_char_boundary(self.signature.min(text.len()))
            && self.quoted <= text.len()
            && text.is_char_boundary(self.quoted);
        if fits {
            (&text[..self.signature], &text[self.signature..self.quoted], &text[self.quoted..])
        } else {
            (text, "", "")
        }
    }
}

/// What a calendar or contact file in a mail says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What the event is about, or who the contact is.
    pub title: String,
    /// The rest: what a line is, and what it says.
    pub lines: Vec<(String, String)>,
}

/// The head of a mail, and how its text is to be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailHead {
    /// From whom, to whom.
    pub parties: Parties,
    /// Who got it without the others seeing it; of our own mails only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Mailbox>,
    /// What it is about.
    pub subject: String,
    /// When it says that it was sent; anybody may write any date.
    pub sent_at: Option<Timestamp>,
    /// Where the parts of its text begin.
    pub folds: Folds,
    /// What there is to see beside the text.
    pub look: Look,
    /// Some of its pictures lie on other servers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remote_pictures: bool,
    /// The domain that it is from did not vouch for it, as the mailbox's own server found (DMARC): anybody may have written it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disowned: bool,
    /// The text is longer than what is kept of it as a message: the source has all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// The same mail as it came to other channels of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ConversationId>,
    /// Those of its files that stand within its text where it is shown as it was laid out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<AttachmentId>,
    /// What its calendar and contact files say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Card>,
    /// How tall the frame must be in which it is shown as it was laid out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<FrameHeight>,
}

/// How tall a mail's frame must be, about, in points of the screen (CSS pixels).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameHeight {
    /// On a wide screen.
    pub wide: u32,
    /// On a phone.
    pub narrow: u32,
}

impl FrameHeight {
    /// How wide the frames are for which it was told: on a wide screen, on a phone.
    pub const WIDTHS: [f32; 2] = [640.0, 340.0];
}

impl MailHead {
    /// What would have to be chosen for the same mail again.
    pub fn choice(&self) -> MailChoice {
        let Self { parties, bcc, subject, .. } = self;
        let recipients = Recipients { to: parties.to.clone(), cc: parties.cc.clone(), bcc: bcc.clone() };
        MailChoice { recipients, subject: Some(subject.clone()) }
    }
}

/// What programs put before the subject of an answer.
const ANSWER: [&str; 15] =
    ["re", "aw", "antw", "antwort", "sv", "vs", "rif", "réf", "rép", "odp", "ynt", "回复", "答复", "返信", "رد"];

/// The subject of an answer: the same, with one `Re: ` before it. Otherwise unchanged, since some programs part a thread where its
/// subject changes.
pub fn answer_subject(answered: &str) -> String {
    let is_answer = answered.split_once([':', '：']).is_some_and(|(before, _)| {
        // "Re[2]: " counts them.
        let word = before.trim().to_lowercase();
        let word = word.split_once('[').map_or(word.as_str(), |(word, _)| word);
        ANSWER.contains(&word)
    });
    if is_answer { answered.to_owned() } else { format!("Re: {answered}").trim_end().to_owned() }
}

/// What a member chose for a mail beside its text. What is left out follows from the mail that is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailChoice {
    /// To whom it goes.
    pub recipients: Recipients,
    /// What it is about.
    pub subject: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::{Folds, answer_subject};

    #[test]
    fn h1_the_subject_stays() {
        for (before, after) in [
            ("Offer", "Re: Offer"),
            ("Re: Offer", "Re: Offer"),
            ("AW: Angebot", "AW: Angebot"),
            ("Re[2]: Offer", "Re[2]: Offer"),
            ("回复：报价", "回复：报价"),
            ("Fwd: Offer", "Re: Fwd: Offer"),
            ("Time: Monday", "Re: Time: Monday"),
            ("", "Re:"),
        ] {
            assert_eq!(answer_subject(before), after);
        }
    }

    #[test]
    fn t3_folds_that_do_not_fit_hide_nothing() {
        let text = "Ja.\n-- \nA\n> é";
        assert_eq!(Folds { signature: 4, quoted: 10 }.of(text), ("Ja.\n", "-- \nA\n", "> é"));
        for (signature, quoted) in [(5, 4), (4, 99), (13, 13), (99, 99)] {
            assert_eq!(Folds { signature, quoted }.of(text), (text, "", ""), "{signature} {quoted}");
        }
    }
}
