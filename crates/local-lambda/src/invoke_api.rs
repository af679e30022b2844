//! Lambda's `Invoke` operation, for the AWS CLI, the SDKs and `cargo lambda invoke`.
//!
//! Source: AWS Lambda API reference, `Invoke`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arn::function_arn;
use crate::function::MAX_PAYLOAD_BYTES;
use crate::invoke::{Invoke, InvokeError};
use crate::trace::{TRACE_HEADER, new_trace_id};

type Functions = Arc<BTreeMap<String, Arc<dyn Invoke>>>;

/// `POST /2015-03-31/functions/{name}/invocations` over the given functions.
///
/// - `{name}` is a name, an ARN or a partial ARN; a version or alias behind it is accepted and means `$LATEST`.
/// - `X-Amz-Invocation-Type`: `RequestResponse` (default), `Event` (202 at once, one attempt) or `DryRun` (204).
/// - An error of the function is 200 with `X-Amz-Function-Error: Unhandled` and `{"errorType","errorMessage"}`; errors of
///   the service are those of Lambda: 400, 404, 413 and 429 with `x-amzn-ErrorType`.
pub fn invoke_api(functions: BTreeMap<String, Arc<dyn Invoke>>) -> Router {
    Router::new()
        .route("/2015-03-31/functions/{name}/invocations", post(invoke))
        .with_state(Functions::new(functions))
}

async fn invoke(
    State(functions): State<Functions>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let request_id = Uuid::new_v4().to_string();
    let mut response = run(&functions, &name, &headers, body, &request_id).await;
    if let Ok(request_id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", request_id);
    }
    response
}

async fn run(
    functions: &Functions,
    name: &str,
    headers: &HeaderMap,
    body: Body,
    request_id: &str,
) -> Response {
    let name = function_name(name);
    let Some(function) = functions.get(name) else {
        let message = format!("Function not found: {}", function_arn(name));
        return service_error(StatusCode::NOT_FOUND, "ResourceNotFoundException", "Message", &message);
    };
    let payload = match read(body).await {
        Ok(payload) => payload,
        Err(refusal) => return refusal,
    };
    let given = headers.get(TRACE_HEADER).and_then(|value| value.to_str().ok());
    let trace_id = given.map_or_else(new_trace_id, str::to_owned);
    let kind = headers.get("x-amz-invocation-type").map_or(&b"RequestResponse"[..], HeaderValue::as_bytes);
    match kind {
        b"RequestResponse" => answer(function.invoke_traced(payload, &trace_id).await, request_id),
        b"Event" => {
            let (function, name) = (function.clone(), name.to_owned());
            tokio::spawn(async move {
                if let Err(error) = function.invoke_traced(payload, &trace_id).await {
                    tracing::warn!(function = name, %error, "asynchronous invocation failed");
                }
            });
            StatusCode::ACCEPTED.into_response()
        }
        b"DryRun" => StatusCode::NO_CONTENT.into_response(),
        other => {
            let message = format!("invocation type {} is not known", String::from_utf8_lossy(other));
            service_error(StatusCode::BAD_REQUEST, "InvalidParameterValueException", "message", &message)
        }
    }
}

/// The name in `name`, `name:qualifier`, `account:function:name` or `arn:aws:lambda:…:function:name[:qualifier]`.
fn function_name(given: &str) -> &str {
    let mut parts = given.split(':');
    let first = parts.next().unwrap_or(given);
    parts.find(|part| *part == "function").and_then(|_| parts.next()).unwrap_or(first)
}

/// The payload, `{}` if there is none; or the answer that refuses it.
async fn read(body: Body) -> Result<Bytes, Response> {
    let payload = match Limited::new(body, MAX_PAYLOAD_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!(
                "Request must be smaller than {MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation"
            );
            let kind = "RequestTooLargeException";
            return Err(service_error(StatusCode::PAYLOAD_TOO_LARGE, kind, "message", &message));
        }
        Err(error) => {
            let kind = "InvalidRequestContentException";
            return Err(service_error(StatusCode::BAD_REQUEST, kind, "message", &error.to_string()));
        }
    };
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(&payload) {
        Ok(_) => Ok(payload),
        Err(error) => {
            let message = format!("Could not parse request body into json: {error}");
            let kind = "InvalidRequestContentException";
            Err(service_error(StatusCode::BAD_REQUEST, kind, "message", &message))
        }
    }
}

fn answer(outcome: Result<Bytes, InvokeError>, request_id: &str) -> Response {
    let (kind, message) = match outcome {
        Ok(payload) => return executed(Body::from(payload)),
        Err(InvokeError::Throttled) => return throttled(),
        Err(InvokeError::Function { kind, message }) => (kind, message),
        Err(error @ InvokeError::TimedOut { .. }) => {
            ("Sandbox.Timedout".into(), format!("RequestId: {request_id} Error: {error}"))
        }
        Err(InvokeError::Exited(status)) => {
            let message = format!("RequestId: {request_id} Error: Runtime exited with error: {status}");
            ("Runtime.ExitError".into(), message)
        }
    };
    let mut response = executed(Body::from(json!({"errorType": kind, "errorMessage": message}).to_string()));
    response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    response
}

fn executed(body: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (HeaderName::from_static("x-amz-executed-version"), "$LATEST"),
    ];
    (headers, body).into_response()
}

fn throttled() -> Response {
    let body = json!({
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": InvokeError::Throttled.to_string(),
    });
    error_response(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", &body)
}

/// Lambda's models spell the message's field differently from error to error, and SDKs look for just that spelling.
fn service_error(status: StatusCode, kind: &'static str, field: &str, message: &str) -> Response {
    error_response(status, kind, &json!({"Type": "User", field: message}))
}

fn error_response(status: StatusCode, kind: &'static str, body: &Value) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (HeaderName::from_static("x-amzn-errortype"), kind)];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_by_name_or_arn_with_or_without_qualifier() {
        for given in [
            "orders",
            "orders:live",
            "orders:$LATEST",
            "000000000000:function:orders",
            "arn:aws:lambda:us-east-1:000000000000:function:orders",
            "arn:aws:lambda:us-east-1:000000000000:function:orders:12",
        ] {
            assert_eq!(function_name(given), "orders", "{given}");
        }
    }
}
