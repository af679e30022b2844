//! Messages as they are sent and as they are received, with the checks that do not depend on a queue.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::time::Duration;

use super::SqsError;

/// Attributes a message may carry ("Amazon SQS message quotas").
const MAX_ATTRIBUTES: usize = 10;

/// The value of a message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Of data type `String` or `Number`.
    Text(String),
    /// Of data type `Binary`.
    Binary(Bytes),
}

/// A message attribute: a data type (`String`, `Number`, `Binary`, optionally with a suffix such as `Number.int`) and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAttribute {
    /// The data type as the sender wrote it.
    pub data_type: String,
    /// The value.
    pub value: AttributeValue,
}

/// What a producer sends.
#[derive(Debug, Clone, Default)]
pub struct SendMessage {
    /// The body: at least one character, valid XML characters only.
    pub body: String,
    /// How long this message stays hidden; `None` takes the queue's own delay.
    pub delay: Option<Duration>,
    /// Attributes for the consumer.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The X-Ray header (`AWSTraceHeader`), the one system attribute a producer may set.
    pub trace_header: Option<String>,
}

impl SendMessage {
    /// A message with this body and nothing else.
    #[must_use]
    pub fn new(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// Bytes that count towards the message size: body, and names, types and values of the attributes.
    #[must_use]
    pub fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            let value = match &attribute.value {
                AttributeValue::Text(text) => text.len(),
                AttributeValue::Binary(bytes) => bytes.len(),
            };
            name.len() + attribute.data_type.len() + value
        });
        self.body.len() + attributes.sum::<usize>()
    }

    pub(super) fn validate(&self) -> Result<(), SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::MissingParameter("MessageBody".into()));
        }
        if !self.body.chars().all(is_allowed) {
            return Err(SqsError::InvalidMessageContents);
        }
        if self.delay.is_some_and(|delay| delay > Duration::from_secs(900)) {
            return Err(SqsError::InvalidParameterValue(
                "Value for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
                    .into(),
            ));
        }
        if self.attributes.len() > MAX_ATTRIBUTES {
            return Err(SqsError::InvalidParameterValue(format!(
                "Number of message attributes [{}] exceeds the allowed maximum [{MAX_ATTRIBUTES}].",
                self.attributes.len()
            )));
        }
        self.attributes.iter().try_for_each(|(name, attribute)| validate_attribute(name, attribute))
    }
}

/// What the queue answers to a producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message's id.
    pub message_id: String,
    /// MD5 of the body, in hexadecimal.
    pub md5_of_body: String,
    /// MD5 of the attributes, in hexadecimal, if there are any.
    pub md5_of_attributes: Option<String>,
    /// MD5 of the system attributes (the trace header), if there are any.
    pub md5_of_system_attributes: Option<String>,
}

/// A message in a consumer's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The message's id, the same at every receive.
    pub message_id: String,
    /// What deletes the message or changes its visibility; a new one at every receive.
    pub receipt_handle: String,
    /// The body.
    pub body: String,
    /// MD5 of the body, in hexadecimal.
    pub md5_of_body: String,
    /// The producer's attributes.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// `SentTimestamp`: milliseconds since the Unix epoch.
    pub sent_ms: u64,
    /// `ApproximateFirstReceiveTimestamp`: milliseconds since the Unix epoch.
    pub first_received_ms: u64,
    /// `ApproximateReceiveCount`, this receive included.
    pub receive_count: u32,
    /// ARN of the queue that gave the message up, in a dead-letter queue.
    pub dead_letter_source: Option<String>,
    /// The producer's `AWSTraceHeader`.
    pub trace_header: Option<String>,
}

impl ReceivedMessage {
    /// The system attributes under their names in the API.
    #[must_use]
    pub fn system_attributes(&self) -> BTreeMap<&'static str, String> {
        let mut attributes = BTreeMap::from([
            ("SenderId", crate::region::ACCOUNT_ID.to_owned()),
            ("SentTimestamp", self.sent_ms.to_string()),
            ("ApproximateReceiveCount", self.receive_count.to_string()),
            ("ApproximateFirstReceiveTimestamp", self.first_received_ms.to_string()),
        ]);
        attributes.extend(self.dead_letter_source.clone().map(|arn| ("DeadLetterQueueSourceArn", arn)));
        attributes.extend(self.trace_header.clone().map(|header| ("AWSTraceHeader", header)));
        attributes
    }
}

/// The characters a body may hold ("Amazon SQS message quotas", message content).
fn is_allowed(c: char) -> bool {
    matches!(c, '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Name and type rules of "Amazon SQS message metadata".
fn validate_attribute(name: &str, attribute: &MessageAttribute) -> Result<(), SqsError> {
    let lower = name.to_ascii_lowercase();
    let name_fits = (1..=256).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && !(lower.starts_with("aws.") || lower.starts_with("amazon."))
        && !(name.starts_with('.') || name.ends_with('.') || name.contains(".."));
    if !name_fits {
        return Err(SqsError::InvalidParameterValue(format!(
            "Message (user) attribute name '{name}' is invalid."
        )));
    }
    let kind = attribute.data_type.split('.').next().unwrap_or_default();
    let value_fits = match (&attribute.value, kind) {
        (AttributeValue::Text(text), "String") => !text.is_empty() && text.chars().all(is_allowed),
        (AttributeValue::Text(text), "Number") => text.parse::<f64>().is_ok(),
        (AttributeValue::Binary(bytes), "Binary") => !bytes.is_empty(),
        _ => false,
    };
    if value_fits && attribute.data_type.len() <= 256 {
        Ok(())
    } else {
        Err(SqsError::InvalidParameterValue(format!(
            "The message attribute '{name}' has an invalid type or value for data type {}.",
            attribute.data_type
        )))
    }
}
