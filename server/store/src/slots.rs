//! How many jobs run at once. A slow server elsewhere holds up only the jobs of its own channel.

use std::collections::HashMap;

use model::ChannelId;

/// Slots for jobs that need only this database.
const OWN: usize = 32;
/// Slots for jobs that wait for servers elsewhere.
const OUTSIDE: usize = 32;
/// Slots per channel. This also bounds the connections to one mail provider, which accept only a few from one customer.
const PER_CHANNEL: usize = 8;
/// How many channels can have all their slots taken while another channel can still begin a job.
pub(super) const FULL: usize = OUTSIDE / PER_CHANNEL - 1;

/// The free slots of one process, and how many slots each channel has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    own: usize,
    outside: usize,
    by_channel: HashMap<ChannelId, usize>,
}

impl Default for Slots {
    fn default() -> Self {
        Self { own: OWN, outside: OUTSIDE, by_channel: HashMap::new() }
    }
}

impl Slots {
    /// Takes a slot for a job of a channel, or for a job that needs only this database. False when none is free.
    pub fn take(&mut self, channel: Option<ChannelId>) -> bool {
        match channel {
            None if self.own > 0 => self.own -= 1,
            Some(channel) if self.outside > 0 && self.taken(channel) < PER_CHANNEL => {
                self.outside -= 1;
                *self.by_channel.entry(channel).or_default() += 1;
            }
            _ => return false,
        }
        true
    }

    /// Returns a slot that [`Self::take`] took with the same `channel`.
    pub fn give_back(&mut self, channel: Option<ChannelId>) {
        let Some(channel) = channel else {
            self.own += 1;
            return;
        };
        if let Some(taken) = self.by_channel.get_mut(&channel) {
            *taken -= 1;
            self.outside += 1;
            if *taken == 0 {
                self.by_channel.remove(&channel);
            }
        }
    }

    /// Whether some job may have to wait for a slot.
    pub fn scarce(&self) -> bool {
        self.own == 0 || self.outside == 0 || self.full().next().is_some()
    }

    /// How many slots are free.
    pub(super) fn free(&self) -> usize {
        self.own + self.outside
    }

    /// Whether a job that needs only this database may begin.
    pub(super) fn own(&self) -> bool {
        self.own > 0
    }

    /// Whether a job of a channel that is not [full](Self::full) may begin.
    pub(super) fn outside(&self) -> bool {
        self.outside > 0
    }

    fn taken(&self, channel: ChannelId) -> usize {
        self.by_channel.get(&channel).copied().unwrap_or_default()
    }

    /// The channels that have taken all their slots. There are at most [`FULL`] of them while [`Self::outside`] is true.
    pub(super) fn full(&self) -> impl Iterator<Item = ChannelId> {
        self.by_channel.iter().filter(|(_, taken)| **taken == PER_CHANNEL).map(|(channel, _)| *channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::new_id;

    fn channel() -> Option<ChannelId> {
        Some(ChannelId::new(new_id()))
    }

    #[test]
    fn t8_one_channel_leaves_room_for_others_and_all_of_them_for_our_own() {
        let mut slots = Slots::default();
        let channels: Vec<_> = (0..10).map(|_| channel()).collect();
        let mut taken = Vec::new();
        for channel in &channels {
            let before = taken.len();
            while slots.take(*channel) {
                taken.push(*channel);
            }
            assert!(!slots.outside() || slots.full().count() <= FULL);
            assert_eq!(taken.len() - before, PER_CHANNEL.min(OUTSIDE - before));
        }
        assert!(slots.scarce() && slots.own() && !slots.outside());
        assert_eq!((0..2 * OWN).filter(|_| slots.take(None)).count(), OWN);
        assert_eq!(slots.free(), 0);
        for channel in taken {
            slots.give_back(channel);
        }
        for _ in 0..OWN {
            slots.give_back(None);
        }
        assert_eq!(slots, Slots::default());
    }
}
