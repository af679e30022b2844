//! Time as an argument.
//!
//! Wall time in milliseconds is what a record's freshness and leases are written in, because a frozen process's
//! monotonic clock may stand still. Correctness never rests on it: a wrong clock costs loads, not stale answers.

/// Milliseconds since the Unix epoch.
pub type UnixMillis = u64;

/// Tells the wall time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> UnixMillis;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    // The one place that asks the system for the time.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> UnixMillis {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// A clock that follows tokio's, so that tests with paused time move both at once.
#[cfg(feature = "test-util")]
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    epoch: tokio::time::Instant,
    base: UnixMillis,
}

#[cfg(feature = "test-util")]
impl TokioClock {
    /// A clock that shows `base` now and advances with [`tokio::time::Instant`].
    pub fn starting_at(base: UnixMillis) -> Self {
        TokioClock { epoch: tokio::time::Instant::now(), base }
    }
}

#[cfg(feature = "test-util")]
impl Clock for TokioClock {
    fn now(&self) -> UnixMillis {
        self.base + u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
