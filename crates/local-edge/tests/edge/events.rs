//! What an observer is told.

use local_edge::EventKind::{Evicted, Failed, Hit, Miss, Pass, Purged, RefreshHit, StaleIfError, Stored};
use local_edge::{Edge, EdgeConfig, EdgeEvent, Item};
use tokio::sync::broadcast::Receiver;

use crate::support::{Scripted, advance, answer, call, config, edge, get, ok, request};

fn told(events: &mut Receiver<EdgeEvent>) -> Vec<(local_edge::EventKind, String, Option<String>)> {
    let events = std::iter::from_fn(|| events.try_recv().ok());
    events.map(|event| (event.kind, event.key, event.version)).collect()
}

#[tokio::test]
async fn each_thing_that_happens_is_told_with_key_and_version() {
    let origin = Scripted::answering(vec![
        ok("max-age=10, stale-if-error=60", "x").with("x-version", "7").with("etag", "\"1\""),
        answer(304, "").with("x-version", "8"),
        answer(503, ""),
        answer(200, "made"),
    ])
    .await;
    let edge = edge(&origin);
    let mut events = edge.subscribe();
    get(&edge, "/a").await;
    get(&edge, "/a").await;
    advance(11).await;
    get(&edge, "/a").await;
    advance(11).await;
    get(&edge, "/a").await;
    edge.purge(&[Item::parse("/a").unwrap()]);
    call(&edge, request(http::Method::POST, "/b", &[])).await;
    let expected = [
        (Stored, "/a", Some("7")),
        (Miss, "/a", Some("7")),
        (Hit, "/a", Some("7")),
        (Stored, "/a", Some("8")),
        (RefreshHit, "/a", Some("8")),
        (StaleIfError, "/a", Some("8")),
        (Purged, "/a", Some("8")),
        (Pass, "/b", None),
    ];
    let expected = expected.map(|(kind, key, version)| (kind, key.to_owned(), version.map(str::to_owned)));
    assert_eq!(told(&mut events), expected);
}

#[tokio::test]
async fn evictions_and_failures_are_told() {
    let answers = vec![ok("max-age=60", "x"), ok("max-age=60", "y"), ok("max-age=60", "z").cut_short()];
    let origin = Scripted::answering(answers).await;
    let edge = Edge::new(EdgeConfig { store_bytes: 1_000, ..config(&origin) }).unwrap();
    let mut events = edge.subscribe();
    for path in ["/a", "/b", "/c"] {
        get(&edge, path).await;
    }
    let told: Vec<_> = told(&mut events).into_iter().map(|(kind, key, _)| (kind, key)).collect();
    assert!(told.contains(&(Evicted, "/a".to_owned())));
    assert!(told.contains(&(Failed, "/c".to_owned())));
}
