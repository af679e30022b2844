//! What may happen next.

use stateright::{Model, Property};

use crate::protocol::Variant;
use crate::scope::CacheModel;
use crate::state::{Begun, Content, Kind, Phase, State};

/// One step of the world. Readers count from zero; changes go by the sequence number of the content they brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A writer commits the version after the row's. A row without one starts above every version before it.
    Write,
    /// A foreign writer changes the row and leaves, takes away or lowers its version: to this one.
    WriteForeign(u8),
    /// The row is deleted.
    Delete,
    /// The row is created above every version before it.
    Create,
    /// A foreign writer creates the row, without a version.
    CreateForeign,
    /// The stream delivers a change: the next, or one from before again. Its invalidation is acknowledged.
    Stream(u8),
    /// The writer of a change tells the key itself, however late. Its invalidation is acknowledged.
    WriteThrough(u8),
    /// The record is evicted, expires, or is flushed.
    Lose,
    /// The lease runs out.
    LeaseExpires,
    /// READ: a hit answers. Begins a read, or looks again.
    Read(u8),
    /// READ finds a body past its fresh time, or the caller asked for a reload: not answered.
    ReadOld(u8),
    /// READ, answered by L1.
    ReadL1(u8),
    /// BEGIN_FILL.
    BeginFill(u8),
    /// The reader reads this content from the source.
    Load(u8, u8),
    /// The first reader takes the result of the second's load, and is free for another read.
    Join(u8, u8),
    /// FILL, and the answer to all who wait for it.
    Fill(u8),
    /// What was answered enters L1.
    Keep(u8),
    /// L1 drops what it holds.
    L1Evicts,
    /// The reader is killed or gives up, with all who joined it.
    Fail(u8),
}

impl Model for CacheModel {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(self.scope.readers)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.violation.is_some() {
            return;
        }
        self.changes(state, actions);
        self.invalidations(state, actions);
        if state.record.is_some() && self.scope.losses {
            actions.push(Action::Lose);
        }
        if state.record.is_some_and(|record| record.leased) {
            actions.push(Action::LeaseExpires);
        }
        if state.l1.is_some() {
            actions.push(Action::L1Evicts);
        }
        for reader in 0..self.scope.readers {
            self.steps(state, reader, actions);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.apply(&mut state, action);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        crate::properties::of(self.scope)
    }
}

impl CacheModel {
    fn changes(&self, state: &State, actions: &mut Vec<Action>) {
        if state.history.len() > usize::from(self.scope.writes) {
            return;
        }
        let Content { kind, version, .. } = state.current();
        let live = kind == Kind::Live;
        let foreign = self.scope.foreign;
        let possible = [
            (Action::Write, live),
            (Action::WriteForeign(version), live && foreign),
            (Action::WriteForeign(0), live && foreign && version > 0),
            (Action::WriteForeign(1), live && self.scope.lowering && version > 1),
            (Action::Delete, live && self.scope.deletes),
            (Action::Create, !live),
            (Action::CreateForeign, !live && foreign),
        ];
        actions.extend(possible.into_iter().filter_map(|(action, may)| may.then_some(action)));
    }

    /// The stream is in order at its first delivery of each change; repeats and write-throughs know no order. A
    /// write-through of what the stream has delivered does what a repeat does.
    fn invalidations(&self, state: &State, actions: &mut Vec<Action>) {
        for change in state.history.iter().skip(1) {
            let seq = change.content.seq;
            if seq <= state.streamed {
                actions.push(Action::Stream(seq));
            }
            if seq >= state.streamed && !change.foreign && self.scope.write_through {
                actions.push(Action::WriteThrough(seq));
            }
        }
    }

    fn steps(&self, state: &State, reader: u8, actions: &mut Vec<Action>) {
        let phase = state.readers[usize::from(reader)];
        let hit = state.record.and_then(|record| record.hit()).is_some();
        match phase {
            Phase::Idle => {
                actions.push(Action::Read(reader));
                if hit {
                    actions.push(Action::ReadOld(reader));
                }
            }
            Phase::Missed { .. } => {
                if hit {
                    actions.push(Action::Read(reader));
                }
                actions.push(Action::BeginFill(reader));
            }
            Phase::Waiting { begun, .. } => {
                actions.push(Action::Read(reader));
                self.joins(state, reader, begun, actions);
            }
            Phase::Loading { begun, .. } => {
                let newest = state.current().seq;
                let oldest = if self.variant == Variant::EventualLoads { 0 } else { newest };
                actions.extend((oldest..=newest).map(|seq| Action::Load(reader, seq)));
                self.joins(state, reader, begun, actions);
            }
            Phase::Loaded { .. } => actions.push(Action::Fill(reader)),
            Phase::Keeping(_) => actions.push(Action::Keep(reader)),
        }
        let reading = matches!(phase, Phase::Idle | Phase::Missed { .. } | Phase::Waiting { .. });
        if reading && self.l1_answer(state).is_some() {
            actions.push(Action::ReadL1(reader));
        }
        if phase != Phase::Idle {
            actions.push(Action::Fail(reader));
        }
    }

    fn joins(&self, state: &State, reader: u8, begun: Begun, actions: &mut Vec<Action>) {
        if self.scope.joining {
            let loads = (0..self.scope.readers).filter(|&other| other != reader);
            let allowed = |other: &u8| {
                running(state.readers[usize::from(*other)])
                    .is_some_and(|load| self.variant.may_join(begun, load))
            };
            actions.extend(loads.filter(allowed).map(|load| Action::Join(reader, load)));
        }
    }

    /// What L1 would answer to a READ now.
    pub fn l1_answer(&self, state: &State) -> Option<Content> {
        self.variant.l1_answer(state.l1, state.record)
    }
}

/// What a running load was given by its BEGIN_FILL.
pub fn running(phase: Phase) -> Option<Begun> {
    match phase {
        Phase::Loading { begun, .. } | Phase::Loaded { begun, .. } => Some(begun),
        _ => None,
    }
}
