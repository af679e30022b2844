//! The one place that reads the wall clock.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Wall time that moves with `tokio::time`: one reading of the system clock at the start, tokio's clock from there on.
///
/// HTTP dates need wall time and everything else needs a clock tests can move; deriving the first from the second keeps
/// the two from contradicting each other. A machine that was suspended falls behind by the time it slept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    wall: SystemTime,
    started: Instant,
}

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "the crate's only reading of the system clock")]
    pub(crate) fn start() -> Self {
        Self { wall: SystemTime::now(), started: Instant::now() }
    }

    pub(crate) fn wall(&self) -> SystemTime {
        self.wall + self.started.elapsed()
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn unix_ms(&self) -> u64 {
        let since = self.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
