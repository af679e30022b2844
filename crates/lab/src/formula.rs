//! What a user will get: the share of stale reads, without a simulation.
//!
//! An item is written μ times a second and read λ times a second at one location of the edge. What a reader gets there has an
//! *age*: the time since the cache below was asked. A write makes answers stale from its commit until either the answer has
//! come to its end, or a purge is in effect, D after the commit. So an answer of age a is stale with the probability
//!
//! ```text
//! g(a) = 1 − e^(−μ·G(a)),    G(a) = ∫₀ᵃ P(D > u) du        no purge: D = ∞, G(a) = a
//! ```
//!
//! times the chance that it was fresh when it came: below a cache with a TTL T that is asked Λ times a second its own age is
//! 0 with the probability 1 / (1 + ΛT) and else anything up to T. With `s-maxage` S and `stale-while-revalidate` V, one
//! life of an answer has λS reads within S, and one more after it, which finds the old answer within V and a new one later:
//!
//! ```text
//!            λ ∫₀ˢ g(a) da + ∫₀ⱽ λ e^(−λx) g(S+x) dx + e^(−λV) g(0)
//! stale  =  ────────────────────────────────────────────────────────
//!                                λS + 1
//! ```
//!
//! **In short**, for hot items and times well below 1/μ, with μ averaged over reads
//! ([`Workload::writes_met`](crate::Workload::writes_met)):
//!
//! ```text
//! stale ≈ μ · W      W = S/2 + T/2          TTL T below the edge's S
//!                    W = S/2                an API that is always right, the edge left to its TTL
//!                    W = E[D]               the edge purged D after the commit, D well below S
//! ```
//!
//! Not in it: purges that shorten lives (it then errs by about μS), answers under way when a purge comes into effect, and
//! faults.

use crate::strategy::JITTER;
use crate::times::Times;
use crate::workload::Workload;

const STEPS: u32 = 120;
/// What jitter leaves of a TTL, on average.
const KEPT: f64 = 1.0 - JITTER / 2.0;

/// What stands below the edge, and what purges it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Below {
    /// A cache with this TTL, in seconds; the edge is left to its own.
    Ttl(f64),
    /// A cache that is told of changes so many seconds after their commit.
    Told {
        /// The mean of those seconds.
        after: f64,
        /// When the edge is purged, if it is.
        purge: Option<Purge>,
    },
}

/// The time from a commit until a purge is in effect: a fixed part and an exponential one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Purge {
    /// Seconds until it is asked for.
    pub asked: f64,
    /// The mean of the seconds from there on.
    pub mean: f64,
}

/// A prediction, in percent of the reads of a level.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Predicted {
    /// Stale reads at the edge.
    pub edge: f64,
    /// Stale reads at the API.
    pub api: f64,
}

impl Below {
    /// What stands below the edge of a strategy, if the formula knows it.
    pub fn of(strategy: &str, workload: &Workload, times: &Times) -> Option<Below> {
        let seconds = |millis: f64| millis / 1_000.0;
        let after =
            seconds(workload.direct_writes * Times::stream_mean() + (1.0 - workload.direct_writes) * 6.0);
        let purge = |extra: f64| {
            let asked = seconds(times.asked_mean() + extra);
            Some(Below::Told { after, purge: Some(Purge { asked, mean: seconds(times.purge_mean()) }) })
        };
        match strategy {
            "ttl-60" => Some(Below::Ttl(60.0 * KEPT)),
            "ttl-90" => Some(Below::Ttl(90.0 * KEPT)),
            "tidemark-ttl" => Some(Below::Told { after, purge: None }),
            "tidemark-prompt" | "tidemark-double" => purge(0.0),
            // From the end of the second of its publishing; the way over the bus is part of the wait.
            "tidemark-fenced" => purge(times.fence as f64 + 500.0 - 150.0),
            _ => None,
        }
    }

    /// The age of answers that counts, after `age` seconds.
    fn exposed(&self, age: f64) -> f64 {
        match self {
            Below::Told { purge: Some(Purge { asked, mean }), .. } if age > *asked => {
                asked + mean * (1.0 - (-(age - asked) / mean).exp())
            }
            _ => age,
        }
    }
}

