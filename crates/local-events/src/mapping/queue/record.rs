//! A message as it stands in the `Records` of a Lambda event ("Using Lambda with Amazon SQS").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::sqs::{AttributeValue, MessageAttribute, ReceivedMessage, md5_of_attributes};

pub(super) fn record(message: &ReceivedMessage, queue_arn: &str, region: &str) -> Value {
    let attributes: Map<String, Value> =
        message.attributes.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
    let mut record = json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.system_attributes(),
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    });
    if let Some(digest) = md5_of_attributes(&message.attributes) {
        record["md5OfMessageAttributes"] = json!(digest);
    }
    record
}

/// What a filter looks at: as [`record`], with a JSON body in place of its text ("Using event filtering with an Amazon SQS
/// event source").
pub(super) fn filterable(record: &Value) -> Value {
    let mut record = record.clone();
    let parsed = record["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    if let Some(body @ (Value::Object(_) | Value::Array(_))) = parsed {
        record["body"] = body;
    }
    record
}

fn attribute(attribute: &MessageAttribute) -> Value {
    let (name, value) = match &attribute.value {
        AttributeValue::Text(text) => ("stringValue", text.clone()),
        AttributeValue::Binary(bytes) => ("binaryValue", STANDARD.encode(bytes)),
    };
    json!({ name: value, "stringListValues": [], "binaryListValues": [], "dataType": attribute.data_type })
}
