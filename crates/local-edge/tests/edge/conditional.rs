//! Viewers who ask conditionally, for a part, or for the head only.

use http::Method;

use crate::support::{Scripted, advance, answer, call, edge, get, get_with, ok, request};

const MODIFIED: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

#[tokio::test]
async fn a_matching_if_none_match_is_a_304_from_the_store() {
    let origin = Scripted::answering(vec![
        ok("max-age=60", "x").with("etag", "\"1\"").with("content-type", "text/plain").with("x-version", "7"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    for tag in ["\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"] {
        let got = get_with(&edge, "/a", &[("if-none-match", tag)]).await;
        assert_eq!((got.status.as_u16(), got.x_cache(), got.text()), (304, "Hit", ""), "{tag}");
        assert_eq!((got.header("etag"), got.header("x-version")), (Some("\"1\""), Some("7")));
        assert_eq!((got.header("content-type"), got.header("content-length")), (None, None));
    }
    assert_eq!(get_with(&edge, "/a", &[("if-none-match", "\"2\"")]).await.status, 200);
    assert_eq!(origin.asked(), 1);
}

#[tokio::test]
async fn if_none_match_goes_before_if_modified_since() {
    let origin = Scripted::answering(vec![
        ok("max-age=60", "x").with("etag", "\"1\"").with("last-modified", MODIFIED),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    let only_date = get_with(&edge, "/a", &[("if-modified-since", MODIFIED)]).await;
    assert_eq!(only_date.status, 304);
    let older = get_with(&edge, "/a", &[("if-modified-since", "Wed, 31 Dec 2025 23:59:59 GMT")]).await;
    assert_eq!(older.status, 200);
    let both = get_with(&edge, "/a", &[("if-modified-since", MODIFIED), ("if-none-match", "\"2\"")]).await;
    assert_eq!(both.status, 200);
}

#[tokio::test]
async fn a_condition_does_not_keep_the_store_from_being_filled() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x").with("etag", "\"1\"")]).await;
    let edge = edge(&origin);
    let first = get_with(&edge, "/a", &[("if-none-match", "\"1\"")]).await;
    assert_eq!((first.status.as_u16(), first.x_cache()), (304, "Miss"));
    assert_eq!(origin.request(0).header("if-none-match"), None);
    assert_eq!(get(&edge, "/a").await.x_cache(), "Hit");
}

#[tokio::test]
async fn a_condition_holds_for_answers_that_are_not_kept_too() {
    let origin = Scripted::answering(vec![ok("no-store", "x").with("etag", "\"1\"")]).await;
    let got = get_with(&edge(&origin), "/a", &[("if-none-match", "\"1\"")]).await;
    assert_eq!((got.status.as_u16(), got.text()), (304, ""));
}

#[tokio::test]
async fn head_is_answered_from_a_stored_get() {
    let origin = Scripted::answering(vec![ok("max-age=60", "four")]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    let head = call(&edge, request(Method::HEAD, "/a", &[])).await;
    assert_eq!((head.status.as_u16(), head.x_cache(), head.text()), (200, "Hit", ""));
    assert_eq!(head.header("content-length"), Some("4"));
    assert_eq!(origin.asked(), 1);
}

#[tokio::test]
async fn head_without_a_copy_goes_to_the_origin_and_keeps_nothing() {
    let origin = Scripted::answering(vec![ok("max-age=60", "four")]).await;
    let edge = edge(&origin);
    let head = call(&edge, request(Method::HEAD, "/a", &[])).await;
    assert_eq!((head.header("content-length"), head.text()), (Some("4"), ""));
    assert_eq!(origin.request(0).method, Method::HEAD);
    assert_eq!(edge.size().0, 0);
}

#[tokio::test]
async fn head_freshens_a_stale_copy_of_the_same_representation() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "four").with("etag", "\"1\""),
        ok("max-age=60", "four").with("etag", "\"1\"").with("x-new", "yes"),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    call(&edge, request(Method::HEAD, "/a", &[])).await;
    let got = get(&edge, "/a").await;
    assert_eq!((got.x_cache(), got.header("x-new"), got.text()), ("Hit", Some("yes"), "four"));
}

#[tokio::test]
async fn head_about_another_representation_does_not_freshen() {
    let origin = Scripted::answering(vec![
        ok("max-age=10", "four").with("etag", "\"1\""),
        ok("max-age=60", "more").with("etag", "\"2\""),
        ok("max-age=60", "more").with("etag", "\"2\""),
    ])
    .await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    advance(11).await;
    call(&edge, request(Method::HEAD, "/a", &[])).await;
    assert_eq!(get(&edge, "/a").await.text(), "more");
    assert_eq!(origin.asked(), 3);
}

#[tokio::test]
async fn a_range_is_cut_from_the_complete_stored_body() {
    let origin = Scripted::answering(vec![ok("max-age=60", "0123456789")]).await;
    let edge = edge(&origin);
    let miss = get_with(&edge, "/a", &[("range", "bytes=2-4")]).await;
    assert_eq!((miss.status.as_u16(), miss.text(), miss.x_cache()), (206, "234", "Miss"));
    assert_eq!(origin.request(0).header("range"), None);
    let hit = get_with(&edge, "/a", &[("range", "bytes=-2")]).await;
    assert_eq!((hit.status.as_u16(), hit.text(), hit.x_cache()), (206, "89", "Hit"));
    assert_eq!(
        (hit.header("content-range"), hit.header("content-length")),
        (Some("bytes 8-9/10"), Some("2"))
    );
    let beyond = get_with(&edge, "/a", &[("range", "bytes=10-")]).await;
    assert_eq!((beyond.status.as_u16(), beyond.header("content-range")), (416, Some("bytes */10")));
    let several = get_with(&edge, "/a", &[("range", "bytes=0-1,4-5")]).await;
    assert_eq!((several.status.as_u16(), several.text()), (200, "0123456789"));
    assert_eq!(origin.asked(), 1);
}

#[tokio::test]
async fn if_range_wants_the_same_strong_entity_tag() {
    let origin = Scripted::answering(vec![ok("max-age=60", "0123456789").with("etag", "\"1\"")]).await;
    let edge = edge(&origin);
    let same = get_with(&edge, "/a", &[("range", "bytes=0-0"), ("if-range", "\"1\"")]).await;
    assert_eq!(same.status, 206);
    for other in ["\"2\"", "W/\"1\"", MODIFIED] {
        let got = get_with(&edge, "/a", &[("range", "bytes=0-0"), ("if-range", other)]).await;
        assert_eq!((got.status.as_u16(), got.body.len()), (200, 10), "{other}");
    }
}

#[tokio::test]
async fn a_precondition_is_for_the_origin_to_judge() {
    let origin = Scripted::answering(vec![ok("max-age=60", "x"), answer(412, "")]).await;
    let edge = edge(&origin);
    get(&edge, "/a").await;
    let got = get_with(&edge, "/a", &[("if-match", "\"2\"")]).await;
    assert_eq!(got.status, 412);
    assert_eq!(origin.request(1).header("if-match"), Some("\"2\""));
}
