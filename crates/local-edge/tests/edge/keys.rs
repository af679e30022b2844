//! What makes two requests the same.

use local_edge::{Behaviour, Edge, Forward, Policy, QueryKey, Variant};

use crate::support::{Scripted, edge, edge_with, get, get_with, ok, one_behaviour};

fn policy(query: QueryKey) -> Policy {
    Policy { query, ..Policy::origin_controlled() }
}

async fn origin() -> Scripted {
    Scripted::answering(vec![ok("max-age=60", "x")]).await
}

#[tokio::test]
async fn only_listed_parameters_count_and_their_order_does_not() {
    let origin = origin().await;
    let edge = edge_with(&origin, policy(QueryKey::Allow(vec!["limit".to_owned(), "category".to_owned()])));
    get(&edge, "/a?limit=2&category=b&utm=1").await;
    assert_eq!(get(&edge, "/a?category=b&limit=2").await.x_cache(), "Hit");
    assert_eq!(get(&edge, "/a?utm=9&category=b&limit=2").await.x_cache(), "Hit");
    assert_eq!(get(&edge, "/a?category=b&limit=3").await.x_cache(), "Miss");
    assert_eq!(get(&edge, "/a?Category=b&limit=2").await.x_cache(), "Miss");
}

#[tokio::test]
async fn parameters_of_one_name_keep_their_order() {
    let origin = origin().await;
    let edge = edge(&origin);
    get(&edge, "/a?x=1&x=2").await;
    assert_eq!(get(&edge, "/a?x=2&x=1").await.x_cache(), "Miss");
}

#[tokio::test]
async fn without_a_keyed_query_all_queries_share_one_object() {
    let origin = origin().await;
    let edge = edge_with(&origin, policy(QueryKey::None));
    get(&edge, "/a?x=1").await;
    assert_eq!(get(&edge, "/a?x=2").await.x_cache(), "Hit");
}

#[tokio::test]
async fn the_origin_sees_the_viewers_query_or_only_the_keyed_part() {
    for (forward, seen) in [(Forward::All, "/a?z=1&b=2&a=3"), (Forward::Key, "/a?a=3&b=2")] {
        let origin = origin().await;
        let policy = policy(QueryKey::Allow(vec!["a".to_owned(), "b".to_owned()]));
        let behaviour = Behaviour { forward, ..Behaviour::cached("*", "origin", policy) };
        get(&Edge::new(one_behaviour(&origin, behaviour)).unwrap(), "/a?z=1&b=2&a=3").await;
        assert_eq!(origin.request(0).uri, seen);
    }
}

/// What is outside the key and yet reaches the origin is how one viewer decides what others are answered.
#[tokio::test]
async fn with_only_the_key_forwarded_no_other_header_reaches_the_origin() {
    let sent = [
        ("x-keyed", "1"),
        ("cache-control", "no-cache"),
        ("if-none-match", "*"),
        ("x-http-method-override", "DELETE"),
        ("authorization", "Bearer x"),
        ("cookie", "a=1"),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let told = ["x-keyed", "x-forwarded-for", "via", "user-agent"];
    for (forward, expected) in [(Forward::All, sent.len()), (Forward::Key, 2)] {
        let origin = origin().await;
        let policy = Policy { headers: vec!["x-keyed".parse().unwrap()], ..Policy::origin_controlled() };
        let behaviour = Behaviour { forward, ..Behaviour::cached("*", "origin", policy) };
        get_with(&Edge::new(one_behaviour(&origin, behaviour)).unwrap(), "/a", &sent).await;
        let asked = origin.request(0);
        for name in told {
            assert!(asked.header(name).is_some(), "{forward:?}: {name}");
        }
        // A condition is the edge's to answer, not the origin's.
        let arrived = sent.iter().filter(|(name, _)| asked.header(name).is_some()).count();
        let conditions = usize::from(forward == Forward::All);
        assert_eq!(arrived, expected - conditions, "{forward:?}: {:?}", asked.headers);
    }
}

#[tokio::test]
async fn a_keyed_header_tells_requests_apart_and_another_does_not() {
    let origin = origin().await;
    let headers = vec!["x-cache-min-version".parse().unwrap()];
    let edge = edge_with(&origin, Policy { headers, ..Policy::origin_controlled() });
    get(&edge, "/a").await;
    assert_eq!(get_with(&edge, "/a", &[("x-cache-min-version", "7")]).await.x_cache(), "Miss");
    assert_eq!(get_with(&edge, "/a", &[("x-cache-min-version", "7")]).await.x_cache(), "Hit");
    assert_eq!(get_with(&edge, "/a", &[("x-other", "7")]).await.x_cache(), "Hit");
}

#[tokio::test]
async fn the_content_variant_is_part_of_the_key_wherever_it_is_read() {
    let variants = [
        (Variant::Query("currency".to_owned()), "/a?currency=EUR", ("x", "y"), "/a?currency=USD", ("x", "y")),
        (
            Variant::Header("x-currency".parse().unwrap()),
            "/a",
            ("x-currency", "EUR"),
            "/a",
            ("x-currency", "USD"),
        ),
        (
            Variant::Cookie("currency".to_owned()),
            "/a",
            ("cookie", "s=1; currency=EUR"),
            "/a",
            ("cookie", "currency=USD"),
        ),
    ];
    for (variant, first, first_header, second, second_header) in variants {
        let origin = origin().await;
        let policy = Policy { variant: Some(variant), ..policy(QueryKey::None) };
        let edge = edge_with(&origin, policy);
        get_with(&edge, first, &[first_header]).await;
        assert_eq!(get_with(&edge, second, &[second_header]).await.x_cache(), "Miss");
        assert_eq!(get_with(&edge, first, &[first_header]).await.x_cache(), "Hit");
    }
}

#[tokio::test]
async fn a_cookie_outside_the_key_does_not_matter() {
    let origin = origin().await;
    let edge = edge(&origin);
    get_with(&edge, "/a", &[("cookie", "session=1")]).await;
    assert_eq!(get_with(&edge, "/a", &[("cookie", "session=2")]).await.x_cache(), "Hit");
}

#[tokio::test]
async fn paths_are_case_sensitive() {
    let origin = origin().await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    assert_eq!(get(&edge, "/A").await.x_cache(), "Miss");
}
