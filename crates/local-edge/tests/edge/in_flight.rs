//! Purges that run while an answer is on its way.

use futures::poll;
use http::Method;
use local_edge::{Edge, EdgeConfig, EventKind, InFlightFills, Item};

use crate::support::{Scripted, advance, answer, call, config, get, next, ok, request};

fn tag(tag: &str) -> Item {
    Item::Tag(tag.to_owned())
}

#[tokio::test]
async fn as_on_cloudfront_an_answer_on_its_way_is_stored_after_its_purge() {
    let (mut origin, gate) = Scripted::gated(vec![ok("max-age=60", "old").with("cache-tag", "p")]).await;
    let edge = Edge::new(config(&origin)).unwrap();
    let on_its_way = call(&edge, request(Method::GET, "/a", &[]));
    futures::pin_mut!(on_its_way);
    assert!(poll!(&mut on_its_way).is_pending());
    origin.arrival().await;
    assert_eq!(edge.purge(&[tag("p")]), 0);
    gate.open(1);
    on_its_way.await;
    assert_eq!(get(&edge, "/a").await.x_cache(), "Hit");
}

#[tokio::test]
async fn if_so_configured_an_answer_on_its_way_is_not_stored_after_its_purge() {
    for item in [tag("p"), Item::parse("/a").unwrap(), Item::parse("/*").unwrap()] {
        let answers = vec![ok("max-age=60", "old").with("cache-tag", "p"), ok("max-age=60", "new")];
        let (mut origin, gate) = Scripted::gated(answers).await;
        let config = EdgeConfig { in_flight_fills: InFlightFills::Refuse, ..config(&origin) };
        let edge = Edge::new(config).unwrap();
        let mut events = edge.subscribe();
        let on_its_way = call(&edge, request(Method::GET, "/a", &[]));
        futures::pin_mut!(on_its_way);
        assert!(poll!(&mut on_its_way).is_pending());
        origin.arrival().await;
        edge.purge(&[item]);
        // A request after the purge does not join the one before it.
        let after = call(&edge, request(Method::GET, "/a", &[]));
        futures::pin_mut!(after);
        assert!(poll!(&mut after).is_pending());
        origin.arrival().await;
        gate.open(2);
        assert_eq!(on_its_way.await.text(), "old");
        assert_eq!(after.await.text(), "new");
        next(&mut events, EventKind::Refused).await;
        assert_eq!(get(&edge, "/a").await.text(), "new");
    }
}

#[tokio::test]
async fn a_purge_of_something_else_refuses_nothing() {
    let (mut origin, gate) = Scripted::gated(vec![ok("max-age=60", "x").with("cache-tag", "p")]).await;
    let edge = Edge::new(EdgeConfig { in_flight_fills: InFlightFills::Refuse, ..config(&origin) }).unwrap();
    let on_its_way = call(&edge, request(Method::GET, "/a", &[]));
    futures::pin_mut!(on_its_way);
    assert!(poll!(&mut on_its_way).is_pending());
    origin.arrival().await;
    edge.purge(&[tag("q"), Item::parse("/b*").unwrap()]);
    gate.open(1);
    on_its_way.await;
    assert_eq!(get(&edge, "/a").await.x_cache(), "Hit");
}

#[tokio::test]
async fn a_304_on_its_way_does_not_bring_a_purged_copy_back_if_so_configured() {
    let answers = vec![
        ok("max-age=10", "old").with("etag", "\"1\"").with("cache-tag", "p"),
        answer(304, "").with("etag", "\"1\"").with("cache-control", "max-age=60"),
        ok("max-age=60", "new"),
    ];
    let (mut origin, gate) = Scripted::gated(answers).await;
    let edge = Edge::new(EdgeConfig { in_flight_fills: InFlightFills::Refuse, ..config(&origin) }).unwrap();
    gate.open(1);
    get(&edge, "/a").await;
    origin.arrival().await;
    advance(11).await;
    let on_its_way = call(&edge, request(Method::GET, "/a", &[]));
    futures::pin_mut!(on_its_way);
    assert!(poll!(&mut on_its_way).is_pending());
    origin.arrival().await;
    assert_eq!(edge.purge(&[tag("P".to_lowercase().as_str())]), 1);
    gate.open(2);
    assert_eq!(on_its_way.await.text(), "old");
    assert_eq!(get(&edge, "/a").await.text(), "new");
}
