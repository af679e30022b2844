//! A counterexample in words.

use std::fmt::Write;

use crate::actions::Action;
use crate::protocol::{FillOutcome, Invalidation};
use crate::scope::CacheModel;
use crate::state::{Content, Kind, Phase, State};

/// One numbered line per step. Readers count from one; a reader that has answered, or joined a load, begins anew.
pub fn narrate(model: CacheModel, way: &[(Action, State)]) -> String {
    let mut before = State::initial(model.scope.readers);
    let mut text = String::from("   the source holds version 1; the store and L1 are empty\n");
    for (number, (action, after)) in (1..).zip(way) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{number:2} {}", step(model, &before, *action, after));
        before.clone_from(after);
    }
    if let Some(broken) = before.violation {
        let told = shown(before.content(usize::from(broken.note)));
        let got = shown(broken.content);
        let _ =
            writeln!(text, "   broken: the answer is {got}; before its read began, all before {told} was");
        let _ = writeln!(text, "   acknowledged as invalidated");
    }
    text
}

fn step(model: CacheModel, before: &State, action: Action, after: &State) -> String {
    match action {
        Action::Write => format!("a writer commits {}", shown(after.current())),
        Action::WriteForeign(_) => {
            format!("a foreign writer changes the row, now {}", shown(after.current()))
        }
        Action::Delete => "the row is deleted".to_owned(),
        Action::Create => format!("a writer creates the row, {}", shown(after.current())),
        Action::CreateForeign => format!("a foreign writer creates the row, {}", shown(after.current())),
        Action::Stream(seq) => {
            let again = if seq < before.streamed { "again delivers" } else { "delivers" };
            told(model, before, seq, after, &format!("the stream {again}"))
        }
        Action::WriteThrough(seq) => told(model, before, seq, after, "write-through of"),
        Action::Lose => "the store loses the record".to_owned(),
        Action::LeaseExpires => "the lease runs out".to_owned(),
        Action::Read(reader) => match (before.record.and_then(|record| record.hit()), before.record) {
            (Some(body), _) => format!("{} READs: a hit, answers {}", begins(before, reader), shown(body)),
            (None, Some(_)) => format!("{} READs: a miss, {}", begins(before, reader), record(before)),
            (None, None) => format!("{} READs: a miss, the key is empty", begins(before, reader)),
        },
        Action::ReadOld(reader) => format!("{} READs: past its fresh time, a miss", begins(before, reader)),
        Action::ReadL1(reader) => {
            let held = model.l1_answer(before).map(shown).unwrap_or_default();
            format!("{} READs the head: L1 answers {held}", begins(before, reader))
        }
        Action::BeginFill(reader) => {
            let lease = match after.readers[usize::from(reader)] {
                Phase::Loading { .. } => "has the lease",
                _ => "has no lease",
            };
            format!("{}: BEGIN_FILL, {lease}; {}", name(reader), record(after))
        }
        Action::Load(reader, seq) => {
            format!("{} loads {} from the source", name(reader), shown(before.content(usize::from(seq))))
        }
        Action::Join(reader, load) => format!("{} joins the load of {}", name(reader), name(load)),
        Action::Fill(reader) => filled(model, before, reader, after),
        Action::Keep(reader) => format!("{} puts it into L1", name(reader)),
        Action::L1Evicts => "L1 drops its body".to_owned(),
        Action::Fail(reader) => format!("{} fails", name(reader)),
    }
}

fn told(model: CacheModel, before: &State, seq: u8, after: &State, who: &str) -> String {
    let at = usize::from(seq);
    let what = match model.variant.told(before.history[at - 1], before.history[at]) {
        Invalidation::UpTo(version) => format!("INVALIDATE({version})"),
        Invalidation::Forced => "INVALIDATE(forced)".to_owned(),
    };
    let change = shown(before.content(at));
    format!("{who} {change}: {what} is acknowledged; {}", record(after))
}

fn filled(model: CacheModel, before: &State, reader: u8, after: &State) -> String {
    let Phase::Loaded { begun, content, .. } = before.readers[usize::from(reader)] else {
        return format!("{}: FILL", name(reader));
    };
    let outcome = match model.variant.judge_fill(before.record, begun, content) {
        FillOutcome::Stored => "stored",
        FillOutcome::RefusedGone => "refused, the key is gone",
        FillOutcome::RefusedToken => "refused, another life",
        FillOutcome::RefusedFloor => "refused, below the floor",
        FillOutcome::RefusedNewer => "refused, a newer body is there",
    };
    format!("{}: FILL with {} is {outcome}, answers; {}", name(reader), shown(content), record(after))
}

fn record(state: &State) -> String {
    let Some(record) = state.record else { return "the key is empty".to_owned() };
    let body = record.body.map_or_else(|| "pending".to_owned(), shown);
    format!("the key holds {body}, floor {}, token {}", record.floor, record.token)
}

fn begins(before: &State, reader: u8) -> String {
    let again =
        if before.readers[usize::from(reader)] == Phase::Idle { "begins and" } else { "looks again and" };
    format!("{} {again}", name(reader))
}

fn name(reader: u8) -> String {
    format!("reader {}", reader + 1)
}

fn shown(content: Content) -> String {
    match (content.kind, content.version) {
        (Kind::Absent, _) => format!("an absence (content {})", content.seq),
        (Kind::Live, 0) => format!("a row without version (content {})", content.seq),
        (Kind::Live, version) => format!("version {version} (content {})", content.seq),
    }
}
