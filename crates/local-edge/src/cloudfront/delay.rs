//! Imitated time between an invalidation's call, its effect and its completion.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// In effect within 5 s and completed within 25 s, both at the 95th percentile.
const PUBLISHED: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(25));

/// Exponentially distributed times with these 95th percentiles (a day at most), in a sequence the seed decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImitatedDelay {
    /// Decides the sequence of times.
    pub seed: u64,
    /// Until the purge happens.
    pub effect_p95: Duration,
    /// Until the status is `Completed`; never before the effect.
    pub completion_p95: Duration,
}

impl ImitatedDelay {
    /// The times AWS published: 5 s and 25 s.
    pub fn published(seed: u64) -> Self {
        Self { seed, effect_p95: PUBLISHED.0, completion_p95: PUBLISHED.1 }
    }
}

#[derive(Debug)]
pub(super) struct Delays {
    percentiles: ImitatedDelay,
    random: Mutex<fastrand::Rng>,
}

impl Delays {
    pub(super) fn new(percentiles: ImitatedDelay) -> Self {
        const AT_MOST: Duration = Duration::from_secs(24 * 3600);
        let percentiles = ImitatedDelay {
            effect_p95: percentiles.effect_p95.min(AT_MOST),
            completion_p95: percentiles.completion_p95.min(AT_MOST),
            ..percentiles
        };
        Self { percentiles, random: Mutex::new(fastrand::Rng::with_seed(percentiles.seed)) }
    }

    /// The next invalidation's times until effect and completion, both from now.
    pub(super) fn next(&self) -> (Duration, Duration) {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let effect = exponential(random.f64(), self.percentiles.effect_p95);
        let completion = exponential(random.f64(), self.percentiles.completion_p95);
        (effect, completion.max(effect))
    }
}

/// Inverse of the exponential distribution whose 95th percentile is `p95`; at most ten times that.
fn exponential(uniform: f64, p95: Duration) -> Duration {
    let scale = (1.0 - uniform).max(f64::MIN_POSITIVE).ln() / 0.05_f64.ln();
    p95.mul_f64(scale.min(10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_in_twenty_is_longer_than_the_percentile() {
        let delays = Delays::new(ImitatedDelay::published(7));
        let times: Vec<_> = (0..10_000).map(|_| delays.next()).collect();
        let late = times.iter().filter(|(effect, _)| *effect > PUBLISHED.0).count();
        assert!((400..600).contains(&late), "{late}");
        assert!(times.iter().all(|(effect, completion)| effect <= completion));
    }

    #[test]
    fn the_same_seed_gives_the_same_times() {
        let sequence = |seed| {
            let delays = Delays::new(ImitatedDelay::published(seed));
            (0..5).map(|_| delays.next()).collect::<Vec<_>>()
        };
        assert_eq!(sequence(1), sequence(1));
        assert_ne!(sequence(1), sequence(2));
    }
}
