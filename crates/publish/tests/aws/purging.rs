use std::time::Duration;

use axum::Router;
use catalog::edge::{Item, Ledger as _, Month};
use local_edge::{CloudFrontConfig, Fault, ImitatedDelay};
use publish::Failure;
use publish::purge::items;

use crate::Log;
use crate::cloudfront::{FakeEdge, ID};

const NOW: u64 = 1_790_000_000_000;

async fn edge(change: impl FnOnce(&mut CloudFrontConfig)) -> FakeEdge {
    let answer = |request: axum::extract::Request| async move {
        let path = request.uri().path().to_owned();
        let tag = path.rsplit('/').next().unwrap_or_default();
        ([("cache-control", "s-maxage=60".to_owned()), ("cache-tag", format!("product:{tag}"))], path)
    };
    FakeEdge::start(Router::new().fallback(answer), &Log::default(), change).await
}

fn wish(tags: &[&str], paths: &[&str]) -> Vec<Item> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    items(&owned(tags), &owned(paths), false).unwrap()
}

fn within(time: Duration) -> impl FnOnce(&mut CloudFrontConfig) {
    move |config| config.delay = Some(ImitatedDelay { seed: 3, effect_p95: time, completion_p95: time })
}

#[tokio::test]
async fn a_purge_that_was_waited_for_has_taken_effect() {
    let edge = edge(within(Duration::from_millis(40))).await;
    for id in ["b-1", "b-2", "b-3"] {
        edge.get(&format!("/api/products/{id}")).await;
    }
    let asked =
        edge.client().purge(&wish(&["product:B-1"], &["/api/products/b-2"]), "now", NOW).await.unwrap();
    assert_eq!((asked.ids.len(), asked.items, asked.month), (1, 2, Some(Ok(2))));
    edge.client().wait(&asked.ids, Duration::from_secs(20)).await.unwrap();
    assert_eq!(
        ["b-1", "b-2", "b-3"].map(|id| edge.holds(&format!("/api/products/{id}"))),
        [false, false, true]
    );
}

#[tokio::test]
async fn waiting_ends_with_its_time_and_an_exit_code_of_its_own() {
    let edge = edge(within(Duration::from_secs(3_600))).await;
    let asked = edge.client().purge(&wish(&["a"], &[]), "now", NOW).await.unwrap();
    let failure = edge.client().wait(&asked.ids, Duration::from_millis(30)).await.unwrap_err();
    assert!(matches!(&failure, Failure::Unfinished { ids, .. } if *ids == asked.ids), "{failure:?}");
    assert_eq!(failure.exit_code(), 3);
    assert!(
        failure.to_string().contains(&format!("--distribution-id {ID} --id {}", asked.ids[0])),
        "{failure}"
    );
}

#[tokio::test]
async fn the_same_occasion_is_one_purge_and_another_one_is_another() {
    let edge = edge(|_| {}).await;
    for occasion in ["run-7", "run-7", "run-8"] {
        edge.client().purge(&wish(&["a"], &["/b"]), occasion, NOW).await.unwrap();
    }
    assert_eq!(edge.api.accepted(), (2, 4));
}

#[tokio::test]
async fn more_than_one_call_takes_are_sent_in_several() {
    let edge = edge(|_| {}).await;
    let paths: Vec<_> = (0..3_001).map(|n| format!("/{n}")).collect();
    let asked = edge.client().purge(&items(&[], &paths, false).unwrap(), "now", NOW).await.unwrap();
    assert_eq!((asked.ids.len(), asked.items, asked.month), (2, 3_001, Some(Ok(3_001))));
    assert_eq!(edge.ledger.spent(&Month::of(NOW)).await.unwrap(), 3_001);
}

#[tokio::test]
async fn a_count_that_fails_stops_no_purge() {
    let edge = edge(|_| {}).await;
    edge.ledger.set_broken(true);
    let asked = edge.client().purge(&wish(&["a"], &[]), "now", NOW).await.unwrap();
    assert!(matches!(asked.month, Some(Err(_))));
    assert_eq!(edge.api.accepted(), (1, 1));
}

#[tokio::test]
async fn what_passes_is_said_to_pass() {
    let edge = edge(|_| {}).await;
    edge.api.faults().refuse_next(1, Fault::TooManyInvalidationsInProgress);
    let failure = edge.client().purge(&wish(&["a"], &[]), "now", NOW).await.unwrap_err();
    assert!(failure.to_string().contains("in a minute"), "{failure}");
    assert_eq!(edge.ledger.spent(&Month::of(NOW)).await.unwrap(), 0, "a refused call costs nothing");
}
