//! A read that begins after a write was answered never shows less.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::stream::{self, StreamExt};
use integration_tests::{World, n};
use serde_json::json;

/// Products under test; few, so that writers and readers meet.
const PRODUCTS: usize = 8;
const CHECKS: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_concurrent_reads_after_writes_are_never_below_what_was_answered() {
    let w = Arc::new(World::start().await);
    let ids: Arc<Vec<String>> = Arc::new((1..=PRODUCTS).map(|number| format!("shoes-{number:03}")).collect());
    let mut floors = Vec::new();
    for id in ids.iter() {
        floors.push(AtomicU64::new(w.cached(id).await.version()));
    }
    let (floors, writing) = (Arc::new(floors), Arc::new(AtomicU64::new(1)));
    let writers: Vec<_> = (0..PRODUCTS)
        .map(|place| {
            let (w, ids, floors, writing) = (w.clone(), ids.clone(), floors.clone(), writing.clone());
            tokio::spawn(async move {
                let mut writes = 0;
                while writing.load(Ordering::SeqCst) == 1 {
                    let answer = w.patch(&ids[place], &json!({"price_cents": writes})).await;
                    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
                    assert!(answer.header("cache-status").ends_with("detail=invalidated"), "{answer:?}");
                    floors[place].fetch_max(answer.version(), Ordering::SeqCst);
                    writes += 1;
                }
                writes
            })
        })
        .collect();
    let below = stream::iter(0..CHECKS)
        .map(|check| {
            let (w, ids, floors) = (w.clone(), ids.clone(), floors.clone());
            async move {
                let place = check % PRODUCTS;
                let floor = floors[place].load(Ordering::SeqCst);
                let answer = w.product(&ids[place]).await;
                assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
                (answer.version() < floor).then(|| format!("{} below {floor}", answer.version()))
            }
        })
        .buffer_unordered(64)
        .filter_map(async |below| below)
        .collect::<Vec<_>>()
        .await;
    writing.store(0, Ordering::SeqCst);
    let mut writes = 0;
    for writer in writers {
        writes += writer.await.unwrap();
    }
    assert!(below.is_empty(), "{} of {CHECKS}: {:?}", below.len(), below.first());
    assert!(writes > 100, "writers were at work: {writes}");
}

#[tokio::test]
async fn a_direct_write_and_a_write_here_at_once_end_with_the_last_one() {
    let w = World::start().await;
    let version = w.cached("shoes-001").await.version();
    let values = [(":p", n(1)), (":v", n(version + 10))];
    let direct = w.write_directly("shoes-001", "SET price_cents = :p, version = :v", &values);
    let patch = json!({"price_cents": 2});
    let (_, written) = tokio::join!(direct, w.patch("shoes-001", &patch));
    assert_eq!(written.status.as_u16(), 200);
    w.delivered(2).await;
    let truth = w.get("/api/fresh/products/shoes-001").await;
    assert_eq!(w.product("shoes-001").await.body, truth.body);
}
