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
