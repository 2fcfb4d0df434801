//! The texts of a thread: sentences in the customer's language about one order, one product, one date.

use model::{ChannelKind, TEXT_LIMIT, Timestamp};

use super::{
    people::Person,
    plan::DAY,
    random::Random,
    words::{NOTES, SYLLABLES, THINGS, Tongue},
};

/// The number of model names.
const MODELS: u64 = 8_192;

/// The subject of a thread.
pub(super) struct Talk {
    tongue: &'static Tongue,
    topic: usize,
    /// The index of the topic's question.
    asked: usize,
    /// The last sentence of each side, so that nobody repeats it.
    last: [&'static str; 2],
    person: String,
    city: &'static str,
    order: String,
    product: String,
    amount: String,
    date: String,
    time: String,
}

impl Talk {
    pub(super) fn new(random: &mut Random, person: &Person, at: Timestamp) -> Self {
        let topics = person.tongue.topics.len() as u64;
        let day = jiff::Timestamp::from_millisecond(at.0 + DAY * (2 + random.ms(12))).unwrap_or_default();
        Self {
            tongue: person.tongue,
            topic: usize::try_from(random.below(topics)).unwrap_or(0),
            asked: usize::try_from(random.below(3)).unwrap_or(0),
            last: [""; 2],
            person: person.first.clone(),
            city: person.city,
            order: format!(
                "{}-{}",
                ["TD", "RX", "OR", "BE"][usize::try_from(random.below(4)).unwrap_or(0)],
                10_000 + random.below(900_000)
            ),
            product: format!("{} {}", model(random), thing(random)),
            amount: format!("€ {}.{:02}", 20 + random.rank(9_000), random.below(100)),
            date: day.to_zoned(jiff::tz::TimeZone::UTC).strftime("%d.%m.").to_string(),
            time: format!("{}:{}0", 8 + random.below(10), random.below(2) * 3),
        }
    }

    /// A message of the customer. `answered` if it follows one of ours.
    pub(super) fn incoming(&mut self, random: &mut Random, first: bool, answered: bool) -> String {
        let tongue = self.tongue;
        if answered && random.percent(30) {
            return random.word(tongue.thanks).to_owned();
        }
        let mut text = String::new();
        if first {
            if random.percent(70) {
                text.push_str(random.word(tongue.hello));
                text.push_str(if random.percent(50) { "\n\n" } else { " " });
            }
        } else {
            let more = said(self.topic().2, self.asked);
            if more != self.last[0] && random.percent(if answered { 50 } else { 70 }) {
                self.fill(more, "", &mut text);
                self.last[0] = more;
            } else {
                // Something else, or more about the same.
                self.asked += 1;
                if random.percent(60) {
                    self.topic = usize::try_from(random.below(tongue.topics.len() as u64)).unwrap_or(0);
                }
            }
        }
        if text.is_empty() || first {
            let (asks, _, more) = self.topic();
            self.fill(said(asks, self.asked), "", &mut text);
            if random.percent(25) {
                self.last[0] = said(more, self.asked);
                text.push(' ');
                self.fill(self.last[0], "", &mut text);
            }
        }
        if random.per_mille(25) {
            text.push_str("\nhttps://parcel.example/track/");
            text.push_str(&self.order);
        }
        self.lengthen(random, &mut text);
        text
    }

    /// A reply of the team's member `us`.
    pub(super) fn outgoing(&mut self, random: &mut Random, kind: ChannelKind, us: &str) -> String {
        let tongue = self.tongue;
        let mail = matches!(kind, ChannelKind::Email | ChannelKind::Letter);
        let (_, answers, _) = self.topic();
        let mut text = String::new();
        if mail || random.percent(25) {
            self.fill(random.word(tongue.greet), us, &mut text);
            text.push_str(if mail { "\n\n" } else { " " });
        }
        let next = said(answers, self.asked);
        let answer = if next == self.last[1] { said(answers, self.asked + 1) } else { next };
        self.last[1] = answer;
        self.fill(answer, us, &mut text);
        self.lengthen(random, &mut text);
        if mail {
            for part in ["\n\n", random.word(tongue.bye), "\n", us] {
                text.push_str(part);
            }
        }
        text
    }

