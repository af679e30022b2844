//! Inputs of the SQS actions as they come over the wire, and messages as they go back.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Duration;

use super::super::{AttributeValue, MessageAttribute, ReceivedMessage, SendMessage, SqsError, digest};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateQueue {
    pub queue_name: String,
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetQueueUrl {
    pub queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListQueues {
    #[serde(default)]
    pub queue_name_prefix: String,
    pub max_results: Option<usize>,
    pub next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OnQueue {
    pub queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetQueueAttributes {
    pub queue_url: String,
    #[serde(default)]
    pub attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetQueueAttributes {
    pub queue_url: String,
    pub attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Send {
    #[serde(default)]
    pub message_body: String,
    pub delay_seconds: Option<i64>,
    #[serde(default)]
    pub message_attributes: BTreeMap<String, Attribute>,
    #[serde(default)]
    pub message_system_attributes: BTreeMap<String, Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    pub data_type: String,
    pub string_value: Option<String>,
    pub binary_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReceiveMessage {
    pub queue_url: String,
    pub max_number_of_messages: Option<i64>,
    pub visibility_timeout: Option<i64>,
    pub wait_time_seconds: Option<i64>,
    #[serde(default)]
    pub attribute_names: Vec<String>,
    #[serde(default)]
    pub message_system_attribute_names: Vec<String>,
    #[serde(default)]
    pub message_attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OnReceipt {
    pub receipt_handle: String,
    #[serde(default)]
    pub visibility_timeout: Option<i64>,
}

impl Send {
    pub fn into_message(self) -> Result<SendMessage, SqsError> {
        let mut attributes = BTreeMap::new();
        for (name, attribute) in self.message_attributes {
            let attribute = attribute.decode(&name)?;
            attributes.insert(name, attribute);
        }
        let mut trace_header = None;
        for (name, attribute) in self.message_system_attributes {
            match attribute.decode(&name)?.value {
                AttributeValue::Text(text) if name == "AWSTraceHeader" => trace_header = Some(text),
                _ => {
                    return Err(SqsError::InvalidParameterValue(format!(
                        "Message system attribute name '{name}' is invalid."
                    )));
                }
            }
        }
        let delay = seconds("DelaySeconds", self.delay_seconds, 900)?;
        Ok(SendMessage { body: self.message_body, delay, attributes, trace_header })
    }
}

impl Attribute {
    fn decode(self, name: &str) -> Result<MessageAttribute, SqsError> {
        let invalid =
            || SqsError::InvalidParameterValue(format!("The message attribute '{name}' has no valid value."));
        let value = match (self.string_value, self.binary_value) {
            (Some(text), None) => AttributeValue::Text(text),
            (None, Some(encoded)) => {
                AttributeValue::Binary(STANDARD.decode(encoded).map_err(|_| invalid())?.into())
            }
            _ => return Err(invalid()),
        };
        Ok(MessageAttribute { data_type: self.data_type, value })
    }
}

/// A parameter in seconds, between zero and `most`.
pub fn seconds(name: &str, value: Option<i64>, most: u64) -> Result<Option<Duration>, SqsError> {
    let Some(value) = value else { return Ok(None) };
    match u64::try_from(value) {
        Ok(seconds) if seconds <= most => Ok(Some(Duration::from_secs(seconds))),
        _ => Err(SqsError::InvalidParameterValue(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between 0 and {most}, if provided."
        ))),
    }
}

/// A received message with the attributes that were asked for.
pub fn message(received: &ReceivedMessage, system_names: &[String], names: &[String]) -> Value {
    let mut shape = Map::new();
    let mut put = |name: &str, value: Value| shape.insert(name.into(), value);
    put("MessageId", json!(received.message_id));
    put("ReceiptHandle", json!(received.receipt_handle));
    put("MD5OfBody", json!(received.md5_of_body));
    put("Body", json!(received.body));
    let all = system_names.iter().any(|name| name == "All");
    let mut system = received.system_attributes();
    system.retain(|name, _| all || system_names.iter().any(|asked| asked == name));
    if !system.is_empty() {
        put("Attributes", json!(system));
    }
    let selected: BTreeMap<_, _> = received
        .attributes
        .iter()
        .filter(|(name, _)| names.iter().any(|asked| selects(asked, name)))
        .collect();
    if let Some(digest) = digest::md5_of_attributes(selected.iter().map(|(name, value)| (*name, *value))) {
        put("MD5OfMessageAttributes", json!(digest));
        let shapes: Map<String, Value> = selected
            .into_iter()
            .map(|(name, attribute)| (name.clone(), attribute_shape(attribute)))
            .collect();
        put("MessageAttributes", Value::Object(shapes));
    }
    Value::Object(shape)
}

/// `All`, `.*` and `prefix.*` select several attributes ("ReceiveMessage", `MessageAttributeNames`).
fn selects(asked: &str, name: &str) -> bool {
    asked == "All" || asked == name || asked.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

fn attribute_shape(attribute: &MessageAttribute) -> Value {
    match &attribute.value {
        AttributeValue::Text(text) => json!({ "DataType": attribute.data_type, "StringValue": text }),
        AttributeValue::Binary(bytes) => {
            json!({ "DataType": attribute.data_type, "BinaryValue": STANDARD.encode(bytes) })
        }
    }
}
