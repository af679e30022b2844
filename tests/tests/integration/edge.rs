//! The whole chain: from a write to the edge.

use std::time::Duration;

use integration_tests::{Answer, World, n, send};
use local_edge::{EdgeEvent, EventKind};
use reqwest::Method;
use serde_json::json;
use tokio::sync::broadcast;
use tokio::time::Instant;

const BOOT: &str = "/api/products/boots-001";

async fn at_edge(w: &World, path: &str) -> Answer {
    send(&w.http, &w.stack.endpoints.edge, Method::GET, path, &[], "").await
}

/// Waits until the edge has thrown out what it held for a path.
async fn purged(events: &mut broadcast::Receiver<EdgeEvent>, path: &str) {
    loop {
        let event = events.recv().await.unwrap();
        if event.kind == EventKind::Purged && event.key.starts_with(path) {
            return;
        }
    }
}

async fn held(w: &World) -> u64 {
    at_edge(w, BOOT).await;
    let answer = at_edge(w, BOOT).await;
    assert_eq!(answer.header("x-cache"), "Hit from cloudfront", "{answer:?}");
    answer.version()
}

/// Reads at the edge a hundred times; none is below `floor`.
async fn never_goes_back(w: &World, floor: u64) {
    for _ in 0..100 {
        let answer = at_edge(w, BOOT).await;
        assert!(answer.version() >= floor, "{} below {floor}", answer.version());
    }
}

#[tokio::test]
async fn a_miss_at_every_level_becomes_a_hit_at_the_edge_without_its_tags() {
    let w = World::start().await;
    let first = at_edge(&w, BOOT).await;
    assert_eq!((first.status.as_u16(), first.header("x-cache")), (200, "Miss from cloudfront"));
    assert_eq!(first.header("cache-status"), "Valkey; fwd=uri-miss; stored");
    let second = at_edge(&w, BOOT).await;
    assert_eq!(second.header("x-cache"), "Hit from cloudfront");
    assert_eq!((second.version(), &second.body), (first.version(), &first.body));
    assert_eq!(second.header("cache-tag"), "", "tags are no viewer's business");
    assert_eq!(second.header("cache-control"), "no-cache", "browsers would obey stale-while-revalidate");
}

#[tokio::test]
async fn a_patch_reaches_the_edge_within_three_seconds_and_never_goes_back() {
    let w = World::start().await;
    let before = held(&w).await;
    let mut events = w.stack.edge.edge.subscribe();
    let start = Instant::now();
    let written = w.patch("boots-001", &json!({"price_cents": 61})).await;
    purged(&mut events, BOOT).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let after = at_edge(&w, BOOT).await;
    assert_eq!((after.version(), after.json()["price_cents"].as_u64()), (before + 1, Some(61)));
    never_goes_back(&w, written.version()).await;
}

#[tokio::test]
async fn a_direct_write_reaches_the_edge_within_three_seconds_and_never_goes_back() {
    let w = World::start().await;
    let before = held(&w).await;
    let mut events = w.stack.edge.edge.subscribe();
    let start = Instant::now();
    w.write_directly(
        "boots-001",
        "SET price_cents = :p, version = :v",
        &[(":p", n(62)), (":v", n(before + 1))],
    )
    .await;
    purged(&mut events, BOOT).await;
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let after = at_edge(&w, BOOT).await;
    assert_eq!((after.version(), after.json()["price_cents"].as_u64()), (before + 1, Some(62)));
    never_goes_back(&w, before + 1).await;
}

