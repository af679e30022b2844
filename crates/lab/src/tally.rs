//! What readers got, level by level.
//!
//! **Stale**: the answer is older than the newest version that was committed when the read began. Its *age* is the time from
//! the commit of the first write it missed until the read began. **Below the floor**: it is older than what an acknowledged
//! invalidation had told this level when the read began.

use serde::Serialize;

use crate::edge::Reader;
use crate::workload::Millis;

/// The answers of one level.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level {
    reads: u64,
    hits: u64,
    failed: u64,
    below_floor: u64,
    ages: Vec<u32>,
}

/// What readers of one level got.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelReport {
    /// Reads that were answered.
    pub reads: u64,
    /// Reads that were not.
    pub failed: u64,
    /// How many were stale.
    pub stale: u64,
    /// The same, in percent of the reads.
    pub stale_percent: f64,
    /// The age of stale answers in milliseconds: the median …
    pub age_p50: Millis,
    /// … the 99th percentile …
    pub age_p99: Millis,
    /// … and the highest.
    pub age_max: Millis,
    /// How many were below what the level had been told of.
    pub below_floor: u64,
    /// Answers this level had itself, in percent of the reads.
    pub hit_percent: f64,
}

impl Level {
    /// `missed_at` tells when the first version after the answer's was committed.
    pub(crate) fn answered(
        &mut self,
        reader: Reader,
        version: u64,
        hit: bool,
        missed_at: impl FnOnce() -> Option<Millis>,
    ) {
        self.reads += 1;
        self.hits += u64::from(hit);
        self.below_floor += u64::from(version < reader.floor);
        if version < reader.newest {
            let age = reader.began.saturating_sub(missed_at().unwrap_or(reader.began));
            self.ages.push(u32::try_from(age).unwrap_or(u32::MAX));
        }
    }

    pub(crate) fn failed(&mut self) {
        self.failed += 1;
    }

    pub(crate) fn report(mut self) -> LevelReport {
        self.ages.sort_unstable();
        let percent = |part: u64| if self.reads == 0 { 0.0 } else { part as f64 / self.reads as f64 * 100.0 };
        let stale = self.ages.len() as u64;
        LevelReport {
            reads: self.reads,
            failed: self.failed,
            stale,
            stale_percent: percent(stale),
            age_p50: quantile(&self.ages, 0.5),
            age_p99: quantile(&self.ages, 0.99),
            age_max: quantile(&self.ages, 1.0),
            below_floor: self.below_floor,
            hit_percent: percent(self.hits),
        }
    }
}

fn quantile(sorted: &[u32], share: f64) -> Millis {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_list() {
        let ages: Vec<u32> = (1..=200).collect();
        assert_eq!([0.5, 0.99, 1.0].map(|share| quantile(&ages, share)), [100, 198, 200]);
        assert_eq!(quantile(&[], 0.5), 0);
    }
}
