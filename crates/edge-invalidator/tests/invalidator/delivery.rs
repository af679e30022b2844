//! Batches of messages: what is purged, what comes back and when, what is put aside.

use std::time::Duration;

use catalog::edge::EdgeError;
use serde_json::json;

use crate::support::{bench, busy, event, first, record, updated};

#[tokio::test]
async fn a_batch_is_one_call_with_each_product_once() {
    let bench = bench(&[]);
    let batch = [first("m1", &updated("b", 7)), first("m2", &updated("a", 3)), first("m3", &updated("b", 8))];
    assert_eq!(bench.deliver(&batch).await, [""; 0]);
    assert_eq!(bench.edge.items(), [["#product:a", "#product:b"]]);
    assert_eq!(bench.deliver(&[]).await, [""; 0]);
    assert_eq!(bench.edge.calls().len(), 1, "nothing to do is no call");
}

#[tokio::test]
async fn a_batch_that_is_delivered_again_has_the_same_reference_and_a_new_one_another() {
    let bench = bench(&[]);
    let created = |id: &str| event(id, 0, "created", &[]);
    let batch = [first("m1", &created("a")), first("m2", &created("b"))];
    bench.deliver(&batch).await;
    bench.deliver(&[batch[1].clone(), batch[0].clone()]).await;
    let mut later = created("a");
    later["id"] = json!("another event");
    bench.deliver(&[first("m3", &later), batch[1].clone()]).await;
    let calls = bench.edge.calls();
    assert_eq!(calls[0], calls[1]);
    assert_eq!(calls[0].items, calls[2].items);
    assert_ne!(calls[0].reference, calls[2].reference);
}

#[tokio::test]
async fn what_the_edge_is_too_busy_for_comes_back_later_each_time() {
    let bench = bench(&[]);
    bench.edge.answers([Err(busy())]);
    let batch = [
        record("m1", 1, &updated("a", 7).to_string()),
        record("m2", 4, &updated("b", 7).to_string()),
        record("m3", 40, &updated("c", 7).to_string()),
    ];
    assert_eq!(bench.deliver(&batch).await, ["m1", "m2", "m3"]);
    let delays = bench.queue.taken_delays();
    assert_eq!([delays["receipt-m1"], delays["receipt-m2"], delays["receipt-m3"]], [2, 16, 300]);
    assert_eq!(bench.deliver(&batch).await, [""; 0], "nothing was remembered as purged");
    assert_eq!(bench.queue.taken_delays().len(), 0);
}

#[tokio::test]
async fn only_what_a_refused_call_held_comes_back_and_nothing_is_tried_after_it() {
    let bench = bench(&[("ITEMS_PER_CALL", "1")]);
    bench.edge.answers([Ok(()), Err(EdgeError::Failed("no answer".into()))]);
    let batch = ["a", "b", "c"].map(|id| first(id, &updated(id, 7)));
    assert_eq!(bench.deliver(&batch).await, ["b", "c"]);
    assert_eq!(bench.edge.items(), [["#product:a"], ["#product:b"]]);
    assert_eq!(bench.deliver(&batch).await, [""; 0]);
    assert_eq!(bench.edge.items()[2..], [["#product:b"], ["#product:c"]], "a is known to be purged");
}

#[tokio::test]
async fn a_queue_that_fails_loses_nothing() {
    let bench = bench(&[]);
    *bench.queue.broken.lock().unwrap() = true;
    bench.edge.answers([Err(busy())]);
    assert_eq!(bench.deliver(&[first("m1", &updated("a", 7)), record("m2", 1, "{")]).await, ["m2", "m1"]);
}

