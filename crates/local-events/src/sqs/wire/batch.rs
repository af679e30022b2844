//! Batch actions: up to ten entries, each succeeding or failing for itself.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::super::attributes::MAX_MESSAGE_BYTES;
use super::super::{Queues, SqsError};
use super::actions::{self, parse};
use super::shapes;

/// Entries of one batch ("Amazon SQS message quotas").
const MAX_ENTRIES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    queue_url: String,
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// Runs `act` for every entry and collects what succeeded and what failed.
pub fn run<T: DeserializeOwned>(
    body: &[u8],
    act: impl Fn(&str, T) -> Result<Map<String, Value>, SqsError>,
) -> Result<Value, SqsError> {
    let batch = checked(body)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in batch.entries {
        let outcome = serde_json::from_value(Value::Object(entry.fields))
            .map_err(|error| SqsError::InvalidParameterValue(error.to_string()))
            .and_then(|input| act(&batch.queue_url, input));
        match outcome {
            Ok(mut shape) => {
                shape.insert("Id".into(), json!(entry.id));
                successful.push(Value::Object(shape));
            }
            // A missing queue fails the request, not its entries.
            Err(SqsError::QueueDoesNotExist) => return Err(SqsError::QueueDoesNotExist),
            Err(error) => failed.push(json!({
                "Id": entry.id, "SenderFault": true, "Code": error.query_code(), "Message": error.to_string(),
            })),
        }
    }
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

/// `SendMessageBatch`: the messages together may not be larger than one message may be.
pub fn send(queues: &Queues, body: &[u8]) -> Result<Value, SqsError> {
    let mut sent = 0;
    for entry in checked(body)?.entries {
        let message = serde_json::from_value::<shapes::Send>(Value::Object(entry.fields))
            .map_err(|error| SqsError::InvalidParameterValue(error.to_string()))
            .and_then(shapes::Send::into_message);
        sent += message.map_or(0, |message| message.size());
    }
    if sent > MAX_MESSAGE_BYTES {
        return Err(SqsError::BatchRequestTooLong { limit: MAX_MESSAGE_BYTES, sent });
    }
    run(body, |queue, input| actions::send(queues, queue, input))
}

fn checked(body: &[u8]) -> Result<Batch, SqsError> {
    let batch: Batch = parse(body)?;
    if batch.entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest);
    }
    if batch.entries.len() > MAX_ENTRIES {
        return Err(SqsError::TooManyEntriesInBatchRequest(batch.entries.len()));
    }
    let mut ids = BTreeSet::new();
    for entry in &batch.entries {
        let id = entry.id.as_str();
        let fits = (1..=80).contains(&id.len())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        if !fits {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !ids.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.into()));
        }
    }
    Ok(batch)
}
