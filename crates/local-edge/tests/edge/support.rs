//! A scripted origin, an edge in front of it, and time that moves when a test says so.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use local_edge::{Behaviour, Edge, EdgeConfig, EdgeEvent, EventKind, Origin, Policy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::Instant;

/// What the origin was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

type Reply = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// An origin on loopback that answers what the test scripted and remembers what it was asked.
pub struct Scripted {
    pub url: Uri,
    asked: Arc<Mutex<Vec<Asked>>>,
    arrivals: mpsc::UnboundedReceiver<()>,
}

impl Scripted {
    /// The n-th request gets the n-th answer; the last answer repeats.
    pub async fn answering(answers: Vec<Answer>) -> Self {
        let script = Mutex::new(VecDeque::from(answers));
        Self::start(move |_| {
            let mut script = script.lock().unwrap();
            let answer = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
            let answer = answer.expect("the origin should not be asked at all");
            Box::pin(async move { answer.into_response() })
        })
        .await
    }

    /// The same answers, each only after the gate lets one request through.
    pub async fn gated(answers: Vec<Answer>) -> (Self, Gate) {
        let script = Arc::new(Mutex::new(VecDeque::from(answers)));
        let gate = Gate(Arc::new(Semaphore::new(0)));
        let doorkeeper = gate.clone();
        let origin = Self::start(move |_| {
            let (script, gate) = (script.clone(), doorkeeper.clone());
            Box::pin(async move {
                gate.0.acquire().await.unwrap().forget();
                let mut script = script.lock().unwrap();
                let answer = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
                answer.expect("the script is empty").into_response()
            })
        })
        .await;
        (origin, gate)
    }

    pub async fn start(handler: impl Fn(Asked) -> Reply + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let (log, handler) = (asked.clone(), Arc::new(handler));
        let app = Router::new().fallback(move |request: Request<Body>| {
            let (log, handler, arrived) = (log.clone(), handler.clone(), arrived.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                let body = String::from_utf8(body.to_vec()).unwrap();
                let asked = Asked { method: parts.method, uri: parts.uri, headers: parts.headers, body };
                log.lock().unwrap().push(asked.clone());
                arrived.send(()).ok();
                let mut response = handler(asked).await;
                response.headers_mut().entry("date").or_insert_with(date);
                response
            }
        });
        Self { url: serve(app).await, asked, arrivals }
    }

    /// How often the origin was asked so far.
    pub fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The n-th request, from 0.
    pub fn request(&self, n: usize) -> Asked {
        self.asked.lock().unwrap()[n].clone()
    }

    /// Waits until one more request has arrived.
    pub async fn arrival(&mut self) {
        self.arrivals.recv().await.unwrap();
    }

    /// Goes on with a call until one more request arrives, which must be before the call is answered.
    pub async fn arrival_during(&mut self, call: &mut (impl Future + Unpin)) {
        let arrival = self.arrival();
        futures::pin_mut!(arrival);
        let first = futures::future::select(arrival, call).await;
        assert!(matches!(first, futures::future::Either::Left(_)), "answered without asking the origin");
    }
}

/// The date by the clock the tests move: the server's own would stand still.
fn date() -> http::HeaderValue {
    thread_local!(static STARTED: (SystemTime, Instant) = {
        #[allow(clippy::disallowed_methods, reason = "the one reading that the moved clock starts from")]
        let now = SystemTime::now();
        (now, Instant::now())
    });
    // A reading at the first answer, before any test moved the clock, is as good as one at the start.
    let now = STARTED.with(|(wall, started)| *wall + started.elapsed());
    let now = jiff::Timestamp::try_from(now).unwrap();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().parse().unwrap()
}

/// Lets gated answers through, one by one.
#[derive(Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    pub fn open(&self, answers: usize) {
        self.0.add_permits(answers);
    }
}

/// An answer of the origin.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    cut_short: bool,
}

pub fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.to_owned(), cut_short: false }
}

/// 200 with this `Cache-Control`.
pub fn ok(cache_control: &str, body: &str) -> Answer {
    answer(200, body).with("cache-control", cache_control)
}

impl Answer {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Announces more than it sends and breaks off.
    pub fn cut_short(self) -> Self {
        let length = self.body.len() + 1;
        Self { cut_short: true, ..self.with("content-length", &length.to_string()) }
    }

    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        if self.cut_short {
            let pieces = [Ok(self.body), Err(std::io::Error::other("broken off"))];
            return response.body(Body::from_stream(futures::stream::iter(pieces))).unwrap();
        }
        response.body(Body::from(self.body)).unwrap()
    }
}

/// Answers every connection with these bytes, whatever is asked.
pub async fn raw_origin(bytes: &'static str) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = [0; 4_096];
            // A head this small comes in one piece.
            let _ = connection.read(&mut head).await.unwrap();
            connection.write_all(bytes.as_bytes()).await.unwrap();
        }
    });
    url
}

/// Serves on a free loopback port until the runtime ends.
pub async fn serve(app: Router) -> Uri {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

pub fn one_behaviour(origin: &Scripted, behaviour: Behaviour) -> EdgeConfig {
    EdgeConfig {
        tag_header: Some("cache-tag".parse().unwrap()),
        version_header: Some("x-version".parse().unwrap()),
        ..EdgeConfig::new([("origin".to_owned(), Origin::at(origin.url.clone()))], vec![behaviour])
    }
}

/// One behaviour where the origin's headers decide, without compression, in CloudFront's dialect.
pub fn config(origin: &Scripted) -> EdgeConfig {
    one_behaviour(
        origin,
        Behaviour { compress: false, ..Behaviour::cached("*", "origin", Policy::origin_controlled()) },
    )
}

pub fn edge(origin: &Scripted) -> Edge {
    Edge::new(config(origin)).unwrap()
}

pub fn edge_with(origin: &Scripted, policy: Policy) -> Edge {
    Edge::new(one_behaviour(
        origin,
        Behaviour { compress: false, ..Behaviour::cached("*", "origin", policy) },
    ))
    .unwrap()
}

/// A generic shared cache.
pub fn rfc_edge(origin: &Scripted) -> Edge {
    Edge::new(EdgeConfig::generic(origin.url.clone())).unwrap()
}

/// What a viewer got.
#[derive(Debug)]
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// `Hit`, `Miss`, `RefreshHit` or `Error`.
    pub fn x_cache(&self) -> &str {
        self.header("x-cache").unwrap().strip_suffix(" from cloudfront").unwrap()
    }
}

pub fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

pub async fn call(edge: &Edge, request: Request<Body>) -> Got {
    let (parts, body) = edge.call(request).await.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Got { status: parts.status, headers: parts.headers, body: body.to_vec() }
}

pub async fn get(edge: &Edge, path: &str) -> Got {
    call(edge, request(Method::GET, path, &[])).await
}

pub async fn get_with(edge: &Edge, path: &str, headers: &[(&str, &str)]) -> Got {
    call(edge, request(Method::GET, path, headers)).await
}

/// Moves the clock between two requests. It runs on its own while they are under way, or sockets would seem to stall.
pub async fn advance(seconds: u64) {
    advance_by(Duration::from_secs(seconds)).await;
}

pub async fn advance_by(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Waits for the next event of a kind.
pub async fn next(events: &mut broadcast::Receiver<EdgeEvent>, kind: EventKind) -> EdgeEvent {
    loop {
        let event = events.recv().await.unwrap();
        if event.kind == kind {
            return event;
        }
    }
}
