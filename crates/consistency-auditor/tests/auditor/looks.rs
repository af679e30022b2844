//! What looks find.

use std::time::Duration;

use consistency_auditor::ask::JUDGED;
use consistency_auditor::{Encoding, Place};
use serde_json::json;

use crate::support::{Bench, absent, bench, live, look, silent};

/// An auditor this many milliseconds after the change.
fn later(millis: u64) -> Bench {
    let b = bench(0.0);
    b.clock.advance(Duration::from_millis(millis));
    b
}

#[tokio::test]
async fn levels_that_have_the_change_or_a_newer_one_are_consistent_and_the_source_is_not_asked() {
    let b = later(1_200);
    b.ask.answers(&JUDGED, live(8, "a"));
    b.ask.answers(&[Place::Api], live(9, "b"));
    assert!(b.deliver(&[look(1, json!({"at_least": 8}))]).await.is_empty());
    assert_eq!(b.counted(), ["Consistent api 1 1", "Consistent edge 1 1"]);
    assert_eq!(b.ask.asked(), JUDGED, "each once");
}

#[tokio::test]
async fn a_level_that_is_behind_is_counted_with_how_long_it_has_been() {
    let b = later(10_400);
    b.ask.answers(&JUDGED, live(7, "old"));
    b.ask.answers(&[Place::Api, Place::Source], live(8, "new"));
    b.deliver(&[look(10, json!({"at_least": 8}))]).await;
    assert_eq!(b.counted(), ["Behind edge 10 1", "BehindBy edge 10 [10400]", "Consistent api 10 1"]);
    assert_eq!(b.ask.asked().last(), Some(&Place::Source), "asked after every answer had come");
}

#[tokio::test]
async fn one_old_copy_among_the_edges_is_enough() {
    for encoding in [Encoding::Plain, Encoding::Gzip, Encoding::Brotli] {
        let b = later(1_000);
        b.ask.answers(&JUDGED, live(8, "new"));
        b.ask.answers(&[Place::Source], live(8, "new"));
        b.ask.answers(&[Place::Edge(encoding)], live(7, "old"));
        b.deliver(&[look(1, json!({"at_least": 8}))]).await;
        assert_eq!(b.counted(), ["Behind edge 1 1", "BehindBy edge 1 [1000]", "Consistent api 1 1"]);
    }
}

#[tokio::test]
async fn a_level_that_cannot_be_asked_is_unanswered_never_consistent() {
    let b = later(1_000);
    b.ask.answers(&JUDGED, silent());
    b.ask.answers(&[Place::Api], live(8, "a"));
    b.deliver(&[look(1, json!({"at_least": 8}))]).await;
    assert_eq!(b.counted(), ["Consistent api 1 1", "Unanswered edge 1 1"]);
    b.ask.answers(&JUDGED, live(7, "old"));
    b.ask.answers(&[Place::Source], silent());
    b.deliver(&[look(1, json!({"at_least": 8}))]).await;
    assert_eq!(
        b.counted(),
        ["Unanswered api 1 1", "Unanswered edge 1 1"],
        "nobody is accused without the source"
    );
}

#[tokio::test]
async fn a_concurrent_newer_write_is_not_held_against_a_level() {
    let b = later(1_000);
    let like = |hash: &str| json!({"like": {"live": format!("8-{hash}")}});
    b.ask.answers(&JUDGED, live(8, "newer"));
    b.ask.answers(&[Place::Source], live(8, "newer"));
    b.deliver(&[look(1, like("new"))]).await;
    assert_eq!(b.counted(), ["Consistent api 1 1", "Consistent edge 1 1"]);
    b.ask.answers(&[Place::Source], live(8, "newest"));
    b.deliver(&[look(1, like("new"))]).await;
    assert!(b.counted().is_empty(), "neither consistent nor behind");
    b.ask.answers(&[Place::Source], live(8, "new"));
    b.deliver(&[look(1, like("new"))]).await;
    assert_eq!(b.counted().iter().filter(|line| line.starts_with("Behind ")).count(), 2);
}

#[tokio::test]
async fn a_deleted_product_that_is_still_shown_is_behind() {
    let b = later(60_100);
    b.ask.answers(&JUDGED, live(7, "old"));
    b.ask.answers(&[Place::Api, Place::Source], absent());
    b.deliver(&[look(60, json!({"like": "absent"}))]).await;
    assert_eq!(b.counted(), ["Behind edge 60 1", "BehindBy edge 60 [60100]", "Consistent api 60 1"]);
}

#[tokio::test]
async fn a_look_that_came_too_late_shows_who_is_behind_but_nobody_as_consistent() {
    let b = later(9_000);
    b.ask.answers(&JUDGED, live(8, "new"));
    b.ask.answers(&[Place::Source], live(8, "new"));
    b.ask.answers(&[Place::Api], live(7, "old"));
    b.deliver(&[look(1, json!({"at_least": 8})), look(10, json!({"at_least": 8}))]).await;
    let expected = [
        "Behind api 1 1",
        "Behind api 10 1",
        "BehindBy api 1 [9000]",
        "BehindBy api 10 [9000]",
        "Consistent edge 10 1",
        "Unanswered edge 1 1",
    ];
    assert_eq!(b.counted(), expected);
}