#[tokio::test]
async fn a_create_purges_the_404_that_was_held() {
    let w = World::start().await;
    let path = "/api/products/new-1";
    at_edge(&w, path).await;
    let absent = at_edge(&w, path).await;
    assert_eq!((absent.status.as_u16(), absent.header("x-cache")), (404, "Error from cloudfront"));
    let mut events = w.stack.edge.edge.subscribe();
    let body = json!({"name": "New", "category": "boots", "price_cents": 1, "currency": "EUR"});
    assert_eq!(w.create("new-1", &body).await.status.as_u16(), 201);
    purged(&mut events, path).await;
    assert_eq!(at_edge(&w, path).await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_read_that_asks_for_a_version_is_never_answered_with_less_by_the_edge() {
    let w = World::start().await;
    held(&w).await;
    let written = w.patch("boots-001", &json!({"price_cents": 63})).await;
    let minimum = written.version().to_string();
    let ask = [("x-cache-min-version", minimum.as_str())];
    let answer = send(&w.http, &w.stack.endpoints.edge, Method::GET, BOOT, &ask, "").await;
    assert_eq!((answer.status.as_u16(), answer.version()), (200, written.version()));
}

#[tokio::test]
async fn different_lists_and_selections_are_different_answers_at_the_edge() {
    let w = World::start().await;
    let queries = ["?category=boots", "?category=shoes", "?limit=1", "?ids=boots-001", "?ids=boots-002"];
    let mut bodies = Vec::new();
    for query in queries {
        bodies.push(at_edge(&w, &format!("/api/products{query}")).await.body);
    }
    for (place, body) in bodies.iter().enumerate() {
        assert!(!bodies[..place].contains(body), "{} is answered as another", queries[place]);
    }
}

#[tokio::test]
async fn admin_and_fresh_paths_pass_through_and_the_site_is_served() {
    let w = World::start().await;
    let edge = &w.stack.endpoints.edge;
    let headers = [("if-match", "*"), ("content-type", "application/merge-patch+json")];
    let path = "/api/admin/products/boots-001";
    let written = send(&w.http, edge, Method::PATCH, path, &headers, r#"{"price_cents":64}"#).await;
    assert_eq!(written.status.as_u16(), 200, "{written:?}");
    for _ in 0..2 {
        let fresh = at_edge(&w, "/api/fresh/products/boots-001").await;
        assert_eq!((fresh.version(), fresh.header("x-cache")), (written.version(), "Miss from cloudfront"));
    }
    let page = at_edge(&w, "/").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(
        page.header("content-type").starts_with("text/html")
            && page.header("content-security-policy").contains("'none'")
    );
    let levels = at_edge(&w, "/_tidemark/levels?id=boots-001").await.json();
    assert_eq!(levels["dynamodb"]["version"].as_u64(), Some(written.version()));
}

#[tokio::test]
async fn a_look_into_the_levels_shows_the_same_price_at_each() {
    let w = World::start().await;
    let price = at_edge(&w, BOOT).await.json()["price_cents"].as_u64();
    assert!(price.is_some());
    let levels = at_edge(&w, "/_tidemark/levels?id=boots-001").await.json();
    assert_eq!(["dynamodb", "valkey", "edge"].map(|level| levels[level]["price_cents"].as_u64()), [price; 3]);
}

#[tokio::test]
async fn the_stream_of_steps_outlives_a_quiet_time() {
    let w = World::start().await;
    let url = format!("{}/_tidemark/events", w.stack.endpoints.edge);
    let mut steps = w.http.get(url).send().await.unwrap();
    let first = steps.chunk().await.expect("the edge cuts it off").expect("it ends");
    assert!(first.starts_with(b":"), "a sign of life, though nothing happened: {first:?}");
}

#[tokio::test]
async fn an_edge_that_refuses_for_a_while_loses_nothing() {
    let w = World::start().await;
    let before = held(&w).await;
    let mut events = w.stack.edge.edge.subscribe();
    w.stack.edge.cloudfront.faults().refuse_next(2, local_edge::Fault::TooManyInvalidationsInProgress);
    w.patch("boots-001", &json!({"price_cents": 65})).await;
    purged(&mut events, BOOT).await;
    assert_eq!(w.stack.edge.cloudfront.faults().refused(), 2);
    assert_eq!(at_edge(&w, BOOT).await.version(), before + 1);
}
