use super::*;
use local_lambda::{LogLine, LogStream};
use serde_json::{Value, json};

const TRACE: &str = "1-67891233-abcdef012345678912345678";
const NEXT: &str = "1-67891234-abcdef012345678912345678";

fn say(journal: &Journal, function: &str, at_ms: u64, fields: Value) {
    let at = jiff::Timestamp::from_millisecond(at_ms as i64).unwrap();
    let mut line = json!({ "timestamp": at.to_string(), "level": "INFO", "product": "b-1", "version": 8 });
    line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let (function, stream) = (function.into(), LogStream::Stdout);
    journal.say(&LogLine { function, environment: 1, stream, line: line.to_string() });
}

fn step(journal: &Journal, at_ms: u64, step: &'static str, version: u64) {
    journal.step(Step { at_ms, step, id: "b-1".to_owned(), version });
}

/// A change that went all the way.
fn journal() -> Journal {
    let journal = Journal::default();
    step(&journal, 900, "stored", 7);
    step(&journal, 1_008, "floor", 8);
    say(
        &journal,
        "write-api",
        1_010,
        json!({ "step": "written", "change": "updated", "request_id": "r-1", "trace_id": TRACE, "told": true }),
    );
    step(&journal, 1_000, "written", 8);
    step(&journal, 1_200, "streamed", 8);
    say(
        &journal,
        "stream-invalidator",
        1_220,
        json!({ "step": "told", "request_id": "r-2", "trace_id": NEXT }),
    );
    step(&journal, 1_228, "published", 8);
    step(&journal, 1_228, "queued", 8);
    say(
        &journal,
        "stream-invalidator",
        1_230,
        json!({ "step": "published", "event_id": "e-1", "request_id": "r-2", "trace_id": NEXT }),
    );
    step(&journal, 2_300, "purged", 8);
    say(
        &journal,
        "edge-invalidator",
        2_310,
        json!({ "step": "purged", "by": "its own items", "event_id": "e-1", "request_id": "r-3", "upstream_trace_id": NEXT }),
    );
    step(&journal, 2_500, "stored", 9);
    step(&journal, 2_600, "stored", 9);
    journal
}

#[test]
fn an_id_is_a_product_a_change_or_a_trace() {
    assert_eq!(Wanted::read("b-1"), Wanted::Product("b-1".to_owned()));
    assert_eq!(Wanted::read("b-1@8"), Wanted::Change("b-1".to_owned(), 8));
    assert_eq!(Wanted::read("b@x"), Wanted::Product("b@x".to_owned()));
    assert_eq!(Wanted::read(TRACE), Wanted::Trace(TRACE.to_owned()));
    assert_eq!(Wanted::read(&format!("Root={TRACE};Sampled=1")), Wanted::Trace(TRACE.to_owned()));
    assert_eq!(Wanted::read("1-2-3"), Wanted::Product("1-2-3".to_owned()), "a product may be called so");
}

#[test]
fn a_change_is_told_in_order_with_who_did_what() {
    let told = accounts(&journal(), &Wanted::Change("b-1".to_owned(), 8));
    let rows: Vec<_> =
        told[0].rows.iter().map(|row| (row.at_ms, row.step.as_str(), row.by.as_str())).collect();
    let expected = [
        (1_000, "written", "write-api"),
        (1_008, "floor", "cache"),
        (1_200, "streamed", "stream"),
        (1_220, "told", "stream-invalidator"),
        (1_228, "published", "stream-invalidator"),
        (1_228, "queued", "bus"),
        (2_300, "purged", "edge"),
        (2_310, "purged", "edge-invalidator"),
        (2_500, "stored", "edge"),
    ];
    assert_eq!(rows, expected);
    let written = &told[0].rows[0];
    assert_eq!((written.request_id.as_str(), written.trace_id.as_str()), ("r-1", TRACE));
    assert_eq!(told[0].rows[8].note, "as version 9");
}

#[test]
fn a_change_is_found_by_its_product_and_by_either_trace() {
    let journal = journal();
    let by_change = accounts(&journal, &Wanted::Change("b-1".to_owned(), 8));
    for wanted in ["b-1", TRACE, NEXT] {
        assert_eq!(accounts(&journal, &Wanted::read(wanted)), by_change, "{wanted}");
    }
    assert_eq!(accounts(&journal, &Wanted::read("b-2")), []);
    assert_eq!(accounts(&journal, &Wanted::read("1-00000000-abcdef012345678912345678")), []);
}

#[test]
fn what_nobody_said_was_written_by_another_program() {
    let journal = Journal::default();
    step(&journal, 1_000, "written", 8);
    step(&journal, 1_100, "streamed", 8);
    assert_eq!(accounts(&journal, &Wanted::read("b-1"))[0].rows[0].by, "another program");
}
