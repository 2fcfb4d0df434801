//! Brings the commits of other processes to this process's subscribers, in order and once. After a wake-up it reads the events of the log
//! that were not published here. It notices a missed wake-up a few seconds later.

use std::time::Duration;

use model::WorkspaceId;
use store::{Db, Scope, Sight, WakeUp, conversation, error::StoreError, event};
use tokio::{
    sync::{mpsc, watch as signal},
    time::{MissedTickBehavior, interval},
};

use super::{hub::Hub, presence::Placed};

/// How often the log is read without a wake-up.
const LOOK: Duration = Duration::from_secs(3);
/// How many events are read at once.
const PAGE: i64 = 256;

/// Reads from the log the events that the hub did not get.
pub struct Relay {
    db: Db,
    hub: Hub,
}

impl Relay {
    /// From now on the hub publishes in the order of the log, and this relay fills its gaps: [`Relay::run`] must follow.
    pub fn new(db: Db, hub: Hub) -> Self {
        hub.keep_order();
        Self { db, hub }
    }

    /// Runs until the shutdown.
    pub async fn run(self, mut shutdown: signal::Receiver<bool>) {
        let mut wakes = self.db.wakes();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*shutdown.borrow() {
            let done = tokio::select! {
                wake = next(&mut wakes) => self.woken(wake).await,
                () = self.hub.gap() => Ok(()),
                _ = look.tick() => self.look_at_all().await,
                _ = shutdown.changed() => break,
            };
            let done = match done {
                Ok(()) => self.catch_up().await,
                failed => failed,
            };
            if let Err(error) = done {
                // The next look repeats it.
                tracing::error!(%error, "could not read the events of other processes");
            }
        }
    }

    async fn woken(&self, wake: WakeUp) -> Result<(), StoreError> {
        match wake {
            WakeUp::Log(workspace, seq) => self.hub.heard_of(workspace, seq),
            WakeUp::Work => self.db.jobs_waiting().notify_one(),
            WakeUp::Sight(workspace, sight) => self.saw(workspace, sight).await?,
            WakeUp::Anything => {
                self.db.jobs_waiting().notify_one();
                self.look_at_all().await?;
            }
        }
        Ok(())
    }

    /// Passes on where somebody is. Where the conversation belongs decides who is told, so it is read here and not believed.
    async fn saw(&self, workspace: WorkspaceId, sight: Sight) -> Result<(), StoreError> {
        if !self.hub.presence().is_watched(workspace) {
            return Ok(());
        }
        let id = match sight {
            Sight::Member(_, _, at) => at.map(|(id, _)| id),
            Sight::Outside(id, writes) => writes.then_some(id),
        };
        let placed = match id {
            None => None,
            Some(id) => {
                let scope = Scope::system(workspace, "presence");
                let mut reader = self.db.reader().await?;
                conversation::load(&mut reader.conn(), &scope, id).await?.map(|loaded| Placed::of(&loaded.row))
            }
        };
        self.hub.presence().heard(workspace, sight, placed);
        Ok(())
    }

    async fn look_at_all(&self) -> Result<(), StoreError> {
        if self.hub.subscribers() == 0 {
            return Ok(());
        }
        let mut snapshot = self.db.snapshot().await?;
        for (workspace, seq) in event::last_of_all(&mut snapshot.conn()).await? {
            self.hub.heard_of(workspace, seq);
        }
        Ok(())
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        for workspace in self.hub.behind() {
            self.read_on(workspace).await?;
        }
        Ok(())
    }

    async fn read_on(&self, workspace: WorkspaceId) -> Result<(), StoreError> {
        while let Some(last) = self.hub.last(workspace) {
            let mut snapshot = self.db.snapshot().await?;
            let events = event::after(&mut snapshot.conn(), workspace, last, PAGE).await?;
            drop(snapshot);
            let all = (events.len() as i64) < PAGE;
            self.hub.fill(workspace, events);
            if all {
                break;
            }
        }
        Ok(())
    }
}

/// The next wake-up. Never returns if there are no other processes.
async fn next(wakes: &mut Option<mpsc::Receiver<WakeUp>>) -> WakeUp {
    if let Some(wakes) = wakes
        && let Some(wake) = wakes.recv().await
    {
        return wake;
    }
    std::future::pending().await
}