    /// A note between colleagues. `other` is one of them.
    pub(super) fn note(&self, random: &mut Random, other: &str) -> String {
        let mut text = String::new();
        self.fill(random.word(NOTES), other, &mut text);
        text
    }

    /// The order number, after which files are named.
    pub(super) fn order(&self) -> &str {
        &self.order
    }

    fn topic(&self) -> super::words::Topic {
        self.tongue.topics.get(self.topic).copied().unwrap_or((&[], &[], &[]))
    }

    /// Some messages become a page long, a few much longer.
    fn lengthen(&self, random: &mut Random, text: &mut String) {
        let words = match random.below(2_000) {
            0..2 => 1_000 + random.below(2_000),
            2..30 => 80 + random.below(300),
            _ => return,
        };
        let mut written = 0;
        while written < words && text.len() < TEXT_LIMIT - 4_096 {
            text.push_str(if random.percent(15) { "\n\n" } else { " " });
            let (asks, answers, more) = random.pick(self.tongue.topics).copied().unwrap_or((&[], &[], &[]));
            let of = [asks, answers, more][usize::try_from(random.below(3)).unwrap_or(0)];
            let begin = text.len();
            self.fill(random.word(of), "", text);
            let sentence = text.get(begin..).unwrap_or_default();
            // In scripts without spaces, about two characters make a word.
            let spaced = sentence.split_whitespace().count();
            written += if spaced > 2 { spaced } else { (sentence.chars().count() / 2).max(1) } as u64;
        }
    }

    /// Fills the thread's data into a phrase.
    fn fill(&self, phrase: &str, us: &str, text: &mut String) {
        let mut rest = phrase;
        while let Some((before, slot)) = rest.split_once('{') {
            text.push_str(before);
            let (slot, after) = slot.split_once('}').unwrap_or((slot, ""));
            text.push_str(match slot {
                "n" => &self.order,
                "p" => &self.product,
                "c" => self.city,
                "a" => &self.amount,
                "d" => &self.date,
                "t" => &self.time,
                "u" => &self.person,
                "m" => us,
                _ => "",
            });
            rest = after;
        }
        text.push_str(rest);
    }
}

/// The phrase at an index. After its end the list begins again.
fn said(of: &[&'static str], place: usize) -> &'static str {
    of.get(place % of.len().max(1)).copied().unwrap_or_default()
}

/// One of thousands of invented names. A few are very frequent, most are rare.
fn model(random: &mut Random) -> String {
    // Shuffled, so that similar names are not equally frequent.
    let mut rank = (random.rank(MODELS) * 5_167 + 911) % MODELS;
    let syllables = SYLLABLES.len() as u64;
    let mut name = String::new();
    for _ in 0..3 {
        name.push_str(SYLLABLES.get(usize::try_from(rank % syllables).unwrap_or(0)).copied().unwrap_or_default());
        rank /= syllables;
        if rank == 0 {
            break;
        }
    }
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn thing(random: &mut Random) -> &'static str {
    THINGS.get(usize::try_from(random.rank(THINGS.len() as u64)).unwrap_or(0)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::words::PEOPLES;

    /// An unknown slot would leave a gap in the sentence.
    #[test]
    fn every_slot_of_every_phrase_is_known() {
        for (_, tongue, _) in PEOPLES {
            let spoken =
                tongue.topics.iter().flat_map(|(asks, answers, more)| asks.iter().chain(*answers).chain(*more));
            for phrase in spoken
                .chain(tongue.hello)
                .chain(tongue.greet)
                .chain(tongue.thanks)
                .chain(tongue.bye)
                .chain(super::NOTES)
            {
                for slot in phrase.split('{').skip(1) {
                    let (slot, _) = slot.split_once('}').expect("closed");
                    assert!("npcadtum".contains(slot) && slot.len() == 1, "{phrase}");
                }
            }
        }
    }
}
