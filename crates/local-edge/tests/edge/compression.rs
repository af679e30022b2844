//! gzip at the edge.

use std::io::Read;

use flate2::read::GzDecoder;
use local_edge::{Behaviour, Edge, Policy};

use crate::support::{Answer, Got, Scripted, advance, answer, get, get_with, ok, one_behaviour};

fn compressing(origin: &Scripted) -> Edge {
    Edge::new(one_behaviour(origin, Behaviour::cached("*", "origin", Policy::origin_controlled()))).unwrap()
}

fn json(length: usize) -> Answer {
    ok("max-age=60", &"a".repeat(length))
        .with("content-type", "application/json; charset=utf-8")
        .with("etag", "\"1\"")
}

fn unpacked(got: &Got) -> String {
    let mut text = String::new();
    GzDecoder::new(got.body.as_slice()).read_to_string(&mut text).unwrap();
    text
}

const GZIP: &[(&str, &str)] = &[("accept-encoding", "br, gzip;q=0.5, deflate")];

#[tokio::test]
async fn a_compressible_answer_is_compressed_for_viewers_that_accept_it() {
    let origin = Scripted::answering(vec![json(5_000)]).await;
    let edge = compressing(&origin);
    for x_cache in ["Miss", "Hit"] {
        let got = get_with(&edge, "/a", GZIP).await;
        assert_eq!((got.x_cache(), got.header("content-encoding")), (x_cache, Some("gzip")));
        assert_eq!((got.header("etag"), got.header("vary")), (Some("W/\"1\""), Some("Accept-Encoding")));
        assert_eq!(got.header("content-length").unwrap(), got.body.len().to_string());
        assert_eq!(unpacked(&got), "a".repeat(5_000));
    }
    assert_eq!(origin.request(0).header("accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn who_looks_into_the_store_reads_a_compressed_body_plain() {
    let origin = Scripted::answering(vec![json(5_000)]).await;
    let edge = compressing(&origin);
    get_with(&edge, "/a", GZIP).await;
    let [held] = &edge.peek(&"/a".parse().unwrap())[..] else { panic!("one object is held") };
    assert!(held.bytes < 5_000, "it is held compressed");
    assert!(held.body == "a".repeat(5_000), "and read plain");
}

#[tokio::test]
async fn others_get_it_plain_from_an_object_of_their_own() {
    let origin = Scripted::answering(vec![json(5_000)]).await;
    let edge = compressing(&origin);
    get_with(&edge, "/a", GZIP).await;
    for encodings in ["br", "gzip;q=0", "identity"] {
        let plain = get_with(&edge, "/a", &[("accept-encoding", encodings)]).await;
        assert_eq!((plain.header("content-encoding"), plain.body.len()), (None, 5_000), "{encodings}");
        assert_eq!((plain.header("etag"), plain.header("vary")), (Some("\"1\""), Some("Accept-Encoding")));
    }
    assert_eq!((origin.asked(), edge.size().0), (2, 2));
    assert_eq!(origin.request(1).header("accept-encoding"), None);
}

#[tokio::test]
async fn the_encodings_a_viewer_lists_are_brought_to_one_of_two_keys() {
    let origin = Scripted::answering(vec![json(5_000).with("vary", "accept-encoding")]).await;
    let edge = compressing(&origin);
    get_with(&edge, "/a", GZIP).await;
    assert_eq!(get_with(&edge, "/a", &[("accept-encoding", "GZIP")]).await.x_cache(), "Hit");
}

#[tokio::test]
async fn only_answers_of_the_right_type_size_status_and_encoding_are_compressed() {
    let text = |length: usize| ok("max-age=60", &"a".repeat(length));
    for (answer, why) in [
        (text(5_000).with("content-type", "image/png"), "type"),
        (text(5_000), "no type"),
        (text(999).with("content-type", "text/plain"), "too small"),
        (text(5_000).with("content-type", "text/plain").with("content-encoding", "br"), "encoded already"),
        (text(5_000).with("content-type", "text/plain").with("cache-control", "no-transform"), "forbidden"),
        (answer(410, &"a".repeat(5_000)).with("content-type", "text/plain"), "status"),
    ] {
        let origin = Scripted::answering(vec![answer]).await;
        let got = get_with(&compressing(&origin), "/a", GZIP).await;
        assert_ne!(got.header("content-encoding"), Some("gzip"), "{why}");
    }
    let origin = Scripted::answering(vec![text(1_000).with("content-type", "text/plain")]).await;
    assert_eq!(get_with(&compressing(&origin), "/a", GZIP).await.header("content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn a_weak_if_none_match_finds_the_compressed_copy() {
    let origin = Scripted::answering(vec![json(5_000)]).await;
    let edge = compressing(&origin);
    get_with(&edge, "/a", GZIP).await;
    let got = get_with(&edge, "/a", &[GZIP[0], ("if-none-match", "W/\"1\"")]).await;
    assert_eq!((got.status.as_u16(), got.header("etag")), (304, Some("W/\"1\"")));
}

#[tokio::test]
async fn the_origin_is_asked_by_its_own_entity_tag_and_the_copy_stays_compressed() {
    let origin = Scripted::answering(vec![
        json(5_000),
        answer(304, "").with("etag", "\"1\"").with("cache-control", "max-age=60"),
    ])
    .await;
    let edge = compressing(&origin);
    get_with(&edge, "/a", GZIP).await;
    advance(61).await;
    let got = get_with(&edge, "/a", GZIP).await;
    assert_eq!(origin.request(1).header("if-none-match"), Some("\"1\""));
    assert_eq!((got.x_cache(), got.header("etag")), ("RefreshHit", Some("W/\"1\"")));
    assert_eq!((got.header("content-encoding"), unpacked(&got).len()), (Some("gzip"), 5_000));
}

#[tokio::test]
async fn a_purge_takes_both_encodings() {
    let origin = Scripted::answering(vec![json(5_000)]).await;
    let edge = compressing(&origin);
    get_with(&edge, "/a", GZIP).await;
    get(&edge, "/a").await;
    assert_eq!(edge.purge(&[local_edge::Item::parse("/a").unwrap()]), 2);
}

#[tokio::test]
async fn without_compression_the_viewers_encodings_reach_the_origin() {
    let origin = Scripted::answering(vec![json(5_000)]).await;
    let got = get_with(&crate::support::edge(&origin), "/a", GZIP).await;
    assert_eq!(origin.request(0).header("accept-encoding"), Some(GZIP[0].1));
    assert_eq!(got.header("content-encoding"), None);
}
