//! From a published change to the looks at it.

use std::time::Duration;

use consistency_auditor::Place;
use serde_json::{Value, json};

use crate::support::{START, absent, bench, event, live, silent};

fn looks(sent: &[(u128, Value)]) -> Vec<(u128, u64, &Value, u64)> {
    let of = |(delay, body): &'_ (u128, Value)| (*delay, body["look"]["after"].as_u64().unwrap());
    let rest = |body: &'_ Value| body["look"]["since"].as_u64().unwrap() - START;
    sent.iter().map(|one| (of(one).0, of(one).1, &one.1["look"]["expected"], rest(&one.1))).collect()
}

#[tokio::test]
async fn a_change_that_its_version_orders_is_looked_at_three_times_counted_from_its_publication() {
    let b = bench(100.0);
    b.clock.advance(Duration::from_millis(300));
    assert!(b.deliver(&[event(8, "updated", true)]).await.is_empty());
    let (sent, expected) = (b.queue.sent(), json!({"at_least": 8}));
    assert_eq!(looks(&sent), [(700, 1, &expected, 0), (9_700, 10, &expected, 0), (59_700, 60, &expected, 0)]);
    assert!(b.ask.asked().is_empty(), "nobody is asked before its time");
}

#[tokio::test]
async fn what_no_version_orders_is_held_against_what_the_source_had_counted_from_then() {
    for (change, source, expected) in [
        (event(0, "deleted", false), absent(), json!({"like": "absent"})),
        (event(8, "updated", false), live(8, "new"), json!({"like": {"live": "8-new"}})),
        (event(0, "updated", false), live(0, "new"), json!({"like": {"live": "0-new"}})),
        (event(8, "created", false), live(8, "a"), json!({"like": {"live": "8-a"}})),
    ] {
        let b = bench(100.0);
        b.ask.answers(&[Place::Source], source);
        b.clock.advance(Duration::from_millis(300));
        assert!(b.deliver(&[change]).await.is_empty());
        let sent = b.queue.sent();
        let looks = looks(&sent);
        assert_eq!(
            looks,
            [(1_000, 1, &expected, 300), (10_000, 10, &expected, 300), (60_000, 60, &expected, 300)]
        );
        assert_eq!(b.ask.asked(), [Place::Source]);
    }
}

#[tokio::test]
async fn a_source_that_says_nothing_leaves_every_level_unanswered() {
    let b = bench(100.0);
    b.ask.answers(&[Place::Source], silent());
    assert!(b.deliver(&[event(0, "deleted", false)]).await.is_empty());
    assert!(b.queue.sent().is_empty());
    let expected = ["api 1", "api 10", "api 60", "edge 1", "edge 10", "edge 60"];
    assert_eq!(b.counted(), expected.map(|series| format!("Unanswered {series} 1")));
}

#[tokio::test]
async fn what_is_not_in_the_sample_is_taken_and_forgotten() {
    let b = bench(0.0);
    assert!(b.deliver(&[event(8, "updated", true), event(0, "deleted", false)]).await.is_empty());
    assert!(b.queue.sent().is_empty() && b.ask.asked().is_empty() && b.counted().is_empty());
}

#[tokio::test]
async fn only_what_cannot_be_read_or_sent_comes_back() {
    let b = bench(100.0);
    let poison = [json!("no JSON"), json!({"detail-type": "RecordRefused"}), json!({"look": {"after": 7}})];
    let mut batch = vec![event(8, "updated", true)];
    batch.extend(poison);
    assert_eq!(b.deliver(&batch).await, [1, 2, 3]);
    assert_eq!(b.queue.sent().len(), 3, "the others are not held up");
    *b.queue.broken.lock().unwrap() = true;
    assert_eq!(b.deliver(&batch[..1]).await, [0], "a change whose looks were not sent");
    let error = b.auditor.handle(json!({"detail-type": "ProductUpdated"})).await.unwrap_err();
    assert_eq!(error.to_string(), "the payload has no Records");
}
