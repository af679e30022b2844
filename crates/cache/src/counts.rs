//! How often each kind of answer was given.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::answer::{Answer, Bypass, MissReason, Provenance};
use crate::store::FillOutcome;

/// How often each kind of answer was given since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// From the store.
    pub hits: u64,
    /// From this process's memory.
    pub local_hits: u64,
    /// Past their fresh time, while refreshed or because the source had failed.
    pub stale: u64,
    /// From a load that another request was running.
    pub joined: u64,
    /// From the source, and kept by the store.
    pub loaded: u64,
    /// Of these, before the end of their fresh time.
    pub refreshed_early: u64,
    /// From the source, but the store refused to keep them.
    pub refused: u64,
    /// Past the store because their family is not cached.
    pub bypassed: u64,
    /// Past the store because they are too large.
    pub too_large: u64,
    /// Past the store because it failed, or was left alone.
    pub without_store: u64,
    /// No answer at all.
    pub failed: u64,
}

macro_rules! counters {
    ($($name:ident),*) => {
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $($name: AtomicU64),* }

        impl Counters {
            pub(crate) fn snapshot(&self) -> Counts {
                Counts { $($name: self.$name.load(Ordering::Relaxed)),* }
            }
        }
    };
}

counters!(
    hits,
    local_hits,
    stale,
    joined,
    loaded,
    refreshed_early,
    refused,
    bypassed,
    too_large,
    without_store,
    failed
);

impl Counters {
    pub(crate) fn answered(&self, answer: &Answer) {
        let counter = match answer.provenance {
            Provenance::Hit(_) => &self.hits,
            Provenance::LocalHit { .. } => &self.local_hits,
            Provenance::StaleWhileRevalidate | Provenance::StaleIfError { .. } => &self.stale,
            Provenance::Joined(_) => &self.joined,
            Provenance::Loaded { miss, fill: FillOutcome::Stored } => {
                if miss == MissReason::Early {
                    self.refreshed_early.fetch_add(1, Ordering::Relaxed);
                }
                &self.loaded
            }
            Provenance::Loaded { .. } => &self.refused,
            Provenance::Bypassed(Bypass::Policy | Bypass::Requested) => &self.bypassed,
            Provenance::Bypassed(Bypass::TooLarge) => &self.too_large,
            Provenance::Bypassed(Bypass::Failed(_) | Bypass::BreakerOpen) => &self.without_store,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}
