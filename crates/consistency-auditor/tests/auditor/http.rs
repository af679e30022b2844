//! What is sent, and what becomes of odd answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, Response};
use catalog::ProductId;
use consistency_auditor::ask::JUDGED;
use consistency_auditor::{Answer, Ask, Config, Encoding, HttpAsk, Place, State, Unanswered};
use tokio::net::TcpListener;

type Asked = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// Serves this answer to everybody; the URL, and what was asked.
async fn server(answer: fn() -> Response<Body>) -> (String, Asked) {
    let asked = Asked::default();
    let handle = move |Shared(asked): Shared<Asked>, request: Request| async move {
        let line = format!("{} {}", request.method(), request.uri());
        asked.lock().unwrap().push((line, request.headers().clone()));
        answer()
    };
    let router = Router::new().fallback(handle).with_state(asked.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

fn asking(edge: &str, api: &str, secret: &str) -> HttpAsk {
    let config = Config::read(&|name| match name {
        "EDGE_URL" => Some(format!("{edge}/")),
        "API_URL" => Some(api.to_owned()),
        "AUDIT_QUEUE_URL" => Some("queue".to_owned()),
        "ORIGIN_SECRET" => Some(secret.to_owned()),
        _ => None,
    });
    HttpAsk::new(&config.unwrap()).unwrap()
}

async fn ask(ask: &HttpAsk, place: Place) -> Result<Answer, Unanswered> {
    ask.ask(place, &ProductId::parse("b-1").unwrap()).await
}

fn product() -> axum::http::response::Builder {
    Response::builder().header("x-cache-version", "8").header("etag", "\"8-1a2b3c4d\"")
}

#[tokio::test]
async fn everybody_is_asked_as_a_viewer_asks_and_only_the_api_is_shown_the_secret() {
    let (edge, at_edge) = server(|| product().body(Body::from("{}")).unwrap()).await;
    let (api, at_api) = server(|| product().body(Body::from("{}")).unwrap()).await;
    let http = asking(&edge, &api, "hunter2");
    for place in JUDGED.into_iter().chain([Place::Source]) {
        assert_eq!(ask(&http, place).await.unwrap().state, State::Live("8-1a2b3c4d".into()));
    }
    let text =
        |headers: &HeaderMap, name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let at_edge = at_edge.lock().unwrap();
    let encodings: Vec<_> = at_edge.iter().map(|(_, headers)| text(headers, "accept-encoding")).collect();
    assert_eq!(encodings, [None, Some("gzip".to_owned()), Some("gzip, br".to_owned())]);
    for (line, headers) in at_edge.iter() {
        assert_eq!(line, "GET /api/products/b-1", "no query: it would be another object");
        let names: Vec<_> = headers.keys().map(|name| name.as_str()).collect();
        assert!(
            names.iter().all(|name| ["host", "user-agent", "accept-encoding"].contains(name)),
            "{names:?}"
        );
    }
    let at_api = at_api.lock().unwrap();
    let lines: Vec<_> = at_api.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(lines, ["GET /api/products/b-1", "GET /api/fresh/products/b-1"]);
    assert!(at_api.iter().all(|(_, headers)| text(headers, "x-origin-secret").as_deref() == Some("hunter2")));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (edge, asked) =
        server(|| product().status(302).header("location", "/elsewhere").body(Body::empty()).unwrap()).await;
    let http = asking(&edge, &edge, "");
    assert_eq!(ask(&http, Place::Edge(Encoding::Plain)).await, Err(Unanswered("status 302".into())));
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn no_more_is_read_of_an_answer_than_a_function_can_have_sent() {
    let endless = || {
        let chunk = || Ok::<_, std::io::Error>(axum::body::Bytes::from_static(&[0; 65_536]));
        let body = futures::stream::repeat_with(chunk);
        product().body(Body::from_stream(body)).unwrap()
    };
    let (api, _) = server(endless).await;
    assert_eq!(ask(&asking(&api, &api, ""), Place::Api).await.unwrap().version.0, 8);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let url = serve_once("http://127.0.0.1", |mut stream| {
        let _request = stream.read(&mut [0; 4_096]).unwrap();
        let head = "HTTP/1.1 200 OK\r\nx-cache-version: 8\r\netag: \"8-1\"\r\ncontent-length: 100\r\n\r\n{";
        stream.write_all(head.as_bytes()).unwrap();
    });
    let unanswered = ask(&asking(&url, &url, ""), Place::Api).await.unwrap_err();
    assert!(unanswered.0.starts_with("the answer broke off"), "{unanswered}");
}

#[tokio::test]
async fn a_place_that_is_not_there_or_says_nothing_is_unanswered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let silent = format!("http://{address}");
    let impatient = asking(&silent, &silent, "").within(Duration::from_millis(50));
    let unanswered = ask(&impatient, Place::Api).await.unwrap_err();
    assert_eq!(unanswered.0, "no answer within 50 ms");
    drop(listener);
    let unanswered = ask(&asking(&silent, &silent, ""), Place::Api).await.unwrap_err();
    assert!(unanswered.0.contains("refused"), "{unanswered}");
}

#[tokio::test]
async fn a_certificate_nobody_trusts_is_no_answer() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config =
        config.with_no_client_auth().with_single_cert(vec![own.cert.der().clone()], key.into()).unwrap();
    let url = serve_once("https://localhost", move |mut stream| {
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let _refused = connection.complete_io(&mut stream);
    });
    let unanswered = ask(&asking(&url, &url, ""), Place::Api).await.unwrap_err();
    assert!(unanswered.0.contains("certificate"), "{unanswered}");
}

/// Serves one connection on a thread of its own; the URL.
fn serve_once(host: &str, serve: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("{host}:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || serve(listener.accept().unwrap().0));
    url
}
