//! Plans the steps of a thread: who does what, in which order, in a given number of entries, up to an ending.

use model::{Channel, ChannelKind};

use super::{
    plan::{DAY, Plan},
    random::Random,
};

/// A step in a thread. Each is one entry, but [`Step::InWhileOff`] is two: the automatic reply follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The person outside writes.
    In,
    /// The person writes while chat is off, and gets the automatic reply.
    InWhileOff,
    /// A member replies.
    Out,
    /// A member replies, and cancels it.
    TakenBack,
    /// A note.
    Note,
    /// It is assigned to a member.
    Assign,
    /// A member closes it.
    Close,
    /// A member opens it again.
    Reopen,
    /// The person writes again after it was closed: the line before their message.
    ReopenedByThem,
}

/// The final state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The person waits, and nobody is assigned.
    New,
    /// The person waits, and the automatic reply was sent.
    Missed,
    /// The person waits, and a member is assigned.
    Taken,
    /// The status is pending.
    Pending,
    /// It is closed.
    Closed,
    /// It is snoozed.
    Snoozed,
    /// We wrote, and they never did.
    Outreach,
}

/// Whether chat is off at times: only on channels where a visitor would be told.
pub(super) fn has_off_hours(channel: &Channel) -> bool {
    channel.kind == ChannelKind::WebChat && !channel.auto_reply.is_empty()
}

/// A likely ending: fresh conversations wait, old ones are closed.
pub(super) fn ending(random: &mut Random, plan: &Plan, channel: &Channel, age: i64) -> Ending {
    let chat = channel.kind == ChannelKind::WebChat;
    if !chat && plan.entries <= 3 && random.percent(if plan.entries == 1 && age > DAY { 70 } else { 8 }) {
        return Ending::Outreach;
    }
    if plan.entries == 1 {
        return Ending::New;
    }
    let wished = match (random.below(100), age) {
        (0..24, ..DAY) => Ending::New,
        (24..34, ..DAY) => Ending::Missed,
        (34..60, ..DAY) => Ending::Taken,
        (60..80, ..DAY) => Ending::Pending,
        (80..97, ..DAY) => Ending::Closed,
        (_, ..DAY) => Ending::Snoozed,
        (at, age) => {
            // Of older conversations, more are closed.
            let open = if age < 7 * DAY { 50 } else { 12 };
            match at * 100 / open {
                0..14 => Ending::New,
                14..22 => Ending::Missed,
                22..45 => Ending::Taken,
                45..85 => Ending::Pending,
                85..100 => Ending::Snoozed,
                _ => Ending::Closed,
            }
        }
    };
    if wished == Ending::Missed && !has_off_hours(channel) { Ending::Taken } else { wished }
}

/// The steps of a thread, with exactly `plan.entries` entries.
pub(super) fn script(random: &mut Random, plan: &Plan, channel: &Channel, ending: Ending) -> Vec<Step> {
    let entries = usize::try_from(plan.entries).unwrap_or(usize::MAX);
    let (tail, owned): (&[Step], bool) = match ending {
        Ending::New => (&[Step::In], false),
        Ending::Missed => (&[Step::InWhileOff], false),
        Ending::Taken if entries == 2 => return vec![Step::In, Step::Assign],
        Ending::Taken => (&[Step::In], true),
        Ending::Pending => (&[Step::Out], entries > 2 && random.percent(70)),
        Ending::Closed if entries > 3 && random.percent(40) => (&[Step::Out, Step::Close], random.percent(70)),
        Ending::Closed => (&[Step::Close], entries > 2 && random.percent(60)),
        Ending::Snoozed => (&[Step::Out], entries > 2),
        Ending::Outreach => return vec![Step::Out; entries],
    };
    let length = entries.saturating_sub(tail.len() + usize::from(tail.contains(&Step::InWhileOff)));
    let mut walk = Walk { steps: Vec::with_capacity(entries), entries: 0, to_assign: owned };
    while walk.entries < length {
        walk.go_on(random, length - walk.entries, channel);
    }
    walk.steps.extend_from_slice(tail);
    walk.steps
}

struct Walk {
    steps: Vec<Step>,
    entries: usize,
    /// Whether somebody must still be assigned.
    to_assign: bool,
}

impl Walk {
    fn add(&mut self, steps: &[Step]) {
        self.entries += steps.len() + steps.iter().filter(|step| **step == Step::InWhileOff).count();
        self.steps.extend_from_slice(steps);
    }

    /// Adds the next steps, with at most `left` entries.
    fn go_on(&mut self, random: &mut Random, left: usize, channel: &Channel) {
        let Some(last) = self.steps.last().copied() else {
            let off = left > 1 && has_off_hours(channel) && random.percent(15);
            // We wrote first.
            let ours = left > 2 && channel.kind != ChannelKind::WebChat && random.percent(5);
            return self.add(&[if off {
                Step::InWhileOff
            } else if ours {
                Step::Out
            } else {
                Step::In
            }]);
        };
        if self.to_assign && (left == 1 || random.percent(60)) {
            self.to_assign = false;
            return self.add(&[Step::Assign]);
        }
        let at = random.below(1_000);
        match last {
            Step::In | Step::InWhileOff | Step::ReopenedByThem => match at {
                0..140 => self.add(&[Step::In]),
                140..210 => self.add(&[Step::Note]),
                _ => self.add(&[Step::Out]),
            },
            Step::Out | Step::TakenBack | Step::Close => match at {
                0..90 => self.add(&[Step::Out]),
                90..180 => self.add(&[Step::Note]),
                180..200 => self.add(&[Step::TakenBack]),
                200..225 if left > 2 => self.add(&[Step::Close, Step::ReopenedByThem, Step::In]),
                225..235 if left > 2 => self.add(&[Step::Close, Step::Reopen, Step::Out]),
                _ => self.add(&[Step::In]),
            },
            Step::Note | Step::Assign | Step::Reopen => match at {
                0..250 => self.add(&[Step::In]),
                250..340 => self.add(&[Step::Note]),
                _ => self.add(&[Step::Out]),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{ChannelId, Timestamp};

    use super::*;

    #[test]
    fn a_script_has_exactly_as_many_entries_as_planned() {
        let mut random = Random::split(3, 0);
        for n in 0..20_000 {
            let kind = if n % 2 == 0 { ChannelKind::WebChat } else { ChannelKind::Email };
            let channel = Channel {
                id: ChannelId::new(uuid::Uuid::nil()),
                kind,
                name: String::new(),
                key: String::new(),
                address: String::new(),
                undo_ms: 0,
                greeting: String::new(),
                auto_reply: "Later.".to_owned(),
                origins: Vec::new(),
                state: None,
            };
            let plan =
                Plan { start: Timestamp(0), end: Timestamp(0), entries: 1 + random.rank(40), channel: 0, salt: 0 };
            let age = random.ms(20 * DAY);
            let ending = ending(&mut random, &plan, &channel, age);
            let steps = script(&mut random, &plan, &channel, ending);
            let doubled = steps.iter().filter(|step| **step == Step::InWhileOff).count();
            assert_eq!(steps.len() + doubled, usize::try_from(plan.entries).expect("small"), "{ending:?} {steps:?}");
            assert!(matches!(steps[0], Step::In | Step::InWhileOff | Step::Out), "{ending:?} {steps:?}");
        }
    }
}
