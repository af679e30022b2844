//! How one family of keys is cached.

use std::time::Duration;

/// Times and limits of one family. The defaults suit items that change a few times a day and are read all the time.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// How long a body is fresh. Invalidation keeps it right; this bounds what is forgotten. Default 10 min.
    pub fresh_for: Duration,
    /// How long "no such item" is fresh. Default 30 s.
    pub absent_for: Duration,
    /// The share by which those two are randomly shortened, so that keys written together do not expire together.
    /// Default 0.1.
    pub jitter: f64,
    /// How long past its fresh time a body that is *not* fenced may answer while another caller refreshes it.
    /// Default 30 s.
    pub stale_while_revalidate: Duration,
    /// How long past its fresh time a body, fenced or not, may answer when the source has failed. Default 10 min.
    pub stale_if_error: Duration,
    /// How long one caller may load before another may try: the source sees one read per key and lease. Default 1 s.
    pub lease: Duration,
    /// How long a caller without the lease waits for the holder before it loads by itself: longer than the
    /// lease, so that a holder that died is replaced by one caller and not by all. Default 1.8 s.
    pub wait: Duration,
    /// The first pause between two looks while waiting; it doubles up to [`poll_max`](Policy::poll_max), each
    /// randomly shortened by up to a half. Default 4 ms.
    pub poll_min: Duration,
    /// The longest pause between two looks while waiting. Default 50 ms.
    pub poll_max: Duration,
    /// How long one operation of the store may take. Default 150 ms.
    pub store_timeout: Duration,
    /// How long one load may take. Default 1.5 s; with the wait it must stay within the function's own time-out.
    pub load_timeout: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            fresh_for: Duration::from_secs(600),
            absent_for: Duration::from_secs(30),
            jitter: 0.1,
            stale_while_revalidate: Duration::from_secs(30),
            stale_if_error: Duration::from_secs(600),
            lease: Duration::from_secs(1),
            wait: Duration::from_millis(1_800),
            poll_min: Duration::from_millis(4),
            poll_max: Duration::from_millis(50),
            store_timeout: Duration::from_millis(150),
            load_timeout: Duration::from_millis(1_500),
        }
    }
}

impl Policy {
    /// How long a record outlives its fresh time.
    pub fn grace(&self) -> Duration {
        self.stale_while_revalidate.max(self.stale_if_error)
    }

    /// How long a pending head must live: until the slowest load that relies on it has come back.
    pub fn pending_ttl(&self) -> Duration {
        (self.lease + self.load_timeout) * 2
    }
}
