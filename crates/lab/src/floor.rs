//! The claim that the API never answers below its floor, put to very many reads.
//!
//! The engine alone, without an edge that would answer most of them: ten thousand reads a virtual second, fifty writes, and
//! every fault at once. Each core plays a seed of its own.

use serde::Serialize;

use crate::faults::Faults;
use crate::run::{RunError, run};
use crate::strategy::Strategy;
use crate::tally::LevelReport;
use crate::times::Times;
use crate::workload::Workload;

const READS_PER_SECOND: f64 = 10_000.0;
/// So that one history stays short, and its stale answers fit into memory.
const READS_AT_ONCE: u64 = 10_000_000;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Floor {
    /// Reads that were answered.
    pub reads: u64,
    /// Reads that were not.
    pub failed: u64,
    /// Answers below what an acknowledged invalidation had told.
    pub below_floor: u64,
    /// Answers older than what was committed, most of them before anybody was told.
    pub stale: u64,
    /// Seeds that were played.
    pub seeds: Vec<u64>,
}

impl Floor {
    fn add(&mut self, seed: u64, level: &LevelReport) {
        self.reads += level.reads;
        self.failed += level.failed;
        self.below_floor += level.below_floor;
        self.stale += level.stale;
        self.seeds.push(seed);
    }

    fn join(mut self, other: Floor) -> Floor {
        self.reads += other.reads;
        self.failed += other.failed;
        self.below_floor += other.below_floor;
        self.stale += other.stale;
        self.seeds.extend(other.seeds);
        self
    }
}

/// What is played.
pub fn workload(reads: u64, seed: u64) -> Workload {
    Workload {
        items: 1_000,
        reads_per_second: READS_PER_SECOND,
        writes_per_second: 50.0,
        hours: reads as f64 / READS_PER_SECOND / 3_600.0,
        locations: 0,
        direct_reads: 1.0,
        seed,
        ..Workload::default()
    }
}

/// All faults at once; the cache restarts every other virtual second.
pub fn faults() -> Faults {
    Faults { cache_restarts: 1_800.0, ..Faults::all() }
}

/// Reads about `reads` times, on every core, with seeds from `first` on.
pub fn put_to(strategy: &Strategy, reads: u64, first: u64) -> Result<Floor, RunError> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let share = reads.div_ceil(cores);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores)
            .map(|core| scope.spawn(move || put_to_one(strategy, share, (first + core, cores))))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().unwrap_or(Err(RunError::Panicked)));
        joined.into_iter().try_fold(Floor::default(), |total, floor| Ok(total.join(floor?)))
    })
}

fn put_to_one(strategy: &Strategy, reads: u64, (first, step): (u64, u64)) -> Result<Floor, RunError> {
    let (mut floor, mut seed) = (Floor::default(), first);
    while floor.reads + floor.failed < reads {
        let rest = (reads - floor.reads - floor.failed).clamp(1_000, READS_AT_ONCE);
        let outcome = run(strategy, &workload(rest, seed), &faults(), &Times::default())?;
        floor.add(seed, &outcome.api);
        seed += step;
    }
    Ok(floor)
}