#[tokio::test]
async fn a_reference_that_was_used_for_other_items_is_replaced() {
    let bench = bench(&[]);
    bench.edge.answers([Err(EdgeError::AlreadyAsked)]);
    assert_eq!(bench.deliver(&[first("m1", &updated("a", 7))]).await, [""; 0]);
    let calls = bench.edge.calls();
    assert_eq!(calls[0].items, calls[1].items);
    assert_ne!(calls[0].reference, calls[1].reference);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_put_aside_and_holds_up_nobody() {
    let bench = bench(&[]);
    *bench.queue.refused.lock().unwrap() = Some(Vec::new());
    let odd = event("a/b", 7, "updated", &[]).to_string();
    let batch = [record("m1", 1, "not JSON"), first("m2", &updated("a", 7)), record("m3", 1, &odd)];
    assert_eq!(bench.deliver(&batch).await, [""; 0]);
    assert_eq!(bench.edge.items(), [["#product:a"]]);
    let refused = bench.queue.refused.lock().unwrap().clone().unwrap();
    assert_eq!((refused[0].0.as_str(), refused[1].0.as_str()), ("not JSON", odd.as_str()));
    assert!(refused[0].1.contains("not JSON") && refused[1].1.contains("product id"), "{refused:?}");
}

#[tokio::test]
async fn without_a_failure_queue_it_is_left_to_become_a_dead_letter_soon() {
    let bench = bench(&[]);
    let batch = [record("m1", 50, "not JSON"), first("m2", &updated("a", 7))];
    assert_eq!(bench.deliver(&batch).await, ["m1"]);
    assert_eq!(bench.queue.taken_delays()["receipt-m1"], 1);
    assert_eq!(bench.edge.items(), [["#product:a"]]);
}

#[tokio::test]
async fn what_was_purged_for_a_later_version_is_not_purged_again_but_what_has_no_order_is() {
    let bench = bench(&[]);
    bench.deliver(&[first("m1", &updated("a", 7))]).await;
    assert_eq!(bench.deliver(&[first("m2", &updated("a", 6)), first("m3", &updated("a", 7))]).await, [""; 0]);
    assert_eq!(bench.edge.calls().len(), 1);
    bench.deliver(&[first("m4", &updated("a", 8))]).await;
    bench.deliver(&[first("m5", &event("a", 0, "deleted", &["category:shoes"]))]).await;
    bench.deliver(&[first("m6", &event("a", 1, "created", &[]))]).await;
    assert_eq!(bench.edge.calls().len(), 4);
}

#[tokio::test]
async fn a_category_that_was_purged_as_a_whole_covers_no_older_change_of_its_products() {
    let bench = bench(&[("FREE_ITEMS", "0"), ("FAMILY_ANSWERS", "0")]);
    let batch = ["a", "b"].map(|id| first(id, &updated(id, 8)));
    bench.deliver(&batch).await;
    bench.deliver(&[first("m", &event("a", 7, "updated", &["category:hats", "category:shoes"]))]).await;
    assert_eq!(
        bench.edge.items(),
        [["#category:shoes"], ["#product:a"]],
        "it may be stored under its old category"
    );
}

#[tokio::test]
async fn what_was_published_before_anything_still_stored_is_acknowledged() {
    let bench = bench(&[("MAX_STORED_SECONDS", "690"), ("FENCE_SECONDS", "10")]);
    bench.clock.advance(Duration::from_secs(700));
    bench.deliver(&[first("m1", &updated("a", 7))]).await;
    assert_eq!(bench.edge.calls().len(), 1);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.deliver(&[first("m2", &updated("b", 7))]).await, [""; 0]);
    assert_eq!(bench.edge.calls().len(), 1);
}

#[tokio::test]
async fn paths_are_purged_by_path_and_nothing_at_all_by_ttl_only() {
    let batch = ["a", "b"].map(|id| first(id, &updated(id, 7)));
    let by_path = bench(&[("EDGE_INVALIDATION", "path")]);
    by_path.deliver(&batch).await;
    assert_eq!(by_path.edge.items(), [["/api/products/a", "/api/products/b"]]);
    let ttl_only = bench(&[("EDGE_INVALIDATION", "ttl-only")]);
    ttl_only.ledger.set_broken(true);
    assert_eq!(ttl_only.deliver(&batch).await, [""; 0]);
    assert_eq!(ttl_only.edge.calls().len(), 0);
}
