//! Errors of the origin: which are kept, and for how long.

use std::collections::BTreeMap;
use std::time::Duration;

use local_edge::{Edge, EdgeConfig, ErrorTtl, Policy};

use crate::support::{Scripted, advance, answer, config, edge, edge_with, get, ok};

/// For how many seconds an error is kept.
async fn kept_for(status: u16, cache_control: &str, seconds: u64) {
    let answer = answer(status, "x");
    let answer = if cache_control.is_empty() { answer } else { answer.with("cache-control", cache_control) };
    let origin = Scripted::answering(vec![answer]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    if seconds > 0 {
        advance(seconds - 1).await;
        assert_eq!(
            (get(&edge, "/a").await.x_cache(), origin.asked()),
            ("Error", 1),
            "{status} {cache_control}"
        );
        advance(1).await;
    }
    let got = get(&edge, "/a").await;
    assert_eq!((got.status.as_u16(), origin.asked()), (status, 2), "{status} {cache_control}");
}

#[tokio::test]
async fn these_statuses_are_kept_for_the_error_ttl_without_any_header() {
    for status in [404, 410, 414, 500, 501, 502, 503, 504] {
        kept_for(status, "", 10).await;
    }
}

#[tokio::test]
async fn a_longer_lifetime_of_the_error_counts_and_a_shorter_does_not() {
    kept_for(404, "s-maxage=30", 30).await;
    kept_for(404, "max-age=1", 10).await;
    kept_for(503, "max-age=30", 30).await;
}

#[tokio::test]
async fn no_store_keeps_404_410_414_and_501_out_but_not_the_other_5xx() {
    for status in [404, 410, 414, 501] {
        for directive in ["no-store", "private", "no-cache"] {
            kept_for(status, directive, 0).await;
        }
    }
    for status in [500, 502, 503, 504] {
        kept_for(status, "no-store", 10).await;
    }
}

#[tokio::test]
async fn these_statuses_are_kept_only_with_max_age_or_s_maxage() {
    for status in [400, 403, 405, 412, 415] {
        kept_for(status, "", 0).await;
        kept_for(status, "max-age=1", 10).await;
        kept_for(status, "s-maxage=20", 20).await;
    }
}

#[tokio::test]
async fn other_errors_are_never_kept() {
    for status in [401, 409, 416, 422, 429, 505] {
        kept_for(status, "max-age=60", 0).await;
    }
}

#[tokio::test]
async fn the_error_ttl_can_differ_by_status() {
    let origin = Scripted::answering(vec![answer(404, "x"), answer(500, "y"), answer(500, "z")]).await;
    let error_ttl = ErrorTtl {
        default: Duration::from_secs(10),
        by_status: BTreeMap::from([(404, Duration::ZERO), (500, Duration::from_secs(1))]),
    };
    let edge = Edge::new(EdgeConfig { error_ttl, ..config(&origin) }).unwrap();
    assert_eq!(get(&edge, "/a").await.status, 404);
    assert_eq!(get(&edge, "/a").await.text(), "y");
    assert_eq!(get(&edge, "/a").await.text(), "y");
    advance(1).await;
    assert_eq!(get(&edge, "/a").await.text(), "z");
}

#[tokio::test]
async fn a_kept_error_can_be_purged_by_its_tag() {
    let origin = Scripted::answering(vec![
        answer(404, "").with("cache-tag", "p7").with("cache-control", "s-maxage=60"),
        ok("max-age=60", "created"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/p/7").await;
    edge.purge(&[local_edge::Item::parse("#p7").unwrap()]);
    assert_eq!(get(&edge, "/p/7").await.text(), "created");
}

#[tokio::test]
async fn rfc_9111_lets_the_origin_decide_over_errors() {
    let origin = Scripted::answering(vec![
        answer(404, "first"),
        answer(404, "second").with("cache-control", "max-age=60"),
        answer(404, "third"),
    ])
    .await;
    // The error TTL is CloudFront's rule and does not count here.
    let edge = edge_with(&origin, Policy::rfc9111());
    assert_eq!(get(&edge, "/a").await.text(), "first");
    assert_eq!(get(&edge, "/a").await.text(), "second");
    assert_eq!(get(&edge, "/a").await.text(), "second");
}
