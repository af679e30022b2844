//! How far a mapping is, for whoever waits for it or shows it.

/// Counts since the mapping started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Records read from the stream.
    pub read: u64,
    /// Records no filter pattern matched; they are passed over.
    pub filtered: u64,
    /// Records the function has taken.
    pub succeeded: u64,
    /// Records given up: too old, or retried too often.
    pub discarded: u64,
    /// Invocations that ended, throttled ones not included.
    pub invocations: u64,
    /// Those of them that failed, in whole or in part.
    pub failed_invocations: u64,
    /// Invocations refused because every environment was busy.
    pub throttles: u64,
}

impl Progress {
    /// Records that were read and are neither taken, passed over nor given up yet.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.read - self.filtered - self.succeeded - self.discarded
    }
}
