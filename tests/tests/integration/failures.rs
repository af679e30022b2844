//! The cache fails: reads go on, writes go on, and no invalidation is lost.

use integration_tests::{World, n};
use serde_json::json;

#[tokio::test]
async fn a_stopped_cache_costs_no_read_and_no_write_and_the_answers_say_so() {
    let w = World::start().await;
    let before = w.cached("boots-001").await;
    w.stack.valkey.kill().await;
    let read = w.product("boots-001").await;
    assert_eq!((read.status.as_u16(), &read.body), (200, &before.body));
    assert_eq!(read.header("cache-control"), "public, max-age=0, s-maxage=1");
    let status = read.header("cache-status");
    assert!(status.starts_with("Valkey; fwd=bypass; detail="), "{status}");
    let written = w.patch("boots-001", &json!({"price_cents": 31})).await;
    assert_eq!(written.status.as_u16(), 200);
    let status = written.header("cache-status");
    assert!(status.starts_with("Valkey; fwd=method; detail=invalidation-left-to-stream-"), "{status}");
    assert_eq!(w.product("boots-001").await.json()["price_cents"], 31);
}

#[tokio::test]
async fn a_stalled_cache_costs_no_read_and_soon_no_time() {
    let w = World::with(|options| {
        // One process, so that one breaker sees every failure.
        options.read_environments = 1;
    })
    .await;
    w.cached("boots-001").await;
    w.stack.valkey.stall();
    for _ in 0..3 {
        let read = w.product("boots-001").await;
        assert_eq!(read.header("cache-status"), "Valkey; fwd=bypass; detail=timeout");
    }
    let read = w.product("boots-001").await;
    assert_eq!(
        (read.status.as_u16(), read.header("cache-status")),
        (200, "Valkey; fwd=bypass; detail=breaker-open")
    );
    w.stack.valkey.resume();
}

#[tokio::test]
async fn invalidations_wait_in_the_stream_while_the_cache_is_stalled_and_none_is_lost() {
    let w = World::start().await;
    let ids: Vec<_> = (1..=20).map(|number| format!("boots-{number:03}")).collect();
    for id in &ids {
        w.cached(id).await;
    }
    w.stack.valkey.stall();
    for (place, id) in ids.iter().enumerate() {
        w.write_directly(id, "SET price_cents = :p", &[(":p", n(1_000 + place as u64))]).await;
    }
    let mut progress = w.stack.stream_progress();
    progress.wait_for(|p| p.failed_invocations >= 2).await.unwrap();
    assert_eq!(progress.borrow().succeeded, 0, "nothing counts as done");
    w.stack.valkey.resume();
    w.delivered(20).await;
    for (place, id) in ids.iter().enumerate() {
        assert_eq!(w.product(id).await.json()["price_cents"], 1_000 + place as u64);
    }
    assert_eq!(w.stack.stream_progress().borrow().discarded, 0);
}

#[tokio::test]
async fn invalidations_wait_while_the_cache_is_gone_and_reads_are_right_when_it_is_back_empty() {
    let mut w = World::start().await;
    w.cached("boots-001").await;
    w.stack.valkey.kill().await;
    w.write_directly("boots-001", "SET price_cents = :p", &[(":p", n(41))]).await;
    let mut progress = w.stack.stream_progress();
    progress.wait_for(|p| p.failed_invocations >= 1).await.unwrap();
    w.stack.valkey.restart().await.unwrap();
    w.delivered(1).await;
    // The breaker may still be open; either way the answer is right.
    assert_eq!(w.product("boots-001").await.json()["price_cents"], 41);
}

#[tokio::test]
async fn a_bus_that_fails_holds_the_records_back_until_every_event_is_published() {
    let w = World::start().await;
    let mut events = w.stack.messaging.bus.subscribe();
    w.cached("boots-001").await;
    w.stack.messaging.bus.faults().fail_next_entries(2, "InternalFailure");
    w.write_directly("boots-001", "SET price_cents = :p", &[(":p", n(51))]).await;
    w.delivered(1).await;
    assert_eq!(w.stack.messaging.bus.faults().remaining(), 0);
    let event = events.recv().await.unwrap();
    assert_eq!(event.event["detail-type"], "ProductUpdated");
    assert_eq!(event.event["detail"]["id"], "boots-001");
    assert!(w.stack.stream_progress().borrow().failed_invocations >= 1);
}
