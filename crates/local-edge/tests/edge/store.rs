//! The bounded store and looking into it.

use local_edge::{Edge, EdgeConfig};

use crate::support::{Scripted, advance, config, get, ok};

async fn small_edge() -> (Scripted, Edge) {
    let origin = Scripted::answering(vec![ok("max-age=60", &"x".repeat(4_000)).with("x-version", "3")]).await;
    // Room for two objects and their bookkeeping, not for three.
    let edge = Edge::new(EdgeConfig { store_bytes: 11_000, ..config(&origin) }).unwrap();
    (origin, edge)
}

#[tokio::test]
async fn what_was_not_used_for_longest_leaves_first() {
    let (_origin, edge) = small_edge().await;
    get(&edge, "/a").await;
    get(&edge, "/b").await;
    get(&edge, "/a").await;
    get(&edge, "/c").await;
    assert_eq!(get(&edge, "/a").await.x_cache(), "Hit");
    assert_eq!(get(&edge, "/b").await.x_cache(), "Miss");
}

#[tokio::test]
async fn peeking_is_no_use() {
    let (_origin, edge) = small_edge().await;
    get(&edge, "/a").await;
    get(&edge, "/b").await;
    edge.peek(&"/a".parse().unwrap());
    get(&edge, "/c").await;
    assert!(edge.peek(&"/a".parse().unwrap()).is_empty());
}

#[tokio::test]
async fn the_bytes_never_exceed_what_is_allowed_and_are_given_back() {
    let (_origin, edge) = small_edge().await;
    for n in 0..20 {
        get(&edge, &format!("/{n}")).await;
        assert!(edge.size().1 <= 11_000);
    }
    edge.purge(&[local_edge::Item::parse("/*").unwrap()]);
    assert_eq!(edge.size(), (0, 0));
}

#[tokio::test]
async fn an_object_larger_than_the_store_is_served_and_not_kept() {
    let origin = Scripted::answering(vec![ok("max-age=60", &"x".repeat(4_000))]).await;
    let edge = Edge::new(EdgeConfig { store_bytes: 1_000, ..config(&origin) }).unwrap();
    assert_eq!(get(&edge, "/a").await.body.len(), 4_000);
    assert_eq!(edge.size(), (0, 0));
}

#[tokio::test]
async fn an_object_larger_than_the_store_pushes_nothing_out() {
    let large = ok("max-age=60", &"x".repeat(20_000));
    let origin = Scripted::answering(vec![ok("max-age=60", "small"), large]).await;
    let edge = Edge::new(EdgeConfig { store_bytes: 11_000, ..config(&origin) }).unwrap();
    get(&edge, "/small").await;
    get(&edge, "/large").await;
    assert_eq!(get(&edge, "/small").await.x_cache(), "Hit");
}

#[tokio::test]
async fn peeking_shows_version_body_age_and_freshness_of_each_variant() {
    let (_origin, edge) = small_edge().await;
    get(&edge, "/a?x=1").await;
    advance(20).await;
    get(&edge, "/a?x=2").await;
    let all = edge.peek(&"/a".parse().unwrap());
    assert_eq!(all.iter().map(|held| held.key.as_str()).collect::<Vec<_>>(), ["/a?x=1", "/a?x=2"]);
    let [one] = &edge.peek(&"/a?x=1".parse().unwrap())[..] else { panic!("one object has this query") };
    assert_eq!((one.version.as_deref(), one.status, one.bytes), (Some("3"), 200, 4_000));
    assert_eq!(one.body, "x".repeat(4_000));
    assert_eq!((one.age.as_secs(), one.fresh_for.as_secs()), (20, 39));
    assert!(edge.peek(&"/ab".parse().unwrap()).is_empty());
}
