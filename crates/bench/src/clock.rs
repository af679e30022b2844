//! Time, for measuring.

use std::time::Instant;

/// Now, on a clock that only measures.
#[expect(clippy::disallowed_methods, reason = "a measurement asks the real clock, and decides nothing by it")]
pub fn now() -> Instant {
    Instant::now()
}

/// Now, in milliseconds since the epoch.
pub fn unix_ms() -> u64 {
    use cache::Clock;
    cache::SystemClock.now()
}

/// Now, in microseconds since the epoch: to compare what several processes have noted.
#[expect(clippy::disallowed_methods, reason = "a measurement asks the real clock, and decides nothing by it")]
pub fn unix_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
