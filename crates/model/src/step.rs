//! What each step does.

use crate::actions::Action;
use crate::protocol::FillOutcome;
use crate::scope::CacheModel;
use crate::state::{Change, Content, Held, Kind, Phase, State, Violation};

impl CacheModel {
    /// Takes a step that is possible.
    pub(crate) fn apply(&self, state: &mut State, action: Action) {
        match action {
            Action::Write
            | Action::WriteForeign(_)
            | Action::Delete
            | Action::Create
            | Action::CreateForeign => commit(state, action),
            Action::Stream(seq) => {
                self.tell(state, seq);
                state.streamed = state.streamed.max(seq + 1);
            }
            Action::WriteThrough(seq) => self.tell(state, seq),
            Action::Lose => state.record = None,
            Action::LeaseExpires => {
                if let Some(record) = &mut state.record {
                    record.leased = false;
                }
            }
            Action::L1Evicts => state.l1 = None,
            Action::Read(reader) => self.read(state, reader),
            Action::ReadOld(reader) => self.missed(state, reader),
            Action::ReadL1(reader) => {
                if let Some(content) = self.l1_answer(state) {
                    let note = note(state, reader);
                    answer(state, reader, note, content, None);
                }
            }
            Action::BeginFill(reader) => self.begin_fill(state, reader),
            Action::Load(reader, seq) => {
                let content = state.content(usize::from(seq));
                let phase = &mut state.readers[usize::from(reader)];
                if let Phase::Loading { note, begun } = *phase {
                    *phase = Phase::Loaded { note, begun, content };
                }
            }
            Action::Join(reader, load) => {
                let joined = note(state, reader);
                state.readers[usize::from(reader)] = Phase::Idle;
                if let Phase::Loading { note, .. } | Phase::Loaded { note, .. } =
                    &mut state.readers[usize::from(load)]
                {
                    *note = joined.max(*note);
                }
            }
            Action::Fill(reader) => self.fill(state, reader),
            Action::Keep(reader) => {
                if let Phase::Keeping(held) = state.readers[usize::from(reader)] {
                    state.l1 = Some(held);
                }
                state.readers[usize::from(reader)] = Phase::Idle;
            }
            Action::Fail(reader) => state.readers[usize::from(reader)] = Phase::Idle,
        }
    }

    fn tell(&self, state: &mut State, seq: u8) {
        let after = usize::from(seq);
        let told = self.variant.told(state.history[after - 1], state.history[after]);
        state.record = self.variant.invalidate(state, told);
        state.acknowledged = state.acknowledged.max(seq);
    }

    fn read(&self, state: &mut State, reader: u8) {
        let hit = state.record.and_then(|record| Some((record.token, record.hit()?)));
        match hit {
            Some((token, content)) => {
                let held = self.scope.l1.then_some(Held { token, content });
                let note = note(state, reader);
                answer(state, reader, note, content, held);
            }
            None => self.missed(state, reader),
        }
    }

    fn missed(&self, state: &mut State, reader: u8) {
        let note = note(state, reader);
        state.readers[usize::from(reader)] = Phase::Missed { note };
    }

    fn begin_fill(&self, state: &mut State, reader: u8) {
        let note = note(state, reader);
        let (record, begun, leased) = self.variant.begin_fill(state);
        state.record = record;
        state.readers[usize::from(reader)] = match (leased, self.scope.joining) {
            (true, _) => Phase::Loading { note, begun },
            (false, true) => Phase::Waiting { note, begun },
            (false, false) => Phase::Missed { note },
        };
    }

    fn fill(&self, state: &mut State, reader: u8) {
        if let Phase::Loaded { note, begun, content } = state.readers[usize::from(reader)] {
            let (record, outcome) = self.variant.fill(state.record, begun, content);
            let accepted = self.scope.l1 && outcome == FillOutcome::Stored;
            state.record = record;
            answer(state, reader, note, content, accepted.then_some(Held { token: begun.token, content }));
        }
    }
}

fn commit(state: &mut State, action: Action) {
    let now = state.current();
    let above = state.history.iter().map(|change| change.content.version).max().unwrap_or(0) + 1;
    let (kind, version, foreign) = match action {
        Action::Write if now.version > 0 => (Kind::Live, now.version + 1, false),
        Action::WriteForeign(version) => (Kind::Live, version, true),
        Action::Delete => (Kind::Absent, 0, false),
        Action::CreateForeign => (Kind::Live, 0, true),
        _ => (Kind::Live, above, false),
    };
    state.history.push(Change { content: Content { seq: now.seq + 1, kind, version }, foreign });
}

/// What had been acknowledged when the reader's read began; now, if it begins now.
fn note(state: &State, reader: u8) -> u8 {
    match state.readers[usize::from(reader)] {
        Phase::Idle | Phase::Keeping(_) => state.acknowledged,
        Phase::Missed { note }
        | Phase::Waiting { note, .. }
        | Phase::Loading { note, .. }
        | Phase::Loaded { note, .. } => note,
    }
}

fn answer(state: &mut State, reader: u8, note: u8, content: Content, held: Option<Held>) {
    if content.seq < note {
        state.violation = Some(Violation { content, note });
    }
    state.readers[usize::from(reader)] = held.map_or(Phase::Idle, Phase::Keeping);
}
