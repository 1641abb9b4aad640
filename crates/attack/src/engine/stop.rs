use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::worker::{CANCELLED, STOPPING};

/// Ends an attack from elsewhere, as from a handler of signals.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Sends nothing new, and waits for what is in flight; the second time it is given up.
    pub fn stop(&self) {
        let stopped = |state: u8| if state < STOPPING { STOPPING } else { state.max(CANCELLED) };
        let _ =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| Some(stopped(state)));
    }

    pub(super) fn state(&self) -> Arc<AtomicU8> {
        Arc::clone(&self.0)
    }
}
