//! Stale copies: while a refresh runs, and when the origin fails.

use std::time::Duration;

use local_edge::{EventKind, Policy};

use crate::support::{Scripted, advance, answer, edge, edge_with, get, next, ok, rfc_edge};

#[tokio::test]
async fn stale_while_revalidate_answers_at_once_and_refreshes_once_in_the_background() {
    let (mut origin, gate) = Scripted::gated(vec![
        ok("s-maxage=10, stale-while-revalidate=30", "old"),
        ok("s-maxage=10, stale-while-revalidate=30", "new"),
    ])
    .await;
    let edge = edge(&origin);
    gate.open(1);
    get(&edge, "/a").await;
    origin.arrival().await;
    advance(12).await;
    let mut events = edge.subscribe();
    // The gate is shut: whoever waited for the origin would never come back.
    for _ in 0..5 {
        let got = get(&edge, "/a").await;
        assert_eq!((got.x_cache(), got.text(), got.header("age")), ("Hit", "old", Some("12")));
    }
    origin.arrival().await;
    assert_eq!(origin.asked(), 2);
    gate.open(1);
    next(&mut events, EventKind::Stored).await;
    assert_eq!((get(&edge, "/a").await.text(), origin.asked()), ("new", 2));
}

#[tokio::test]
async fn after_the_window_of_stale_while_revalidate_the_viewer_waits() {
    let origin = Scripted::answering(vec![
        ok("max-age=10, stale-while-revalidate=30", "old"),
        ok("max-age=10", "new"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(40).await;
    assert_eq!(get(&edge, "/a").await.text(), "new");
}

#[tokio::test]
async fn a_failed_background_refresh_keeps_the_stale_copy() {
    let origin = Scripted::answering(vec![
        ok("max-age=10, stale-while-revalidate=60, stale-if-error=60", "old"),
        answer(500, "broken"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    let mut events = edge.subscribe();
    get(&edge, "/a").await;
    next(&mut events, EventKind::RefreshFailed).await;
    assert_eq!((get(&edge, "/a").await.text(), origin.asked()), ("old", 2));
}

#[tokio::test]
async fn stale_if_error_stands_in_for_5xx_within_its_window() {
    for status in [500, 502, 503, 504] {
        let origin =
            Scripted::answering(vec![ok("max-age=10, stale-if-error=60", "old"), answer(status, "broken")])
                .await;
        let edge = edge(&origin);
        get(&edge, "/a").await;
        advance(69).await;
        let got = get(&edge, "/a").await;
        assert_eq!((got.status.as_u16(), got.text(), got.x_cache()), (200, "old", "Hit"), "{status}");
        advance(20).await;
        let got = get(&edge, "/a").await;
        assert_eq!((got.status.as_u16(), got.x_cache()), (status, "Error"));
    }
}

#[tokio::test]
async fn stale_if_error_does_not_stand_in_for_4xx() {
    let origin =
        Scripted::answering(vec![ok("max-age=10, stale-if-error=60", "old"), answer(404, "gone")]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    assert_eq!(get(&edge, "/a").await.status, 404);
}

#[tokio::test]
async fn without_a_directive_cloudfront_serves_what_it_holds_when_the_origin_fails() {
    let origin = Scripted::answering(vec![ok("max-age=10", "old"), answer(500, "broken")]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(100_000).await;
    assert_eq!(get(&edge, "/a").await.text(), "old");
}

#[tokio::test]
async fn without_a_directive_rfc_9111_passes_the_error_on() {
    let origin = Scripted::answering(vec![ok("max-age=10", "old"), answer(500, "broken")]).await;
    let edge = rfc_edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    assert_eq!(get(&edge, "/a").await.status, 500);
}

#[tokio::test]
async fn stale_if_error_zero_and_the_revalidate_directives_forbid_any_stale_use() {
    for directives in [
        "max-age=10, stale-if-error=0",
        "max-age=10, must-revalidate, stale-if-error=60, stale-while-revalidate=60",
        "max-age=10, proxy-revalidate",
        "no-cache",
    ] {
        let origin = Scripted::answering(vec![ok(directives, "old"), answer(500, "broken")]).await;
        let edge = edge(&origin);
        get(&edge, "/a").await;
        advance(11).await;
        assert_eq!(get(&edge, "/a").await.status, 500, "{directives}");
    }
}

#[tokio::test]
async fn a_failed_origin_is_left_alone_for_the_error_ttl_while_the_stale_copy_is_served() {
    let origin = Scripted::answering(vec![
        ok("max-age=10, stale-if-error=600", "old"),
        answer(503, "broken"),
        ok("max-age=10", "new"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    get(&edge, "/a").await;
    advance(9).await;
    assert_eq!((get(&edge, "/a").await.text(), origin.asked()), ("old", 2));
    advance(2).await;
    assert_eq!((get(&edge, "/a").await.text(), origin.asked()), ("new", 3));
}

#[tokio::test]
async fn the_maximum_ttl_bounds_stale_use_too() {
    let origin = Scripted::answering(vec![
        ok("max-age=10, stale-if-error=600, stale-while-revalidate=600", "old"),
        answer(500, "broken"),
    ])
    .await;
    let edge = edge_with(&origin, Policy { max_ttl: Duration::from_secs(30), ..Policy::origin_controlled() });
    get(&edge, "/a").await;
    advance(31).await;
    assert_eq!(get(&edge, "/a").await.status, 500);
}

#[tokio::test]
async fn after_a_purge_there_is_no_stale_copy_left() {
    let origin =
        Scripted::answering(vec![ok("max-age=10, stale-if-error=600", "old"), answer(500, "broken")]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    edge.purge(&[local_edge::Item::parse("/a").unwrap()]);
    assert_eq!(get(&edge, "/a").await.status, 500);
}

#[tokio::test]
async fn an_origin_that_breaks_off_is_stood_in_for_where_a_5xx_is_not() {
    let origin =
        Scripted::answering(vec![ok("max-age=10", "old"), ok("max-age=10", "new").cut_short()]).await;
    let edge = rfc_edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    let got = get(&edge, "/a").await;
    assert_eq!((got.status.as_u16(), got.text()), (200, "old"));
}

#[tokio::test]
async fn s_maxage_forbids_an_rfc_9111_cache_to_serve_stale() {
    let origin =
        Scripted::answering(vec![ok("s-maxage=10", "old"), ok("s-maxage=10", "new").cut_short()]).await;
    let edge = rfc_edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    assert_eq!(get(&edge, "/a").await.status, 502);
}
