//! Remembers the last storage failure.

use std::sync::Arc;

use model::StorageFault;
use tokio::sync::watch;

/// The last storage failure, until a write succeeds again. Shared by everything that writes to the same disk or database.
#[derive(Debug, Clone, Default)]
pub struct Mark(Arc<watch::Sender<Option<StorageFault>>>);

impl Mark {
    /// Records that a write failed.
    pub fn failed(&self, fault: StorageFault) {
        if self.0.send_if_modified(|before| before.replace(fault) != Some(fault)) {
            tracing::error!("{} Writes wait until the storage works again.", fault.sentence());
        }
    }

    /// Records that a write succeeded.
    pub fn works(&self) {
        if self.0.send_if_modified(|before| before.take().is_some()) {
            tracing::info!("the storage works again");
        }
    }

    /// Why nothing can be stored. None when the last write succeeded, or before the first one.
    pub fn now(&self) -> Option<StorageFault> {
        *self.0.borrow()
    }

    /// Receives every change of the failure.
    pub fn follow(&self) -> watch::Receiver<Option<StorageFault>> {
        self.0.subscribe()
    }
}
