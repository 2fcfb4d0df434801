//! How many mails are fetched and stored together, and how many came in since the last statistics update (H1).

use super::{fetch::IN_MEMORY, imap::MailOnServer, learned_limits::LearnedLimits};

/// The most mails in one transaction. More would delay people's replies.
const TOGETHER: usize = 16;

/// Counts mails that came in.
pub struct GrowingBatch {
    mails: usize,
    look: usize,
}

impl Default for GrowingBatch {
    fn default() -> Self {
        Self { mails: 0, look: 256 }
    }
}

impl GrowingBatch {
    /// Counts more mails. True each time the count has doubled since the last time it was true.
    pub fn by(&mut self, mails: usize) -> bool {
        self.mails += mails;
        let twice = self.mails >= self.look;
        if twice {
            self.look = self.mails * 2;
        }
        twice
    }
}

/// Splits mails into groups that are fetched and stored together. A group is limited in number and size, and some mails are a group alone.
/// The order stays.
pub fn groups<'a>(waiting: &'a [MailOnServer], limits: &LearnedLimits) -> Vec<&'a [MailOnServer]> {
    let most = if limits.one_by_one { 1 } else { TOGETHER };
    let alone = limits.alone();
    let comes_alone = |at: usize| waiting.get(at).is_some_and(|one| alone.contains(&one.uid));
    let mut groups = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    for (at, one) in waiting.iter().enumerate() {
        let full = at - begin >= most || bytes + one.size > IN_MEMORY;
        if at > begin && (full || comes_alone(at) || comes_alone(at - 1)) {
            groups.push(&waiting[begin..at]);
            (begin, bytes) = (at, 0);
        }
        bytes += one.size;
    }
    if begin < waiting.len() {
        groups.push(&waiting[begin..]);
    }
    groups
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn h1_growth_is_told_each_time_it_doubles() {
        let mut grown = GrowingBatch::default();
        let told: Vec<usize> = (1..=300).filter(|_| grown.by(16)).map(|n| n * 16).collect();
        assert_eq!(told, [256, 512, 1024, 2048, 4096]);
    }

    #[test]
    fn h1_groups_keep_the_order_and_stay_small() {
        let lying = |uid: i64, size: u64| MailOnServer { uid, size, at: None };
        let waiting: Vec<MailOnServer> =
            (1..=40).map(|uid| lying(uid, if uid == 20 { 30_000_000 } else { 1000 })).collect();
        let groups = groups(&waiting, &LearnedLimits::default());
        let flat: Vec<i64> = groups.iter().flat_map(|group| group.iter().map(|one| one.uid)).collect();
        assert_eq!(flat, (1..=40).collect::<Vec<_>>());
        assert!(groups.iter().all(|group| group.len() <= TOGETHER));
        assert!(groups.iter().any(|group| group.len() == 1 && group[0].uid == 20), "a large one comes alone");
        assert!(super::groups(&[], &LearnedLimits::default()).is_empty());
        let mut single = LearnedLimits::default();
        single.one_by_one = true;
        assert_eq!(super::groups(&waiting, &single).len(), 40);
        let limits = LearnedLimits::default();
        limits.cut_off(&[3, 4], Timestamp(0));
        let sizes: Vec<usize> = super::groups(&waiting[..8], &limits).iter().map(|group| group.len()).collect();
        assert_eq!(sizes, [2, 1, 1, 4], "at one of these a connection ended");
    }
}