/// Predicts the stale reads of a workload.
pub fn predict(workload: &Workload, times: &Times, below: Below) -> Predicted {
    let locations = workload.locations.max(1) as f64;
    let (fresh, grace) = (times.edge_fresh as f64 / 1_000.0, times.edge_grace as f64 / 1_000.0);
    let (mut edge, mut api, mut asked) = (0.0, 0.0, 0.0);
    for (read, write) in workload.read_shares().into_iter().zip(workload.write_shares()) {
        let rate = read * workload.reads_per_second;
        let (direct, here) = (rate * workload.direct_reads, rate * (1.0 - workload.direct_reads) / locations);
        let writes = write * workload.writes_per_second;
        let below_rate = direct + locations / (fresh + 1.0 / here.max(1e-12));
        let right = match below {
            Below::Ttl(ttl) => unwritten(writes, ttl, below_rate),
            Below::Told { after, .. } => (-writes * after).exp(),
        };
        let stale = |age: f64| 1.0 - (-writes * below.exposed(age)).exp() * right;
        edge += read * at_location(here, fresh, grace, stale);
        api += below_rate * (1.0 - right);
        asked += below_rate;
    }
    Predicted { edge: 100.0 * edge, api: 100.0 * api / asked }
}

/// The share of stale reads at a location, given that of answers of an age.
fn at_location(rate: f64, fresh: f64, grace: f64, stale: impl Fn(f64) -> f64) -> f64 {
    let within = rate * integral(fresh, &stale);
    let after = integral(grace, |over| rate * (-rate * over).exp() * stale(fresh + over));
    (within + after + (-rate * grace).exp() * stale(0.0)) / (rate * fresh + 1.0)
}

/// The chance that nothing was written since the table was asked, for a reader of a cache with a TTL.
fn unwritten(writes: f64, ttl: f64, rate: f64) -> f64 {
    (1.0 + rate * integral(ttl, |age| (-writes * age).exp())) / (1.0 + rate * ttl)
}

/// Simpson's rule from zero.
fn integral(end: f64, of: impl Fn(f64) -> f64) -> f64 {
    let step = end / f64::from(STEPS);
    let inner = |n: u32| f64::from(2 + 2 * (n % 2)) * of(f64::from(n) * step);
    (of(0.0) + of(end) + (1..STEPS).map(inner).sum::<f64>()) * step / 3.0
}

/// The writes a second at which the strategy `ttl-90` gives this share of stale reads at the edge, in percent.
pub fn calibrated(workload: &Workload, times: &Times, percent: f64) -> f64 {
    let at = |writes_per_second: f64| {
        let workload = Workload { writes_per_second, ..workload.clone() };
        predict(&workload, times, Below::Ttl(90.0 * KEPT)).edge
    };
    let (mut low, mut high) = (0.0, 1.0);
    while at(high) < percent && high < 1e6 {
        high *= 2.0;
    }
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if at(middle) < percent { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hot_item_is_stale_for_half_its_ttl_and_a_purged_one_for_the_purges_time() {
        let workload = Workload {
            items: 1,
            reads_per_second: 1_000.0,
            writes_per_second: 1e-5,
            locations: 1,
            direct_writes: 0.0,
            ..Workload::default()
        };
        let times = Times::default();
        let share = |below| predict(&workload, &times, below).edge / 100.0 / 1e-5;
        assert!((share(Below::Ttl(90.0)) - 75.0).abs() < 0.5, "S/2 + T/2");
        let purge = Some(Purge { asked: 2.0, mean: 1.5 });
        let purged = share(Below::Told { after: 0.0, purge });
        assert!((3.2..3.5).contains(&purged), "E[D] less what an early end saves: {purged}");
        assert!((share(Below::Told { after: 0.0, purge: None }) - 30.0).abs() < 0.5, "S/2");
    }

    #[test]
    fn a_calibrated_workload_gives_what_was_asked_for() {
        let (workload, times) = (Workload::default(), Times::default());
        let writes_per_second = calibrated(&workload, &times, 1.8);
        let workload = Workload { writes_per_second, ..workload };
        assert!((predict(&workload, &times, Below::Ttl(90.0 * KEPT)).edge - 1.8).abs() < 1e-3);
    }
}
