//! The one source of randomness of a schedule.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Draws from a seed; clones share the sequence.
#[derive(Clone)]
pub(crate) struct Chance(Arc<Mutex<fastrand::Rng>>);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Chance(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// Whether something of this chance in a hundred happens now.
    pub(crate) fn percent(&self, chance: u64) -> bool {
        self.number(0..=99) < chance
    }

    pub(crate) fn number(&self, range: RangeInclusive<u64>) -> u64 {
        self.with(|rng| rng.u64(range))
    }

    pub(crate) fn millis(&self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.number(range))
    }

    pub(crate) fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.with(|rng| rng.usize(0..all.len()))]
    }

    pub(crate) fn seed(&self) -> u64 {
        self.with(|rng| rng.u64(..))
    }

    fn with<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
