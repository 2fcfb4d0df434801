//! Plans the number of conversations, when each begins and ends, and the length of its thread. Plans are small, so all of them fit into
//! memory. Everything else is made from them in the order of time.

use model::{Channel, ChannelKind, Timestamp};

use super::{Options, random::Random};

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A planned conversation.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The time of its first entry.
    pub(super) start: Timestamp,
    /// The time of its last entry.
    pub(super) end: Timestamp,
    /// The number of its entries, at least 1.
    pub(super) entries: u64,
    /// The index of its channel.
    pub(super) channel: usize,
    /// The salt of its own random numbers.
    pub(super) salt: u64,
}

/// All conversations, in the order in which they begin. They have `options.messages` entries in total, or one each if that is more.
pub(super) fn plans(options: &Options, master: u64, channels: &[Channel]) -> Vec<Plan> {
    let mut random = Random::split(master, 1);
    let mut plans: Vec<Plan> = lengths(options, &mut random)
        .into_iter()
        .enumerate()
        .map(|(place, entries)| {
            let channel = channel(&mut random, channels);
            let end = options.now.plus(-age(&mut random));
            let lasts = lasts(&mut random, channels.get(channel).map_or(ChannelKind::Email, |c| c.kind), entries);
            Plan { start: end.plus(-lasts), end, entries, channel, salt: place as u64 + 1_000 }
        })
        .collect();
    plans.sort_by_key(|plan| (plan.start, plan.salt));
    plans
}

/// One length per conversation: most are short, a few have hundreds of entries.
fn lengths(options: &Options, random: &mut Random) -> Vec<u64> {
    let total = options.messages.max(options.conversations);
    let roomy = total / options.conversations.max(1) >= 4;
    let base = |random: &mut Random| match random.below(100) {
        _ if !roomy => 1,
        0..10 => 1,
        10..40 => 2,
        _ => 3,
    };
    let mut lengths: Vec<u64> = (0..options.conversations).map(|_| base(random)).collect();
    let left = total.saturating_sub(lengths.iter().sum());
    // A conversation of one entry keeps it: somebody wrote once.
    let weights: Vec<u64> = lengths.iter().map(|&n| if roomy && n == 1 { 0 } else { random.heavy() }).collect();
    let sum = weights.iter().map(|&w| u128::from(w)).sum::<u128>().max(1);
    let mut given = 0;
    for (length, weight) in lengths.iter_mut().zip(weights) {
        let share = u64::try_from(u128::from(left) * u128::from(weight) / sum).unwrap_or(0);
        *length += share;
        given += share;
    }
    // The remainder from rounding.
    let mut rest = left - given;
    while rest > 0 {
        let from = usize::try_from(random.below(lengths.len() as u64)).unwrap_or(0);
        for length in lengths.iter_mut().skip(from).take(usize::try_from(rest).unwrap_or(usize::MAX)) {
            *length += 1;
            rest -= 1;
        }
    }
    lengths
}

fn channel(random: &mut Random, channels: &[Channel]) -> usize {
    let weight = |channel: &Channel| match channel.kind {
        ChannelKind::Email => 40,
        ChannelKind::WebChat => 32,
        ChannelKind::Whatsapp => 25,
        _ => 10,
    };
    let mut at = random.below(channels.iter().map(weight).sum());
    for (place, channel) in channels.iter().enumerate() {
        let weight = weight(channel);
        if at < weight {
            return place;
        }
        at -= weight;
    }
    0
}

/// How long ago the last entry was: up to 90 days, often only hours.
fn age(random: &mut Random) -> i64 {
    match random.below(100) {
        0..4 => random.ms(2 * HOUR),
        4..13 => random.ms(DAY),
        13..38 => random.ms(7 * DAY),
        _ => random.ms(90 * DAY),
    }
}

/// The time from the first entry to the last: minutes in a chat, days by mail.
fn lasts(random: &mut Random, kind: ChannelKind, entries: u64) -> i64 {
    let gap = match kind {
        ChannelKind::WebChat => 4 * MINUTE,
        ChannelKind::Whatsapp | ChannelKind::Sms => 40 * MINUTE,
        _ => 5 * HOUR,
    };
    let gaps = i64::try_from(entries.saturating_sub(1)).unwrap_or(i64::MAX / gap / 4);
    if gaps == 0 {
        return 0;
    }
    // Some people come back days later.
    let pause = if random.percent(15) { random.ms(5 * DAY) } else { 0 };
    (gaps.saturating_mul(gap / 2 + random.ms(gap * 2)) + pause).clamp(gaps * 2_000, 80 * DAY.max(gaps))
}

/// The times of `entries` entries from `start` to `end`, in order: most are close together, some follow long pauses.
pub(super) fn times(random: &mut Random, plan: &Plan) -> Vec<Timestamp> {
    let gaps: Vec<u64> = (1..plan.entries).map(|_| random.heavy()).collect();
    let sum = gaps.iter().map(|&gap| u128::from(gap)).sum::<u128>().max(1);
    let lasts = u128::try_from(plan.end.0 - plan.start.0).unwrap_or(0);
    let mut passed = 0;
    let mut times = vec![plan.start];
    times.extend(gaps.into_iter().map(|gap| {
        passed += u128::from(gap);
        plan.start.plus(i64::try_from(lasts * passed / sum).unwrap_or(0))
    }));
    times
}
