//! How long answers are fresh, and which are kept at all.

use std::time::Duration;

use local_edge::{Policy, QueryKey};

use crate::support::{Scripted, advance, answer, edge, edge_with, get, get_with, ok, rfc_edge};

/// Fresh until just before `seconds`, asked for again just after.
async fn is_fresh_for(origin: &Scripted, edge: &local_edge::Edge, seconds: u64) {
    get(edge, "/a").await;
    let asked = origin.asked();
    advance(seconds - 1).await;
    assert_eq!(get(edge, "/a").await.x_cache(), "Hit");
    advance(1).await;
    get(edge, "/a").await;
    assert_eq!(origin.asked(), asked + 1);
}

#[tokio::test]
async fn s_maxage_goes_before_max_age_and_expires() {
    let origin = Scripted::answering(vec![
        ok("max-age=1, s-maxage=60", "x").with("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ])
    .await;
    is_fresh_for(&origin, &edge(&origin), 60).await;
}

#[tokio::test]
async fn max_age_goes_before_expires() {
    let origin =
        Scripted::answering(vec![ok("max-age=30", "x").with("expires", "Thu, 01 Jan 1970 00:00:00 GMT")])
            .await;
    is_fresh_for(&origin, &edge(&origin), 30).await;
}

#[tokio::test]
async fn expires_counts_from_the_date_of_the_answer() {
    let origin = Scripted::answering(vec![
        answer(200, "x")
            .with("date", "Thu, 01 Jan 2099 00:00:00 GMT")
            .with("expires", "Thu, 01 Jan 2099 00:00:40 GMT"),
    ])
    .await;
    is_fresh_for(&origin, &edge(&origin), 40).await;
}

#[tokio::test]
async fn an_expires_that_cannot_be_read_is_in_the_past() {
    let origin = Scripted::answering(vec![answer(200, "x").with("expires", "0")]).await;
    let edge =
        edge_with(&origin, Policy { default_ttl: Duration::from_secs(60), ..Policy::origin_controlled() });
    get(&edge, "/a").await;
    assert_eq!(get(&edge, "/a").await.x_cache(), "Miss");
}

#[tokio::test]
async fn the_age_an_answer_comes_with_is_part_of_its_age() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x").with("age", "50")]).await;
    let edge = edge(&origin);
    assert_eq!(get(&edge, "/a").await.header("age"), Some("50"));
    advance(4).await;
    let hit = get(&edge, "/a").await;
    assert_eq!((hit.x_cache(), hit.header("age")), ("Hit", Some("54")));
    advance(6).await;
    assert_eq!(get(&edge, "/a").await.x_cache(), "Miss");
}

#[tokio::test]
async fn a_hit_has_an_age_and_a_miss_has_none() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x")]).await;
    let edge = edge(&origin);
    assert_eq!(get(&edge, "/a").await.header("age"), None);
    advance(7).await;
    assert_eq!(get(&edge, "/a").await.header("age"), Some("7"));
}

#[tokio::test]
async fn no_store_and_private_are_not_kept() {
    for directive in ["no-store", "private, max-age=60", "max-age=60, no-store", "private=\"x\", s-maxage=60"]
    {
        let origin = Scripted::answering(vec![ok(directive, "x")]).await;
        let edge = edge(&origin);
        get(&edge, "/a").await;
        get(&edge, "/a").await;
        assert_eq!((origin.asked(), edge.size().0), (2, 0), "{directive}");
    }
}

#[tokio::test]
async fn no_cache_is_kept_and_confirmed_before_every_use() {
    let origin = Scripted::answering(vec![
        ok("no-cache, max-age=60", "x").with("etag", "\"1\""),
        answer(304, "").with("etag", "\"1\""),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    let second = get(&edge, "/a").await;
    assert_eq!((second.x_cache(), second.text()), ("RefreshHit", "x"));
    assert_eq!(origin.request(1).header("if-none-match"), Some("\"1\""));
}

#[tokio::test]
async fn a_minimum_ttl_overrides_no_store_private_and_no_cache() {
    for directive in ["no-store", "private", "no-cache", "max-age=1"] {
        let origin = Scripted::answering(vec![ok(directive, "x")]).await;
        let edge =
            edge_with(&origin, Policy { min_ttl: Duration::from_secs(20), ..Policy::origin_controlled() });
        is_fresh_for(&origin, &edge, 20).await;
    }
}

#[tokio::test]
async fn the_maximum_ttl_caps_what_the_origin_asks_for() {
    let origin = Scripted::answering(vec![ok("max-age=3600", "x")]).await;
    let edge = edge_with(&origin, Policy { max_ttl: Duration::from_secs(50), ..Policy::origin_controlled() });
    is_fresh_for(&origin, &edge, 50).await;
}

#[tokio::test]
async fn the_default_ttl_is_for_answers_that_say_nothing() {
    let origin = Scripted::answering(vec![answer(200, "x")]).await;
    let policy =
        Policy { default_ttl: Duration::from_secs(15), query: QueryKey::None, ..Policy::origin_controlled() };
    let edge = edge_with(&origin, policy);
    is_fresh_for(&origin, &edge, 15).await;
}

#[tokio::test]
async fn without_a_default_ttl_an_answer_that_says_nothing_is_not_reused() {
    let origin = Scripted::answering(vec![answer(200, "x")]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    assert_eq!(get(&edge, "/a").await.x_cache(), "Miss");
}

#[tokio::test]
async fn a_redirect_is_kept_and_not_followed() {
    let origin =
        Scripted::answering(vec![answer(302, "").with("location", "/b").with("cache-control", "max-age=60")])
            .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    let hit = get(&edge, "/a").await;
    assert_eq!((hit.status.as_u16(), hit.header("location"), hit.x_cache()), (302, Some("/b"), "Hit"));
    assert_eq!(origin.asked(), 1);
}

#[tokio::test]
async fn an_answer_to_an_authorized_request_is_kept_only_if_it_says_it_may() {
    for (directive, kept) in
        [("max-age=60", 0), ("public, max-age=60", 1), ("s-maxage=60", 1), ("must-revalidate, max-age=60", 1)]
    {
        let origin = Scripted::answering(vec![ok(directive, "x")]).await;
        let edge = edge(&origin);
        get_with(&edge, "/a", &[("authorization", "Bearer me")]).await;
        assert_eq!(edge.size().0, kept, "{directive}");
    }
}

#[tokio::test]
async fn a_206_is_never_kept() {
    let origin = Scripted::answering(vec![
        answer(206, "01").with("content-range", "bytes 0-1/10").with("cache-control", "max-age=60"),
    ])
    .await;
    let edge = rfc_edge(&origin);
    get(&edge, "/a").await;
    assert_eq!(edge.size().0, 0);
}

#[tokio::test]
async fn a_year_old_last_modified_is_kept_for_a_day_by_heuristics_alone() {
    let origin = Scripted::answering(vec![
        answer(200, "x")
            .with("date", "Fri, 01 Jan 2100 00:00:00 GMT")
            .with("last-modified", "Thu, 01 Jan 2099 00:00:00 GMT"),
    ])
    .await;
    is_fresh_for(&origin, &rfc_edge(&origin), 24 * 3600).await;
}
