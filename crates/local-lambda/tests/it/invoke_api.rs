//! Lambda's `Invoke` operation over real connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use local_lambda::{Function, Invoke, InvokeError, function_arn, invoke_api};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::scene::{Meeting, probe, soon};

struct Failing(InvokeError);

#[async_trait]
impl Invoke for Failing {
    async fn invoke(&self, _: Bytes) -> Result<Bytes, InvokeError> {
        Err(self.0.clone())
    }
}

/// Passes on what it is invoked with.
struct Recording(mpsc::UnboundedSender<Bytes>);

#[async_trait]
impl Invoke for Recording {
    async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        self.0.send(payload.clone()).unwrap();
        Ok(payload)
    }
}

async fn serve(name: &str, function: Arc<dyn Invoke>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = invoke_api(BTreeMap::from([(name.to_owned(), function)]));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/2015-03-31/functions")
}

async fn post(functions: &str, name: &str, kind: &str, payload: impl Into<reqwest::Body>) -> Response {
    let request = Client::new().post(format!("{functions}/{name}/invocations")).body(payload);
    soon(request.header("X-Amz-Invocation-Type", kind).send()).await.unwrap()
}

async fn service_error(response: Response, status: u16, kind: &str) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["x-amzn-errortype"], kind);
    assert!(response.headers().contains_key("x-amzn-requestid"));
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_function_is_invoked_by_name_and_by_arn() {
    let function = soon(Function::start(probe())).await.unwrap();
    let functions = serve("probe", function).await;
    let arn = function_arn("probe");
    for name in ["probe", "probe:$LATEST", &arn, &arn.replace(':', "%3A")] {
        let response = post(&functions, name, "RequestResponse", r#"{"greeting":"hello"}"#).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-amz-executed-version"], "$LATEST");
        assert!(!response.headers().contains_key("x-amz-function-error"));
        assert_eq!(response.text().await.unwrap(), r#"{"greeting":"hello"}"#);
    }
}

#[tokio::test]
async fn an_error_of_the_function_is_a_200_that_says_so() {
    for (error, kind, message) in [
        (
            InvokeError::Function { kind: "Probe.Failure".into(), message: "as told".into() },
            "Probe.Failure",
            "as told",
        ),
        (InvokeError::TimedOut { seconds: 3.0 }, "Sandbox.Timedout", "Task timed out after 3.00 seconds"),
        (
            InvokeError::Exited("exit status: 3".into()),
            "Runtime.ExitError",
            "Runtime exited with error: exit status: 3",
        ),
    ] {
        let response = post(&serve("f", Arc::new(Failing(error))).await, "f", "RequestResponse", "{}").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["x-amz-function-error"], "Unhandled");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["errorType"], kind);
        assert!(body["errorMessage"].as_str().unwrap().ends_with(message), "{body}");
    }
}

#[tokio::test]
async fn a_throttled_invocation_is_429() {
    let functions = serve("f", Arc::new(Failing(InvokeError::Throttled))).await;
    let response = post(&functions, "f", "RequestResponse", "{}").await;
    let body = service_error(response, 429, "TooManyRequestsException").await;
    assert_eq!(
        body,
        json!({
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "Type": "User",
            "message": "Rate Exceeded.",
        })
    );
}

#[tokio::test]
async fn a_function_that_is_not_there_is_named() {
    let functions = serve("f", Arc::new(Failing(InvokeError::Throttled))).await;
    let response = post(&functions, "other:live", "RequestResponse", "{}").await;
    let body = service_error(response, 404, "ResourceNotFoundException").await;
    assert_eq!(
        body,
        json!({"Type": "User", "Message": format!("Function not found: {}", function_arn("other"))})
    );
}

#[tokio::test]
async fn a_payload_that_is_none_is_refused_before_the_function_sees_it() {
    let (payloads, mut received) = mpsc::unbounded_channel();
    let functions = serve("f", Arc::new(Recording(payloads))).await;

    let response = post(&functions, "f", "RequestResponse", "{oops").await;
    service_error(response, 400, "InvalidRequestContentException").await;
    let response = post(&functions, "f", "RequestResponse", vec![b' '; 6 * 1024 * 1024 + 1]).await;
    service_error(response, 413, "RequestTooLargeException").await;
    let response = post(&functions, "f", "Sideways", "{}").await;
    service_error(response, 400, "InvalidParameterValueException").await;
    assert_eq!(post(&functions, "f", "DryRun", "{}").await.status(), 204);

    // The first to come through has no payload at all, which stands for an empty object.
    assert_eq!(post(&functions, "f", "RequestResponse", "").await.text().await.unwrap(), "{}");
    assert_eq!(received.recv().await.unwrap(), "{}");
    assert!(received.is_empty());
}

#[tokio::test]
async fn an_event_is_accepted_before_the_function_is_done() {
    let function = soon(Function::start(probe())).await.unwrap();
    let functions = serve("probe", function).await;
    let meeting = Meeting::open().await;
    let meet = json!({"do": "meet", "at": meeting.address()}).to_string();
    let response = post(&functions, "probe", "Event", meet).await;
    assert_eq!(response.status(), 202);
    assert_eq!(response.bytes().await.unwrap(), "");
    meeting.guest().await.release().await;
}
