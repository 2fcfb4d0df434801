//! Ids that depend only on their purpose: the same workspace and time give the same ids.

use model::{Timestamp, WorkspaceId};
use uuid::Uuid;

use crate::random::Random;

/// Makes the ids of one workspace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids(WorkspaceId);

impl Ids {
    pub(super) const fn new(workspace: WorkspaceId) -> Self {
        Self(workspace)
    }

    /// A UUIDv7 that sorts by its time. `of` names its purpose.
    pub(super) fn id(self, at: Timestamp, of: &[&str]) -> Uuid {
        self.random(of).id(at)
    }

    /// Hexadecimal digits in place of a hash, such as that of a visitor's secret.
    pub(super) fn hash(self, of: &[&str]) -> String {
        let mut random = self.random(of);
        [(); 4].map(|()| format!("{:016x}", random.next())).concat()
    }

    fn random(self, of: &[&str]) -> Random {
        let workspace = self.0.to_string();
        let bytes = std::iter::once(workspace.as_str()).chain(of.iter().copied());
        // FNV-1a, with a byte between the words.
        let hash = bytes
            .flat_map(|word| word.bytes().chain([0xff]))
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Random::split(hash, 4)
    }
}
