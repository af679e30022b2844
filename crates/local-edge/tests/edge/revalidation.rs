//! Asking the origin whether a copy is still good.

use crate::support::{Scripted, advance, answer, edge, get, ok};

#[tokio::test]
async fn a_stale_copy_is_confirmed_by_its_validators_and_fresh_again() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "x").with("etag", "\"1\"").with("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
        answer(304, "").with("etag", "\"1\"").with("cache-control", "max-age=10"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    let refreshed = get(&edge, "/a").await;
    assert_eq!((refreshed.status.as_u16(), refreshed.x_cache(), refreshed.text()), (200, "RefreshHit", "x"));
    let asked = origin.request(1);
    assert_eq!(asked.header("if-none-match"), Some("\"1\""));
    assert_eq!(asked.header("if-modified-since"), Some("Thu, 01 Jan 2026 00:00:00 GMT"));
    advance(9).await;
    assert_eq!(get(&edge, "/a").await.x_cache(), "Hit");
    assert_eq!(origin.asked(), 2);
}

#[tokio::test]
async fn a_stale_copy_is_replaced_by_a_new_answer() {
    let origin =
        Scripted::answering(vec![ok("max-age=10", "old").with("etag", "\"1\""), ok("max-age=10", "new")])
            .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    let replaced = get(&edge, "/a").await;
    assert_eq!((replaced.x_cache(), replaced.text()), ("Miss", "new"));
    assert_eq!(get(&edge, "/a").await.text(), "new");
}

#[tokio::test]
async fn a_304_updates_the_stored_headers_and_leaves_those_of_the_body() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "body")
            .with("etag", "\"1\"")
            .with("x-a", "1")
            .with("x-b", "1")
            .with("content-type", "a/b"),
        answer(304, "")
            .with("cache-control", "max-age=99")
            .with("x-a", "2")
            .with("x-c", "3")
            .with("content-length", "0"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    get(&edge, "/a").await;
    let hit = get(&edge, "/a").await;
    assert_eq!((hit.header("x-a"), hit.header("x-b"), hit.header("x-c")), (Some("2"), Some("1"), Some("3")));
    assert_eq!((hit.header("cache-control"), hit.header("content-length")), (Some("max-age=99"), Some("4")));
    assert_eq!((hit.header("content-type"), hit.text()), (Some("a/b"), "body"));
}

#[tokio::test]
async fn a_304_without_the_tag_header_keeps_the_tags() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "x").with("etag", "\"1\"").with("cache-tag", "p7, all"),
        answer(304, "").with("cache-control", "max-age=60"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    get(&edge, "/a").await;
    assert_eq!(edge.peek(&"/a".parse().unwrap())[0].tags, ["p7", "all"]);
    assert_eq!(edge.purge(&[local_edge::Item::Tag("p7".to_owned())]), 1);
}

#[tokio::test]
async fn a_304_with_the_tag_header_replaces_the_tags() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "x").with("etag", "\"1\"").with("cache-tag", "old"),
        answer(304, "").with("cache-control", "max-age=60").with("cache-tag", "new"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    get(&edge, "/a").await;
    assert_eq!(edge.purge(&[local_edge::Item::Tag("old".to_owned())]), 0);
    assert_eq!(edge.purge(&[local_edge::Item::Tag("new".to_owned())]), 1);
}

#[tokio::test]
async fn a_304_about_another_answer_makes_the_edge_ask_for_a_complete_one() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "old").with("etag", "\"1\""),
        answer(304, "").with("etag", "\"2\""),
        ok("max-age=10", "new").with("etag", "\"2\""),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    assert_eq!(get(&edge, "/a").await.text(), "new");
    assert_eq!(origin.request(2).header("if-none-match"), None);
}

#[tokio::test]
async fn a_304_that_forbids_keeping_leaves_the_next_viewer_to_ask_again() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "x").with("etag", "\"1\""),
        answer(304, "").with("etag", "\"1\"").with("cache-control", "no-store"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    let first = get(&edge, "/a").await;
    assert_eq!((first.text(), first.header("cache-control")), ("x", Some("no-store")));
    get(&edge, "/a").await;
    assert_eq!(origin.asked(), 3);
}
