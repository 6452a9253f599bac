//! How much is worked out of what a run has to work out, for whoever shows how it goes on.

use std::sync::atomic::{AtomicU64, Ordering};

/// Parts of the work, as far as they are known: policies in an environment, environments, guardrails. No answer hangs
/// on it.
#[derive(Debug, Default)]
pub struct Meter {
    begun: AtomicU64,
    done: AtomicU64,
}

impl Meter {
    /// So many more parts are to be worked out.
    pub fn begin(&self, parts: usize) {
        self.begun.fetch_add(parts as u64, Ordering::Relaxed);
    }

    /// So many more of them are.
    pub fn finish(&self, parts: usize) {
        self.done.fetch_add(parts as u64, Ordering::Relaxed);
    }

    /// How many parts are worked out, and how many there are as far as is known.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        let done = self.done.load(Ordering::Relaxed);
        (done, self.begun.load(Ordering::Relaxed).max(done))
    }
}
