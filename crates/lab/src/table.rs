//! The table: versions, when each was committed, and loads that take their time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;
use tokio::time::sleep;

use crate::clock::{Now, lock};
use crate::times::{load_way, millis};
use crate::workload::Millis;

/// How much an eventually consistent read may lag.
const LAG: Millis = 1_000;

/// When each version of each item was committed; versions begin at 1, at the beginning of time.
#[derive(Debug)]
pub(crate) struct Commits(Vec<Vec<Millis>>);

impl Commits {
    fn new(items: usize) -> Self {
        Commits(vec![vec![0]; items])
    }

    pub(crate) fn current(&self, item: usize) -> u64 {
        self.0[item].len() as u64
    }

    /// When what a reader of this version missed was committed: the first version after it.
    pub(crate) fn missed_at(&self, item: usize, version: u64) -> Option<Millis> {
        self.0[item].get(version as usize).copied()
    }

    fn before(&self, item: usize, then: Millis) -> u64 {
        self.0[item].partition_point(|at| *at <= then).max(1) as u64
    }
}

/// How a load reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    /// What is committed when the table is asked.
    Strong,
    /// What a client library asks for when it is not told otherwise: now and then what was a moment ago.
    Eventual,
}

/// The table behind every strategy.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) commits: Mutex<Commits>,
    loads: AtomicU64,
    rng: Mutex<Rng>,
    lagging: f64,
    now: Now,
}

impl Table {
    pub(crate) fn new(items: usize, lagging: f64, now: Now, rng: Rng) -> Self {
        let (commits, loads) = (Mutex::new(Commits::new(items)), AtomicU64::new(0));
        Table { commits, loads, rng: Mutex::new(rng), lagging, now }
    }

    /// Commits a write; returns its version.
    pub(crate) fn commit(&self, item: usize, at: Millis) -> u64 {
        let mut commits = lock(&self.commits);
        commits.0[item].push(at);
        commits.current(item)
    }

    /// Reads an item's version: as it is at some moment between the question and the answer.
    pub(crate) async fn load(&self, item: usize, consistency: Consistency) -> u64 {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let (there, back, lag) = {
            let mut rng = lock(&self.rng);
            let lags = rng.f64() < self.lagging && consistency == Consistency::Eventual;
            (load_way(&mut rng), load_way(&mut rng), if lags { rng.u64(1..=LAG) } else { 0 })
        };
        sleep(millis(there)).await;
        let version = {
            let commits = lock(&self.commits);
            if lag == 0 {
                commits.current(item)
            } else {
                commits.before(item, self.now.millis().saturating_sub(lag))
            }
        };
        sleep(millis(back)).await;
        version
    }

    /// How often it was read.
    pub(crate) fn loads(&self) -> u64 {
        self.loads.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lagging_read_shows_what_was_and_a_strong_one_never_does() {
        let table = Table::new(1, 1.0, Now::start(), Rng::with_seed(7));
        sleep(millis(5_000)).await;
        assert_eq!(table.commit(0, 5_000), 2);
        let mut old = 0;
        for _ in 0..20 {
            assert_eq!(table.load(0, Consistency::Strong).await, 2);
            old += u32::from(table.load(0, Consistency::Eventual).await == 1);
        }
        assert!(old > 0, "right after the commit some lag behind it");
        sleep(millis(LAG)).await;
        assert_eq!(table.load(0, Consistency::Eventual).await, 2, "but never for longer than a second");
        assert_eq!(lock(&table.commits).missed_at(0, 1), Some(5_000));
    }
}
