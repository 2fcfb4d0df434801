//! Room for reads that may take long: searches, counts and filtered lists. A member's own wait for each other, so that nobody slows down
//! everybody else (S59).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use model::{ApiError, MemberId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many of a member's reads may be there at once, running and waiting. A browser asks for two or three.
const MOST_OF_ONE: usize = 16;
/// How many members are remembered before those without reads are forgotten.
const MOST_MEMBERS: usize = 1_000;

/// The room of a process.
#[derive(Debug)]
pub struct Reads {
    everybody: Arc<Semaphore>,
    members: Mutex<HashMap<MemberId, Arc<Line>>>,
}

/// One member's reads.
#[derive(Debug)]
struct Line {
    places: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// Room for one read. Dropping it makes room for the next.
#[derive(Debug)]
pub struct Room(#[expect(dead_code, reason = "held until the read is over")] [OwnedSemaphorePermit; 3]);

impl Default for Reads {
    /// As many reads at once as there are cores, and at least two.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).max(2);
        Self { everybody: Arc::new(Semaphore::new(cores)), members: Mutex::default() }
    }
}

impl Reads {
    /// Waits until this member's earlier reads are over, and until there is room.
    ///
    /// # Errors
    /// [`ApiError::Busy`] when too many of this member's reads are waiting.
    pub async fn room(&self, member: MemberId) -> Result<Room, ApiError> {
        // A closed semaphore does not happen; it would be answered like a full one.
        let busy =
            |_| ApiError::Busy { message: "Too many requests at once. Wait a moment, then try again.".to_owned() };
        let line = self.line(member);
        let place = Arc::clone(&line.places).try_acquire_owned().map_err(|_| busy(()))?;
        let turn = Arc::clone(&line.turn).acquire_owned().await.map_err(|_| busy(()))?;
        let room = Arc::clone(&self.everybody).acquire_owned().await.map_err(|_| busy(()))?;
        Ok(Room([place, turn, room]))
    }

    fn line(&self, member: MemberId) -> Arc<Line> {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if members.len() >= MOST_MEMBERS {
            members.retain(|_, line| line.places.available_permits() < MOST_OF_ONE || Arc::strong_count(line) > 1);
        }
        let line =
            || Arc::new(Line { places: Arc::new(Semaphore::new(MOST_OF_ONE)), turn: Arc::new(Semaphore::new(1)) });
        Arc::clone(members.entry(member).or_insert_with(line))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn member(n: u128) -> MemberId {
        MemberId::new(Uuid::from_u128(n))
    }

    #[tokio::test]
    async fn s59_one_members_reads_wait_for_each_other_and_not_for_others() {
        let reads = Arc::new(Reads::default());
        let first = reads.room(member(1)).await.unwrap();
        let others: Vec<_> = (1..MOST_OF_ONE)
            .map(|_| {
                let reads = Arc::clone(&reads);
                tokio::spawn(async move { reads.room(member(1)).await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(matches!(reads.room(member(1)).await, Err(ApiError::Busy { .. })), "more than may wait");
        assert!(reads.room(member(2)).await.is_ok(), "another member is not held up");
        drop(first);
        for other in others {
            assert!(other.await.unwrap().is_ok(), "all had their turn");
        }
        assert!(reads.room(member(1)).await.is_ok());
    }
}
