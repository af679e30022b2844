//! How long a mapping waits after a failed invocation.

use tokio::time::Duration;

/// Exponential waiting times: `first`, twice that, and so on up to `most`.
///
/// Lambda backs off too, by times it does not document; these suit a stack on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure. Default 200 ms.
    pub first: Duration,
    /// The longest wait. Default 10 s.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(200), most: Duration::from_secs(10) }
    }
}

impl Backoff {
    /// The wait after this many failures in a row (one or more).
    #[must_use]
    pub fn after(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.most)
    }
}
