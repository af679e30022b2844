//! One event, delivered without a queue.

use catalog::edge::EdgeError;
use edge_invalidator::InvalidateError;
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

use crate::support::{bench, busy, event, updated};

#[tokio::test]
async fn an_event_is_purged_and_answered_with_a_report() {
    let bench = bench(&[]);
    let report = bench.handle(updated("a", 7)).await.unwrap();
    assert_eq!(bench.edge.items(), [["#product:a"]]);
    assert_eq!((&report["orders"], &report["items"], &report["own"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!((&report["spent"], &report["allowance"]), (&json!(1), &json!(3_000)));
    let report = bench.handle(updated("a", 7)).await.unwrap();
    assert_eq!((&report["items"], &report["already_purged"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn what_cannot_be_done_is_an_error_with_a_name_so_that_lambda_repeats_it() {
    let bench = bench(&[]);
    bench.edge.answers([Err(busy()), Err(EdgeError::Failed("no answer".into()))]);
    let odd = event("a/b", 7, "updated", &[]);
    let payloads = [updated("a", 7), updated("a", 7), odd, json!({"hello": 1}), Value::Null];
    let names = ["EdgeBusy", "EdgeFailed", "UnreadableEvent", "UnknownPayload", "UnknownPayload"];
    for (payload, name) in payloads.into_iter().zip(names) {
        let error: InvalidateError = bench.handle(payload).await.unwrap_err();
        assert_eq!(Diagnostic::from(error).error_type, name);
    }
    bench.handle(updated("a", 7)).await.unwrap();
}
