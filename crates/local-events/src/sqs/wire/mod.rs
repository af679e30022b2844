//! The AWS JSON 1.0 protocol of SQS: `POST /`, the action in `X-Amz-Target`, the input and the output as JSON.

mod actions;
mod batch;
mod shapes;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Queues, SqsError};

/// Room for a full batch after JSON escaping.
const MAX_REQUEST_BYTES: usize = 16 * 1_048_576;

/// Serves the SQS API for `queues`. Signatures are accepted unchecked.
///
/// Any path will do: SDKs post to `/`, some older ones to the queue's own URL.
pub fn router(queues: Arc<Queues>) -> Router {
    Router::new().fallback(serve).layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES)).with_state(queues)
}

async fn serve(State(queues): State<Arc<Queues>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let answer = match target.strip_prefix("AmazonSQS.") {
        Some(action) => actions::run(&queues, action, &body).await,
        None => Err(SqsError::UnsupportedOperation(
            "Only the AWS JSON protocol is served here: X-Amz-Target must name an AmazonSQS action.".into(),
        )),
    };
    match answer {
        Ok(output) => respond(StatusCode::OK, &output),
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &SqsError) -> Response {
    let body = json!({ "__type": error.json_type(), "message": error.to_string() });
    let mut response = respond(StatusCode::BAD_REQUEST, &body);
    if let Ok(value) = HeaderValue::from_str(&format!("{};Sender", error.query_code())) {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    let mut response = (status, [content_type], body.to_string()).into_response();
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
