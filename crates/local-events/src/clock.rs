//! Wall-clock timestamps derived from tokio's time, so that paused time moves them too.

use jiff::Timestamp;
use tokio::time::Instant;

/// Wall time: a fixed starting point plus what tokio's clock has counted since.
///
/// In a test with paused time the wall time stands still as well, and advances exactly as far as the test says.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    start_ms: u64,
    origin: Instant,
}

impl WallClock {
    /// A clock that shows the machine's time now.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // The one place where the machine's clock is read.
    pub fn system() -> Self {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self::starting_at(since_epoch.map_or(0, |elapsed| u64::try_from(elapsed.as_millis()).unwrap_or(0)))
    }

    /// A clock that shows `start_ms` (milliseconds since the Unix epoch) now.
    #[must_use]
    pub fn starting_at(start_ms: u64) -> Self {
        Self { start_ms, origin: Instant::now() }
    }

    /// Milliseconds since the Unix epoch, now.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.at_ms(Instant::now())
    }

    /// Milliseconds since the Unix epoch at `instant`.
    #[must_use]
    pub fn at_ms(&self, instant: Instant) -> u64 {
        let elapsed = instant.saturating_duration_since(self.origin).as_millis();
        self.start_ms.saturating_add(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }
}

/// `2026-11-20T09:30:00Z`: the time of an EventBridge event.
pub(crate) fn rfc3339_seconds(ms: u64) -> String {
    format!("{:.0}", timestamp(ms))
}

/// `2026-11-20T09:30:00.250Z`: the times in a failure record.
pub(crate) fn rfc3339_millis(ms: u64) -> String {
    format!("{:.3}", timestamp(ms))
}

fn timestamp(ms: u64) -> Timestamp {
    i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn wall_time_advances_exactly_with_paused_time() {
        let clock = WallClock::starting_at(1_000);
        tokio::time::advance(Duration::from_millis(250)).await;
        assert_eq!(clock.now_ms(), 1_250);
    }

    #[test]
    fn times_are_written_as_aws_writes_them() {
        assert_eq!(rfc3339_seconds(1_763_631_000_999), "2025-11-20T09:30:00Z");
        assert_eq!(rfc3339_millis(1_763_631_000_250), "2025-11-20T09:30:00.250Z");
    }
}
