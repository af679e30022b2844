//! The AWS JSON 1.1 protocol of EventBridge, for `PutEvents`.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::PutEventsEntry;
use super::event_bridge::{EventBridge, EventsError};

/// Room for a full call after JSON escaping.
const MAX_BODY_BYTES: usize = 16 * 1_048_576;

/// Serves `PutEvents` for `events`. Signatures are accepted unchecked.
pub fn router(events: Arc<EventBridge>) -> Router {
    Router::new().fallback(serve).layer(DefaultBodyLimit::max(MAX_BODY_BYTES)).with_state(events)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutEvents {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    time: Option<Value>,
    source: Option<String>,
    resources: Option<Vec<String>>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
}

impl Entry {
    fn into_entry(self) -> Result<PutEventsEntry, EventsError> {
        Ok(PutEventsEntry {
            time_ms: self.time.map(|time| milliseconds(&time)).transpose()?,
            source: self.source,
            resources: self.resources.unwrap_or_default(),
            detail_type: self.detail_type,
            detail: self.detail,
            event_bus_name: self.event_bus_name,
        })
    }
}

async fn serve(State(events): State<Arc<EventBridge>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if target != "AWSEvents.PutEvents" {
        let message = format!("{target} is not served here.");
        return refuse("com.amazon.coral.service#UnknownOperationException", &message);
    }
    match put_events(&events, &body) {
        Ok(output) => respond(StatusCode::OK, &output),
        Err(error) => refuse(error.json_type(), &error.to_string()),
    }
}

impl EventsError {
    fn json_type(&self) -> &'static str {
        match self {
            Self::Validation(_) => "ValidationException",
            Self::ResourceNotFound(_) => "ResourceNotFoundException",
            Self::ResourceAlreadyExists(_) => "ResourceAlreadyExistsException",
        }
    }
}

fn put_events(events: &EventBridge, body: &[u8]) -> Result<Value, EventsError> {
    let input: PutEvents =
        serde_json::from_slice(body).map_err(|error| EventsError::Validation(error.to_string()))?;
    let entries = input.entries.into_iter().map(Entry::into_entry).collect::<Result<_, _>>()?;
    let results = events.put_events(entries)?;
    let failed = results.iter().filter(|result| result.is_err()).count();
    let entries: Vec<Value> = results
        .into_iter()
        .map(|result| match result {
            Ok(id) => json!({ "EventId": id }),
            Err(error) => json!({ "ErrorCode": error.code, "ErrorMessage": error.message }),
        })
        .collect();
    Ok(json!({ "FailedEntryCount": failed, "Entries": entries }))
}

/// SDKs write a time as seconds since the epoch, people as RFC 3339.
fn milliseconds(time: &Value) -> Result<u64, EventsError> {
    let timestamp = match time {
        Value::Number(seconds) => seconds
            .as_f64()
            .and_then(|seconds| jiff::SignedDuration::try_from_secs_f64(seconds).ok())
            .and_then(|since_epoch| Timestamp::from_duration(since_epoch).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    timestamp
        .and_then(|timestamp: Timestamp| u64::try_from(timestamp.as_millisecond()).ok())
        .ok_or_else(|| EventsError::Validation("Time is not a timestamp.".into()))
}

fn refuse(json_type: &str, message: &str) -> Response {
    respond(StatusCode::BAD_REQUEST, &json!({ "__type": json_type, "message": message }))
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    let mut response = (status, [content_type], body.to_string()).into_response();
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
