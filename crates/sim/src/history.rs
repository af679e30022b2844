//! What happened, and what may not have.
//!
//! An acknowledged invalidation ends some states of its item: a forced one every state before its own, one up to a version
//! those before its own that have a lower version. **A read that began after the acknowledgement may not show a state it
//! ended**, unless it is marked as standing in for a failed source; a timed copy may do so for its time.

use std::fmt::{self, Display};
use std::time::Duration;

use cache::{Answer, GetError, Provenance, Storable, Version};
use tokio::time::Instant;

use crate::source::{Change, Source, number_in};

/// An acknowledged invalidation.
#[derive(Debug, Clone, Copy)]
struct Ended {
    item: usize,
    /// States with a lower number are ended …
    below: u64,
    /// … if their version is lower than this; `None`: whatever their version.
    version: Option<Version>,
    at: Instant,
}

/// A list must show this state of this item from some moment on.
#[derive(Debug, Clone, Copy)]
struct Listed {
    item: usize,
    number: u64,
    from: Instant,
}

/// What a reader knows when it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) item: usize,
    pub(crate) minimum: Version,
    ended: usize,
    at: Instant,
}

/// The history of one schedule.
pub(crate) struct History {
    began: Instant,
    /// Whether to keep a line for everything that happens.
    told: bool,
    ended: Vec<Ended>,
    listed: Vec<Listed>,
    pub(crate) lines: Vec<String>,
    pub(crate) violations: Vec<String>,
    pub(crate) tally: Tally,
}

/// How often each kind of thing was seen: a search that never sees a refused fill proves little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers in all.
    pub answers: u64,
    /// From the store.
    pub hits: u64,
    /// From the process's memory, vouched for by the store.
    pub validated: u64,
    /// From the process's memory alone.
    pub timed: u64,
    /// From another request's load.
    pub joined: u64,
    /// While somebody refreshes.
    pub revalidated: u64,
    /// In place of a failed source.
    pub stood_in: u64,
    /// Loaded and kept.
    pub kept: u64,
    /// Loaded, and refused by the store.
    pub refused: u64,
    /// Past the store.
    pub bypassed: u64,
    /// No answer.
    pub failed: u64,
    /// Acknowledged invalidations.
    pub acknowledged: u64,
}

impl Tally {
    /// Adds another schedule's.
    pub fn add(&mut self, other: &Tally) {
        for (mine, theirs) in self.fields().into_iter().zip(other.clone().fields()) {
            *mine += *theirs;
        }
    }

    fn fields(&mut self) -> [&mut u64; 12] {
        let Tally { answers, hits, validated, timed, joined, revalidated, stood_in, kept, refused, .. } =
            self;
        let Tally { bypassed, failed, acknowledged, .. } = self;
        [
            answers,
            hits,
            validated,
            timed,
            joined,
            revalidated,
            stood_in,
            kept,
            refused,
            bypassed,
            failed,
            acknowledged,
        ]
    }
}

impl History {
    pub(crate) fn new(told: bool) -> Self {
        History {
            began: Instant::now(),
            told,
            ended: Vec::new(),
            listed: Vec::new(),
            lines: Vec::new(),
            violations: Vec::new(),
            tally: Tally::default(),
        }
    }

    pub(crate) fn note(&mut self, what: impl Display) {
        if self.told {
            let at = self.began.elapsed().as_millis();
            self.lines.push(format!("{at:>8} ms  {what}"));
        }
    }

    /// An invalidation was acknowledged.
    pub(crate) fn acknowledged(&mut self, change: &Change, version: Option<Version>) {
        self.tally.acknowledged += 1;
        let at = Instant::now();
        self.ended.push(Ended { item: change.item, below: change.number, version, at });
    }

    /// The family's new generation was acknowledged: lists must show the change when the index has had its time.
    pub(crate) fn renewed(&mut self, change: &Change, settle: Duration) {
        let from = Instant::now() + settle;
        self.listed.push(Listed { item: change.item, number: change.number, from });
    }

    /// A reader begins.
    pub(crate) fn asks(&self, item: usize, minimum: Version) -> Asked {
        Asked { item, minimum, ended: self.ended.len(), at: Instant::now() }
    }

    /// A reader has its answer.
    pub(crate) fn got(
        &mut self,
        asked: Asked,
        result: &Result<Answer, GetError>,
        timed_for: Duration,
        source: &Source,
    ) {
        let answer = match result {
            Ok(answer) => answer,
            Err(_) => {
                self.tally.failed += 1;
                return;
            }
        };
        self.count(answer);
        if answer.version < asked.minimum {
            self.violate(format!("{asked} got version {} below its minimum", answer.version));
        }
        let known = match answer.provenance {
            Provenance::StaleIfError { .. } => {
                if answer.storable() != Storable::No {
                    self.violate(format!("{asked} got a stand-in that may be kept"));
                }
                return;
            }
            Provenance::LocalHit { timed: true, .. } => {
                let since = |ended: &&Ended| ended.at + timed_for <= asked.at;
                self.ended[..asked.ended].iter().take_while(since).count()
            }
            _ => asked.ended,
        };
        let shown: Vec<(u64, Version)> = match number_in(answer) {
            Some(number) => vec![(number, answer.version)],
            // Any of the times it was absent.
            None => {
                let absences = source.states(asked.item).into_iter().filter(|state| state.version.is_none());
                absences.map(|state| (state.number, Version::ZERO)).collect()
            }
        };
        let ends = |ended: &Ended, (number, version): (u64, Version)| {
            ended.item == asked.item
                && number < ended.below
                && ended.version.is_none_or(|below| version < below)
        };
        let acknowledged = &self.ended[..known];
        let alive = |state: &(u64, Version)| !acknowledged.iter().any(|ended| ends(ended, *state));
        if !shown.iter().any(alive) {
            self.violate(format!("{asked} got {:?} as {:?}", shown, answer.provenance));
        }
    }

    /// A reader has a list.
    pub(crate) fn got_list(&mut self, asked: Asked, answer: &Answer, numbers: &[u64]) {
        self.count(answer);
        if matches!(answer.provenance, Provenance::StaleIfError { .. }) {
            return;
        }
        let missed = self.listed.iter().find(|listed| {
            listed.from <= asked.at && numbers.get(listed.item).is_none_or(|n| *n < listed.number)
        });
        if let Some(Listed { item, number, .. }) = missed {
            let (item, number) = (*item, *number);
            self.violate(format!(
                "a list shows {numbers:?}, but item {item} has been at {number} for long enough ({:?})",
                answer.provenance
            ));
        }
    }

    pub(crate) fn violate(&mut self, what: String) {
        self.note(format_args!("VIOLATION: {what}"));
        self.violations.push(what);
    }

    fn count(&mut self, answer: &Answer) {
        self.tally.answers += 1;
        let counter = match answer.provenance {
            Provenance::Hit(_) => &mut self.tally.hits,
            Provenance::LocalHit { timed: false, .. } => &mut self.tally.validated,
            Provenance::LocalHit { timed: true, .. } => &mut self.tally.timed,
            Provenance::StaleWhileRevalidate => &mut self.tally.revalidated,
            Provenance::StaleIfError { .. } => &mut self.tally.stood_in,
            Provenance::Joined(_) => &mut self.tally.joined,
            Provenance::Loaded { fill: cache::FillOutcome::Stored, .. } => &mut self.tally.kept,
            Provenance::Loaded { .. } => &mut self.tally.refused,
            Provenance::Bypassed(_) => &mut self.tally.bypassed,
        };
        *counter += 1;
    }
}

impl Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a read of item {}", self.item)
    }
}
