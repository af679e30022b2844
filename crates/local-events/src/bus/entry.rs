//! One entry of a `PutEvents` call: its size, its checks, and the event it becomes.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::rfc3339_seconds;
use crate::region::{ACCOUNT_ID, Region};

/// The longest `DetailType`, in characters ("PutEventsRequestEntry").
const MAX_DETAIL_TYPE: usize = 128;

/// An entry as a producer sends it ("PutEventsRequestEntry").
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PutEventsEntry {
    /// When it happened, in milliseconds since the Unix epoch; `None` is the time of the call.
    pub time_ms: Option<u64>,
    /// Who says so. Required.
    pub source: Option<String>,
    /// ARNs of what the event is about.
    pub resources: Vec<String>,
    /// What kind of event it is. Required, at most 128 characters.
    pub detail_type: Option<String>,
    /// The event's content: the text of a JSON object. Required.
    pub detail: Option<String>,
    /// Name or ARN of the bus; `None` is the default bus.
    pub event_bus_name: Option<String>,
}

/// Why an entry was not accepted, under the code of "PutEventsResultEntry".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct EntryError {
    /// `InvalidArgument`, `MalformedDetail`, `NotAuthorizedForSourceException`, or what a fault says.
    pub code: String,
    /// The text of `ErrorMessage`.
    pub message: String,
}

impl EntryError {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    fn required(parameter: &str) -> Self {
        let reason =
            format!("Parameter {parameter} is not valid. Reason: {parameter} is a required argument.");
        Self::new("InvalidArgument", reason)
    }
}

impl PutEventsEntry {
    /// The bytes the entry counts ("Calculating PutEvents event entry size").
    #[must_use]
    pub fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let time = if self.time_ms.is_some() { 14 } else { 0 };
        let resources: usize = self.resources.iter().map(String::len).sum();
        time + text(&self.source) + text(&self.detail_type) + text(&self.detail) + resources
    }

    /// The event with its envelope ("Event structure reference").
    pub(super) fn into_event(self, region: &Region, now_ms: u64) -> Result<Value, EntryError> {
        let present = |value: Option<String>, parameter: &str| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| EntryError::required(parameter))
        };
        let source = present(self.source, "Source")?;
        let detail_type = present(self.detail_type, "DetailType")?;
        let detail = present(self.detail, "Detail")?;
        if source.starts_with("aws.") {
            return Err(EntryError::new("NotAuthorizedForSourceException", "Not authorized for the source."));
        }
        if detail_type.chars().count() > MAX_DETAIL_TYPE {
            let reason =
                "Parameter DetailType is not valid. Reason: DetailType is longer than 128 characters.";
            return Err(EntryError::new("InvalidArgument", reason));
        }
        let detail = serde_json::from_str(&detail).ok().filter(Value::is_object);
        let detail = detail.ok_or_else(|| EntryError::new("MalformedDetail", "Detail is malformed."))?;
        Ok(json!({
            "version": "0",
            "id": Uuid::new_v4().to_string(),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT_ID,
            "time": rfc3339_seconds(self.time_ms.unwrap_or(now_ms)),
            "region": region.name(),
            "resources": self.resources,
            "detail": detail,
        }))
    }
}
