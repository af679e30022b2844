//! Runs the checker.

use std::collections::HashMap;
use std::time::Duration;

use stateright::report::{ReportData, ReportDiscovery, Reporter};
use stateright::{Checker, HasDiscoveries, Model};

use crate::actions::Action;
use crate::properties::{self, INVARIANT};
use crate::scope::CacheModel;
use crate::state::State;

/// How often the checker is asked whether it is done.
const POLLS_PER_SECOND: u32 = 50;

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// States visited; of those that differ only in names, one.
    pub states: usize,
    /// The longest way to a state, in steps, that was followed.
    pub depth: usize,
    /// How long it took.
    pub took: Duration,
    /// The examples that were not seen. They count only where the invariant holds: else the run ended early.
    pub unseen: Vec<&'static str>,
    /// The shortest way to break the invariant: each step, and the state after it.
    pub counterexample: Option<Vec<(Action, State)>>,
}

impl Outcome {
    /// Whether every state was visited and none broke the invariant.
    pub fn holds(&self) -> bool {
        self.counterexample.is_none()
    }
}

/// Visits every state, or as many as it takes to break the invariant, in one thread: the same every time.
pub fn check(model: CacheModel) -> Outcome {
    check_watched(model, 1, |_, _| {})
}

/// As [`check`], in several threads, telling `progress` about every second the states visited and the depth reached.
pub fn check_watched(
    model: CacheModel,
    threads: usize,
    progress: impl FnMut(usize, usize) + Send,
) -> Outcome {
    let mut watch = Watch { progress, polls: 0, took: Duration::ZERO };
    let mut found = run(model, threads, None, &mut watch);
    let examples = properties::examples(model.scope).into_iter();
    let unseen = examples.filter(|name| !found.ways.contains_key(name)).collect();
    let mut counterexample = found.ways.remove(INVARIANT);
    // The checker looks at its findings in blocks of states, so that the last of a block wins, not the shortest.
    while let Some(way) = &counterexample {
        match run(model, threads, Some(way.len()), &mut watch).ways.remove(INVARIANT) {
            Some(shorter) => counterexample = Some(shorter),
            None => break,
        }
    }
    Outcome { states: found.states, depth: found.depth, took: watch.took, unseen, counterexample }
}

struct Found {
    states: usize,
    depth: usize,
    ways: HashMap<&'static str, Vec<(Action, State)>>,
}

/// `shorter_than`: follows only ways of fewer steps.
fn run<P>(model: CacheModel, threads: usize, shorter_than: Option<usize>, watch: &mut Watch<P>) -> Found
where
    P: FnMut(usize, usize) + Send,
{
    let mut builder = model.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures);
    if let Some(steps) = shorter_than {
        // The checker counts states, of which there is one more than steps.
        builder = builder.target_max_depth(steps + 1);
    }
    let checker = builder.spawn_bfs().join_and_report(watch);
    let ways = checker.discoveries().into_iter().map(|(name, path)| {
        let states = path.clone().into_states().into_iter().skip(1);
        (name, path.into_actions().into_iter().zip(states).collect())
    });
    Found { states: checker.unique_state_count(), depth: checker.max_depth() - 1, ways: ways.collect() }
}

struct Watch<P> {
    progress: P,
    polls: u32,
    took: Duration,
}

impl<P: FnMut(usize, usize)> Reporter<CacheModel> for Watch<P> {
    fn report_checking(&mut self, data: ReportData) {
        if data.done {
            self.took += data.duration;
        } else {
            self.polls += 1;
            if self.polls.is_multiple_of(POLLS_PER_SECOND) {
                (self.progress)(data.unique_states, data.max_depth);
            }
        }
    }

    fn delay(&self) -> Duration {
        Duration::from_secs(1) / POLLS_PER_SECOND
    }

    fn report_discoveries(
        &mut self,
        _: &CacheModel,
        _: std::collections::BTreeMap<&'static str, ReportDiscovery<CacheModel>>,
    ) {
    }
}
