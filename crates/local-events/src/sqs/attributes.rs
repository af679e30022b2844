//! A queue's attributes: the values SQS documents, their ranges and defaults.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Duration;

use super::SqsError;

/// The largest message, and the largest batch of messages, in bytes (1 MiB; "Amazon SQS message quotas").
pub const MAX_MESSAGE_BYTES: usize = 1_048_576;

/// The longest a message can be hidden after a receive (12 hours).
pub(super) const MAX_VISIBILITY: Duration = Duration::from_secs(43_200);

/// Attributes that are kept and shown but change nothing here.
const KEPT: [&str; 5] = [
    "Policy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];

/// What can be set on a queue (`SetQueueAttributes`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueAttributes {
    /// `DelaySeconds`: how long every message stays hidden at first. 0–900 s, default 0.
    pub delay: Duration,
    /// `MaximumMessageSize`: 1,024–1,048,576 bytes, default 1,048,576.
    pub maximum_message_size: usize,
    /// `MessageRetentionPeriod`: 60 s–14 days, default 4 days.
    pub retention: Duration,
    /// `ReceiveMessageWaitTimeSeconds`: how long a receive waits by default. 0–20 s, default 0.
    pub receive_wait: Duration,
    /// `VisibilityTimeout`: how long a received message is hidden. 0–43,200 s, default 30.
    pub visibility_timeout: Duration,
    /// `RedrivePolicy`: where messages go that were received too often. Default none.
    pub redrive: Option<RedrivePolicy>,
    kept: BTreeMap<String, String>,
}

/// When and to where a queue gives messages up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RedrivePolicy {
    /// The dead-letter queue's ARN.
    pub dead_letter_target_arn: String,
    /// How often a message may be received before it is moved. 1–1,000, default 10.
    #[serde(default = "default_max_receive_count", deserialize_with = "number_or_text")]
    pub max_receive_count: u32,
}

impl Default for QueueAttributes {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            maximum_message_size: MAX_MESSAGE_BYTES,
            retention: Duration::from_secs(345_600),
            receive_wait: Duration::ZERO,
            visibility_timeout: Duration::from_secs(30),
            redrive: None,
            kept: BTreeMap::new(),
        }
    }
}

impl QueueAttributes {
    /// These attributes with `changes` applied, as `SetQueueAttributes` takes them (names and values are strings).
    ///
    /// # Errors
    /// [`SqsError::InvalidAttributeName`] or [`SqsError::InvalidAttributeValue`]; nothing is applied then.
    pub fn with(&self, changes: &BTreeMap<String, String>) -> Result<Self, SqsError> {
        let mut changed = self.clone();
        for (name, value) in changes {
            changed.set(name, value)?;
        }
        Ok(changed)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        match name {
            "DelaySeconds" => self.delay = seconds(name, value, 0..=900)?,
            "MessageRetentionPeriod" => self.retention = seconds(name, value, 60..=1_209_600)?,
            "ReceiveMessageWaitTimeSeconds" => self.receive_wait = seconds(name, value, 0..=20)?,
            "VisibilityTimeout" => self.visibility_timeout = seconds(name, value, 0..=43_200)?,
            "MaximumMessageSize" => {
                let bytes = number(name, value, 1_024..=MAX_MESSAGE_BYTES as u64)?;
                self.maximum_message_size = usize::try_from(bytes).unwrap_or(MAX_MESSAGE_BYTES);
            }
            "RedrivePolicy" => self.redrive = redrive_policy(value)?,
            "FifoQueue" | "ContentBasedDeduplication" | "DeduplicationScope" | "FifoThroughputLimit" => {
                return Err(SqsError::UnsupportedOperation("This stack has standard queues only.".into()));
            }
            kept if KEPT.contains(&kept) => {
                self.kept.insert(name.into(), value.into());
            }
            unknown => return Err(SqsError::InvalidAttributeName(unknown.into())),
        }
        Ok(())
    }

    /// The attributes under their names in the API.
    pub(super) fn to_map(&self) -> BTreeMap<String, String> {
        let mut map = self.kept.clone();
        let mut put = |name: &str, value: String| map.insert(name.into(), value);
        put("DelaySeconds", self.delay.as_secs().to_string());
        put("MaximumMessageSize", self.maximum_message_size.to_string());
        put("MessageRetentionPeriod", self.retention.as_secs().to_string());
        put("ReceiveMessageWaitTimeSeconds", self.receive_wait.as_secs().to_string());
        put("VisibilityTimeout", self.visibility_timeout.as_secs().to_string());
        if let Some(policy) = &self.redrive {
            let policy = json!({
                "deadLetterTargetArn": policy.dead_letter_target_arn,
                "maxReceiveCount": policy.max_receive_count,
            });
            put("RedrivePolicy", policy.to_string());
        }
        map
    }
}

fn seconds(name: &str, value: &str, range: RangeInclusive<u64>) -> Result<Duration, SqsError> {
    number(name, value, range).map(Duration::from_secs)
}

fn number(name: &str, value: &str, range: RangeInclusive<u64>) -> Result<u64, SqsError> {
    let invalid = || SqsError::InvalidAttributeValue(name.into());
    let number = value.parse().map_err(|_| invalid())?;
    if range.contains(&number) { Ok(number) } else { Err(invalid()) }
}

/// An empty string removes the policy.
fn redrive_policy(value: &str) -> Result<Option<RedrivePolicy>, SqsError> {
    if value.is_empty() {
        return Ok(None);
    }
    let policy: RedrivePolicy =
        serde_json::from_str(value).map_err(|_| SqsError::InvalidAttributeValue("RedrivePolicy".into()))?;
    if (1..=1_000).contains(&policy.max_receive_count) {
        Ok(Some(policy))
    } else {
        Err(SqsError::InvalidAttributeValue("RedrivePolicy".into()))
    }
}

fn default_max_receive_count() -> u32 {
    10
}

/// CloudFormation and the console write the count as a string, most other tools as a number.
fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| serde::de::Error::custom("maxReceiveCount is not a whole number"))
}
