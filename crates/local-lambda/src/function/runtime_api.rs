//! The Lambda Runtime API (2018-06-01) as one environment sees it.
//!
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes"; the error bodies are those of
//! AWS's own runtime interface emulator.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use serde_json::json;

use super::environment::{Delivery, Environment};
use crate::invoke::InvokeError;

/// The largest answer of a function, in bytes: 6 MB and a little, as Lambda counts it.
const MAX_RESPONSE_BYTES: usize = 6 * 1024 * 1024 + 100;

#[derive(Clone)]
struct RuntimeApi {
    environment: Arc<Environment>,
    function_arn: Arc<str>,
}

/// What a runtime posts about a failure.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic {
    error_type: Option<String>,
    error_message: Option<String>,
}

pub(super) fn runtime_api(environment: Arc<Environment>, function_arn: Arc<str>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(RuntimeApi { environment, function_arn })
}

async fn next(State(api): State<RuntimeApi>) -> Response {
    let Some(delivery) = api.environment.polled() else {
        return invalid_state("the current invocation has not been answered");
    };
    match delivery.await {
        Ok(delivery) => invocation(delivery, &api.function_arn),
        // A later request took the place of this one.
        Err(_) => invalid_state("another request for the next invocation was made"),
    }
}

fn invocation(delivery: Delivery, function_arn: &str) -> Response {
    let mut response = Response::new(Body::from(delivery.payload));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("lambda-runtime-deadline-ms", HeaderValue::from(delivery.deadline_ms));
    for (name, value) in [
        ("lambda-runtime-aws-request-id", delivery.id.as_str()),
        ("lambda-runtime-invoked-function-arn", function_arn),
        ("lambda-runtime-trace-id", delivery.trace_id.as_str()),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

async fn response(State(api): State<RuntimeApi>, Path(id): Path<String>, body: Body) -> Response {
    let Ok(answer) = read(body).await else {
        return refused(
            StatusCode::BAD_REQUEST,
            "TruncatedHTTPRequest",
            "HTTP request detected as truncated",
        );
    };
    let (outcome, receipt) = match answer {
        Some(answer) => (Ok(answer), accepted()),
        None => (Err(response_too_large()), too_large()),
    };
    match api.environment.answered(&id, outcome) {
        true => receipt,
        false => invalid_request_id(),
    }
}

/// What the caller of a function hears whose answer exceeds the limit.
fn response_too_large() -> InvokeError {
    let message =
        format!("Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).");
    InvokeError::Function { kind: "Function.ResponseSizeTooLarge".into(), message }
}

async fn error(
    State(api): State<RuntimeApi>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (kind, message) = diagnostic(&headers, body).await;
    match api.environment.answered(&id, Err(InvokeError::Function { kind, message })) {
        true => accepted(),
        false => invalid_request_id(),
    }
}

async fn init_error(State(api): State<RuntimeApi>, headers: HeaderMap, body: Body) -> Response {
    let (kind, message) = diagnostic(&headers, body).await;
    match api.environment.init_failed(kind, message) {
        true => accepted(),
        false => invalid_state("the initialisation is over"),
    }
}

/// The whole body, or `None` if it is too large. It is read to its end all the same: a runtime that is cut off while it
/// writes reports a broken connection instead of the limit.
async fn read(mut body: Body) -> Result<Option<Bytes>, axum::Error> {
    let mut bytes = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            length += data.len();
            if length <= MAX_RESPONSE_BYTES {
                bytes.extend_from_slice(&data);
            }
        }
    }
    Ok((length <= MAX_RESPONSE_BYTES).then(|| bytes.freeze()))
}

/// Type and message from the body, else from the header, else the body as it is.
async fn diagnostic(headers: &HeaderMap, body: Body) -> (String, String) {
    let body = read(body).await.ok().flatten().unwrap_or_default();
    let diagnostic: Diagnostic = serde_json::from_slice(&body).unwrap_or_default();
    let from_header = headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok());
    let kind = diagnostic.error_type.or(from_header.map(str::to_owned));
    let message = diagnostic.error_message.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    (kind.unwrap_or_else(|| "Runtime.Unknown".into()), message)
}

fn accepted() -> Response {
    json_response(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn invalid_request_id() -> Response {
    refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
}

fn invalid_state(reason: &str) -> Response {
    refused(
        StatusCode::FORBIDDEN,
        "InvalidStateTransition",
        &format!("State transition is not allowed: {reason}"),
    )
}

fn too_large() -> Response {
    let message = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).");
    refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response {
    json_response(status, &json!({"errorMessage": message, "errorType": kind}))
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
