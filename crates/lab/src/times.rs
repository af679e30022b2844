//! How long everything takes: one model for all strategies.
//!
//! | step | milliseconds | after |
//! |---|---|---|
//! | one way to or from the cache | 0 (70 %) or 1; one in a hundred 5–50 | a round trip inside one region |
//! | one way of a load from the table | 2–6; one in a hundred 20–200 | DynamoDB's own latency metrics |
//! | one way between edge and API, function included | 10–40; one in two hundred 200–3,000 | the slow ones are those a purge can miss |
//! | commit of a write, until its writer has the answer | 3–8 | |
//! | until the stream shows a change, then the next poll | 20–150, then every 250 | Lambda polls a shard four times a second |
//! | start of a function | 5–20 | warm |
//! | event bus and queue | 50–250 | EventBridge states 129 ms at P99 for itself |
//! | batching window | 1,000 | the template's default |
//! | plan and call to CloudFront | 100–400 | |
//! | until a purge is in effect at one location | exponential, P95 5,000 (mean 1,669), at most ten times that | CloudFront states P95 below 5 s; the local edge imitates it alike |
//!
//! Where CloudFront's number is for all locations together, giving it to each of them is too hard on purges, not too easy.

use std::time::Duration;

use fastrand::Rng;
use serde::Serialize;

use crate::workload::Millis;

/// How often Lambda asks a shard of the stream.
pub(crate) const POLL: Millis = 250;

/// The times that can be chosen; the others stand in the module's table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Times {
    /// `s-maxage` of what the edge stores. Default 60 s, as the template has it.
    pub edge_fresh: Millis,
    /// `stale-while-revalidate` beyond it. Default 30 s, as the template has it.
    pub edge_grace: Millis,
    /// The 95th percentile of the time until a purge is in effect at a location. Default 5 s.
    pub purge_p95: Millis,
    /// How long changes are gathered before one purge. Default 1 s.
    pub batch_window: Millis,
    /// The fence delay of double and fenced purges. Default 10 s.
    pub fence: Millis,
}

impl Default for Times {
    fn default() -> Self {
        Times { edge_fresh: 60_000, edge_grace: 30_000, purge_p95: 5_000, batch_window: 1_000, fence: 10_000 }
    }
}

impl Times {
    /// The mean of the time until a purge is in effect at a location.
    pub fn purge_mean(&self) -> f64 {
        self.purge_p95 as f64 / -(0.05_f64.ln())
    }

    /// The mean time from a commit until the stream's consumer has told the cache.
    pub fn stream_mean() -> f64 {
        85.0 + POLL as f64 / 2.0 + 12.5
    }

    /// The mean time from a commit until CloudFront was asked for a purge at once.
    pub fn asked_mean(&self) -> f64 {
        Times::stream_mean() + 150.0 + self.batch_window as f64 + 250.0
    }

    pub(crate) fn purge(&self, rng: &mut Rng) -> Millis {
        let scale = (1.0 - rng.f64()).max(f64::MIN_POSITIVE).ln() / 0.05_f64.ln();
        (self.purge_p95 as f64 * scale.min(10.0)) as Millis
    }
}

/// One way to or from the cache.
pub(crate) fn store_way(rng: &mut Rng) -> Millis {
    match rng.u8(..100) {
        0..70 => 0,
        70..99 => 1,
        _ => rng.u64(5..=50),
    }
}

pub(crate) fn load_way(rng: &mut Rng) -> Millis {
    if rng.u8(..100) == 0 { rng.u64(20..=200) } else { rng.u64(2..=6) }
}

pub(crate) fn edge_way(rng: &mut Rng) -> Millis {
    if rng.u8(..200) == 0 { rng.u64(200..=3_000) } else { rng.u64(10..=40) }
}

pub(crate) fn commit(rng: &mut Rng) -> Millis {
    rng.u64(3..=8)
}

/// When the stream's consumer runs for a change committed at `at`.
pub(crate) fn consumed(at: Millis, rng: &mut Rng) -> Millis {
    (at + rng.u64(20..=150)).next_multiple_of(POLL) + rng.u64(5..=20)
}

pub(crate) fn bus(rng: &mut Rng) -> Millis {
    rng.u64(50..=250)
}

pub(crate) fn call(rng: &mut Rng) -> Millis {
    rng.u64(100..=400)
}

/// How long a process stays frozen: short ones and long ones alike.
pub(crate) fn frozen(rng: &mut Rng) -> Millis {
    (100.0 * 9_000_f64.powf(rng.f64())) as Millis
}

pub(crate) fn millis(span: Millis) -> Duration {
    Duration::from_millis(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_purge_in_twenty_takes_longer_than_the_percentile() {
        let (times, mut rng) = (Times::default(), Rng::with_seed(7));
        let drawn: Vec<_> = (0..20_000).map(|_| times.purge(&mut rng)).collect();
        let late = drawn.iter().filter(|time| **time > times.purge_p95).count();
        assert!((900..1_100).contains(&late), "{late}");
        let mean = drawn.iter().sum::<u64>() as f64 / 20_000.0;
        assert!((mean / times.purge_mean() - 1.0).abs() < 0.03, "{mean}");
    }

    #[test]
    fn the_stream_is_asked_four_times_a_second() {
        let mut rng = Rng::with_seed(7);
        let lags: Vec<_> = (0..20_000).map(|at| consumed(at * 997, &mut rng) - at * 997).collect();
        let mean = lags.iter().sum::<u64>() as f64 / 20_000.0;
        assert!((mean / Times::stream_mean() - 1.0).abs() < 0.03, "{mean}");
        assert!(lags.iter().all(|lag| *lag <= 150 + POLL + 20));
    }
}
