//! One strategy, from history to report; and several side by side.

use std::sync::Arc;

use cache::KeyError;
use serde::Serialize;
use tokio::time::sleep;

use crate::clock::{Purpose, draws, lock};
use crate::faults::Faults;
use crate::formula;
use crate::history::{Delivery, Event, History};
use crate::purge::{Told, a_month};
use crate::scene::Scene;
use crate::strategy::{self, Named, Strategy};
use crate::tally::LevelReport;
use crate::times::{Times, commit, consumed, millis};
use crate::workload::{Millis, Workload};

/// What came of one strategy.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// Which one.
    pub strategy: Named,
    /// A digest of the history it met: the same for all strategies of one run.
    pub history: u64,
    /// What readers at the edge got.
    pub edge: LevelReport,
    /// What readers at the API got: those that go there themselves, and the edge on behalf of others.
    pub api: LevelReport,
    /// How often the table was read.
    pub table_reads: u64,
    /// How many reads the table was spared, in percent of the history's reads.
    pub saved_percent: f64,
    /// Invalidation items of a month of this.
    pub items_a_month: u64,
    /// What they cost, in US dollars.
    pub usd_a_month: f64,
}

/// Why a run did not take place.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no runtime to run in.
    #[error("no runtime: {0}")]
    Runtime(#[from] std::io::Error),
    /// Never: the keys are the lab's own.
    #[error("a key: {0}")]
    Key(#[from] KeyError),
    /// A strategy's thread has panicked.
    #[error("a strategy panicked")]
    Panicked,
}

/// Plays a workload's history under one strategy.
pub fn run(
    strategy: &Strategy,
    workload: &Workload,
    faults: &Faults,
    times: &Times,
) -> Result<Outcome, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let mut history = History::of(workload, faults);
        let scene = Arc::new(Scene::new(strategy, workload, faults, times)?);
        let reads = play(&scene, &mut history).await;
        Ok(outcome(&scene, workload, history.digest(), reads))
    })
}

/// Plays it under each strategy, on every core, and returns what came of them in the same order.
pub fn run_all(
    strategies: &[Strategy],
    workload: &Workload,
    faults: &Faults,
    times: &Times,
) -> Result<Vec<Outcome>, RunError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let mut outcomes: Vec<(usize, Result<Outcome, RunError>)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let place = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let Some(strategy) = strategies.get(place) else { return done };
                done.push((place, run(strategy, workload, faults, times)));
            }
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.flat_map(|done| done.unwrap_or_else(|_| vec![(0, Err(RunError::Panicked))])).collect()
    });
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// What TTL 90 s gives on a calibrated workload, in percent of stale reads at the edge.
const ANCHOR: f64 = 1.8;

/// The workload with as many writes as make a TTL of 90 s give 1.8 % stale reads at the edge, without faults: as many as the
/// formula says, corrected by what a run then shows.
pub fn calibrate(workload: &Workload, times: &Times) -> Result<Workload, RunError> {
    let mut workload =
        Workload { writes_per_second: formula::calibrated(workload, times, ANCHOR), ..workload.clone() };
    let Some(ttl) = strategy::all().into_iter().find(|strategy| strategy.name == "ttl-90") else {
        return Ok(workload);
    };
    for _ in 0..2 {
        let stale = run(&ttl, &workload, &Faults::default(), times)?.edge.stale_percent;
        workload.writes_per_second *= ANCHOR / stale.max(ANCHOR / 10.0);
    }
    Ok(workload)
}

/// Plays the history; returns how many reads it had.
async fn play(scene: &Arc<Scene>, history: &mut History) -> u64 {
    let (mut reads, mut writes) = (0, 0);
    for (at, event) in history {
        if !scene.tasks.is_idle() {
            scene.now.until(at).await;
        }
        match event {
            Event::Read { item, location, process } => {
                reads += 1;
                read(scene, at, (item, location, process)).await;
            }
            Event::Write { item, process, delivery } => {
                writes += 1;
                scene.now.until(at).await;
                write(scene, at, writes, (item, process.is_some(), delivery));
            }
            Event::Restart => {
                scene.now.until(at).await;
                scene.origin.restart().await;
            }
        }
    }
    reads
}

async fn read(scene: &Arc<Scene>, at: Millis, (item, location, process): (usize, Option<usize>, usize)) {
    let scene = scene.clone();
    let Some(location) = location else {
        scene.now.until(at).await;
        let tasks = scene.tasks.clone();
        let mut read = Box::pin(async move {
            // Who asked the API itself wants nothing more of it.
            let _ = scene.read_at_api(item, process).await;
        });
        // Most are answered at once and need no task of their own.
        if futures::poll!(read.as_mut()).is_pending() {
            tasks.spawn(read);
        }
        return;
    };
    if scene.read_at_edge(at, location, item) {
        scene.now.until(at).await;
        let tasks = scene.tasks.clone();
        tasks.spawn(scene.fetch(location, item, process));
    }
}

/// Commits a write; then whoever tells the cache does, and the edge is purged.
fn write(
    scene: &Arc<Scene>,
    at: Millis,
    number: u64,
    (item, through_api, delivery): (usize, bool, Delivery),
) {
    let version = scene.table.commit(item, at);
    let mut rng = draws(scene.seed, Purpose::Write(number));
    let (answered, heard) = (commit(&mut rng), consumed(at, &mut rng));
    if through_api && scene.strategy.writer_tells {
        let scene = scene.clone();
        scene.tasks.clone().spawn(async move {
            sleep(millis(answered)).await;
            scene.tell(item, version).await;
        });
    }
    let told = Told { item, version, committed_at: at, rng };
    match delivery {
        Delivery::Lost => {}
        Delivery::Once => deliver(scene, heard, told),
        Delivery::Twice(later) => {
            deliver(scene, heard, told.clone());
            deliver(scene, heard + later, told);
        }
    }
}

fn deliver(scene: &Arc<Scene>, heard: Millis, told: Told) {
    if !scene.strategy.stream_tells {
        return;
    }
    let scene = scene.clone();
    scene.tasks.clone().spawn(async move {
        scene.now.until(heard).await;
        scene.tell(told.item, told.version).await;
        scene.purger.told(told).await;
    });
}

fn outcome(scene: &Scene, workload: &Workload, history: u64, reads: u64) -> Outcome {
    let table_reads = scene.table.loads();
    let (items_a_month, usd_a_month) = a_month(scene.purger.spent(), workload.span());
    Outcome {
        strategy: Named::from(&scene.strategy),
        history,
        edge: std::mem::take(&mut *lock(&scene.at_edge)).report(),
        api: std::mem::take(&mut *lock(&scene.at_api)).report(),
        table_reads,
        saved_percent: 100.0 * (1.0 - table_reads as f64 / reads.max(1) as f64),
        items_a_month,
        usd_a_month,
    }
}
