//! One origin request per key at a time.

use std::future::Future;
use std::pin::Pin;

use futures::future::join_all;
use futures::poll;
use http::Method;
use local_edge::Edge;

use crate::support::{Got, Scripted, answer, call, edge, edge_with, ok, request, rfc_edge};

const PLAIN: &[(&str, &str)] = &[];

type Call<'a> = Pin<Box<dyn Future<Output = Got> + 'a>>;

/// Starts calls and sees every one of them wait.
async fn started<'a>(edge: &'a Edge, headers: &[&[(&'static str, &'static str)]]) -> Vec<Call<'a>> {
    let mut calls: Vec<Call<'a>> = Vec::new();
    for headers in headers {
        let mut next: Call<'a> = Box::pin(call(edge, request(Method::GET, "/a", headers)));
        assert!(poll!(&mut next).is_pending());
        calls.push(next);
    }
    calls
}

fn bodies(got: &[Got]) -> Vec<&str> {
    got.iter().map(Got::text).collect()
}

#[tokio::test]
async fn simultaneous_requests_share_one_origin_request() {
    let (origin, gate) = Scripted::gated(vec![ok("max-age=60", "1"), ok("max-age=60", "2")]).await;
    let edge = edge(&origin);
    let calls = started(&edge, &[PLAIN; 10]).await;
    gate.open(10);
    let got = join_all(calls).await;
    assert_eq!(bodies(&got), ["1"; 10]);
    assert_eq!(origin.asked(), 1);
    let x_cache: Vec<_> = got.iter().map(Got::x_cache).collect();
    assert_eq!((x_cache[0], &x_cache[1..]), ("Miss", &["Hit"; 9][..]));
}

#[tokio::test]
async fn an_answer_that_is_not_for_others_is_not_shared() {
    for directive in ["no-store", "private", "max-age=0", "no-cache"] {
        let (origin, gate) =
            Scripted::gated(vec![ok(directive, "1"), ok(directive, "2"), ok(directive, "3")]).await;
        let edge = edge(&origin);
        let calls = started(&edge, &[PLAIN; 3]).await;
        gate.open(3);
        let mut got = join_all(calls).await;
        got.sort_by(|a, b| a.body.cmp(&b.body));
        assert_eq!(bodies(&got), ["1", "2", "3"], "{directive}");
    }
}

#[tokio::test]
async fn those_who_waited_in_vain_do_not_queue_up_again() {
    let (mut origin, gate) = Scripted::gated(vec![ok("no-store", "x")]).await;
    let edge = edge(&origin);
    let calls = started(&edge, &[PLAIN; 4]).await;
    gate.open(1);
    let mut waiting = join_all(calls);
    // One was let through. The three others must all arrive before any of them is answered.
    for _ in 0..4 {
        origin.arrival_during(&mut waiting).await;
    }
    gate.open(3);
    waiting.await;
}

#[tokio::test]
async fn different_keys_do_not_wait_for_each_other() {
    let (mut origin, gate) = Scripted::gated(vec![ok("max-age=60", "x")]).await;
    let edge = edge(&origin);
    let a = call(&edge, request(Method::GET, "/a", &[]));
    let b = call(&edge, request(Method::GET, "/b", &[]));
    futures::pin_mut!(a, b);
    assert!(poll!(&mut a).is_pending() && poll!(&mut b).is_pending());
    origin.arrival().await;
    origin.arrival().await;
    gate.open(2);
    a.await;
    b.await;
}

#[tokio::test]
async fn requests_that_differ_in_a_vary_header_get_their_own_answers() {
    let origin = Scripted::start(|asked| {
        let language = asked.header("accept-language").unwrap_or("none").to_owned();
        Box::pin(async move { ok("max-age=60", &language).with("vary", "accept-language").into_response() })
    })
    .await;
    let edge = edge(&origin);
    let calls = started(
        &edge,
        &[&[("accept-language", "de")], &[("accept-language", "en")], &[("accept-language", "de")], &[]],
    )
    .await;
    let got = join_all(calls).await;
    assert_eq!(bodies(&got), ["de", "en", "de", "none"]);
    assert_eq!(origin.asked(), 3);
}

#[tokio::test]
async fn a_failure_is_shared_too() {
    let (origin, gate) = Scripted::gated(vec![ok("max-age=60", "x").cut_short()]).await;
    let edge = rfc_edge(&origin);
    let calls = started(&edge, &[PLAIN; 5]).await;
    gate.open(5);
    let got = join_all(calls).await;
    assert!(got.iter().all(|got| got.status == 502));
    assert_eq!(origin.asked(), 1);
}

#[tokio::test]
async fn a_stale_copy_stands_in_for_all_who_waited() {
    let (origin, gate) =
        Scripted::gated(vec![ok("max-age=10, stale-if-error=60", "old"), answer(500, "broken")]).await;
    let edge = edge(&origin);
    gate.open(1);
    call(&edge, request(Method::GET, "/a", &[])).await;
    crate::support::advance(11).await;
    let calls = started(&edge, &[PLAIN; 5]).await;
    gate.open(5);
    assert_eq!(bodies(&join_all(calls).await), ["old"; 5]);
    assert_eq!(origin.asked(), 2);
}

#[tokio::test]
async fn a_viewer_who_leaves_does_not_cost_the_others_their_answer() {
    let (mut origin, gate) = Scripted::gated(vec![ok("max-age=60", "x")]).await;
    let edge = edge(&origin);
    let mut calls = started(&edge, &[PLAIN; 2]).await;
    origin.arrival().await;
    drop(calls.remove(0));
    gate.open(2);
    assert_eq!(bodies(&join_all(calls).await), ["x"]);
    assert_eq!(origin.asked(), 1);
}

#[tokio::test]
async fn uncached_behaviours_collapse_nothing() {
    let (mut origin, gate) = Scripted::gated(vec![ok("max-age=60", "x")]).await;
    let config = crate::support::one_behaviour(&origin, local_edge::Behaviour::uncached("*", "origin"));
    let edge = Edge::new(config).unwrap();
    let calls = started(&edge, &[PLAIN; 2]).await;
    let mut waiting = join_all(calls);
    origin.arrival_during(&mut waiting).await;
    origin.arrival_during(&mut waiting).await;
    gate.open(2);
    waiting.await;
}

#[tokio::test]
async fn a_viewer_who_wants_a_fresh_answer_is_not_served_one_asked_for_before() {
    let (mut origin, gate) = Scripted::gated(vec![ok("max-age=60", "x")]).await;
    let edge = edge_with(&origin, local_edge::Policy::rfc9111());
    let calls = started(&edge, &[PLAIN, &[("cache-control", "no-cache")]]).await;
    let mut waiting = join_all(calls);
    origin.arrival_during(&mut waiting).await;
    origin.arrival_during(&mut waiting).await;
    gate.open(2);
    waiting.await;
}
