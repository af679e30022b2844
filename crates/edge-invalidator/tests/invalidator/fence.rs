//! Purges that come after the fence delay, once more or only then.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use catalog::edge::EdgeError;
use edge_invalidator::InvalidateError;
use serde_json::{Value, json};

use crate::support::{Bench, bench, busy, first, record, updated};

const FENCE: Duration = Duration::from_secs(10);

fn fenced() -> Bench {
    bench(&[("EDGE_PURGE", "fenced"), ("FENCE_SECONDS", "10")])
}

fn double() -> Bench {
    bench(&[("EDGE_PURGE", "double"), ("FENCE_SECONDS", "10")])
}

#[tokio::test]
async fn a_fenced_purge_waits_in_the_queue_until_the_delay_has_passed() {
    let bench = fenced();
    let event = updated("a", 7).to_string();
    bench.clock.advance(Duration::from_millis(2_500));
    assert_eq!(bench.deliver(&[record("m1", 1, &event)]).await, ["m1"]);
    assert_eq!(bench.queue.put_off.lock().unwrap()["receipt-m1"], Duration::from_millis(7_500));
    assert_eq!(bench.edge.calls().len(), 0);
    bench.clock.advance(Duration::from_millis(7_499));
    assert_eq!(bench.deliver(&[record("m1", 2, &event)]).await, ["m1"]);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.deliver(&[record("m1", 3, &event)]).await, [""; 0]);
    assert_eq!(bench.edge.items(), [["#product:a"]]);
}

#[tokio::test]
async fn a_fenced_purge_of_unknown_age_waits_once() {
    let bench = fenced();
    let mut event = updated("a", 7);
    event["time"] = Value::Null;
    let record = |received| {
        let mut record = record("m1", received, &event.to_string());
        record["attributes"]["SentTimestamp"] = Value::Null;
        record
    };
    assert_eq!(bench.deliver(&[record(1)]).await, ["m1"]);
    assert_eq!(bench.queue.taken_delays()["receipt-m1"], 10);
    assert_eq!(bench.deliver(&[record(2)]).await, [""; 0]);
    assert_eq!(bench.edge.calls().len(), 1);
}

#[tokio::test]
async fn a_fenced_event_without_a_queue_waits_in_it() {
    let bench = fenced();
    bench.clock.advance(Duration::from_millis(1_999));
    let report = bench.handle(updated("a", 7)).await.unwrap();
    assert_eq!((&report["waiting"], &report["orders"]), (&json!(1), &json!(0)));
    let (body, delay) = bench.queue.taken_messages().remove(0);
    assert_eq!(delay, Duration::from_secs(9), "its second may have just ended when it was published");
    bench.clock.advance(delay);
    assert_eq!(bench.deliver(&[record("m1", 1, &body)]).await, [""; 0]);
    assert_eq!(bench.edge.items(), [["#product:a"]]);

    *bench.queue.broken.lock().unwrap() = true;
    let error =
        bench.handle(json!({"detail-type": "ProductUpdated", "detail": updated("b", 7)["detail"]})).await;
    assert!(matches!(error, Err(InvalidateError::Queue(_))), "{error:?}");
}

#[tokio::test]
async fn a_double_purge_is_sent_to_itself_once_the_first_is_accepted() {
    let bench = double();
    bench.edge.answers([Err(busy())]);
    let batch = [first("m1", &updated("a", 7)), first("m2", &updated("b", 7))];
    assert_eq!(bench.deliver(&batch).await, ["m1", "m2"]);
    assert_eq!(bench.queue.taken_messages(), [], "a purge that did not happen has no second one");
    assert_eq!(bench.deliver(&batch).await, [""; 0]);
    let (body, delay) = bench.queue.taken_messages().remove(0);
    assert_eq!(delay, FENCE);
    assert_eq!(bench.deliver(&[record("again", 1, &body)]).await, [""; 0]);
    let calls = bench.edge.calls();
    assert_eq!((&calls[1].items, calls.len()), (&calls[2].items, 3));
    assert_ne!(
        calls[1].reference, calls[2].reference,
        "else it would be taken for a repetition of the first"
    );
    assert_eq!(bench.queue.taken_messages(), [], "and there is no third");
}

#[tokio::test]
async fn a_double_purge_whose_second_half_cannot_be_arranged_comes_back() {
    let bench = double();
    *bench.queue.broken.lock().unwrap() = true;
    assert_eq!(bench.deliver(&[first("m1", &updated("a", 7))]).await, ["m1"]);
    let error = bench.handle(updated("a", 7)).await;
    assert!(matches!(error, Err(InvalidateError::Edge(EdgeError::Failed(_)))), "{error:?}");
    *bench.queue.broken.lock().unwrap() = false;
    assert_eq!(bench.deliver(&[first("m1", &updated("a", 7))]).await, [""; 0]);
    assert_eq!(bench.queue.taken_messages().len(), 1, "it was not remembered as purged");
}

#[tokio::test]
async fn a_second_purge_that_is_throttled_comes_back_like_any_other() {
    let bench = double();
    bench.deliver(&[first("m1", &updated("a", 7))]).await;
    let (body, _) = bench.queue.taken_messages().remove(0);
    bench.edge.answers([Err(busy())]);
    assert_eq!(bench.deliver(&[record("again", 1, &body)]).await, ["again"]);
    assert_eq!(bench.queue.taken_delays()["receipt-again"], 2);
    assert_eq!(bench.deliver(&[record("again", 2, &body)]).await, [""; 0]);
}

/// Whether the answer of an origin that was computed before the change, and stored by the edge 9 s after it was published,
/// is still there when everything is done.
async fn late_answer_survives(bench: &Bench) -> bool {
    let stored = Arc::new(Mutex::new(false));
    let purged = stored.clone();
    bench.edge.on_purge(move |_| *purged.lock().unwrap() = false);
    let mut back = vec![(updated("a", 7).to_string(), Duration::ZERO)];
    let mut received = 0;
    let mut elapsed = Duration::ZERO;
    while let Some((body, delay)) = back.pop() {
        if elapsed < Duration::from_secs(9) && elapsed + delay >= Duration::from_secs(9) {
            *stored.lock().unwrap() = true;
        }
        elapsed += delay;
        bench.clock.advance(delay);
        received += 1;
        bench.deliver(&[record("m", received, &body)]).await;
        back.extend(bench.queue.put_off.lock().unwrap().values().map(|delay| (body.clone(), *delay)));
        bench.queue.taken_delays();
        back.extend(bench.queue.taken_messages());
    }
    if elapsed < Duration::from_secs(9) {
        *stored.lock().unwrap() = true;
    }
    *stored.lock().unwrap()
}

#[tokio::test]
async fn an_answer_that_was_on_its_way_survives_a_prompt_purge_and_neither_of_the_others() {
    assert!(late_answer_survives(&bench(&[])).await);
    assert!(!late_answer_survives(&double()).await);
    assert!(!late_answer_survives(&fenced()).await);
}
