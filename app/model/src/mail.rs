//! The data of an e-mail message beside its text (T3, T5).

use serde::{Deserialize, Serialize};

use super::{AttachmentId, ConversationId, Mailbox, Parties, Recipients, Timestamp, lower, text_enum::text_enum};

text_enum! {
    /// What the HTML of a mail shows beside its text.
    #[derive(Default)]
    pub enum Look {
        /// Nothing: the mail is plain text.
        #[default]
        Plain = "plain",
        /// HTML that shows only the text.
        Simple = "simple",
        /// HTML with pictures, tables or colours that its sender wants to be seen.
        Rich = "rich",
    }
}

text_enum! {
    /// What was done with a mail.
    pub enum MailOutcome {
        /// It became a message, or an event line.
        Taken = "taken",
        /// It had come before.
        Again = "again",
        /// It is set aside because it concerns nobody here, such as a report about somebody else's mail.
        Aside = "aside",
        /// It could not be read. A person decides.
        Quarantined = "quarantined",
        /// We sent it.
        Sent = "sent",
    }
}

/// Where the parts of a mail's text begin, in bytes: the signature and the quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Folds {
    /// Where the signature begins. Without one, the end of the text or the start of the quote.
    pub signature: usize,
    /// Where the quote begins. Without one, the end of the text.
    pub quoted: usize,
}

impl Folds {
    /// The parts of a text: written, signature, quoted. If the positions do not fit the text, all of it counts as written.
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

/// The content of a calendar or contact file in a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The title of the event, or the contact's name.
    pub title: String,
    /// The other lines, each with its label.
    pub lines: Vec<(String, String)>,
}

/// The head of a mail, and how to display its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailHead {
    /// The sender and the recipients.
    pub parties: Parties,
    /// The recipients of blind copies. Known only for our own mails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<Mailbox>,
    /// The subject.
    pub subject: String,
    /// Its date, as the mail says. Anybody may write any date.
    pub sent_at: Option<Timestamp>,
    /// The parts of its text.
    pub folds: Folds,
    /// What its HTML shows beside the text.
    pub look: Look,
    /// Whether some of its pictures are on other servers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remote_pictures: bool,
    /// Whether the domain in `From` did not vouch for it, as the mailbox's own server found (DMARC). Then anybody may have written it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disowned: bool,
    /// Whether the stored text is only the beginning. The source has all of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// The conversations of the same mail in our other channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<ConversationId>,
    /// The files that its HTML shows inline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<AttachmentId>,
    /// The content of its calendar and contact files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Card>,
    /// The height of the frame for its HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<FrameHeight>,
}

/// The approximate height of a mail's frame, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameHeight {
    /// On a wide screen.
    pub wide: u32,
    /// On a phone.
    pub narrow: u32,
}

impl FrameHeight {
    /// The widths of the frames that the heights are for: on a wide screen, on a phone.
    pub const WIDTHS: [f32; 2] = [640.0, 340.0];
}

impl MailHead {
    /// The choice that would produce this mail again.
    pub fn choice(&self) -> MailChoice {
        let Self { parties, bcc, subject, .. } = self;
        let recipients = Recipients { to: parties.to.clone(), cc: parties.cc.clone(), bcc: bcc.clone() };
        MailChoice { recipients, subject: Some(subject.clone()) }
    }
}

/// The prefixes that programs put before the subject of a reply.
const ANSWER: [&str; 15] =
    ["re", "aw", "antw", "antwort", "sv", "vs", "rif", "réf", "rép", "odp", "ynt", "回复", "答复", "返信", "رد"];

/// The subject of a reply: the same, with one `Re: ` before it. Nothing else changes, because some programs begin a new thread when the
/// subject changes.
pub fn answer_subject(answered: &str) -> String {
    let is_answer = answered.split_once([':', '：']).is_some_and(|(before, _)| {
        // "Re[2]: " counts the replies.
        let word = lower(before.trim());
        let word = word.split_once('[').map_or(word.as_str(), |(word, _)| word);
        ANSWER.contains(&word)
    });
    if is_answer { answered.to_owned() } else { format!("Re: {answered}").trim_end().to_owned() }
}

/// What a member chose for a mail beside its text. What is left out follows from the mail that is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailChoice {
    /// The recipients.
    pub recipients: Recipients,
    /// The subject.
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
