//! The HTTP API over real connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use local_lambda::{Function, Gateway, Invoke, InvokeError, Route};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::scene::{probe, soon};

/// Answers every invocation alike, or never.
struct Scripted(Option<Result<Value, InvokeError>>);

#[async_trait]
impl Invoke for Scripted {
    async fn invoke(&self, _: Bytes) -> Result<Bytes, InvokeError> {
        match &self.0 {
            Some(outcome) => outcome.clone().map(|answer| answer.to_string().into()),
            None => std::future::pending().await,
        }
    }
}

fn answers(answer: Value) -> Arc<dyn Invoke> {
    Arc::new(Scripted(Some(Ok(answer))))
}

fn fails(error: InvokeError) -> Arc<dyn Invoke> {
    Arc::new(Scripted(Some(Err(error))))
}

fn gateway(routes: Vec<(&str, Arc<dyn Invoke>)>) -> Gateway {
    let routes = routes.into_iter().map(|(key, function)| Route::new(key, function).unwrap());
    Gateway::new(routes.collect()).unwrap()
}

async fn serve(gateway: Gateway) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = gateway.into_router().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    format!("http://{address}")
}

async fn send(method: Method, url: String) -> Response {
    soon(Client::new().request(method, url).send()).await.unwrap()
}

async fn message(response: Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json::<Value>().await.unwrap()["message"].take()
}

#[tokio::test]
async fn a_request_reaches_the_function_as_an_event_and_its_answer_the_client() {
    let function = soon(Function::start(probe())).await.unwrap();
    let url = serve(gateway(vec![("ANY /api/{area}/{proxy+}", function)])).await;
    let request = Client::new().patch(format!("{url}/api/admin/products%2F7/a%20b?x=1")).body("{}");
    let request = request.header("x-amzn-trace-id", "Root=1-abc").header("content-type", "application/json");
    let response = soon(request.send()).await.unwrap();

    assert_eq!(response.status(), 200);
    let id = response.headers()["apigw-requestid"].clone();
    let event: Value = response.json().await.unwrap();
    assert_eq!(event["routeKey"], "ANY /api/{area}/{proxy+}");
    assert_eq!(event["pathParameters"], json!({"area": "admin", "proxy": "products/7/a b"}));
    assert_eq!(event["rawPath"], "/api/admin/products/7/a b");
    assert_eq!(event["rawQueryString"], "x=1");
    assert_eq!(event["body"], "{}");
    assert_eq!(event["headers"]["x-amzn-trace-id"], "Root=1-abc");
    assert_eq!(event["headers"]["x-forwarded-for"], "127.0.0.1");
    assert_eq!(event["requestContext"]["http"]["method"], "PATCH");
    assert_eq!(event["requestContext"]["requestId"], id.to_str().unwrap());
}

#[tokio::test]
async fn the_trace_goes_on_into_the_function() {
    /// Answers with the trace it is part of.
    struct Traced;

    #[async_trait]
    impl Invoke for Traced {
        async fn invoke(&self, _: Bytes) -> Result<Bytes, InvokeError> {
            panic!("the gateway has a trace id")
        }

        async fn invoke_traced(&self, payload: Bytes, trace_id: &str) -> Result<Bytes, InvokeError> {
            let event: Value = serde_json::from_slice(&payload).unwrap();
            Ok(json!([event["headers"]["x-amzn-trace-id"], trace_id]).to_string().into())
        }
    }

    let url = serve(gateway(vec![("$default", Arc::new(Traced))])).await;
    let request = Client::new().get(&url).header("X-Amzn-Trace-Id", "Root=1-given");
    let given: Value = soon(request.send()).await.unwrap().json().await.unwrap();
    assert_eq!(given, json!(["Root=1-given", "Root=1-given"]));
    let made: Value = send(Method::GET, url).await.json().await.unwrap();
    assert_eq!(made[0], made[1]);
    let made = made[0].as_str().unwrap();
    assert!(made.starts_with("Root=1-") && made.len() == "Root=1-6512bd43-d9caa6e02c990b0a82652dca".len());
}

