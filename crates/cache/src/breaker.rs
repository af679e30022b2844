//! The circuit breaker: a store that keeps failing is left alone for a moment, so that reads do not wait for it.
//!
//! Closed until [`failures`](BreakerConfig::failures) operations in a row have failed; then open for
//! [`open_for`](BreakerConfig::open_for); then one caller is let through, and its result decides. Only reads look at
//! it: an invalidation is always attempted.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::UnixMillis;

/// When the breaker opens, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerConfig {
    /// Failures in a row that open it. Default 3.
    pub failures: u32,
    /// How long it stays open before one caller may try. Default 1 s.
    pub open_for: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        BreakerConfig { failures: 3, open_for: Duration::from_secs(1) }
    }
}

/// A circuit breaker shared by the requests of one process.
#[derive(Debug)]
pub struct Breaker {
    config: BreakerConfig,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { failures: u32 },
    Open { since: UnixMillis },
}

impl Breaker {
    /// A closed breaker.
    pub fn new(config: BreakerConfig) -> Self {
        Breaker { config, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Whether a caller may use the store now. While open, one caller in every
    /// [`open_for`](BreakerConfig::open_for) may.
    pub fn admits(&self, now: UnixMillis) -> bool {
        let mut state = self.lock();
        match *state {
            State::Closed { .. } => true,
            // A clock that went backwards must not keep the breaker open.
            State::Open { since } if now < since || now - since >= self.open_millis() => {
                *state = State::Open { since: now };
                true
            }
            State::Open { .. } => false,
        }
    }

    /// Whether the store is left alone, or on trial.
    pub fn is_open(&self) -> bool {
        matches!(*self.lock(), State::Open { .. })
    }

    /// The store answered.
    pub fn succeeded(&self) {
        *self.lock() = State::Closed { failures: 0 };
    }

    /// The store did not answer.
    pub fn failed(&self, now: UnixMillis) {
        let mut state = self.lock();
        *state = match *state {
            State::Closed { failures } if failures + 1 < self.config.failures => {
                State::Closed { failures: failures + 1 }
            }
            _ => State::Open { since: now },
        };
    }

    fn open_millis(&self) -> UnixMillis {
        u64::try_from(self.config.open_for.as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened_at(now: UnixMillis) -> Breaker {
        let breaker = Breaker::new(BreakerConfig::default());
        (0..3).for_each(|_| breaker.failed(now));
        breaker
    }

    #[test]
    fn it_opens_only_after_failures_in_a_row() {
        let breaker = Breaker::new(BreakerConfig::default());
        breaker.failed(0);
        breaker.failed(0);
        breaker.succeeded();
        breaker.failed(0);
        breaker.failed(0);
        assert!(breaker.admits(0) && !breaker.is_open());
        breaker.failed(0);
        assert!(!breaker.admits(0) && breaker.is_open());
    }

    #[test]
    fn after_the_pause_one_caller_decides() {
        let breaker = opened_at(1_000);
        assert!(!breaker.admits(1_999));
        assert!(breaker.admits(2_000), "one is let through");
        assert!(!breaker.admits(2_000), "the next is not");
        breaker.failed(2_100);
        assert!(!breaker.admits(3_000), "a failed trial opens it anew");
        assert!(breaker.admits(3_100));
        assert!(breaker.is_open(), "on trial");
        breaker.succeeded();
        assert!(breaker.admits(3_100) && breaker.admits(3_100) && !breaker.is_open());
    }

    #[test]
    fn a_clock_that_went_backwards_does_not_keep_it_open() {
        assert!(opened_at(1_000_000).admits(5));
    }
}
