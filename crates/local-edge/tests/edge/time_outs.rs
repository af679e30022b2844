//! Origins that are slow, gone, or break off.

use futures::poll;
use http::Method;
use local_edge::{Edge, EdgeConfig, Origin};
use tokio::net::TcpListener;

use crate::support::{Scripted, advance, call, config, edge, get, ok, request};

#[tokio::test]
async fn an_origin_that_does_not_answer_in_time_is_a_504_kept_for_the_error_ttl() {
    let (mut origin, gate) = Scripted::gated(vec![ok("max-age=60", "late")]).await;
    let edge = edge(&origin);
    let waiting = call(&edge, request(Method::GET, "/a", &[]));
    futures::pin_mut!(waiting);
    assert!(poll!(&mut waiting).is_pending());
    origin.arrival().await;
    advance(30).await;
    let got = waiting.await;
    assert_eq!(
        (got.status.as_u16(), got.x_cache(), got.header("server")),
        (504, "Error", Some("CloudFront"))
    );
    advance(9).await;
    assert_eq!((get(&edge, "/a").await.status.as_u16(), origin.asked()), (504, 1));
    gate.open(2);
    advance(2).await;
    assert_eq!(get(&edge, "/a").await.text(), "late");
}

#[tokio::test]
async fn the_read_time_out_is_configured() {
    let (mut origin, _gate) = Scripted::gated(vec![ok("max-age=60", "late")]).await;
    let config = EdgeConfig { origin_read_timeout: std::time::Duration::from_secs(3), ..config(&origin) };
    let edge = Edge::new(config).unwrap();
    let waiting = call(&edge, request(Method::GET, "/a", &[]));
    futures::pin_mut!(waiting);
    assert!(poll!(&mut waiting).is_pending());
    origin.arrival().await;
    advance(2).await;
    assert!(poll!(&mut waiting).is_pending());
    advance(1).await;
    assert_eq!(waiting.await.status, 504);
}

#[tokio::test]
async fn an_origin_nobody_listens_at_is_a_502() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let behaviour = local_edge::Behaviour::cached("*", "origin", local_edge::Policy::origin_controlled());
    let edge = Edge::new(EdgeConfig::new([("origin".to_owned(), Origin::at(url))], vec![behaviour])).unwrap();
    let got = get(&edge, "/a").await;
    assert_eq!((got.status.as_u16(), got.x_cache()), (502, "Error"));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_502_and_not_kept_as_an_answer() {
    let origin =
        Scripted::answering(vec![ok("max-age=60", "half").cut_short(), ok("max-age=60", "whole")]).await;
    let edge = edge(&origin);
    assert_eq!(get(&edge, "/a").await.status, 502);
    advance(10).await;
    assert_eq!(get(&edge, "/a").await.text(), "whole");
}

#[tokio::test]
async fn a_body_that_stalls_is_a_504() {
    let (more, pieces) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(1);
    let pieces = std::sync::Mutex::new(Some(pieces));
    let mut origin = Scripted::start(move |_| {
        let pieces = pieces.lock().unwrap().take().unwrap();
        let stream =
            futures::stream::unfold(pieces, |mut pieces| async { Some((pieces.recv().await?, pieces)) });
        let response = http::Response::builder().header("cache-control", "max-age=60");
        let response = response.body(axum::body::Body::from_stream(stream)).unwrap();
        Box::pin(async move { response })
    })
    .await;
    let edge = edge(&origin);
    let waiting = call(&edge, request(Method::GET, "/a", &[]));
    futures::pin_mut!(waiting);
    assert!(poll!(&mut waiting).is_pending());
    origin.arrival().await;
    more.send(Ok("half".to_owned())).await.unwrap();
    // A paused clock jumps to the next time-out as soon as there is nothing left to do but wait.
    tokio::time::pause();
    assert_eq!(waiting.await.status, 504);
}

#[tokio::test]
async fn an_uncached_behaviour_tells_of_failures_the_same_way() {
    let (mut origin, _gate) = Scripted::gated(vec![ok("max-age=60", "late")]).await;
    let config = crate::support::one_behaviour(&origin, local_edge::Behaviour::uncached("*", "origin"));
    let edge = Edge::new(config).unwrap();
    let waiting = call(&edge, request(Method::POST, "/a", &[]));
    futures::pin_mut!(waiting);
    origin.arrival_during(&mut waiting).await;
    advance(30).await;
    assert_eq!(waiting.await.status, 504);
}
