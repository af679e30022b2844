//! The invariant, and what a run must have seen to count.
//!
//! The examples are told by the state they start from: where a step is possible, the checker takes it.

use stateright::{Expectation, Property};

use crate::actions::running;
use crate::protocol::FillOutcome;
use crate::scope::{CacheModel, Scope};
use crate::state::{Kind, Phase, State};

/// The one property.
pub const INVARIANT: &str = "a read never returns what was invalidated before it began";

/// The invariant, and the examples that this scope must show.
pub fn of(scope: Scope) -> Vec<Property<CacheModel>> {
    let mut all: Vec<Property<CacheModel>> = vec![
        Property::always(INVARIANT, |_, state: &State| state.violation.is_none()),
        sometimes("a hit answers after an invalidation", |_, state| {
            state.acknowledged > 0 && hit(state, Kind::Live)
        }),
        sometimes("a body is fenced", |_, state| {
            state.record.is_some_and(|record| record.body.is_some() && record.hit().is_none())
        }),
        sometimes("a fill is stored", |model, state| fills(model, state, FillOutcome::Stored)),
        sometimes("a fill is refused by the floor", |model, state| {
            fills(model, state, FillOutcome::RefusedFloor)
        }),
    ];
    if scope.readers > 1 {
        all.push(sometimes("a reader without the lease waits", |_, state| {
            let missed = |phase: &Phase| matches!(phase, Phase::Missed { .. });
            state.record.is_some_and(|record| record.leased) && state.readers.iter().any(missed)
        }));
        all.push(sometimes("a fill is refused by a newer body", |model, state| {
            fills(model, state, FillOutcome::RefusedNewer)
        }));
    }
    if scope.losses {
        all.push(sometimes("a fill is refused because the key is gone", |model, state| {
            fills(model, state, FillOutcome::RefusedGone)
        }));
    }
    if scope.losses && scope.readers > 1 || scope.deletes || scope.foreign {
        all.push(sometimes("a fill is refused by another token", |model, state| {
            fills(model, state, FillOutcome::RefusedToken)
        }));
    }
    if scope.deletes {
        all.push(sometimes("an absence answers", |_, state| hit(state, Kind::Absent)));
        all.push(sometimes("a re-created row answers", |_, state| {
            let gone = state.history.iter().any(|change| change.content.kind == Kind::Absent);
            gone && state.record.and_then(|record| record.hit()).is_some_and(|body| body.seq > 1)
        }));
    }
    if scope.joining {
        all.push(sometimes("a load is joined", |model, state| joins(model, state, true)));
        all.push(sometimes("a load may not be joined", |model, state| joins(model, state, false)));
    }
    if scope.l1 {
        all.push(sometimes("L1 answers", |model, state| model.l1_answer(state).is_some()));
        all.push(sometimes("L1 holds what another head refuses", |model, state| {
            state.l1.is_some() && state.record.is_some() && model.l1_answer(state).is_none()
        }));
    }
    all
}

/// The names of the examples that this scope must show.
pub fn examples(scope: Scope) -> Vec<&'static str> {
    let examples = of(scope).into_iter().filter(|property| property.expectation == Expectation::Sometimes);
    examples.map(|property| property.name).collect()
}

fn sometimes(name: &'static str, condition: fn(&CacheModel, &State) -> bool) -> Property<CacheModel> {
    Property::sometimes(name, condition)
}

fn hit(state: &State, kind: Kind) -> bool {
    state.record.and_then(|record| record.hit()).is_some_and(|body| body.kind == kind)
}

fn fills(model: &CacheModel, state: &State, outcome: FillOutcome) -> bool {
    state.readers.iter().any(|phase| match *phase {
        Phase::Loaded { begun, content, .. } => {
            model.variant.judge_fill(state.record, begun, content) == outcome
        }
        _ => false,
    })
}

fn joins(model: &CacheModel, state: &State, allowed: bool) -> bool {
    let waiting = state.readers.iter().filter_map(|phase| match *phase {
        Phase::Waiting { begun, .. } => Some(begun),
        _ => None,
    });
    let loads = || state.readers.iter().filter_map(|&phase| running(phase));
    waiting.into_iter().any(|begun| loads().any(|load| model.variant.may_join(begun, load) == allowed))
}
