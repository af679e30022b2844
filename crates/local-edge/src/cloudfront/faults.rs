//! Refusals on demand: what a caller must survive.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a CreateInvalidation call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 400 `TooManyInvalidationsInProgress`, which SDKs do not retry.
    TooManyInvalidationsInProgress,
    /// 400 `Throttling`, which SDKs retry.
    Throttling,
    /// 503 `ServiceUnavailable`, which SDKs retry.
    ServiceUnavailable,
}

/// Decides which calls of CreateInvalidation are refused before they are looked at. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    next: Option<(u64, Fault)>,
    share: Option<(f64, fastrand::Rng, Fault)>,
    struck: u64,
}

impl Faults {
    /// Refuses the next `calls` calls.
    pub fn refuse_next(&self, calls: u64, fault: Fault) {
        self.plan().next = Some((calls, fault));
    }

    /// Refuses a share of all calls from now on, 0.0 to 1.0; which ones, the seed decides.
    pub fn refuse_share(&self, share: f64, seed: u64, fault: Fault) {
        self.plan().share = Some((share, fastrand::Rng::with_seed(seed), fault));
    }

    /// Refuses nothing any more.
    pub fn clear(&self) {
        let mut plan = self.plan();
        (plan.next, plan.share) = (None, None);
    }

    /// How many calls were refused so far.
    pub fn refused(&self) -> u64 {
        self.plan().struck
    }

    pub(super) fn strike(&self) -> Option<Fault> {
        let mut plan = self.plan();
        let fault = plan.next_fault();
        plan.struck += u64::from(fault.is_some());
        fault
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn next_fault(&mut self) -> Option<Fault> {
        if let Some((left, fault)) = &mut self.next
            && *left > 0
        {
            *left -= 1;
            return Some(*fault);
        }
        let (share, random, fault) = self.share.as_mut()?;
        (random.f64() < *share).then_some(*fault)
    }
}
