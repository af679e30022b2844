//! The edge on a listener of its own.

use http::Uri;
use local_edge::{Behaviour, Edge, EdgeConfig, Origin, Policy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::support::{Scripted, edge, ok, raw_origin};

const HINTED: &str = "HTTP/1.1 102 Processing\r\n\r\n\
                      HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\nconnection: x-hop\r\nx-hop: 1\r\n\r\n\
                      HTTP/1.1 200 OK\r\ncache-control: max-age=1, stale-while-revalidate=60\r\ncontent-length: 1\r\n\r\nx";

struct Listening {
    connection: TcpStream,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

async fn listening(edge: Edge) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(local_edge::serve(edge, listener, async { drop(stopped.await) }));
    Listening { connection: TcpStream::connect(address).await.unwrap(), stop, ended }
}

impl Listening {
    /// Sends a request and reads until the body `x`.
    async fn ask(&mut self, version: &str) -> String {
        let request = format!("GET /a {version}\r\nhost: h\r\nconnection: keep-alive\r\n\r\n");
        self.connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        while !answer.ends_with("\r\n\r\nx") {
            let mut piece = [0; 1_024];
            let length = self.connection.read(&mut piece).await.unwrap();
            assert_ne!(length, 0, "ended after {answer}");
            answer.push_str(std::str::from_utf8(&piece[..length]).unwrap());
        }
        answer
    }
}

fn edge_over(origin: Uri) -> Edge {
    let behaviour = Behaviour::cached("*", "origin", Policy::origin_controlled());
    Edge::new(EdgeConfig::new([("origin".to_owned(), Origin::at(origin))], vec![behaviour])).unwrap()
}

#[tokio::test]
async fn interim_responses_reach_the_viewer_who_waits_and_are_not_stored() {
    let mut viewer = listening(edge_over(raw_origin(HINTED).await)).await;
    let first = viewer.ask("HTTP/1.1").await;
    let expected = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n";
    assert!(first.starts_with(expected), "{first}");
    let second = viewer.ask("HTTP/1.1").await;
    assert!(second.starts_with("HTTP/1.1 200 OK\r\n") && second.contains("Hit from cloudfront"), "{second}");
}

#[tokio::test]
async fn interim_responses_to_a_background_refresh_reach_nobody() {
    let edge = edge_over(raw_origin(HINTED).await);
    let mut viewer = listening(edge.clone()).await;
    viewer.ask("HTTP/1.1").await;
    crate::support::advance(2).await;
    let mut events = edge.subscribe();
    viewer.ask("HTTP/1.1").await;
    crate::support::next(&mut events, local_edge::EventKind::Stored).await;
    let third = viewer.ask("HTTP/1.1").await;
    assert!(third.starts_with("HTTP/1.1 200 OK\r\n"), "{third}");
}

#[tokio::test]
async fn interim_responses_are_not_for_http_1_0() {
    let mut viewer = listening(edge_over(raw_origin(HINTED).await)).await;
    let answer = viewer.ask("HTTP/1.0").await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn when_told_to_stop_the_request_under_way_is_answered_first() {
    let (mut origin, gate) = Scripted::gated(vec![ok("no-store", "x")]).await;
    let Listening { connection, stop, ended } = listening(edge(&origin)).await;
    let (stay, stayed) = oneshot::channel();
    let mut viewer = Listening { connection, stop: stay, ended: tokio::spawn(async { drop(stayed.await) }) };
    let asking = tokio::spawn(async move { viewer.ask("HTTP/1.1").await });
    origin.arrival().await;
    stop.send(()).unwrap();
    gate.open(1);
    assert!(asking.await.unwrap().ends_with('x'));
    ended.await.unwrap();
}
