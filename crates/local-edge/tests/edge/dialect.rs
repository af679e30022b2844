//! Where CloudFront and RFC 9111 part: what viewers may ask for, unsafe methods, targeted directives.

use http::Method;

use crate::support::{Scripted, advance, answer, call, edge, get, get_with, ok, request, rfc_edge};

#[tokio::test]
async fn cloudfront_ignores_what_a_viewer_asks_of_caches() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let edge = edge(&origin);
    get_with(&edge, "/a", &[("cache-control", "no-store")]).await;
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("cache-control", "max-age=0"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
    ] {
        assert_eq!(get_with(&edge, "/a", &[(name, value)]).await.x_cache(), "Hit", "{name}: {value}");
    }
    let miss = get_with(&edge, "/b", &[("cache-control", "only-if-cached")]).await;
    assert_eq!(miss.status, 200);
}

#[tokio::test]
async fn an_obeying_cache_asks_the_origin_when_the_viewer_wants_it() {
    let origin = Scripted::answering(vec![
        ok("max-age=60", "x").with("etag", "\"1\""),
        answer(304, "").with("etag", "\"1\"").with("cache-control", "max-age=60"),
    ])
    .await;
    let edge = rfc_edge(&origin);
    get(&edge, "/a").await;
    advance(10).await;
    for (name, value) in [
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
        ("cache-control", "max-age=5"),
        ("cache-control", "min-fresh=55"),
    ] {
        advance(10).await;
        assert_eq!(get_with(&edge, "/a", &[(name, value)]).await.x_cache(), "RefreshHit", "{name}: {value}");
    }
    advance(10).await;
    assert_eq!(
        get_with(&edge, "/a", &[("cache-control", "max-age=20, min-fresh=40")]).await.x_cache(),
        "Hit"
    );
}

#[tokio::test]
async fn an_obeying_cache_serves_stale_within_max_stale_unless_forbidden() {
    for (directives, allowed) in
        [("max-age=10", true), ("max-age=10, must-revalidate", false), ("s-maxage=10", false)]
    {
        let origin = Scripted::answering(vec![ok(directives, "x")]).await;
        let edge = rfc_edge(&origin);
        get(&edge, "/a").await;
        advance(20).await;
        let got = get_with(&edge, "/a", &[("cache-control", "max-stale=15")]).await;
        assert_eq!(got.x_cache() == "Hit", allowed, "{directives}");
        advance(20).await;
        assert_eq!(get_with(&edge, "/a", &[("cache-control", "max-stale=5")]).await.x_cache(), "Miss");
    }
}

#[tokio::test]
async fn an_obeying_cache_answers_only_if_cached_with_a_504_or_from_the_store() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let edge = rfc_edge(&origin);
    assert_eq!(get_with(&edge, "/a", &[("cache-control", "only-if-cached")]).await.status, 504);
    assert_eq!(origin.asked(), 0);
    get(&edge, "/a").await;
    assert_eq!(get_with(&edge, "/a", &[("cache-control", "only-if-cached")]).await.status, 200);
}

#[tokio::test]
async fn an_obeying_cache_keeps_nothing_of_a_no_store_request() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let edge = rfc_edge(&origin);
    get_with(&edge, "/a", &[("cache-control", "no-store")]).await;
    assert_eq!(edge.size().0, 0);
}

#[tokio::test]
async fn a_successful_unsafe_request_invalidates_its_url_in_rfc_9111_and_not_on_cloudfront() {
    for (rfc, status, hit_after) in
        [(true, 200, false), (true, 302, false), (true, 500, true), (false, 200, true)]
    {
        let origin =
            Scripted::answering(vec![ok("max-age=60", "x"), answer(status, ""), ok("max-age=60", "y")]).await;
        let edge = if rfc { rfc_edge(&origin) } else { edge(&origin) };
        get(&edge, "/a?x=1").await;
        call(&edge, request(Method::POST, "/a?x=1", &[])).await;
        assert_eq!(get(&edge, "/a?x=1").await.x_cache() == "Hit", hit_after, "{rfc} {status}");
    }
}

#[tokio::test]
async fn cdn_cache_control_goes_before_cache_control_in_rfc_9213_and_not_on_cloudfront() {
    let answered = || ok("no-store", "x").with("cdn-cache-control", "max-age=60");
    let origin = Scripted::answering(vec![answered()]).await;
    let edge_rfc = rfc_edge(&origin);
    get(&edge_rfc, "/a").await;
    assert_eq!(get(&edge_rfc, "/a").await.x_cache(), "Hit");
    let edge_cloudfront = edge(&origin);
    get(&edge_cloudfront, "/a").await;
    assert_eq!(get(&edge_cloudfront, "/a").await.x_cache(), "Miss");
}

#[tokio::test]
async fn a_cdn_cache_control_that_is_no_structured_field_does_not_count() {
    for invalid in ["max-age=60, &&&", "MaX-aGe=60", ""] {
        let origin = Scripted::answering(vec![ok("no-store", "x").with("cdn-cache-control", invalid)]).await;
        let edge = rfc_edge(&origin);
        get(&edge, "/a").await;
        assert_eq!(get(&edge, "/a").await.x_cache(), "Miss", "{invalid}");
    }
}
