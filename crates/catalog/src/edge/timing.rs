//! When to purge, and when again.
//!
//! An answer that the origin computed before it knew of a change may reach the edge after the purge and be stored. The
//! *fence delay* is longer than any answer can be on its way, so a purge after it finds all of them.

use std::time::Duration;

use cache::UnixMillis;

/// When to purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// At once. What was on its way may survive, until its time is up.
    Prompt,
    /// At once, and again after the fence delay.
    Double,
    /// Once, after the fence delay.
    Fenced,
}

impl Timing {
    /// How often an item is sent.
    pub fn passes(self) -> u64 {
        match self {
            Timing::Prompt | Timing::Fenced => 1,
            Timing::Double => 2,
        }
    }

    /// How long the first purge must wait, for a change that had been published by `published_at`: zero if it may come
    /// now. What was on its way then has arrived a fence delay later.
    pub fn wait(self, fence: Duration, published_at: UnixMillis, now: UnixMillis) -> Duration {
        match self {
            Timing::Prompt | Timing::Double => Duration::ZERO,
            // A clock that is behind must not make the wait longer than it can be.
            Timing::Fenced => fence.saturating_sub(Duration::from_millis(now.saturating_sub(published_at))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fenced_purge_waits_and_only_for_what_is_left_of_the_fence() {
        let fence = Duration::from_secs(10);
        assert_eq!(Timing::Fenced.wait(fence, 1_000, 4_000), Duration::from_secs(7));
        assert_eq!(Timing::Fenced.wait(fence, 1_000, 11_000), Duration::ZERO);
        assert_eq!(Timing::Fenced.wait(fence, 5_000, 1_000), fence, "a clock that is behind");
        assert_eq!(Timing::Prompt.wait(fence, 1_000, 1_000), Duration::ZERO);
        assert_eq!(Timing::Double.wait(fence, 1_000, 1_000), Duration::ZERO);
        assert_eq!([Timing::Prompt, Timing::Double, Timing::Fenced].map(Timing::passes), [1, 2, 1]);
    }
}
