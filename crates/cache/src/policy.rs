//! How one family of keys is cached.

use std::time::Duration;

use crate::clock::UnixMillis;

/// Times and limits of one family. The defaults suit items that change a few times a day and are read all the time.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// How long a body is fresh. Invalidation keeps it right; this bounds what is forgotten. Default 10 min.
    pub fresh_for: Duration,
    /// How long "no such item" is fresh, and at most how long past that it may stand in: anybody can ask for items that
    /// do not exist, and each is a record. Default 30 s.
    pub absent_for: Duration,
    /// The share by which those two are randomly shortened, so that keys written together do not expire together.
    /// Default 0.1.
    pub jitter: f64,
    /// How long before the end of its fresh time a body may be refreshed by one of its readers, while it still answers
    /// the others. A reader's chance grows from 0 to 1 with the fourth power of the time that has passed: 6 % half way.
    /// Zero: never. Default 20 s.
    pub refresh_ahead: Duration,
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
    /// How long one operation of the store may take that the answer depends on. Default 150 ms.
    pub store_timeout: Duration,
    /// How long one operation of the store may take when the answer is at hand already: a fill, an early refresh.
    /// Default 100 ms.
    pub store_soft_timeout: Duration,
    /// How long one load may take. Default 1.5 s; with the wait it must stay within the function's own time-out.
    pub load_timeout: Duration,
    /// How long one load may take when a body that is not fenced could answer instead. Default 500 ms.
    pub load_soft_timeout: Duration,
    /// Bodies of so many bytes and more are compressed where that saves an eighth. Default 2,048.
    pub compress_from: usize,
    /// Larger bodies (before compression) are not kept: their readers go to the source, without waiting for each other.
    /// Default 1 MiB.
    pub max_body: usize,
    /// Bodies of so many bytes and more are kept in the process as well, and answer when the head read from the store
    /// vouches for them: only the head travels. Default 4,096.
    pub local_from: usize,
    /// How long a body kept in the process answers without the store being asked at all. An invalidation may go
    /// unnoticed for as long. Zero: never. At most 2 s. Default zero.
    pub local_ttl: Duration,
    /// Whether the family is not cached at all, because it is written more often than read. Default no.
    pub bypass: bool,
    /// Of lists: how long the index they are read from may lag behind a change. What was built within it is kept for
    /// [`unsettled_for`](Policy::unsettled_for) only. Default 10 s.
    pub index_settle: Duration,
    /// Of lists: how long one is fresh that was built while its index may have lagged. Default 1 s.
    pub unsettled_for: Duration,
    /// Of lists: how long a generation is remembered: longer than the pages built under it, which end with it. Asking for
    /// lists that do not exist leaves one behind for each. Default 1 h.
    pub family_ttl: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            fresh_for: Duration::from_secs(600),
            absent_for: Duration::from_secs(30),
            jitter: 0.1,
            refresh_ahead: Duration::from_secs(20),
            stale_while_revalidate: Duration::from_secs(30),
            stale_if_error: Duration::from_secs(600),
            lease: Duration::from_secs(1),
            wait: Duration::from_millis(1_800),
            poll_min: Duration::from_millis(4),
            poll_max: Duration::from_millis(50),
            store_timeout: Duration::from_millis(150),
            store_soft_timeout: Duration::from_millis(100),
            load_timeout: Duration::from_millis(1_500),
            load_soft_timeout: Duration::from_millis(500),
            compress_from: 2_048,
            max_body: 1 << 20,
            local_from: 4_096,
            local_ttl: Duration::ZERO,
            bypass: false,
            index_settle: Duration::from_secs(10),
            unsettled_for: Duration::from_secs(1),
            family_ttl: Duration::from_secs(3_600),
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

    /// The chance that a reader refreshes a record that is fresh for `left` of its `life`.
    pub(crate) fn refresh_chance(&self, left: Duration, life: Duration) -> f64 {
        // A short life must not be all early refresh.
        let window = self.refresh_ahead.min(life / 2);
        if window.is_zero() || left >= window {
            return 0.0;
        }
        (1.0 - left.as_secs_f64() / window.as_secs_f64()).powi(4)
    }
}

pub(crate) fn millis(span: Duration) -> UnixMillis {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_of_an_early_refresh_grows_towards_the_end() {
        let policy = Policy::default();
        let chance = |left| policy.refresh_chance(Duration::from_secs(left), policy.fresh_for);
        assert_eq!((chance(20), chance(0)), (0.0, 1.0));
        assert!((chance(10) - 0.0625).abs() < 1e-9);
        let never = Policy { refresh_ahead: Duration::ZERO, ..policy.clone() };
        assert_eq!(never.refresh_chance(Duration::ZERO, policy.fresh_for), 0.0);
        let short = policy.refresh_chance(Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(short, 0.0, "at most the second half of a short life");
    }
}
