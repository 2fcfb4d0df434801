//! What went wrong the last time that something was to be stored.

use std::sync::Arc;

use model::StorageFault;
use tokio::sync::watch;

/// What went wrong the last time in one place, until it works again; shared by all who store there.
#[derive(Debug, Clone, Default)]
pub struct Mark(Arc<watch::Sender<Option<StorageFault>>>);

impl Mark {
    /// Notes that it failed.
    pub fn failed(&self, fault: StorageFault) {
        if self.0.send_if_modified(|before| before.replace(fault) != Some(fault)) {
            tracing::error!("{} What is written waits.", fault.sentence());
        }
    }

    /// Notes that it works.
    pub fn works(&self) {
        if self.0.send_if_modified(|before| before.take().is_some()) {
            tracing::info!("what waited can be stored again");
        }
    }

    /// Why nothing can be stored; none when it works, or nobody tried.
    pub fn now(&self) -> Option<StorageFault> {
        *self.0.borrow()
    }

    /// Tells of every change.
    pub fn follow(&self) -> watch::Receiver<Option<StorageFault>> {
        self.0.subscribe()
    }
}
