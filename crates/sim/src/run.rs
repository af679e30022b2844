//! One schedule, from seed to verdict; and the search over many.

use std::sync::{Arc, Mutex};

use cache::clock::TokioClock;
use cache::contract::NOW;
use cache::memory::MemoryStore;
use cache::{BreakerConfig, Cache, CacheConfig, Entropy, Key, KeyError};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

use crate::actors::{Process, Scene, decay, frost, reader, stream, writer};
use crate::chance::Chance;
use crate::flaw::Flaw;
use crate::history::History;
pub use crate::history::Tally;
use crate::link::{Freezer, Link};
use crate::plan::Plan;
use crate::source::Source;

/// What one schedule ended with.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Every broken guarantee, in words.
    pub violations: Vec<String>,
    /// Everything that happened, in order, with its virtual time.
    pub history: Vec<String>,
    /// How often each kind of thing happened.
    pub tally: Tally,
}

/// Runs the schedule of a seed, with the surroundings sound or broken in one way.
pub fn run(seed: u64, flaw: Option<Flaw>) -> Outcome {
    run_and(true, seed, flaw)
}

fn run_and(tell: bool, seed: u64, flaw: Option<Flaw>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    match runtime {
        Ok(runtime) => runtime.block_on(schedule(tell, seed, flaw)),
        Err(error) => failed(format!("no runtime: {error}")),
    }
}

/// Runs `schedules` seeds from `first` on, on every core, until one breaks a guarantee; returns the lowest such seed that was
/// found and how often each kind of thing happened in all.
pub fn search_on_every_core(first: u64, schedules: u64) -> (Option<u64>, Tally) {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let share = schedules.div_ceil(cores);
    let searches: Vec<_> = (0..cores)
        .map(|core| (first + core * share, share.min(schedules.saturating_sub(core * share))))
        .map(|(first, share)| std::thread::spawn(move || search(first, share, None)))
        .collect();
    let mut total = Tally::default();
    let mut broken = None;
    for (found, tally) in searches.into_iter().filter_map(|search| search.join().ok()) {
        total.add(&tally);
        broken = broken.or(found);
    }
    (broken, total)
}

/// Runs `schedules` seeds from `first` on until one breaks a guarantee; returns its seed and how often each kind of thing
/// happened in all.
pub fn search(first: u64, schedules: u64, flaw: Option<Flaw>) -> (Option<u64>, Tally) {
    let mut total = Tally::default();
    for seed in first..first.saturating_add(schedules) {
        let outcome = run_and(false, seed, flaw);
        total.add(&outcome.tally);
        if !outcome.violations.is_empty() {
            return (Some(seed), total);
        }
    }
    (None, total)
}

fn failed(why: String) -> Outcome {
    Outcome { violations: vec![why], history: Vec::new(), tally: Tally::default() }
}

async fn schedule(tell: bool, seed: u64, flaw: Option<Flaw>) -> Outcome {
    match scene(tell, seed, flaw) {
        Ok(scene) => play(scene).await,
        Err(error) => failed(error.to_string()),
    }
}

fn scene(tell: bool, seed: u64, flaw: Option<Flaw>) -> Result<Scene, KeyError> {
    let chance = Chance::of(seed);
    let plan = Plan::draw(&chance);
    let keys = (0..plan.items).map(|item| Key::new("sim", "item", &item.to_string()));
    Ok(Scene {
        source: Source::new(plan.items, chance.number(0..=plan.body) as usize),
        store: Arc::new(MemoryStore::new(Arc::new(TokioClock::starting_at(NOW)))),
        keys: Arc::new(keys.collect::<Result<_, _>>()?),
        list: Key::new("sim", "list", "all")?,
        family: Key::new("sim", "family", "all")?,
        history: Arc::new(Mutex::new(History::new(tell))),
        plan: Arc::new(plan),
        chance,
        flaw,
    })
}

async fn play(scene: Scene) -> Outcome {
    let processes: Vec<Process> = (0..=scene.plan.processes).map(|name| process(&scene, name)).collect();
    // The last one is the invalidator's own.
    let Some((invalidator, processes)) = processes.split_last() else { return failed("no process".into()) };
    let (sender, changes) = unbounded_channel();
    let mut actors = JoinSet::new();
    for process in processes {
        for _ in 0..scene.plan.readers {
            actors.spawn(reader(scene.clone(), process.clone()));
        }
    }
    for _ in 0..scene.plan.writers {
        actors.spawn(writer(scene.clone(), scene.chance.one_of(processes).clone(), sender.clone()));
    }
    drop(sender);
    actors.spawn(stream(scene.clone(), invalidator.clone(), changes));
    actors.spawn(decay(scene.clone()));
    actors.spawn(frost(scene.clone(), processes.to_vec()));
    let ended = actors.join_all().await;
    let mut history = scene.history();
    history.note(format_args!("{} actors have ended", ended.len()));
    Outcome {
        violations: std::mem::take(&mut history.violations),
        history: std::mem::take(&mut history.lines),
        tally: history.tally,
    }
}

fn process(scene: &Scene, name: usize) -> Process {
    let freezer = Freezer::default();
    let link = Link {
        store: scene.store.clone(),
        chance: scene.chance.clone(),
        freezer: freezer.clone(),
        delay: scene.plan.delay,
        lost: scene.plan.lost,
        flaw: scene.flaw,
    };
    let clock = Arc::new(TokioClock::starting_at(NOW));
    let config = CacheConfig { breaker: BreakerConfig::default(), local_bytes: 10_000 };
    let cache = Cache::new(Arc::new(link), clock, Entropy::from_seed(scene.chance.seed()), config);
    Process { name, cache: Arc::new(cache), freezer }
}