#[tokio::test]
async fn without_a_route_the_answer_is_not_found() {
    let url = serve(gateway(vec![("GET /pets/{id}", answers(json!("hello")))])).await;
    assert_eq!(message(send(Method::GET, format!("{url}/pets")).await, 404).await, "Not Found");
    assert_eq!(message(send(Method::POST, format!("{url}/pets/1")).await, 404).await, "Not Found");
    assert_eq!(send(Method::GET, format!("{url}/pets/1")).await.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn what_goes_wrong_behind_the_gateway_is_not_told_to_clients() {
    let error = |kind: &str| InvokeError::Function { kind: kind.into(), message: "secret".into() };
    let url = serve(gateway(vec![
        ("GET /failed", fails(error("Panic"))),
        ("GET /exited", fails(InvokeError::Exited("exit status: 1".into()))),
        ("GET /timed-out", fails(InvokeError::TimedOut { seconds: 3.0 })),
        ("GET /malformed", answers(json!({"statusCode": "?"}))),
        ("GET /throttled", fails(InvokeError::Throttled)),
    ]))
    .await;
    for path in ["failed", "exited", "timed-out", "malformed"] {
        let response = send(Method::GET, format!("{url}/{path}")).await;
        assert!(response.headers().contains_key("apigw-requestid"));
        assert_eq!(message(response, 500).await, "Internal Server Error", "{path}");
    }
    let response = send(Method::GET, format!("{url}/throttled")).await;
    assert_eq!(message(response, 503).await, "Service Unavailable");
}

#[tokio::test]
async fn a_function_that_outlasts_the_integration_time_out_is_unavailable() {
    let gateway = gateway(vec![("$default", Arc::new(Scripted(None)))]);
    let url = serve(gateway.integration_timeout(Duration::from_millis(20))).await;
    assert_eq!(message(send(Method::GET, url).await, 503).await, "Service Unavailable");
}

#[tokio::test]
async fn a_head_answer_has_the_length_of_the_body_it_does_not_carry() {
    let with_length = json!({"statusCode": 200, "headers": {"content-length": "42", "etag": "\"1\""}});
    let url = serve(gateway(vec![
        ("ANY /body", answers(json!({"statusCode": 200, "body": "hello"}))),
        ("ANY /length", answers(with_length)),
    ]))
    .await;
    for (path, length) in [("body", "5"), ("length", "42"), ("missing", "23")] {
        let response = send(Method::HEAD, format!("{url}/{path}")).await;
        assert_eq!(response.headers()["content-length"], length, "{path}");
        assert_eq!(response.bytes().await.unwrap(), "", "{path}");
    }
}

#[tokio::test]
async fn an_answer_has_the_length_of_its_body_whatever_the_function_says() {
    let url = serve(gateway(vec![(
        "$default",
        answers(json!({"statusCode": 200, "headers": {"content-length": "3"}, "body": "hello"})),
    )]))
    .await;
    let response = send(Method::GET, url).await;
    assert_eq!(response.headers()["content-length"], "5");
    assert_eq!(response.text().await.unwrap(), "hello");
}

#[tokio::test]
async fn not_modified_has_no_length_and_no_body() {
    let not_modified = json!({"statusCode": 304, "headers": {"etag": "\"1\""}});
    let url = serve(gateway(vec![("$default", answers(not_modified))])).await;
    let response = send(Method::GET, url).await;
    assert_eq!(response.status(), 304);
    assert_eq!(response.headers().get("content-length"), None);
    assert_eq!(response.headers().get("content-type"), None);
}

#[tokio::test]
async fn a_body_above_ten_megabytes_is_refused() {
    let url = serve(gateway(vec![("$default", answers(json!("read")))])).await;
    let post = |bytes: usize| Client::new().post(&url).body(vec![b'x'; bytes]).send();
    assert_eq!(soon(post(10 * 1024 * 1024)).await.unwrap().status(), 200);
    let refused = soon(post(10 * 1024 * 1024 + 1)).await.unwrap();
    assert_eq!(message(refused, 413).await, "Request Entity Too Large");
}
